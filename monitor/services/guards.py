"""What must hold before an action, besides the state, the role and the filled-in fields."""

from collections.abc import Callable
from datetime import timedelta

from monitor.domain import wording
from monitor.domain.errors import Invalid, InvalidAction
from monitor.domain.tickets import MAX_QUESTIONS, OPEN_STATES, Action, Actor, CallbackAttempt, enough_callbacks
from monitor.domain.verdicts import Severity
from monitor.services import routing
from monitor.services.effects import merge_target
from monitor.services.steps import Step


def _guard_acceptance(step: Step) -> None:
    routing.department_named(step.session, step.text("department"))
    if step.text("severity") not in set(Severity):
        raise Invalid("请选择严重程度。", fields={"severity": "请选择"})
    if Severity(step.text("severity")).rank < step.ticket.severity.rank and not step.text("reason"):
        raise Invalid("调低严重程度要写明原因。", fields={"reason": "请写明为什么调低"})


def _guard_question(step: Step) -> None:
    if step.ticket.questions_asked >= MAX_QUESTIONS:
        raise InvalidAction(f"已经请客户补充过 {MAX_QUESTIONS} 次，请按现有情况答复。")


def _guard_hold(step: Step) -> None:
    review = step.day("review_on")
    last_day = step.now.astimezone(step.tools.zone).date() + timedelta(days=7)
    if review <= step.now or review.date() > last_day:
        raise Invalid("复核日期要在 7 天之内。", fields={"review_on": "请选 7 天之内的日期"})


def _guard_answer(step: Step) -> None:
    if step.text("outcome") not in wording.OUTCOMES or step.text("remedy") not in wording.REMEDIES:
        raise Invalid("请选择处理结论和补救方式。", fields={"outcome": "请选择", "remedy": "请选择"})


def _guard_merge(step: Step) -> None:
    target = merge_target(step)
    same = step.ticket.customer_id is not None and step.ticket.customer_id == target.customer_id
    if target.id == step.ticket.id or target.status not in OPEN_STATES:
        raise InvalidAction("只能并入另一张未结的工单。")
    if not same:
        raise InvalidAction("两张工单不是同一位客户，不能并案。")


def _guard_close(step: Step) -> None:
    attempts = [
        CallbackAttempt(c.at.astimezone(step.tools.zone), c.contacted)
        for c in step.ticket.call_backs
        if step.ticket.responded_at is None or c.at >= step.ticket.responded_at
    ]
    if step.text("contacted"):  # the try that is being noted together with the closing
        attempts.append(CallbackAttempt(step.now.astimezone(step.tools.zone), step.yes("contacted")))
    if not enough_callbacks(attempts):
        raise InvalidAction("还没有联系上客户：联系上，或在不同的两天、两个时段试过三次，才能结案。")


def _guard_return(step: Step) -> None:
    hours = step.tools.terms.return_working_hours
    dispatched = max(a.from_at for a in step.ticket.assignments if a.until_at is None)
    if step.now > step.tools.hours.add(dispatched, timedelta(hours=hours)):
        raise InvalidAction(f"派单已超过 {hours:g} 个工作小时，不能再退单；要换部门请联系班长改派。")


def _guard_reopening(step: Step) -> None:
    closed = step.ticket.closed_at
    if step.by.actor is Actor.CUSTOMER and closed and step.now > closed + timedelta(days=step.tools.terms.reopen_days):
        raise InvalidAction(f"结案已超过 {step.tools.terms.reopen_days} 天，请重新提交，我们会与原工单关联。")


def _guard_reassignment(step: Step) -> None:
    department = routing.department_named(step.session, step.text("department"))
    if department.id == step.ticket.department_id:
        raise Invalid("工单已经在这个部门了。", fields={"department": "请选另一个部门"})


GUARDS: dict[Action, Callable[[Step], None]] = {
    Action.ACCEPT: _guard_acceptance,
    Action.ASK_CUSTOMER: _guard_question,
    Action.HOLD: _guard_hold,
    Action.RESPOND: _guard_answer,
    Action.MERGE: _guard_merge,
    Action.CLOSE: _guard_close,
    Action.RETURN: _guard_return,
    Action.REOPEN: _guard_reopening,
    Action.REASSIGN: _guard_reassignment,
}
