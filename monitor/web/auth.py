"""Signing in and out."""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitor import edge
from monitor.services import members
from monitor.web.signed_in import begin_session, end_session, visitor

pages = Blueprint("auth", __name__)


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """The sign-in form."""
    if visitor() is not None:
        return redirect(_local(request.args.get("next", "")))
    return _form()


@pages.post("/sign-in")
def submit_sign_in() -> ResponseReturnValue:
    """Signs in, or says the same for every reason why not."""
    settings = edge.installation().settings
    member = members.sign_in(
        edge.session(),
        request.form.get("login", "")[:80],
        request.form.get("password", "")[:1000],
        attempts=settings.sign_in_attempts,
        lock=timedelta(minutes=settings.lock_minutes),
        now=edge.now(),
    )
    # The failure must count although the answer is an error, which would otherwise roll it back.
    edge.commit()
    if member is None:
        return _form("refused"), 401
    begin_session(member)
    return redirect(_local(request.form.get("next", "")))


def _form(trouble: str = "") -> str:
    settings = edge.installation().settings
    wanted = request.values.get("next", "")
    return render_template("auth/sign_in.html", trouble=trouble, wanted=wanted, settings=settings)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Signs out."""
    end_session()
    flash("您已退出。", "success")
    return redirect(url_for("auth.sign_in"))


def _local(address: str) -> str:
    """The address when it is a path of ours, else the inbox: a link must not lead a member elsewhere."""
    parts = urlsplit(address)
    strange = any(ord(c) < 33 for c in address) or "\\" in address
    if parts.scheme or parts.netloc or strange or not address.startswith("/") or address.startswith("//"):
        return url_for("inbox.show")
    return address
