"""What the inbox and the ticket page ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.domain.ticket_numbers import read_ticket_number
from monitor.domain.tickets import OPEN_STATES, Status
from monitor.domain.verdicts import Severity
from monitor.storage.models import (
    Approval,
    Assignment,
    AuditEntry,
    CallBack,
    Correction,
    Department,
    Member,
    Note,
    Post,
    Reply,
    Source,
    Ticket,
)
from monitor.storage.search import found_by

SOON = timedelta(hours=4)
PAGE = 50
ENDED_STATES = frozenset(Status) - OPEN_STATES


class View(StrEnum):
    """The heaps an inbox is sorted into."""

    RECEIVED = "received"
    MINE = "mine"
    SOON = "soon"
    OVERDUE = "overdue"
    CALLBACK = "callback"
    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


NEWEST_FIRST = frozenset({View.CLOSED, View.ALL})
"""Views in which nothing is urgent any more; the others put the most urgent first."""


@dataclass(frozen=True, slots=True)
class TicketLine:
    """One ticket as a list shows it."""

    id: int
    number: str
    summary: str
    status: Status
    severity: Severity
    implicit: bool
    topic: str
    next_action_at: datetime | None
    created_at: datetime
    reopened_count: int
    department: str
    source: str
    handler: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which tickets are asked for; all conditions hold together. `after` is the place where the last page ended."""

    view: View
    status: Status | None = None
    department_id: int | None = None
    severity: Severity | None = None
    source_id: int | None = None
    text: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some tickets, and where the next page begins ("" when these are the last)."""

    lines: list[TicketLine]
    next_after: str


def ticket_lines(
    session: Session, wanted: Wanted, *, scope: ColumnElement[bool], member_id: int, now: datetime, size: int = PAGE
) -> Page:
    """One page of the tickets asked for: the most urgent first, or the newest first where nothing is urgent."""
    newest_first = wanted.view in NEWEST_FIRST
    statement = (
        _line_columns()
        .where(scope, _in_view(wanted.view, member_id, now), *_narrowed(session, wanted))
        .where(_beyond(wanted.after, newest_first=newest_first))
        .order_by(*((Ticket.id.desc(),) if newest_first else (Ticket.next_action_at, Ticket.id)))
        .limit(size + 1)
    )
    lines = [TicketLine(*row) for row in session.execute(statement)]
    more = len(lines) > size
    return Page(lines[:size], _place(lines[size - 1], newest_first=newest_first) if more else "")


def _line_columns() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.summary,
            Ticket.status,
            Ticket.severity,
            Ticket.implicit,
            Ticket.topic,
            Ticket.next_action_at,
            Ticket.created_at,
            Ticket.reopened_count,
            Department.name,
            Source.name,
            Member.name,
        )
        .join(Department, Department.id == Ticket.department_id)
        .join(Source, Source.id == Ticket.source_id)
        .outerjoin(Member, Member.id == Ticket.handler_id)
    )


def _in_view(view: View, member_id: int, now: datetime) -> ColumnElement[bool]:
    # Every open ticket has a next action and no ended one has, so that one index serves both the test and the order.
    is_open = Ticket.next_action_at.is_not(None)
    conditions: dict[View, ColumnElement[bool]] = {
        View.RECEIVED: Ticket.status == Status.RECEIVED,
        View.MINE: and_(Ticket.handler_id == member_id, is_open),
        View.SOON: and_(Ticket.next_action_at >= now, Ticket.next_action_at < now + SOON),
        View.OVERDUE: Ticket.next_action_at < now,
        View.CALLBACK: Ticket.status == Status.CALLBACK_DUE,
        View.OPEN: is_open,
        View.CLOSED: and_(Ticket.next_action_at.is_(None), Ticket.status.not_in(OPEN_STATES)),
        View.ALL: true(),
    }
    return conditions[view]


def _narrowed(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status is not None:
        conditions.append(Ticket.status == wanted.status)
    if wanted.department_id is not None:
        conditions.append(Ticket.department_id == wanted.department_id)
    if wanted.severity is not None:
        conditions.append(Ticket.severity == wanted.severity)
    if wanted.source_id is not None:
        conditions.append(Ticket.source_id == wanted.source_id)
    found = _found(session, wanted.text)
    return conditions if found is None else [*conditions, found]


def _found(session: Session, text: str) -> ColumnElement[bool] | None:
    number = read_ticket_number(text)
    return Ticket.number == number if number else found_by(session, text)


def _place(line: TicketLine, *, newest_first: bool) -> str:
    if newest_first or line.next_action_at is None:
        return str(line.id)
    return f"{line.next_action_at.isoformat()}~{line.id}"


def _beyond(after: str, *, newest_first: bool) -> ColumnElement[bool]:
    moment, _, number = after.rpartition("~")
    if not number.isdigit():
        return true()
    if newest_first:
        return Ticket.id < int(number)
    try:
        due = datetime.fromisoformat(moment)
    except ValueError:
        return true()
    if due.tzinfo is None:
        return true()
    return and_(Ticket.next_action_at >= due, or_(Ticket.next_action_at > due, Ticket.id > int(number)))


def view_counts(session: Session, *, scope: ColumnElement[bool], member_id: int, now: datetime) -> dict[View, int]:
    """How many tickets lie in each view, in three questions that indexes answer."""
    by_status = dict(session.execute(select(Ticket.status, func.count()).where(scope).group_by(Ticket.status)).all())
    overdue = func.count().filter(Ticket.next_action_at < now)
    late, pressing = session.execute(
        select(overdue, func.count()).select_from(Ticket).where(scope, Ticket.next_action_at < now + SOON)
    ).one()
    mine = select(func.count()).select_from(Ticket).where(scope, _in_view(View.MINE, member_id, now))
    return {
        View.RECEIVED: by_status.get(Status.RECEIVED, 0),
        View.MINE: session.scalar(mine) or 0,
        View.SOON: pressing - late,
        View.OVERDUE: late,
        View.CALLBACK: by_status.get(Status.CALLBACK_DUE, 0),
        View.OPEN: sum(by_status.get(status, 0) for status in OPEN_STATES),
        View.CLOSED: sum(by_status.get(status, 0) for status in ENDED_STATES),
    }


def load_case(session: Session, ticket_id: int) -> Ticket:
    """The ticket with everything its page shows, in a number of questions that does not depend on how much that is."""
    statement = (
        select(Ticket)
        .where(Ticket.id == ticket_id)
        .options(
            joinedload(Ticket.department),
            joinedload(Ticket.handler),
            joinedload(Ticket.customer),
            joinedload(Ticket.merged_into),
            joinedload(Ticket.follows),
            selectinload(Ticket.posts).joinedload(Post.source),
            selectinload(Ticket.posts).selectinload(Post.assessments),
            selectinload(Ticket.posts).selectinload(Post.revisions),
            selectinload(Ticket.posts).selectinload(Post.corrections).joinedload(Correction.member),
            selectinload(Ticket.assignments).joinedload(Assignment.department),
            selectinload(Ticket.assignments).joinedload(Assignment.member),
            selectinload(Ticket.follow_ups),
            selectinload(Ticket.replies).joinedload(Reply.member),
            selectinload(Ticket.notes).joinedload(Note.member),
            selectinload(Ticket.call_backs).joinedload(CallBack.member),
            selectinload(Ticket.approvals).joinedload(Approval.asked_by),
        )
    )
    return session.scalars(statement).one()


def history_of(session: Session, ticket_id: int) -> Sequence[AuditEntry]:
    """Everything that was done with a ticket, the oldest first."""
    return session.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject == "ticket", AuditEntry.subject_id == ticket_id)
        .order_by(AuditEntry.id)
    ).all()


def other_tickets_of(
    session: Session, ticket: Ticket, *, scope: ColumnElement[bool], limit: int = 5
) -> list[TicketLine]:
    """Other tickets of the same customer, the newest first."""
    if ticket.customer_id is None:
        return []
    statement = (
        _line_columns()
        .where(scope, Ticket.customer_id == ticket.customer_id, Ticket.id != ticket.id)
        .order_by(Ticket.id.desc())
        .limit(limit)
    )
    return [TicketLine(*row) for row in session.execute(statement)]
