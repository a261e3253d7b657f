"""What an action changes besides the state."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from monitor.domain import wording
from monitor.domain.errors import NotFound
from monitor.domain.sla import FollowUpKind, acceptance_deadlines, receipt_deadlines
from monitor.domain.ticket_numbers import read_ticket_number
from monitor.domain.tickets import Action, Status
from monitor.domain.verdicts import Severity
from monitor.services import audit, followups, routing
from monitor.services.steps import Step
from monitor.storage.models import CallBack, Department, FollowUp, Reply, Ticket


def _accept(step: Step) -> None:
    ticket = step.ticket
    department = routing.department_named(step.session, step.text("department"))
    ticket.severity = Severity(step.text("severity"))
    ticket.topic = step.text("topic") or ticket.topic
    ticket.summary = step.text("summary")[:120] or ticket.summary
    routing.reassign(ticket, department, step.by, step.text("reason"), step.now)
    ticket.accepted_at = ticket.accepted_at or step.now
    followups.finish(ticket, {FollowUpKind.ACCEPT}, step.now)
    running = {f.kind for f in followups.open_follow_ups(ticket)}
    for deadline in acceptance_deadlines(step.tools.terms, ticket.severity, step.tools.hours, step.now):
        # After a 退单 the clock of the answer is still running and must not begin anew.
        if deadline.kind not in running:
            followups.plan(ticket, deadline.kind, deadline.due_at)


def merge_target(step: Step) -> Ticket:
    """The ticket to merge into. Raises `NotFound`."""
    number = read_ticket_number(step.text("target"))
    target = step.session.scalars(select(Ticket).where(Ticket.number == number)).first()
    if target is None:
        raise NotFound(f"没有找到工单 {step.text('target')}。")
    return target


def _merge(step: Step) -> None:
    target = merge_target(step)
    for follow_up in followups.open_follow_ups(step.ticket):
        _keep_earliest(target, follow_up)
    step.ticket.status_before_merge = step.ticket.status
    step.ticket.merged_into = target
    followups.suspend(step.ticket)
    audit.record(step.session, step.by, "merged_here", "ticket", target.id, step.now, number=step.ticket.number)


def _keep_earliest(target: Ticket, follow_up: FollowUp) -> None:
    """The surviving ticket keeps the earlier of two promises of the same kind, and an answer promised already."""
    same = [running for running in followups.open_follow_ups(target) if running.kind is follow_up.kind]
    promised = follow_up.kind is FollowUpKind.RESOLVE and target.status is Status.RECEIVED and not same
    if promised or any(follow_up.due_at < running.due_at for running in same):
        followups.plan(target, follow_up.kind, follow_up.due_at)


def _unmerge(step: Step) -> None:
    ticket = step.ticket
    ticket.status = ticket.status_before_merge or Status.RECEIVED
    ticket.merged_into, ticket.status_before_merge = None, None
    followups.revive(ticket)
    _leave_dissolved(step)


def _take_on(step: Step) -> None:
    step.ticket.handler = step.by.member
    followups.finish(step.ticket, {FollowUpKind.TAKE_ON}, step.now)


def _fallback(step: Step) -> Department:
    return step.session.scalars(select(Department).where(Department.is_fallback)).one()


def _return(step: Step) -> None:
    ticket = step.ticket
    routing.reassign(ticket, _fallback(step), step.by, step.text("reason"), step.now)
    followups.finish(ticket, {FollowUpKind.TAKE_ON}, step.now)
    accept = receipt_deadlines(step.tools.terms, ticket.severity, step.tools.hours, step.now)[0]
    followups.plan(ticket, accept.kind, accept.due_at)


def _ask_customer(step: Step) -> None:
    ticket = step.ticket
    ticket.questions_asked += 1
    ticket.replies.append(Reply(member_id=step.by.member_id, text=step.text("question"), at=step.now))
    _note_contact(step)
    followups.pause_resolving(ticket, step.now)
    waits = timedelta(days=step.tools.terms.customer_answer_days)
    followups.plan(ticket, FollowUpKind.CUSTOMER_ANSWER, step.now + waits)


def _customer_replied(step: Step) -> None:
    if step.text("text"):
        step.ticket.replies.append(Reply(member_id=None, text=step.text("text"), at=step.now))
    followups.finish(step.ticket, {FollowUpKind.CUSTOMER_ANSWER}, step.now)
    followups.resume_resolving(step.ticket, step.now)


def _hold(step: Step) -> None:
    followups.plan(step.ticket, FollowUpKind.REVIEW, step.day("review_on"))


def _resume(step: Step) -> None:
    followups.finish(step.ticket, {FollowUpKind.REVIEW}, step.now)


def _respond(step: Step) -> None:
    ticket = step.ticket
    ticket.outcome, ticket.remedy = step.text("outcome"), step.text("remedy")
    ticket.root_cause = step.text("root_cause")
    ticket.handler = ticket.handler or step.by.member
    ticket.replies.append(Reply(member_id=step.by.member_id, text=step.text("text"), at=step.now))
    _note_contact(step)
    _stop_for_answer(step)


def _respond_unanswered(step: Step) -> None:
    ticket = step.ticket
    ticket.outcome, ticket.remedy = "no_reply", "none"
    followups.resume_resolving(ticket, step.now)
    followups.finish(ticket, {FollowUpKind.CUSTOMER_ANSWER}, step.now)
    _stop_for_answer(step)


def _stop_for_answer(step: Step) -> None:
    step.ticket.responded_at = step.now
    ends = {FollowUpKind.RESOLVE, FollowUpKind.STATUTORY, FollowUpKind.FIRST_CONTACT, FollowUpKind.TAKE_ON}
    followups.finish(step.ticket, ends, step.now)
    turns = timedelta(hours=step.tools.terms.turn_to_callback_hours)
    followups.plan(step.ticket, FollowUpKind.TURN_TO_CALL_BACK, step.now + turns)


def _note_contact(step: Step) -> None:
    step.ticket.first_contact_at = step.ticket.first_contact_at or step.now
    followups.finish(step.ticket, {FollowUpKind.FIRST_CONTACT}, step.now)


def _turn_to_callback(step: Step) -> None:
    followups.finish(step.ticket, {FollowUpKind.TURN_TO_CALL_BACK}, step.now)
    due = step.tools.hours.workdays(step.now, step.tools.terms.callback_workdays)
    followups.plan(step.ticket, FollowUpKind.CALL_BACK, due)


def add_callback(step: Step) -> None:
    """Notes one try to reach the customer, and what they said."""
    satisfaction = step.text("satisfaction")
    step.ticket.call_backs.append(
        CallBack(
            member_id=step.by.member_id,
            at=step.now,
            contacted=step.yes("contacted"),
            solved=step.text("solved") if step.text("solved") in wording.SOLVED else "",
            satisfaction=int(satisfaction) if satisfaction in {str(n) for n in wording.SATISFACTION} else None,
            note=step.text("note")[:1000],
        )
    )


def _close(step: Step) -> None:
    if step.text("contacted"):
        add_callback(step)
    _end(step)


def _end(step: Step) -> None:
    followups.finish_all(step.ticket, step.now)
    step.ticket.closed_at = step.now


def _redo(step: Step) -> None:
    ticket = step.ticket
    ticket.redone_count += 1
    if ticket.redone_count >= 2:
        ticket.escalation_level = min(ticket.escalation_level + 1, 3)
    _resume_work(step)


def _reopen(step: Step) -> None:
    step.ticket.reopened_count += 1
    step.ticket.closed_at = None
    _resume_work(step)
    _leave_dissolved(step)


def _leave_dissolved(step: Step) -> None:
    """A case that comes back to a department which no longer exists goes to the fallback at once."""
    department = step.ticket.department
    if not department.active:
        routing.reassign(step.ticket, _fallback(step), step.by, f"{department.name}已撤销", step.now)


def _resume_work(step: Step) -> None:
    """What was left of the time for an answer goes on, but at least one working day."""
    left = followups.remaining_to_resolve(step.ticket, step.now)
    grace = step.tools.hours.workdays(step.now, 1)
    followups.finish(step.ticket, {FollowUpKind.TURN_TO_CALL_BACK, FollowUpKind.CALL_BACK}, step.now)
    followups.plan(step.ticket, FollowUpKind.RESOLVE, max(step.now + left, grace))


def _withdraw(step: Step) -> None:
    step.ticket.outcome = "withdrawn"
    _end(step)


def _reassign(step: Step) -> None:
    department = routing.department_named(step.session, step.text("department"))
    routing.reassign(step.ticket, department, step.by, step.text("reason"), step.now)
    hours = step.tools.terms.policies[step.ticket.severity].take_on_working_hours
    due = step.tools.hours.add(step.now, timedelta(hours=hours))
    followups.plan(step.ticket, FollowUpKind.MANUAL, due, text=f"{department.name}接手并联系客户")


EFFECTS: dict[Action, Callable[[Step], None]] = {
    Action.ACCEPT: _accept,
    Action.VOID: _end,
    Action.MERGE: _merge,
    Action.UNMERGE: _unmerge,
    Action.TAKE_ON: _take_on,
    Action.RETURN: _return,
    Action.ASK_CUSTOMER: _ask_customer,
    Action.CUSTOMER_REPLIED: _customer_replied,
    Action.HOLD: _hold,
    Action.RESUME: _resume,
    Action.RESPOND: _respond,
    Action.RESPOND_UNANSWERED: _respond_unanswered,
    Action.TURN_TO_CALLBACK: _turn_to_callback,
    Action.RECORD_CALLBACK: add_callback,
    Action.CLOSE: _close,
    Action.REDO: _redo,
    Action.REOPEN: _reopen,
    Action.WITHDRAW: _withdraw,
    Action.REASSIGN: _reassign,
}
