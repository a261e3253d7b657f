"""What the web pages, the public pages and the API share: one session, one `now` and one installation a request."""

from collections.abc import Callable
from datetime import datetime
from typing import cast

from flask import Flask, current_app, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor.clock import utc_now
from monitor.services.tools import Tools
from monitor.wiring import Installation

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def installation() -> Installation:
    """The installation this application serves."""
    return cast("Installation", current_app.extensions["installation"])


def tools() -> Tools:
    """What the use cases need."""
    return cast("Tools", current_app.extensions["tools"])


def now() -> datetime:
    """The one moment of this request."""
    if "now" not in g:
        g.now = cast("Callable[[], datetime]", current_app.config.get("CLOCK", utc_now))()
    return cast("datetime", g.now)


def session() -> Session:
    """The one session of this request; one that only shows something never stands in the way of a writer."""
    if "session" not in g:
        database = installation().database
        g.session = (database.reading if request.method in _SAFE_METHODS else database.writing)()
    return cast("Session", g.session)


def commit() -> None:
    """Commits the work of this request now, before an answer that must not be given for nothing."""
    session().commit()


def register(app: Flask) -> None:
    """A view that returns commits; one that raises, or answers with an error, rolls back."""

    @app.after_request
    def _commit(response: ResponseReturnValue) -> ResponseReturnValue:
        opened: Session | None = g.pop("session", None)
        if opened is not None:
            with opened:
                if getattr(response, "status_code", 500) < 400 and request.method not in _SAFE_METHODS:
                    opened.commit()
                else:
                    opened.rollback()
        return response

    @app.teardown_request
    def _close(_: BaseException | None) -> None:
        opened: Session | None = g.pop("session", None)
        if opened is not None:
            opened.close()
