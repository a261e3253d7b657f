"""What other systems ask: tickets in the order of their opening, one page after another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from monitor.domain.ticket_numbers import read_ticket_number
from monitor.domain.tickets import Status
from monitor.domain.verdicts import Severity
from monitor.storage.models import Assignment, Department, Post, Source, Ticket


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tickets are asked for; all conditions hold together."""

    status: Status | None = None
    severity: Severity | None = None
    department: str | None = None
    updated_since: datetime | None = None
    after: int = 0


@dataclass(frozen=True, slots=True)
class Exported:
    """A ticket, the name of its source, and how its present department was decided."""

    ticket: Ticket
    source: str
    assignment: Assignment


def exported_tickets(session: Session, wanted: Wanted, limit: int) -> list[Exported]:
    """The first tickets after `wanted.after` that meet the conditions, in one question."""
    statement = _exports().where(Ticket.id > wanted.after, *_conditions(wanted)).order_by(Ticket.id).limit(limit)
    return [Exported(*row) for row in session.execute(statement)]


def exported_ticket(session: Session, number: str) -> Exported | None:
    """One ticket by its number, or None."""
    row = session.execute(_exports().where(Ticket.number == read_ticket_number(number))).first()
    return Exported(*row) if row else None


def _exports() -> Select[Ticket, str, Assignment]:
    return (
        select(Ticket, Source.name, Assignment)
        .join(Source, Source.id == Ticket.source_id)
        .join(Assignment, (Assignment.ticket_id == Ticket.id) & Assignment.until_at.is_(None))
        .join(Ticket.department)
        .options(contains_eager(Ticket.department))
    )


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status is not None:
        conditions.append(Ticket.status == wanted.status)
    if wanted.severity is not None:
        conditions.append(Ticket.severity == wanted.severity)
    if wanted.department is not None:
        conditions.append(Department.name == wanted.department)
    if wanted.updated_since is not None:
        conditions.append(Ticket.updated_at >= wanted.updated_since)
    return conditions


def posts_of(session: Session, ticket: Ticket) -> Sequence[Post]:
    """The posts a ticket stands on, with their verdicts, the oldest first."""
    statement = select(Post).where(Post.ticket_id == ticket.id).order_by(Post.id)
    return session.scalars(statement.options(selectinload(Post.assessments))).all()


def departments(session: Session) -> Sequence[Department]:
    """All departments, by name."""
    return session.scalars(select(Department).order_by(Department.name)).all()
