"""Members: adding them, giving new passwords, switching them off."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitor import edge
from monitor.domain.errors import Invalid
from monitor.domain.people import Permission, Role
from monitor.services import members as people
from monitor.storage.queries.people import active_departments, all_members
from monitor.web.signed_in import me, myself, staff_pages

pages = staff_pages("members", Permission.EDIT_MEMBERS)


@pages.get("/members")
def show() -> ResponseReturnValue:
    """The members, and the form for a new one."""
    return _page()


def _page(values: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None) -> str:
    return render_template(
        "members/show.html",
        members=all_members(edge.session()),
        departments=[department.name for department in active_departments(edge.session())],
        roles=list(Role),
        values=values or {},
        errors=errors or {},
    )


@pages.post("/members")
def add() -> ResponseReturnValue:
    """Adds a member; the answer shows the one-time password, this once."""
    try:
        login, password = _add(request.form)
    except Invalid as error:
        edge.session().rollback()
        return _page(request.form, error.fields or {"login": str(error)}), 422
    return _tell(login, password)


def _add(form: Mapping[str, str]) -> tuple[str, str]:
    if form.get("role", "") not in set(Role):
        raise Invalid("请选择角色。", fields={"role": "请选择"})
    member, password = people.add_member(
        edge.session(),
        form.get("login", "")[:80],
        form.get("name", "")[:80],
        Role(form["role"]),
        department=form.get("department", ""),
        email=form.get("email", "")[:254],
        by=myself(),
        now=edge.now(),
    )
    return member.login, password


@pages.post("/members/<login>/reset-password")
def reset_password(login: str) -> ResponseReturnValue:
    """A new one-time password; every session of the member ends."""
    password = people.reset_password(edge.session(), login, edge.now(), by=myself())
    return _tell(login, password)


def _tell(login: str, password: str) -> ResponseReturnValue:
    # Shown in this answer and never again: neither the cookie nor the database keeps the password in plain.
    edge.commit()
    return render_template("members/password.html", login=login, password=password)


@pages.post("/members/<login>/active")
def set_active(login: str) -> ResponseReturnValue:
    """Switches a member on or off."""
    active = request.form.get("active") == "yes"
    if not active and login == me().login:
        return _not_done("不能停用自己的账号。")
    try:
        people.set_active(edge.session(), login, active, edge.now(), by=myself())
    except Invalid as error:
        return _not_done(str(error))
    flash(f"{login} 已{'启用' if active else '停用，所有登录都已退出'}。", "success")
    return redirect(url_for("members.show"))


def _not_done(why: str) -> ResponseReturnValue:
    edge.session().rollback()
    flash(why, "danger")
    return redirect(url_for("members.show"))
