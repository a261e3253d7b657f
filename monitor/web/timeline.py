"""What happened with a ticket, in words, the newest last."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.domain.routing import DecidedBy
from monitor.domain.sla import FollowUpKind
from monitor.domain.tickets import ACTION_NAMES, Action
from monitor.domain.verdicts import Severity
from monitor.domain.wording import OUTCOMES, REMEDIES, SATISFACTION, SOLVED, label
from monitor.storage.models import AuditEntry, CallBack, Ticket


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the timeline: who did what when; `text` are words that somebody wrote, `kind` how it looks."""

    at: datetime
    who: str
    what: str
    text: str = ""
    kind: str = "step"


def timeline(ticket: Ticket, history: Iterable[AuditEntry]) -> list[Happening]:
    """Steps, words exchanged with the customer, notes and call-backs, in order."""
    steps = [line for entry in history if (line := _step(entry)) is not None]
    return sorted([*steps, *_replies(ticket), *_notes(ticket), *_call_backs(ticket)], key=lambda h: h.at)


def _replies(ticket: Ticket) -> list[Happening]:
    return [
        Happening(r.at, r.member.name, "写给客户", r.text, "ours")
        if r.member
        else Happening(r.at, "客户", "来信", r.text, "customer")
        for r in ticket.replies
    ]


def _notes(ticket: Ticket) -> list[Happening]:
    return [Happening(note.at, note.member.name, "备注", note.text, "note") for note in ticket.notes]


def _call_backs(ticket: Ticket) -> list[Happening]:
    return [
        Happening(c.at, c.member.name if c.member else "客户", _call_back_words(c), c.note) for c in ticket.call_backs
    ]


def _call_back_words(call: CallBack) -> str:
    if not call.contacted:
        return "回访：没有联系上"
    parts = [SOLVED.get(call.solved, ""), SATISFACTION.get(call.satisfaction or 0, "")]
    said = "，".join(part for part in parts if part)
    return f"{'回访' if call.member_id else '评价'}：{said or '已联系上'}"


_Data = Mapping[str, Any]
_ACTIONS = {action.value: name for action, name in ACTION_NAMES.items()}


def _named(codes: Mapping[str, str], code: object) -> str:
    return codes.get(str(code), str(code))


def _dispatch(data: _Data) -> str:
    department = data.get("department", "")
    match data.get("decided_by"):
        case DecidedBy.RULE.value:
            return f"按规则“{data.get('rule')}”派给{department}"
        case DecidedBy.THREAD.value:
            return f"追问同一件事，派给{department}"
        case DecidedBy.MODEL.value:
            return f"模型派给{department}（把握 {float(data.get('confidence', 0)):.0%}）"
        case _:
            return f"受理并派给{department}"


def _overdue(data: _Data) -> str:
    kind = str(data.get("kind", ""))
    name = label(FollowUpKind(kind)) if kind in set(FollowUpKind) else kind
    return f"“{data.get('text') or name}”超时，已提醒主办部门"


def _severity(data: _Data) -> str:
    code = str(data.get("new", ""))
    return f"严重程度升为{label(Severity(code)) if code in set(Severity) else code}"


def _answer(data: _Data) -> str:
    outcome, remedy = _named(OUTCOMES, data.get("outcome", "")), _named(REMEDIES, data.get("remedy", ""))
    return f"答复：{outcome}；{remedy}；原因：{data.get('root_cause', '')}"


_WORDS: Mapping[str, Callable[[_Data], str]] = {
    "open": lambda _: "建单",
    Action.ACCEPT.value: _dispatch,
    Action.REASSIGN.value: lambda data: f"改派给{data.get('department', '')}",
    Action.RESPOND.value: _answer,
    Action.HOLD.value: lambda data: f"挂起，{data.get('review_on', '')} 复核",
    Action.MERGE.value: lambda data: f"并入工单 {data.get('target', '')}",
    "merged_here": lambda data: f"工单 {data.get('number', '')} 并入这里",
    "approval_asked": lambda data: f"申请“{_named(_ACTIONS, data.get('asked'))}”，等另一位同事审批",
    "approval_granted": lambda data: f"同意“{_named(_ACTIONS, data.get('asked'))}”",
    "approval_refused": lambda data: f"不同意“{_named(_ACTIONS, data.get('asked'))}”",
    "refused": lambda data: f"想“{_named(_ACTIONS, data.get('attempted'))}”，没有办成",
    "overdue": _overdue,
    "post_joined": lambda _: "同一位客户的新帖子并入",
    "post_edited": lambda _: "作者改了帖子",
    "post_gone": lambda data: f"来源删掉了原帖（{data.get('how', '')}）",
    "severity_raised": _severity,
    "contact_revealed": lambda _: "查看了客户的联系方式",
    "follow_up_planned": lambda data: f"定了跟进：{data.get('text', '')}",
    "follow_up_done": lambda data: f"完成跟进：{data.get('text', '')}",
}
_TOLD_OTHERWISE = frozenset({"note_added", "customer_wrote", "rated", Action.RECORD_CALLBACK.value})
"""Stand in the timeline already as a note, a letter or a call-back."""


def _step(entry: AuditEntry) -> Happening | None:
    if entry.action in _TOLD_OTHERWISE:
        return None
    say = _WORDS.get(entry.action)
    what = say(entry.data) if say else _ACTIONS.get(entry.action, entry.action)
    kind = "trouble" if entry.action in ("overdue", "refused") else "step"
    return Happening(entry.at, entry.name, what, entry.reason, kind)


def last_change(history: Sequence[AuditEntry]) -> str:
    """Who changed what last, for somebody whose own change came too late."""
    line = next((line for entry in reversed(history) if (line := _step(entry)) is not None), None)
    return f"{line.who}刚刚做了“{line.what}”" if line else "有人刚刚改过这张工单"
