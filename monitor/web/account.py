"""What members set for themselves: password and the look of the pages."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitor import edge
from monitor.domain.errors import Invalid
from monitor.services.members import MIN_PASSWORD, change_password
from monitor.web.presenting import THEME_COOKIE, THEMES
from monitor.web.signed_in import begin_session, me, staff_pages

pages = staff_pages("account")


@pages.get("/account/password")
def password() -> ResponseReturnValue:
    """The form for a new password."""
    return _form()


@pages.post("/account/password")
def change() -> ResponseReturnValue:
    """Sets a new password; this browser stays signed in, all others are signed out."""
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        return _form({"again": "两次输入的新密码不一样"}), 422
    try:
        change_password(edge.session(), me(), request.form.get("old", ""), new[:1000], edge.now())
    except Invalid as error:
        return _form(error.fields), 422
    begin_session(me())
    flash("密码已更新，其他设备上的登录都已退出。", "success")
    return redirect(url_for("inbox.show"))


def _form(errors: dict[str, str] | None = None) -> str:
    return render_template("account/password.html", errors=errors or {}, least=MIN_PASSWORD)


@pages.post("/account/theme")
def theme() -> ResponseReturnValue:
    """Remembers light, dark, or as the system has it, in this browser."""
    chosen = request.form.get("theme", "auto")
    response = redirect(url_for("inbox.show"))
    if request.referrer and request.referrer.startswith(request.host_url):
        response = redirect(request.referrer)
    if chosen in THEMES:
        secure = edge.installation().settings.secure_cookies
        # Not HttpOnly: the script that follows the system's wish reads it before the page is drawn.
        response.set_cookie(THEME_COOKIE, chosen, max_age=365 * 24 * 3600, samesite="Lax", secure=secure)
    return response
