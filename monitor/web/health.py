"""Whether the service is alive, for those who watch it; and the way from / to the inbox."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from monitor import edge

pages = Blueprint("health", __name__)


@pages.get("/")
def start() -> ResponseReturnValue:
    """To the inbox."""
    return redirect(url_for("inbox.show"))


@pages.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Says ok when the database answers."""
    edge.session().execute(text("SELECT 1"))
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}
