"""People who sign in."""

import click
from sqlalchemy import select

from monitor.cli.opening import existing
from monitor.cli.output import emit, format_option
from monitor.clock import utc_now
from monitor.domain.people import Role
from monitor.domain.wording import label
from monitor.services.members import add_member, reset_password, set_active
from monitor.storage.models import Member


@click.group()
def members() -> None:
    """成员：谁能登录，什么角色，哪个部门。"""


@members.command("list")
@format_option
def list_members(form: str) -> None:
    """列出成员。"""
    with existing().database.reading() as session:
        rows = [_row(member) for member in session.scalars(select(Member).order_by(Member.id))]
    emit(rows, {"login": "登录名", "name": "姓名", "role": "角色", "department": "部门", "active": "启用"}, form)


def _row(member: Member) -> dict[str, object]:
    return {
        "login": member.login,
        "name": member.name,
        "role": member.role.value,
        "role_name": label(member.role),
        "department": member.department.name if member.department else "",
        "email": member.email,
        "active": member.active,
    }


@members.command()
@click.argument("login")
@click.option("--name", required=True, help="姓名")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="角色")
@click.option("--department", default="", help="部门；主办人和部门负责人必填")
@click.option("--email", default="", help="邮箱，用来收通知")
def add(login: str, name: str, role: str, department: str, email: str) -> None:
    """添加成员，打印一次性密码。

    角色：agent 坐席，handler 主办人，head 部门负责人，supervisor 班长，administrator 管理员。
    """
    with existing().database.writing.begin() as session:
        member, password = add_member(
            session, login, name, Role(role), department=department, email=email, now=utc_now()
        )
    click.echo(f"已添加 {member.name}（{label(member.role)}）。登录名 {member.login}，一次性密码 {password}")


@members.command("reset-password")
@click.argument("login")
def reset(login: str) -> None:
    """给成员一个新的一次性密码，并让其所有登录失效。"""
    with existing().database.writing.begin() as session:
        password = reset_password(session, login, utc_now())
    click.echo(f"{login} 的新一次性密码：{password}")


@members.command("switch-off")
@click.argument("login")
def switch_off(login: str) -> None:
    """停用成员。"""
    with existing().database.writing.begin() as session:
        set_active(session, login, False, utc_now())
    click.echo(f"{login} 已停用。")


@members.command("switch-on")
@click.argument("login")
def switch_on(login: str) -> None:
    """重新启用成员。"""
    with existing().database.writing.begin() as session:
        set_active(session, login, True, utc_now())
    click.echo(f"{login} 已启用。")
