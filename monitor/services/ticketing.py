"""Opening tickets: number, first assignment, clocks, audit row, search entry and alerts, all in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from monitor.domain.alerts import Event
from monitor.domain.routing import DecidedBy, RoutingDecision
from monitor.domain.sla import Deadline, FollowUpKind, acceptance_deadlines, receipt_deadlines
from monitor.domain.text import summarize
from monitor.domain.ticket_numbers import new_ticket_number
from monitor.domain.tickets import Action, Status
from monitor.domain.verdicts import Expression, Severity, Verdict
from monitor.services import alerting, audit, followups
from monitor.services.alerting import Alarm, ticket_alarm
from monitor.services.assessing import spoken_text
from monitor.services.audit import SYSTEM, Doer
from monitor.services.routing import departments_by_name, settle
from monitor.services.tools import Tools
from monitor.storage.models import Assignment, Customer, Department, FollowUp, Post, Ticket
from monitor.storage.search import index_tickets


@dataclass(slots=True)
class Opening:
    """A ticket about to be opened: the post it stands on, what was made of it, who is to be responsible."""

    post: Post
    verdict: Verdict
    decision: RoutingDecision
    by: Doer = SYSTEM
    joined: list[Post] = field(default_factory=list)
    """Further posts of the same person in the same batch."""
    follows_id: int | None = None
    quiet: bool = False

    def join(self, post: Post, verdict: Verdict) -> None:
        """Takes a further post in; the graver of the two verdicts says how grave the case is."""
        self.joined.append(post)
        if verdict.severity.rank > self.verdict.severity.rank:
            self.verdict = replace(self.verdict, severity=verdict.severity, severity_reason=verdict.severity_reason)


def open_tickets(session: Session, openings: Sequence[Opening], tools: Tools, now: datetime) -> list[Ticket]:
    """Opens tickets, in order. Many are opened as quickly as one: every kind of row is written in one statement."""
    if not openings:
        return []
    departments = departments_by_name(session)
    for opening in openings:
        opening.decision = settle(opening.decision, departments, tools.fallback)
    clocks = _Clocks(tools, now)
    tickets = _write_tickets(session, openings, departments, clocks, tools, now)
    pairs = list(zip(tickets, openings, strict=True))
    session.execute(insert(Assignment), [_assignment(t, o, now) for t, o in pairs])
    session.execute(insert(FollowUp), [row for t in tickets for row in followups.rows_for(t.id, clocks.of(t))])
    audit.record_all(session, (row for t, o in pairs for row in _audit_rows(t, o, now)))
    index_tickets(session, [(t.id, search_text(t, [o.post, *o.joined])) for t, o in pairs])
    alarms = (alarm for t, o in pairs if not t.quiet for alarm in _alarms(t, o, tools, now))
    alerting.queue_alerts(session, alarms, tools, now)
    return tickets


def _write_tickets(
    session: Session,
    openings: Sequence[Opening],
    departments: dict[str, Department],
    clocks: "_Clocks",
    tools: Tools,
    now: datetime,
) -> list[Ticket]:
    """Rows written once and complete: an update of a ticket afterwards would be a statement each."""
    numbers = _free_numbers(session, len(openings), tools, now)
    customers = _customers_of(session, openings)
    tickets = [
        _ticket(opening, departments[opening.decision.department], number, now)
        for opening, number in zip(openings, numbers, strict=True)
    ]
    for ticket, opening in zip(tickets, openings, strict=True):
        ticket.customer = customers.get(opening.post.customer_id or 0)
        ticket.next_action_at = min(deadline.due_at for deadline in clocks.of(ticket))
    session.add_all(tickets)
    session.flush()
    for ticket, opening in zip(tickets, openings, strict=True):
        for post in (opening.post, *opening.joined):
            post.ticket_id = ticket.id
    return tickets


def _ticket(opening: Opening, department: Department, number: str, now: datetime) -> Ticket:
    post, verdict, decision = opening.post, opening.verdict, opening.decision
    dispatched = decision.decided_by is not DecidedBy.FALLBACK
    return Ticket(
        number=number,
        status=Status.ACCEPTED if dispatched else Status.RECEIVED,
        severity=verdict.severity,
        severity_reason=verdict.severity_reason,
        topic=verdict.main_topic or "其他",
        summary=summarize(post.title, post.text),
        department=department,
        department_id=department.id,
        customer_id=post.customer_id,
        source_id=post.source_id,
        implicit=verdict.expression is Expression.IMPLICIT,
        created_at=now,
        updated_at=now,
        accepted_at=now if dispatched else None,
        handler=None,
        follows_id=opening.follows_id,
        quiet=opening.quiet,
    )


def _free_numbers(session: Session, count: int, tools: Tools, now: datetime) -> list[str]:
    day = now.astimezone(tools.zone).date()
    numbers: dict[str, None] = {}
    while len(numbers) < count:
        tries = {new_ticket_number(day) for _ in range(count - len(numbers))}
        taken = set(session.scalars(select(Ticket.number).where(Ticket.number.in_(tries))))
        numbers.update(dict.fromkeys(tries - taken))
    return list(numbers)


def _customers_of(session: Session, openings: Sequence[Opening]) -> dict[int, Customer]:
    ids = {opening.post.customer_id for opening in openings if opening.post.customer_id}
    if not ids:
        return {}
    return {customer.id: customer for customer in session.scalars(select(Customer).where(Customer.id.in_(ids)))}


class _Clocks:
    """First deadlines; tickets of one batch that are alike share the reckoning, which is the slow part."""

    def __init__(self, tools: Tools, now: datetime) -> None:
        self._tools, self._now = tools, now
        self._known: dict[tuple[Severity, Status], tuple[Deadline, ...]] = {}

    def of(self, ticket: Ticket) -> tuple[Deadline, ...]:
        """The clocks this ticket starts with."""
        key = (ticket.severity, ticket.status)
        if key not in self._known:
            self._known[key] = first_deadlines(self._tools, *key, self._now)
        return self._known[key]


def first_deadlines(tools: Tools, severity: Severity, status: Status, now: datetime) -> tuple[Deadline, ...]:
    """The clocks that a ticket of this severity starts with, in this state."""
    received = receipt_deadlines(tools.terms, severity, tools.hours, now)
    if status is Status.RECEIVED:
        return received
    statutory = tuple(deadline for deadline in received if deadline.kind is FollowUpKind.STATUTORY)
    return acceptance_deadlines(tools.terms, severity, tools.hours, now) + statutory


def _assignment(ticket: Ticket, opening: Opening, now: datetime) -> dict[str, Any]:
    decision = opening.decision
    return {
        "ticket_id": ticket.id,
        "department_id": ticket.department_id,
        "decided_by": decision.decided_by,
        "rule": decision.rule,
        "words": list(decision.words),
        "confidence": decision.confidence,
        "suggestions": [
            {"department": s.department, "confidence": round(s.confidence, 3)} for s in decision.suggestions
        ],
        "member_id": opening.by.member_id,
        "reason": "",
        "from_at": now,
    }


def _audit_rows(ticket: Ticket, opening: Opening, now: datetime) -> list[dict[str, Any]]:
    decision = opening.decision
    opened = audit.entry(opening.by, "open", "ticket", ticket.id, now, post=opening.post.id)
    if ticket.status is Status.RECEIVED:
        return [opened]
    dispatched = audit.entry(
        opening.by,
        Action.ACCEPT.value,
        "ticket",
        ticket.id,
        now,
        department=ticket.department.name,
        decided_by=decision.decided_by.value,
        rule=decision.rule,
        confidence=round(decision.confidence, 3),
    )
    return [opened, dispatched]


def _alarms(ticket: Ticket, opening: Opening, tools: Tools, now: datetime) -> list[Alarm]:
    facts = {"quote": summarize("", spoken_text(opening.post), length=300), "cues": _cue_words(opening.verdict)}
    alarms = [ticket_alarm(Event.TICKET_OPENED, ticket, tools, now, occurrence="opened", **facts)]
    if ticket.status is Status.ACCEPTED:
        alarms.append(ticket_alarm(Event.TICKET_DISPATCHED, ticket, tools, now, occurrence="dispatched", **facts))
    return alarms


def _cue_words(verdict: Verdict) -> str:
    return "、".join(f"“{text}”" for text in dict.fromkeys(cue.text for cue in verdict.cues[:4]))


def search_text(ticket: Ticket, posts: Sequence[Post]) -> str:
    """What a ticket is found by: its number, and the customer's words."""
    words = [part for post in posts for part in (post.title, post.text)]
    return "\n".join([ticket.number, ticket.summary, ticket.topic, *words])
