"""Events meet rules and become messages, in the transaction of whatever happened."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.alerts import AlertRule, Event, Recipient, Rendered, rules_for
from monitor.domain.people import Role
from monitor.domain.verdicts import Severity
from monitor.domain.wording import label, say_moment, say_time_left
from monitor.services.intake import insert_or_skip
from monitor.services.tools import Tools
from monitor.storage.models import Department, Member, Notification, Ticket


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that happened. `occurrence` is the same when it is told again, so that nobody hears of it twice."""

    event: Event
    severity: Severity
    occurrence: str
    facts: Mapping[str, Any]
    addresses: Mapping[Recipient, Sequence[str]] = field(default_factory=dict)
    ticket_id: int | None = None


def queue_alerts(session: Session, alarms: Iterable[Alarm], tools: Tools, now: datetime) -> None:
    """Writes a notification for everyone whom a rule names; the same occurrence to the same person only once."""
    rows: list[dict[str, Any]] = []
    staff: dict[Recipient, list[str]] | None = None
    for alarm in alarms:
        rules = rules_for(alarm.event, alarm.severity, tools.alert_rules)
        if not rules:
            continue
        staff = staff or _staff_addresses(session)
        rows.extend(_notifications(alarm, rules, staff, tools, now))
    if rows:
        session.execute(insert_or_skip(session, Notification), rows)


def _notifications(
    alarm: Alarm, rules: Sequence[AlertRule], staff: Mapping[Recipient, list[str]], tools: Tools, now: datetime
) -> list[dict[str, Any]]:
    known = {**staff, **alarm.addresses}
    told = {(address, rule.channel) for rule in rules for name in rule.recipients for address in _who(name, known)}
    if not told:
        return []
    rendered = tools.render(alarm.event.value, alarm.facts)
    return [_row(alarm, address, channel, rendered, now) for address, channel in sorted(told)]


def _who(name: str, known: Mapping[Recipient, Sequence[str]]) -> Sequence[str]:
    return known.get(Recipient(name), ()) if name in set(Recipient) else (name,)


def _row(alarm: Alarm, recipient: str, channel: str, rendered: Rendered, now: datetime) -> dict[str, Any]:
    identity = f"{alarm.event.value}|{alarm.occurrence}|{channel}|{recipient}"
    return {
        "key": hashlib.sha256(identity.encode()).hexdigest()[:40],
        "event": alarm.event,
        "ticket_id": alarm.ticket_id,
        "channel": channel,
        "recipient": recipient,
        "subject": rendered.subject,
        "text": rendered.text,
        "html": rendered.html,
        "created_at": now,
        "next_attempt_at": now,
        "attempts": 0,
        "error": "",
    }


def _staff_addresses(session: Session) -> dict[Recipient, list[str]]:
    """Addresses by role. Where a role or a department has none, the fallback hears it: no alert ends nowhere."""
    rows = session.execute(select(Member.role, Member.email).where(Member.active, Member.email != "")).all()
    fallback = [e for e in session.scalars(select(Department.email).where(Department.is_fallback)) if e]
    return {
        Recipient.SUPERVISORS: [email for role, email in rows if role is Role.SUPERVISOR] or fallback,
        Recipient.ADMINISTRATORS: [email for role, email in rows if role is Role.ADMINISTRATOR] or fallback,
        Recipient.DEPARTMENT: fallback,  # for a department without an address of its own
    }


def ticket_alarm(event: Event, ticket: Ticket, tools: Tools, now: datetime, *, occurrence: str, **facts: Any) -> Alarm:
    """An alarm about a ticket, with the facts every mail about one shows."""
    known = {
        Recipient.DEPARTMENT: ticket.department.email,
        Recipient.HANDLER: ticket.handler.email if ticket.handler else "",
        Recipient.CUSTOMER: ticket.customer.email if ticket.customer else "",
    }
    return Alarm(
        event=event,
        severity=ticket.severity,
        occurrence=f"{ticket.number}|{occurrence}",
        facts={**ticket_facts(ticket, tools, now), **facts},
        addresses={recipient: [address] for recipient, address in known.items() if address},
        ticket_id=ticket.id,
    )


def ticket_facts(ticket: Ticket, tools: Tools, now: datetime) -> dict[str, Any]:
    """What a mail says of a ticket, already in words."""
    return {
        "number": ticket.number,
        "summary": ticket.summary,
        "severity": label(ticket.severity),
        "severity_reason": ticket.severity_reason,
        "topic": ticket.topic,
        "department": ticket.department.name,
        "status": label(ticket.status),
        "due": say_moment(ticket.next_action_at, tools.zone, now=now),
        "left": say_time_left(ticket.next_action_at, now),
        "link": f"{tools.base_url}/tickets/{ticket.number}",
        "track_link": f"{tools.base_url}/track",
        "company": tools.company,
    }
