"""What the database itself refuses, whatever the program does."""

from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from monitor.services import audit
from monitor.services.audit import SYSTEM
from monitor.services.tools import Tools
from monitor.storage.models import Ticket
from tests.factories import make_ticket


@pytest.fixture
def ticket(session: Session, tools: Tools, now: datetime) -> Ticket:
    """A ticket like any other."""
    return make_ticket(session, tools, now)


@pytest.mark.parametrize("department", ["NULL", "999999"])
def test_no_ticket_can_lose_its_department(session: Session, ticket: Ticket, department: str) -> None:
    with pytest.raises(IntegrityError):
        session.execute(text(f"UPDATE tickets SET department_id = {department} WHERE id = {ticket.id}"))


def test_a_department_that_holds_a_ticket_cannot_be_deleted(session: Session, ticket: Ticket) -> None:
    with pytest.raises(IntegrityError):
        session.execute(text(f"DELETE FROM departments WHERE id = {ticket.department_id}"))


def test_a_ticket_cannot_have_two_open_assignments(session: Session, ticket: Ticket) -> None:
    with pytest.raises(IntegrityError):
        session.execute(
            text(
                "INSERT INTO assignments (ticket_id, department_id, decided_by, rule, words, confidence, suggestions,"
                " reason, from_at) SELECT ticket_id, department_id, decided_by, rule, words, confidence, suggestions,"
                f" reason, from_at FROM assignments WHERE ticket_id = {ticket.id}"
            )
        )


def test_there_cannot_be_two_fallback_departments(session: Session) -> None:
    with pytest.raises(IntegrityError):
        session.execute(text("UPDATE departments SET is_fallback = true WHERE name = '质量技术'"))


def test_one_post_of_a_source_cannot_stand_there_twice(session: Session, ticket: Ticket) -> None:
    columns = (
        "source_id, external_id, thread_id, parent_id, url, title, text, zone_assumed, first_seen_at, content_hash,"
    )
    columns += " fingerprint, failures, outcome_reason, quiet"
    with pytest.raises(IntegrityError):
        session.execute(
            text(f"INSERT INTO posts ({columns}) SELECT {columns} FROM posts WHERE ticket_id = {ticket.id}")
        )


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET name = 'x'", "DELETE FROM audit_entries"])
def test_history_can_be_neither_changed_nor_deleted(session: Session, now: datetime, statement: str) -> None:
    audit.record(session, SYSTEM, "something", "ticket", 1, now)
    session.flush()
    with pytest.raises(DatabaseError, match="append-only"):
        session.execute(text(statement))


@pytest.mark.postgres
def test_history_cannot_be_truncated_either(postgres: object, session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        return  # it has no TRUNCATE: DELETE is refused
    with pytest.raises(DatabaseError, match="append-only"):
        session.execute(text("TRUNCATE audit_entries"))
