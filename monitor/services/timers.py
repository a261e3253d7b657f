"""What happens when a ticket's clock runs out."""

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.domain.alerts import Event
from monitor.domain.sla import FollowUpKind
from monitor.domain.tickets import Action
from monitor.domain.wording import label, say_moment
from monitor.services import alerting, audit
from monitor.services.acting import act_on
from monitor.services.alerting import ticket_alarm
from monitor.services.audit import SYSTEM
from monitor.services.followups import next_due
from monitor.services.tools import Tools
from monitor.storage.models import FollowUp, Ticket

_TURNS: dict[FollowUpKind, Action] = {
    FollowUpKind.TURN_TO_CALL_BACK: Action.TURN_TO_CALLBACK,
    FollowUpKind.CUSTOMER_ANSWER: Action.RESPOND_UNANSWERED,
}
"""Clocks that move the ticket along; all others mean that somebody is late."""


def check_next(session: Session, tools: Tools, now: datetime) -> bool:
    """Deals with one clock that ran out; says whether there was one."""
    follow_up = next_due(session, now)
    if follow_up is None:
        return False
    ticket = follow_up.ticket
    action = _TURNS.get(follow_up.kind)
    if action is None:
        _tell_overdue(session, ticket, follow_up, tools, now)
    else:
        act_on(session, ticket, action, SYSTEM, {}, tools=tools, now=now)
    return True


def put_off_next(session: Session, now: datetime, until: datetime) -> bool:
    """Looks later at the clock that would come next; says whether there was one."""
    follow_up = next_due(session, now)
    if follow_up is None:
        return False
    follow_up.check_at = until
    return True


def _tell_overdue(session: Session, ticket: Ticket, follow_up: FollowUp, tools: Tools, now: datetime) -> None:
    follow_up.missed, follow_up.check_at = True, None
    audit.record(session, SYSTEM, "overdue", "ticket", ticket.id, now, kind=follow_up.kind.value, text=follow_up.text)
    if ticket.quiet:
        return
    alarm = ticket_alarm(
        Event.FOLLOW_UP_OVERDUE,
        ticket,
        tools,
        now,
        occurrence=f"overdue {follow_up.id} {follow_up.due_at.isoformat()}",
        clock=label(follow_up.kind),
        clock_text=follow_up.text,
        was_due=say_moment(follow_up.due_at, tools.zone, now=now),
    )
    alerting.queue_alerts(session, [alarm], tools, now)
