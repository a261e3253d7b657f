"""A complaint as its writer may see it: an extract made of allowed things only, so that nothing else can slip out.

Notes, names and addresses of colleagues, audit reasons and other people's posts never enter it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from monitor.domain.sla import FollowUpKind
from monitor.domain.tickets import OPEN_STATES, PUBLIC_STATUS_NAMES, Action, Actor, Person, Status, actions_open_to
from monitor.domain.verdicts import Severity
from monitor.domain.wording import SATISFACTION, SOLVED
from monitor.services.followups import open_follow_ups
from monitor.services.tools import Tools
from monitor.storage.models import AuditEntry, CallBack, Reply, Ticket
from monitor.storage.queries.tickets import history_of

STEP_NAMES = {
    "open": "已收到",
    Action.ACCEPT.value: "已受理",
    Action.RETURN.value: "重新确认由谁负责",
    Action.TAKE_ON.value: "开始处理",
    Action.ASK_CUSTOMER.value: "请您补充",
    Action.CUSTOMER_REPLIED.value: "收到您的补充",
    Action.RESPOND.value: "已答复",
    Action.RESPOND_UNANSWERED.value: "按现有情况答复",
    "rated": "您已评价",
    Action.REDO.value: "没有解决，重新处理",
    Action.REOPEN.value: "重新打开",
    Action.WITHDRAW.value: "已撤回",
    Action.CLOSE.value: "已结案",
    Action.VOID.value: "不予受理",
}
"""What a customer is told of the history; what is not named here is not told."""

_AHEAD: dict[Status, tuple[str, ...]] = {
    Status.RECEIVED: ("受理", "处理", "答复您", "结案"),
    Status.ACCEPTED: ("处理", "答复您", "结案"),
    Status.IN_PROGRESS: ("答复您", "结案"),
    Status.ON_HOLD: ("答复您", "结案"),
    Status.WAITING_CUSTOMER: ("等您补充", "答复您", "结案"),
    Status.RESPONDED: ("请您评价", "结案"),
    Status.CALLBACK_DUE: ("请您评价", "结案"),
}


@dataclass(frozen=True, slots=True)
class StepTaken:
    """Something that happened, or (without a time) is still to come, with the day it is promised for."""

    name: str
    at: datetime | None = None
    by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """One message: from the customer themselves, or from a department."""

    sender: str
    own: bool
    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Everything the query page shows."""

    number: str
    status: Status
    state: str
    department: str
    due: datetime | None
    late: bool
    taken: Sequence[StepTaken]
    ahead: Sequence[StepTaken]
    words: Sequence[Words]
    complaint: Sequence[str]
    remedy_wished: str
    rating: str
    withdrawn: bool
    open: bool
    grave: bool
    may_rate: bool
    may_withdraw: bool
    reopen_until: datetime | None


def progress_of(session: Session, ticket: Ticket, tools: Tools, now: datetime) -> Progress:
    """The extract of one ticket."""
    due = _due(ticket)
    rating = _rating(ticket)
    answered = ticket.status in (Status.RESPONDED, Status.CALLBACK_DUE)
    may = actions_open_to(ticket.status, Person(Actor.CUSTOMER), ticket.severity)
    return Progress(
        number=ticket.number,
        status=ticket.status,
        state=PUBLIC_STATUS_NAMES[ticket.status],
        department=ticket.department.name,
        due=due,
        late=due is not None and due < now,
        taken=list(_taken(history_of(session, ticket.id))),
        ahead=_ahead(ticket, due, rated=bool(rating)),
        words=[_words(ticket, reply) for reply in ticket.replies],
        complaint=[post.text or post.title for post in ticket.posts if post.source.kind == "form"],
        remedy_wished=ticket.remedy_wished,
        rating=rating,
        withdrawn=ticket.outcome == "withdrawn",
        open=ticket.status in OPEN_STATES,
        grave=ticket.severity is Severity.CRITICAL,
        may_rate=answered and not rating,
        may_withdraw=Action.WITHDRAW in may,
        reopen_until=_reopen_until(ticket, tools, now) if Action.REOPEN in may else None,
    )


def _due(ticket: Ticket) -> datetime | None:
    """What the customer waits for next: our acceptance, their own answer, or ours."""
    wanted = {
        Status.RECEIVED: (FollowUpKind.ACCEPT,),
        Status.WAITING_CUSTOMER: (FollowUpKind.CUSTOMER_ANSWER,),
    }.get(ticket.status, (FollowUpKind.RESOLVE, FollowUpKind.STATUTORY))
    return next((f.due_at for f in open_follow_ups(ticket) if f.kind in wanted), None)


def _taken(history: Sequence[AuditEntry]) -> Iterator[StepTaken]:
    for entry in history:
        if entry.action in STEP_NAMES:
            yield StepTaken(STEP_NAMES[entry.action], at=entry.at)


def _ahead(ticket: Ticket, due: datetime | None, *, rated: bool) -> list[StepTaken]:
    """What is still to come; the first of it has the day that was promised."""
    names = list(_AHEAD.get(ticket.status, ()))
    if rated and names[:1] == ["请您评价"]:
        del names[0]
    dated = 0 if ticket.status in (Status.RECEIVED, Status.WAITING_CUSTOMER) else _place(names, "答复您")
    return [StepTaken(name, by=due if place == dated else None) for place, name in enumerate(names)]


def _place(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else -1


def _words(ticket: Ticket, reply: Reply) -> Words:
    if reply.member_id is None:
        return Words("您", True, reply.at, reply.text)
    return Words(_department_at(ticket, reply.at), False, reply.at, reply.text)


def _department_at(ticket: Ticket, moment: datetime) -> str:
    """The department that was responsible then: it speaks, not the person."""
    for assignment in reversed(ticket.assignments):
        if assignment.from_at <= moment:
            return assignment.department.name
    return ticket.department.name


def _rating(ticket: Ticket) -> str:
    """What the customer said of our present answer on this page, or ""."""
    ratings = [c for c in ticket.call_backs if c.member_id is None and _is_of_present_answer(c, ticket)]
    if not ratings:
        return ""
    said = [SOLVED.get(ratings[-1].solved, ""), SATISFACTION.get(ratings[-1].satisfaction or 0, "")]
    return " · ".join(part for part in said if part)


def _is_of_present_answer(call_back: CallBack, ticket: Ticket) -> bool:
    return ticket.responded_at is not None and call_back.at >= ticket.responded_at


def _reopen_until(ticket: Ticket, tools: Tools, now: datetime) -> datetime | None:
    if ticket.closed_at is None:
        return None
    until = ticket.closed_at + timedelta(days=tools.terms.reopen_days)
    return until if until >= now else None
