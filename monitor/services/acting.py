"""Moving a ticket along: every action of the table, audited in the same transaction.

`act_on` is the only way a ticket changes its state.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from monitor.domain.alerts import Event
from monitor.domain.errors import Invalid, InvalidAction
from monitor.domain.tickets import Action, Actor, Person, Status, Transition, next_status, refusal_for_safety
from monitor.services import alerting, audit
from monitor.services.alerting import Alarm, ticket_alarm
from monitor.services.audit import Doer, doer
from monitor.services.effects import EFFECTS
from monitor.services.guards import GUARDS
from monitor.services.steps import FIELD_NAMES, Fields, Step
from monitor.services.tools import Tools
from monitor.storage.models import Ticket

_ON_THE_TICKET = frozenset({"summary", "topic"})  # asked for by the table, and already there when left empty

_EVENTS = {
    Action.ACCEPT: Event.TICKET_DISPATCHED,
    Action.REASSIGN: Event.TICKET_REASSIGNED,
    Action.ASK_CUSTOMER: Event.QUESTION,
    Action.RESPOND: Event.ANSWER,
}
_AUDITED = (FIELD_NAMES.keys() | {"solved", "satisfaction", "note"}) - {"reason", "text"}
_CUSTOMER_ACTIONS = frozenset({Action.CUSTOMER_REPLIED, Action.REDO, Action.REOPEN, Action.WITHDRAW})


def person_for(ticket: Ticket, by: Doer) -> Person:
    """The one who acts, as far as the rules look."""
    member = by.member
    own = member is None or member.department_id == ticket.department_id
    return Person(by.actor, own_department=own, is_handler=member is not None and member.id == ticket.handler_id)


def act_on(
    session: Session, ticket: Ticket, action: Action, by: Doer, fields: Fields, *, tools: Tools, now: datetime
) -> Transition:
    """Takes one action. Raises `InvalidAction` naming the state, or `Invalid` naming the fields that are missing."""
    step = Step(session, ticket, action, by, fields, tools, now)
    row = check(step)
    before = ticket.status
    EFFECTS[action](step)
    if row.target is not None:
        ticket.status = row.target
    ticket.updated_at = now
    _drop_outdated(ticket, now)
    _note_audit(step, before)
    alerting.queue_alerts(session, _alarms(step), tools, now)
    return row


def _drop_outdated(ticket: Ticket, now: datetime) -> None:
    """What waits for a second person falls away when the one who asked for it could not do it any more."""
    for approval in ticket.approvals:
        if approval.decided_at is None:
            try:
                next_status(ticket.status, approval.action, person_for(ticket, doer(approval.asked_by)))
            except InvalidAction:
                approval.decided_at, approval.granted = now, False


def check(step: Step) -> Transition:
    """The row of the table that this step follows, when nothing stands in its way; raises as `act_on` does."""
    row = next_status(step.ticket.status, step.action, person_for(step.ticket, step.by))
    refusal = refusal_for_safety(step.action, step.ticket.severity)
    if refusal:
        raise InvalidAction(refusal)
    _refuse_missing(row, step)
    if step.action in GUARDS:
        GUARDS[step.action](step)
    return row


def _refuse_missing(row: Transition, step: Step) -> None:
    missing = [name for name in row.needs if not step.text(name) and name not in _ON_THE_TICKET]
    if missing:
        names = "、".join(FIELD_NAMES[name] for name in missing)
        raise Invalid(f"请补上：{names}。", fields={name: f"请填写{FIELD_NAMES[name]}" for name in missing})


def _note_audit(step: Step, before: Status) -> None:
    data = {name: step.text(name)[:2000] for name in sorted(_AUDITED) if step.text(name)}
    audit.record(
        step.session,
        step.by,
        step.action.value,
        "ticket",
        step.ticket.id,
        step.now,
        reason=step.text("reason") or step.text("evidence"),
        old=before.value,
        new=step.ticket.status.value,
        **data,
    )


def record_refusal(session: Session, ticket_id: int, action: Action, by: Doer, reason: str, now: datetime) -> None:
    """Notes that somebody tried what is not allowed; written after the refused work was rolled back."""
    audit.record(session, by, "refused", "ticket", ticket_id, now, reason=reason, attempted=action.value)


def _alarms(step: Step) -> Iterator[Alarm]:
    """Whom this action concerns."""
    event = _EVENTS.get(step.action)
    if step.by.actor is Actor.CUSTOMER and step.action in _CUSTOMER_ACTIONS:
        event = Event.CUSTOMER_MESSAGE
    if event is None:
        return
    quote = step.text("text") or step.text("question") or step.text("reason") or step.text("evidence")
    occurrence = f"{step.action.value} {step.now.isoformat()}"
    yield ticket_alarm(event, step.ticket, step.tools, step.now, occurrence=occurrence, quote=quote, cues="")
