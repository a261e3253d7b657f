"""The life of a ticket: its states, the actions that lead from one to the next, and who may take them.

The table is that of a complaint handled to ISO 10002:2018 (GB/T 19012-2019) clauses 7.2-7.9. Everything that is not in
it is forbidden.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.domain.errors import InvalidAction
from monitor.domain.people import Role
from monitor.domain.verdicts import Severity


class Status(StrEnum):
    """Where a ticket stands."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    WAITING_CUSTOMER = "waiting_customer"
    ON_HOLD = "on_hold"
    RESPONDED = "responded"
    CALLBACK_DUE = "callback_due"
    CLOSED = "closed"
    MERGED = "merged"
    VOIDED = "voided"


OPEN_STATES = frozenset(Status) - {Status.CLOSED, Status.MERGED, Status.VOIDED}


class Action(StrEnum):
    """What can be done to a ticket."""

    ACCEPT = "accept"
    VOID = "void"
    MERGE = "merge"
    UNMERGE = "unmerge"
    TAKE_ON = "take_on"
    RETURN = "return"
    ASK_CUSTOMER = "ask_customer"
    CUSTOMER_REPLIED = "customer_replied"
    HOLD = "hold"
    RESUME = "resume"
    RESPOND = "respond"
    RESPOND_UNANSWERED = "respond_unanswered"
    TURN_TO_CALLBACK = "turn_to_callback"
    RECORD_CALLBACK = "record_callback"
    CLOSE = "close"
    REDO = "redo"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    REASSIGN = "reassign"


class Actor(StrEnum):
    """Who acts: a member in a role, the customer, or a timer."""

    AGENT = Role.AGENT.value
    HANDLER = Role.HANDLER.value
    HEAD = Role.HEAD.value
    SUPERVISOR = Role.SUPERVISOR.value
    ADMINISTRATOR = Role.ADMINISTRATOR.value
    CUSTOMER = "customer"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table. `target` None keeps the state, or returns to the one before merging.

    `approvers`: the action takes effect only when a second person in one of these roles agrees; who may decide alone
    stands in `alone`. `needs` are the fields without which it is refused.
    """

    action: Action
    sources: frozenset[Status]
    target: Status | None
    actors: frozenset[Actor]
    needs: tuple[str, ...] = ()
    approvers: frozenset[Actor] = frozenset()
    alone: frozenset[Actor] = frozenset()


_CARE = (Actor.AGENT, Actor.SUPERVISOR, Actor.ADMINISTRATOR)
_DESK = (Actor.HANDLER, Actor.HEAD)
_CHIEF = (Actor.SUPERVISOR, Actor.ADMINISTRATOR)
S, A = Status, Action


def _row(
    action: Action,
    sources: Iterable[Status],
    target: Status | None,
    actors: Iterable[Actor],
    needs: tuple[str, ...] = (),
    *,
    approvers: Iterable[Actor] = (),
    alone: Iterable[Actor] = (),
) -> Transition:
    return Transition(
        action, frozenset(sources), target, frozenset(actors), needs, frozenset(approvers), frozenset(alone)
    )


TRANSITIONS: tuple[Transition, ...] = (
    _row(A.ACCEPT, [S.RECEIVED], S.ACCEPTED, [*_CARE, Actor.SYSTEM], ("department", "severity", "topic", "summary")),
    _row(A.VOID, [S.RECEIVED], S.VOIDED, _CARE, ("reason",), approvers=_CHIEF),
    _row(A.MERGE, [S.RECEIVED, S.ACCEPTED, S.IN_PROGRESS], S.MERGED, _CARE, ("target",)),
    _row(A.UNMERGE, [S.MERGED], None, _CHIEF, ("reason",)),
    _row(A.TAKE_ON, [S.ACCEPTED], S.IN_PROGRESS, _DESK),
    _row(A.RETURN, [S.ACCEPTED], S.RECEIVED, [Actor.HEAD], ("reason",), approvers=_CHIEF),
    _row(A.ASK_CUSTOMER, [S.IN_PROGRESS], S.WAITING_CUSTOMER, _DESK, ("question", "reason")),
    _row(A.CUSTOMER_REPLIED, [S.WAITING_CUSTOMER], S.IN_PROGRESS, [*_DESK, Actor.CUSTOMER, Actor.SYSTEM]),
    _row(
        A.HOLD,
        [S.IN_PROGRESS],
        S.ON_HOLD,
        _DESK,
        ("reason", "review_on", "told"),
        approvers=[Actor.HEAD, *_CHIEF],
        alone=[Actor.HEAD],
    ),
    _row(A.RESUME, [S.ON_HOLD], S.IN_PROGRESS, _DESK),
    _row(A.RESPOND, [S.IN_PROGRESS], S.RESPONDED, _DESK, ("outcome", "remedy", "root_cause", "text", "reached")),
    _row(A.RESPOND_UNANSWERED, [S.WAITING_CUSTOMER], S.RESPONDED, [Actor.SYSTEM]),
    _row(A.TURN_TO_CALLBACK, [S.RESPONDED], S.CALLBACK_DUE, [Actor.SYSTEM, Actor.CUSTOMER]),
    _row(A.RECORD_CALLBACK, [S.CALLBACK_DUE], None, _CARE, ("contacted",)),
    _row(A.CLOSE, [S.CALLBACK_DUE], S.CLOSED, _CARE),
    _row(A.REDO, [S.RESPONDED, S.CALLBACK_DUE], S.IN_PROGRESS, [*_CARE, Actor.CUSTOMER], ("reason",)),
    _row(A.REOPEN, [S.CLOSED], S.IN_PROGRESS, [*_CHIEF, Actor.CUSTOMER], ("reason",)),
    _row(A.WITHDRAW, OPEN_STATES, S.CLOSED, [*_CARE, Actor.CUSTOMER], ("evidence",)),
    _row(A.REASSIGN, OPEN_STATES, None, _CHIEF, ("department", "reason")),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who is about to act, as far as the rules look: what they are, and whether the ticket is theirs."""

    actor: Actor
    own_department: bool = True
    is_handler: bool = False


def transition_for(status: Status, action: Action) -> Transition:
    """The row for this action in this state. Raises `InvalidAction` naming the state."""
    for row in TRANSITIONS:
        if row.action is action and status in row.sources:
            return row
    raise InvalidAction(f"工单现在是“{STATUS_NAMES[status]}”，不能“{ACTION_NAMES[action]}”。")


def next_status(status: Status, action: Action, person: Person) -> Transition:
    """The transition this person may make now. Raises `InvalidAction` naming the state or the missing right."""
    row = transition_for(status, action)
    if person.actor not in row.actors:
        raise InvalidAction(f"“{ACTION_NAMES[action]}”不由{ACTOR_NAMES[person.actor]}来做。")
    if person.actor in (Actor.HANDLER, Actor.HEAD) and not person.own_department:
        raise InvalidAction("这张工单不由您的部门主办。")
    if action in (Action.CLOSE, Action.RECORD_CALLBACK) and person.is_handler:
        raise InvalidAction("回访和结案要由经办人以外的同事来做。")
    return row


def needs_second_person(row: Transition, person: Person) -> bool:
    """Whether somebody else has to agree before this takes effect."""
    return bool(row.approvers) and person.actor not in row.alone


def may_approve(row: Transition, person: Person, *, asked_by_same: bool) -> bool:
    """Whether this person may agree to what somebody else asked for."""
    if asked_by_same or person.actor not in row.approvers:
        return False
    return person.actor is not Actor.HEAD or person.own_department


def actions_open_to(status: Status, person: Person, severity: Severity) -> list[Action]:
    """Everything this person may do with the ticket now, in the table's order; nothing else is shown."""
    return [row.action for row in TRANSITIONS if _is_open(row, status, person, severity)]


def _is_open(row: Transition, status: Status, person: Person, severity: Severity) -> bool:
    if status not in row.sources or refusal_for_safety(row.action, severity):
        return False
    try:
        next_status(status, row.action, person)
    except InvalidAction:
        return False
    return True


def refusal_for_safety(action: Action, severity: Severity) -> str:
    """Why a safety case may not take this way out, or ""."""
    if severity is not Severity.CRITICAL:
        return ""
    if action is Action.VOID:
        return "涉及安全的工单不能作废。"
    if action is Action.WITHDRAW:
        return "涉及安全的工单不能撤诉，请按流程办结。"
    if action is Action.MERGE:
        return "涉及安全的工单不能由一个人并案。"
    return ""


@dataclass(frozen=True, slots=True)
class CallbackAttempt:
    """One try to reach the customer: when (in the office's zone), and whether they were reached."""

    at: datetime
    contacted: bool


def enough_callbacks(attempts: Iterable[CallbackAttempt]) -> bool:
    """Whether the case may close: the customer was reached, or tried 3 times on 2 days and in 2 bands of the day."""
    tries = list(attempts)
    if any(attempt.contacted for attempt in tries):
        return True
    days = {attempt.at.date() for attempt in tries}
    bands = {_band(attempt.at.hour) for attempt in tries}
    return len(tries) >= 3 and len(days) >= 2 and len(bands) >= 2


def _band(hour: int) -> str:
    if hour < 12:
        return "morning"
    return "afternoon" if hour < 18 else "evening"


MAX_QUESTIONS = 2
"""How often a customer may be asked for more before the case has to be answered with what is known."""

STATUS_NAMES: dict[Status, str] = {
    S.RECEIVED: "待受理",
    S.ACCEPTED: "已受理",
    S.IN_PROGRESS: "处理中",
    S.WAITING_CUSTOMER: "待客户",
    S.ON_HOLD: "挂起",
    S.RESPONDED: "已答复",
    S.CALLBACK_DUE: "待回访",
    S.CLOSED: "已结案",
    S.MERGED: "已并案",
    S.VOIDED: "已作废",
}

PUBLIC_STATUS_NAMES: dict[Status, str] = STATUS_NAMES | {
    S.RECEIVED: "已收到",
    S.WAITING_CUSTOMER: "等待您补充",
    S.ON_HOLD: "处理中",
    S.CALLBACK_DUE: "待您评价",
    S.VOIDED: "不予受理",
}

ACTION_NAMES: dict[Action, str] = {
    A.ACCEPT: "受理并派单",
    A.VOID: "作废",
    A.MERGE: "并案",
    A.UNMERGE: "撤销并案",
    A.TAKE_ON: "签收",
    A.RETURN: "退单",
    A.ASK_CUSTOMER: "请客户补充",
    A.CUSTOMER_REPLIED: "客户已回复",
    A.HOLD: "挂起",
    A.RESUME: "恢复办理",
    A.RESPOND: "答复",
    A.RESPOND_UNANSWERED: "逾期答复",
    A.TURN_TO_CALLBACK: "转回访",
    A.RECORD_CALLBACK: "记录回访",
    A.CLOSE: "结案",
    A.REDO: "退回重办",
    A.REOPEN: "重开",
    A.WITHDRAW: "撤诉",
    A.REASSIGN: "改派",
}

ACTOR_NAMES: dict[Actor, str] = {
    Actor.AGENT: "坐席",
    Actor.HANDLER: "主办人",
    Actor.HEAD: "部门负责人",
    Actor.SUPERVISOR: "班长",
    Actor.ADMINISTRATOR: "管理员",
    Actor.CUSTOMER: "客户",
    Actor.SYSTEM: "系统",
}
