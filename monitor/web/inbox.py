"""The inbox: views with their counts, filters, search."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitor import edge
from monitor.domain.people import DEPARTMENT_ROLES
from monitor.domain.tickets import Status
from monitor.domain.verdicts import Severity
from monitor.services.access import visible_tickets
from monitor.storage.queries.people import active_departments
from monitor.storage.queries.sources import source_choices
from monitor.storage.queries.tickets import View, Wanted, ticket_lines, view_counts
from monitor.web.signed_in import me, staff_pages

pages = staff_pages("inbox")
_Code = TypeVar("_Code", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Heap:
    """A view as the page names it, and what an empty one says."""

    view: View
    title: str
    empty: str
    hint: str


HEAPS = (
    Heap(View.RECEIVED, "待受理", "没有等着受理的工单", "新投诉如果派单规则和模型都拿不准，会先到这里等人判断。"),
    Heap(View.MINE, "我的", "您手上没有工单", "在“全部未结”里打开一张已受理的工单，点“签收”，它就到您名下。"),
    Heap(View.SOON, "即将超时", "4 小时内没有要到期的", "离下一个期限不到 4 小时的工单会出现在这里。"),
    Heap(View.OVERDUE, "已超时", "没有超时的工单", "过了期限还没完成的工单会出现在这里，并给主办部门发邮件。"),
    Heap(View.CALLBACK, "待回访", "没有等着回访的工单", "答复 24 小时后，或客户评价之后，工单会转到这里。"),
    Heap(View.OPEN, "全部未结", "没有未结的工单", "来源里的投诉、客户填写的表单和接受的信号，都会成为工单出现在这里。"),
    Heap(View.CLOSED, "已结束", "还没有结束的工单", "结案、并案和作废的工单会留在这里，随时可以查。"),
)
_SEARCH = Heap(View.ALL, "搜索结果", "没有找到", "可以试试更短的词，比如两个字；也可以直接输入工单号。")


@pages.get("/inbox")
def show() -> ResponseReturnValue:
    """One view of the inbox, narrowed as asked for."""
    session, now, scope = edge.session(), edge.now(), visible_tickets(me())
    wanted = _wanted(request.args)
    return render_template(
        "inbox/show.html",
        heaps=[heap for heap in HEAPS if heap.view is not View.MINE or me().role in DEPARTMENT_ROLES],
        heap=next((heap for heap in HEAPS if heap.view is wanted.view), _SEARCH),
        wanted=wanted,
        counts=view_counts(session, scope=scope, member_id=me().id, now=now),
        page=ticket_lines(session, wanted, scope=scope, member_id=me().id, now=now),
        departments=active_departments(session) if me().role not in DEPARTMENT_ROLES else (),
        sources=source_choices(session),
        with_changes=_with_changes,
        narrowed=_is_narrowed(wanted),
    )


def _wanted(given: Mapping[str, str]) -> Wanted:
    text = given.get("q", "").strip()[:100]
    fallback = View.ALL if text else _first_view()
    return Wanted(
        view=_code(View, given.get("view", "")) or fallback,
        status=_code(Status, given.get("status", "")),
        department_id=_number(given.get("department", "")),
        severity=_code(Severity, given.get("severity", "")),
        source_id=_number(given.get("source", "")),
        text=text,
        after=given.get("after", ""),
    )


def _first_view() -> View:
    """Where somebody starts: a department with everything that is open, the care team with what nobody took yet."""
    return View.OPEN if me().role in DEPARTMENT_ROLES else View.RECEIVED


def _is_narrowed(wanted: Wanted) -> bool:
    return any((wanted.status, wanted.department_id, wanted.severity, wanted.source_id, wanted.text))


def _code(kind: type[_Code], given: str) -> _Code | None:
    """The member of an enum, or None for anything that is none: an old link must not fail."""
    return kind(given) if given in set(kind) else None


def _number(given: str) -> int | None:
    return int(given) if given.isdecimal() and len(given) < 12 else None


def _with_changes(**changes: Any) -> str:
    """This page's address with some of its conditions changed; None takes one away, and paging starts anew."""
    kept: dict[str, Any] = {key: value for key, value in request.args.items() if key != "after" and value}
    kept.update(changes)
    values: dict[str, Any] = {key: value for key, value in kept.items() if value not in (None, "")}
    return url_for("inbox.show", **values)
