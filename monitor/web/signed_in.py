"""Who is signed in, and the blueprints that only they may open."""

from typing import cast

from flask import Blueprint, Flask, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user, login_user, logout_user

from monitor import edge
from monitor.domain.people import Permission
from monitor.services.access import require
from monitor.services.audit import Doer, doer
from monitor.storage.models import Member
from monitor.storage.queries.people import member_signed_in


class SignedIn:
    """A member as Flask-Login sees one. The id carries the session epoch: a new password ends all sessions."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, member: Member) -> None:
        self.member = member

    def get_id(self) -> str:
        """What the session cookie keeps."""
        return f"{self.member.id}.{self.member.session_epoch}"


def register(app: Flask) -> None:
    """Reads the session cookie of every request."""
    manager = LoginManager(app)
    manager.user_loader(_load)
    app.context_processor(lambda: {"me": visitor()})


def _load(user_id: str) -> SignedIn | None:
    member_id, _, epoch = user_id.partition(".")
    if not (member_id.isdecimal() and epoch.isdecimal()):
        return None
    member = member_signed_in(edge.session(), int(member_id))
    if member is None or not member.active or member.session_epoch != int(epoch):
        return None
    return SignedIn(member)


def visitor() -> Member | None:
    """The member who is signed in, if any."""
    return cast("Member", current_user.member) if current_user.is_authenticated else None


def me() -> Member:
    """The member who is signed in; only on pages that ask for a sign-in."""
    return cast("Member", current_user.member)


def myself() -> Doer:
    """The member who is signed in, as the one who acts."""
    return doer(me())


def begin_session(member: Member) -> None:
    """Starts a session of its own: nothing of an earlier one is carried over."""
    logout_user()
    session.clear()
    session.permanent = True
    login_user(SignedIn(member))


def end_session() -> None:
    """Forgets who is signed in."""
    logout_user()
    session.clear()


def staff_pages(name: str, permission: Permission | None = None) -> Blueprint:
    """A blueprint that asks for a sign-in, and for a permission where one is named, before any of its pages."""
    pages = Blueprint(name, __name__)

    @pages.before_request
    def _guard() -> ResponseReturnValue | None:
        if not current_user.is_authenticated:
            return _ask_to_sign_in()
        if me().password_is_temporary and request.blueprint != "account":
            return redirect(url_for("account.password"))
        if permission is not None:
            require(me(), permission)
        return None

    return pages


def _ask_to_sign_in() -> ResponseReturnValue:
    if request.method != "GET":
        flash("登录已过期，刚才的内容没有提交。登录后按浏览器的“后退”可以找回。", "warning")
        return redirect(url_for("auth.sign_in"))
    here = request.full_path.rstrip("?")
    return redirect(url_for("auth.sign_in", next=None if here == "/inbox" else here))
