"""The small form of each action: exactly its fields, and a button that says the consequence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from monitor.domain.tickets import (
    ACTION_NAMES,
    TRANSITIONS,
    Action,
    Person,
    Status,
    needs_second_person,
    transition_for,
)
from monitor.domain.verdicts import Severity
from monitor.domain.wording import OUTCOMES, REMEDIES, SATISFACTION, SOLVED, label
from monitor.services.steps import FIELD_NAMES
from monitor.storage.models import Ticket

Choices = Sequence[tuple[str, str]]
REACHED = ("电话", "短信", "邮件", "平台私信", "公开回复", "当面")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in. `kind`: line, area, choice, date, check."""

    name: str
    label: str
    kind: str = "line"
    value: str = ""
    choices: Choices = ()
    required: bool = True
    help: str = ""
    least: str = ""
    most: str = ""


@dataclass(frozen=True, slots=True)
class ActionForm:
    """An action as the page offers it."""

    action: Action
    title: str
    button: str
    fields: tuple[Field, ...]
    consequence: str = ""
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed that could not be taken yet, and why."""

    form: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the forms of one ticket are drawn from."""

    ticket: Ticket
    departments: Sequence[str]
    today: datetime

    @property
    def others(self) -> Choices:
        """Departments that are not responsible now."""
        return [(name, name) for name in self.departments if name != self.ticket.department.name]


def _line(name: str, **more: object) -> Field:
    return Field(name, FIELD_NAMES[name], **more)  # type: ignore[arg-type]


def _codes(names: Mapping[str, str]) -> Choices:
    return list(names.items())


_REASON = Field("reason", FIELD_NAMES["reason"], "area")
_NO_FIELDS: Callable[[_Desk], tuple[Field, ...]] = lambda _: ()  # noqa: E731 - a table of functions reads as a table


def _acceptance(desk: _Desk) -> tuple[Field, ...]:
    ticket = desk.ticket
    departments = [(name, name) for name in desk.departments]
    severities = [(severity.value, label(severity)) for severity in Severity]
    return (
        _line("department", kind="choice", value=ticket.department.name, choices=departments),
        _line("severity", kind="choice", value=ticket.severity.value, choices=severities),
        _line("topic", value=ticket.topic, required=False),
        _line("summary", value=ticket.summary, required=False),
        Field("reason", "原因", required=False, help="调低严重程度时要写明"),
    )


def _answer(_: _Desk) -> tuple[Field, ...]:
    reached = [(way, way) for way in REACHED]
    return (
        _line("outcome", kind="choice", choices=[(k, v) for k, v in OUTCOMES.items() if k not in _BY_SYSTEM]),
        _line("remedy", kind="choice", choices=_codes(REMEDIES)),
        _line("root_cause", help="还在查就写“调查中”"),
        _line("text", kind="area", help="客户会看到这段话：说清结论、怎么补救、什么时候。"),
        _line("reached", kind="choice", choices=reached),
    )


_BY_SYSTEM = frozenset({"no_reply", "withdrawn"})


def _hold(desk: _Desk) -> tuple[Field, ...]:
    first, last = desk.today + timedelta(days=1), desk.today + timedelta(days=7)
    return (
        Field("reason", "等什么", "area", help="例如：等供应商的检测报告"),
        _line("review_on", kind="date", least=f"{first:%Y-%m-%d}", most=f"{last:%Y-%m-%d}", help="7 天之内"),
        Field("told", "已经把挂起的原因告诉客户", "check", value="yes"),
    )


def _call_back(_: _Desk) -> tuple[Field, ...]:
    return (
        _line("contacted", kind="choice", choices=[("yes", "联系上了"), ("no", "没有联系上")]),
        Field("solved", "问题解决了吗", "choice", choices=_codes(SOLVED), required=False),
        Field(
            "satisfaction",
            "满意度",
            "choice",
            choices=[(str(n), words) for n, words in SATISFACTION.items()],
            required=False,
            help="客户没说就留空",
        ),
        Field("note", "客户怎么说", "area", required=False),
    )


def _closing(desk: _Desk) -> tuple[Field, ...]:
    tried = bool(desk.ticket.call_backs)
    first, *rest = _call_back(desk)
    empty = [("", "沿用已有的回访记录")] if tried else []
    contacted = Field("contacted", "这次回访", "choice", choices=[*empty, *first.choices], required=not tried)
    return (contacted, *rest)


_FIELDS: Mapping[Action, Callable[[_Desk], tuple[Field, ...]]] = {
    Action.ACCEPT: _acceptance,
    Action.VOID: lambda _: (Field("reason", "为什么作废", "area", help="例如：广告、测试、说的不是我们"),),
    Action.MERGE: lambda _: (_line("target", help="同一位客户的另一张未结工单"),),
    Action.UNMERGE: lambda _: (_REASON,),
    Action.RETURN: lambda _: (Field("reason", "为什么不归本部门", "area"),),
    Action.ASK_CUSTOMER: lambda _: (
        _line("question", kind="area", help="客户会看到这段话。一次问全，最多问两次。"),
        Field("reason", "为什么要问", "area"),
    ),
    Action.CUSTOMER_REPLIED: lambda _: (Field("text", "客户怎么说", "area", required=False),),
    Action.HOLD: _hold,
    Action.RESPOND: _answer,
    Action.RECORD_CALLBACK: _call_back,
    Action.CLOSE: _closing,
    Action.REDO: lambda _: (Field("reason", "客户为什么不认可", "area"),),
    Action.REOPEN: lambda _: (Field("reason", "为什么重开", "area"),),
    Action.WITHDRAW: lambda _: (_line("evidence", kind="area", help="照抄客户的原话或消息"),),
    Action.REASSIGN: lambda desk: (_line("department", kind="choice", choices=desk.others), _REASON),
}

_BUTTONS: Mapping[Action, str] = {
    Action.ACCEPT: "受理并派给所选部门",
    Action.VOID: "作废这张工单",
    Action.MERGE: "并入那张工单",
    Action.UNMERGE: "撤销并案，恢复这张工单",
    Action.TAKE_ON: "签收，由我来办",
    Action.RETURN: "退回客服中心",
    Action.ASK_CUSTOMER: "把问题发给客户",
    Action.CUSTOMER_REPLIED: "客户已回复，继续办理",
    Action.HOLD: "挂起到复核日",
    Action.RESUME: "恢复办理",
    Action.RESPOND: "答复客户",
    Action.RECORD_CALLBACK: "记下这次回访",
    Action.CLOSE: "结案",
    Action.REDO: "退回主办部门重办",
    Action.REOPEN: "重开这张工单",
    Action.WITHDRAW: "按客户撤诉结案",
    Action.REASSIGN: "转派给所选部门",
}
_CONSEQUENCES: Mapping[Action, str] = {
    Action.ACCEPT: "责任马上转到所选部门，并给它发邮件。",
    Action.TAKE_ON: "您成为经办人，先联系客户。",
    Action.RESPOND: "答复会发给客户；24 小时后转回访。",
    Action.CUSTOMER_REPLIED: "办结期限从现在继续计时。",
    Action.CLOSE: "所有计时停止；客户 15 天内可以要求重开。",
    Action.REASSIGN: "责任马上转到所选部门，办结期限不变。",
    Action.REDO: "原来的答复会保留，办结期限继续计时。",
    Action.VOID: "客户查询时会看到“不予受理”。",
    Action.ASK_CUSTOMER: "等客户期间办结期限暂停，法定期限不停。",
    Action.MERGE: "这张工单变为只读，期限以较早的为准。",
}
_GRAVE = frozenset({Action.VOID, Action.WITHDRAW, Action.MERGE, Action.REOPEN})

MAIN_ACTION: Mapping[Status, Action] = {
    Status.RECEIVED: Action.ACCEPT,
    Status.ACCEPTED: Action.TAKE_ON,
    Status.IN_PROGRESS: Action.RESPOND,
    Status.WAITING_CUSTOMER: Action.CUSTOMER_REPLIED,
    Status.ON_HOLD: Action.RESUME,
    Status.CALLBACK_DUE: Action.CLOSE,
}
"""What is done next in the ordinary course; every other action stands behind it."""

WAITS_FOR: Mapping[Status, str] = {
    Status.RECEIVED: "等客服受理并派单。",
    Status.ACCEPTED: "等{department}签收。",
    Status.IN_PROGRESS: "{department}正在办理，等答复客户。",
    Status.WAITING_CUSTOMER: "等客户补充；客户一来信就自动继续。",
    Status.ON_HOLD: "已挂起，到复核日再看。",
    Status.RESPONDED: "已答复，24 小时后自动转回访。",
    Status.CALLBACK_DUE: "等客服回访后结案。",
    Status.CLOSED: "已结案。",
    Status.MERGED: "已并入另一张工单，只能查看。",
    Status.VOIDED: "已作废，只能查看。",
}


def forms_for(
    ticket: Ticket, person: Person, actions: Sequence[Action], departments: Sequence[str], now: datetime, zone: tzinfo
) -> list[ActionForm]:
    """The forms of these actions, the main one first."""
    desk = _Desk(ticket, departments, now.astimezone(zone))
    main = MAIN_ACTION.get(ticket.status)
    ordered = sorted(actions, key=lambda action: (action is not main, list(Action).index(action)))
    return [_form(action, desk, person) for action in ordered]


def _form(action: Action, desk: _Desk, person: Person) -> ActionForm:
    asks = needs_second_person(transition_for(desk.ticket.status, action), person)
    button, consequence = _BUTTONS[action], _CONSEQUENCES.get(action, "")
    return ActionForm(
        action,
        ACTION_NAMES[action] if action is not Action.REASSIGN else "转派",
        f"申请{button}" if asks else button,
        _FIELDS.get(action, _NO_FIELDS)(desk),
        f"要另一位有权限的同事同意才生效。{consequence}" if asks else consequence,
        action in _GRAVE,
    )


def field_names(action: Action) -> frozenset[str]:
    """Every field that an action may take from a form."""
    needed = {name for row in TRANSITIONS if row.action is action for name in row.needs}
    return frozenset({*needed, "reason", "text", "contacted", "solved", "satisfaction", "note"})
