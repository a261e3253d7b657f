"""A look at the health of the installation."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import click
from sqlalchemy import func, select

from monitor.cli.output import emit, format_option
from monitor.clock import utc_now
from monitor.domain.diagnosis import trouble_with_visits
from monitor.domain.errors import MonitorError
from monitor.domain.health import Health
from monitor.domain.tickets import OPEN_STATES
from monitor.domain.wording import label
from monitor.services.examining import situation_of
from monitor.services.setup import BUILT_IN
from monitor.storage.models import Department, Member, Notification, Post, Source, Ticket
from monitor.storage.schema import revisions
from monitor.wiring import Installation, build_tools, check_sources, open_installation

_Finding = tuple[str, str, str]


@click.command()
@format_option
def doctor(form: str) -> None:
    """检查配置、数据库、分类器、来源和邮件；有问题的指出怎么办。有问题时退出状态为 1。"""
    findings = list(_examine())
    rows = [{"part": part, "state": state, "detail": detail} for part, state, detail in findings]
    emit(rows, {"part": "部分", "state": "情况", "detail": "说明"}, form)
    if any(state == "有问题" for _, state, _ in findings):
        raise click.exceptions.Exit(1)


def _examine() -> Iterator[_Finding]:
    try:
        place = open_installation()
        check_sources(place.configuration, place.settings)
    except MonitorError as error:
        yield "配置", "有问题", str(error)
        return
    yield "配置", "正常", str(place.configuration.folder)
    yield from _examine_database(place)


def _examine_database(place: Installation) -> Iterator[_Finding]:
    present, newest = revisions(place.database.engine)
    shown = place.database.engine.url.render_as_string(hide_password=True)
    if present != newest:
        yield "数据库", "有问题", f"{shown} 的版本是 {present or '空'}，应为 {newest}；请运行 monitor db upgrade"
        return
    yield "数据库", "正常", f"{shown}（{present}）"
    tools = build_tools(place.settings, place.configuration)
    yield "分类器", "正常", tools.judge.version
    for check in _CHECKS:
        yield check(place)


def _members(place: Installation) -> _Finding:
    with place.database.reading() as session:
        staffed = set(session.scalars(select(Member.department_id).where(Member.active)))
        empty = [d.name for d in session.scalars(select(Department).where(Department.active)) if d.id not in staffed]
        count = session.scalar(select(func.count()).select_from(Member).where(Member.active)) or 0
    if count == 0:
        return "成员", "有问题", "还没有成员；启动一次 monitor serve 会建立管理员"
    remark = f"，还没有人的部门：{'、'.join(empty)}" if empty else ""
    return "成员", "正常", f"{count} 人{remark}"


def _sources(place: Installation) -> _Finding:
    with place.database.reading() as session:
        watched = session.scalars(select(Source).where(Source.enabled, Source.kind.not_in(BUILT_IN))).all()
    ill = [(source, state) for source in watched if (state := _state(source, place)).is_bad]
    if ill:
        names = "、".join(f"{source.name}（{label(state)}）" for source, state in ill)
        return "来源", "有问题", f"不正常的来源：{names}；原因见来源页面或 monitor sources list"
    return "来源", "正常", f"启用 {len(watched)} 个"


def _state(source: Source, place: Installation) -> Health:
    """As it was found last; lateness is looked at now, since the job that would notice may be what stands still."""
    found = trouble_with_visits(situation_of(source), place.settings.zone, utc_now())
    return found.state if found else source.health


def _manners(place: Installation) -> _Finding:
    """Whether the sites we visit can find out whom to write to; a polite visitor tells them."""
    settings = place.settings
    with place.database.reading() as session:
        visited = select(func.count()).select_from(Source).where(Source.enabled, Source.host.not_in(("", "push")))
        count = session.scalar(visited) or 0
    told = f"{settings.user_agent} {settings.contact}"
    if count and (("@" not in told and "://" not in told) or "example.com" in told):
        return "联系方式", "有问题", "采集时没有说怎样联系您；请在设置 contact 里写邮箱或网址，网站有意见才找得到人"
    return "联系方式", "正常", settings.contact or ("写在 user_agent 里" if count else "还不需要：没有来源要上网")


def _posts(place: Installation) -> _Finding:
    late = utc_now() - timedelta(minutes=10)
    with place.database.reading() as session:
        stuck = session.scalar(
            select(func.count()).select_from(Post).where(Post.failures > 0, Post.handle_after.is_not(None))
        )
        waiting = session.scalar(select(func.count()).select_from(Post).where(Post.handle_after <= late))
    if stuck or waiting:
        return "待处理帖子", "有问题", f"{waiting} 条等了 10 分钟以上，{stuck} 条处理出错；后台任务在运行吗？"
    return "待处理帖子", "正常", "没有积压"


def _tickets(place: Installation) -> _Finding:
    with place.database.reading() as session:
        aimless = session.scalar(
            select(func.count())
            .select_from(Ticket)
            .where(Ticket.status.in_(OPEN_STATES), Ticket.next_action_at.is_(None))
        )
        count = session.scalar(select(func.count()).select_from(Ticket).where(Ticket.status.in_(OPEN_STATES)))
    if aimless:
        return "工单", "有问题", f"{aimless} 张未结工单没有下一步日期"
    return "工单", "正常", f"未结 {count} 张，都有下一步日期"


def _mail(place: Installation) -> _Finding:
    with place.database.reading() as session:
        failed = session.scalar(select(func.count()).select_from(Notification).where(Notification.error != ""))
    if place.settings.mail_transport == "outbox":
        return "邮件", "正常", "只留在发件箱页面，没有真的发出（mail_transport = outbox）"
    if failed:
        return "邮件", "有问题", f"{failed} 封没有发出去；原因见发件箱页面"
    return "邮件", "正常", f"{place.settings.smtp_host}:{place.settings.smtp_port}"


_CHECKS: tuple[Callable[[Installation], _Finding], ...] = (_members, _sources, _manners, _posts, _tickets, _mail)
