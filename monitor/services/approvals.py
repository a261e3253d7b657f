"""Actions that need a second person: asked for by one, agreed to or refused by another."""

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.domain.alerts import Event
from monitor.domain.errors import Forbidden, InvalidAction, NotFound
from monitor.domain.tickets import Action, may_approve, needs_second_person, transition_for
from monitor.domain.wording import label
from monitor.services import alerting, audit
from monitor.services.acting import act_on, check, person_for
from monitor.services.alerting import ticket_alarm
from monitor.services.audit import Doer, doer
from monitor.services.steps import Fields, Step
from monitor.services.tools import Tools
from monitor.storage.models import Approval, Ticket


def open_approval(ticket: Ticket) -> Approval | None:
    """What waits for a second person, if anything."""
    return next((approval for approval in ticket.approvals if approval.decided_at is None), None)


def act_or_ask(
    session: Session, ticket: Ticket, action: Action, by: Doer, fields: Fields, *, tools: Tools, now: datetime
) -> bool:
    """Takes an action at once, or asks a second person where the table wants one; says whether it took effect."""
    step = Step(session, ticket, action, by, fields, tools, now)
    # Everything is checked before asking, so that nobody is asked to agree to what cannot be done.
    row = check(step)
    if needs_second_person(row, person_for(ticket, by)):
        _ask(step)
        return False
    act_on(session, ticket, action, by, fields, tools=tools, now=now)
    return True


def _ask(step: Step) -> None:
    ticket = step.ticket
    if open_approval(ticket):
        raise InvalidAction("这张工单已经有一项申请在等人审批。")
    assert step.by.member is not None  # customer and timer have no action that needs a second person
    fields = {name: str(value) for name, value in step.fields.items() if value not in (None, "")}
    ticket.approvals.append(Approval(action=step.action, fields=fields, asked_by=step.by.member, asked_at=step.now))
    audit.record(
        step.session,
        step.by,
        "approval_asked",
        "ticket",
        ticket.id,
        step.now,
        asked=step.action.value,
        reason=step.text("reason"),
    )
    alarm = ticket_alarm(
        Event.APPROVAL_WANTED,
        ticket,
        step.tools,
        step.now,
        occurrence=f"approval {step.now.isoformat()}",
        asked=label(step.action),
        asked_by=step.by.name,
        reason=step.text("reason"),
    )
    alerting.queue_alerts(step.session, [alarm], step.tools, step.now)


def decide(session: Session, ticket: Ticket, by: Doer, granted: bool, *, tools: Tools, now: datetime) -> Approval:
    """Agrees to or refuses what was asked for. Raises `NotFound`, `Forbidden`, or what the action itself raises."""
    approval = open_approval(ticket)
    if approval is None:
        raise NotFound("没有等待审批的申请，可能已经有人处理了。")
    row = transition_for(ticket.status, approval.action)
    if not may_approve(row, person_for(ticket, by), asked_by_same=approval.asked_by_id == by.member_id):
        raise Forbidden("这项申请要由另一位有权限的同事来审批。")
    approval.decided_by, approval.decided_at, approval.granted = by.member, now, granted
    audit.record(
        session,
        by,
        "approval_granted" if granted else "approval_refused",
        "ticket",
        ticket.id,
        now,
        asked=approval.action.value,
    )
    if granted:
        act_on(session, ticket, approval.action, doer(approval.asked_by), approval.fields, tools=tools, now=now)
    return approval


def may_decide(ticket: Ticket, by: Doer) -> bool:
    """Whether this person may decide what is waiting."""
    approval = open_approval(ticket)
    if approval is None:
        return False
    try:
        row = transition_for(ticket.status, approval.action)
    except InvalidAction:
        return False
    return may_approve(row, person_for(ticket, by), asked_by_same=approval.asked_by_id == by.member_id)
