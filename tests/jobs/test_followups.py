"""Clocks that ran out, each in its own transaction."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from monitor.domain.sla import FollowUpKind
from monitor.domain.tickets import Action, Status
from monitor.jobs import followups
from monitor.jobs.context import JobContext
from monitor.services.acting import act_on
from monitor.services.audit import doer
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import AuditEntry, FollowUp, Notification, Ticket
from tests.cast import assemble
from tests.factories import make_ticket
from tests.fakes import collectors, plain_words


def _run(database: Database, tools: Tools, when: datetime) -> None:
    followups.run(JobContext(database, replace(tools, render=plain_words), collectors([]), lambda: when))


def test_lateness_is_told_once_and_the_clock_stays_open(sqlite: Database, tools: Tools, now: datetime) -> None:
    with sqlite.writing.begin() as session:
        make_ticket(session, replace(tools, render=plain_words), now)
    for hours in (3, 4):
        _run(sqlite, tools, now + timedelta(hours=hours))
    with sqlite.reading() as session:
        late = session.scalars(select(FollowUp).where(FollowUp.missed)).one()
        assert (late.kind, late.check_at, late.done_at) == (FollowUpKind.ACCEPT, None, None)
        assert session.scalars(select(Notification.recipient)).all() == ["care@example.com"]
        assert session.scalars(select(AuditEntry.action)).all() == ["open", "overdue"]


def test_an_answered_case_turns_to_its_call_back_by_itself(sqlite: Database, tools: Tools, now: datetime) -> None:
    plain = replace(tools, render=plain_words)
    answer = {"outcome": "upheld", "remedy": "repair", "root_cause": "x", "text": "好", "reached": "电话"}
    with sqlite.writing.begin() as session:
        cast = assemble(session, now)
        ticket = make_ticket(session, plain, now, department="质量技术", agent=cast.alice)
        for action, fields in ((Action.TAKE_ON, {}), (Action.RESPOND, answer)):
            act_on(session, ticket, action, doer(cast.bob), fields, tools=plain, now=now)
    _run(sqlite, tools, now + timedelta(hours=24))
    with sqlite.reading() as session:
        assert session.scalars(select(Ticket.status)).one() is Status.CALLBACK_DUE


def test_a_clock_that_cannot_be_dealt_with_stops_no_other(sqlite: Database, tools: Tools, now: datetime) -> None:
    with sqlite.writing.begin() as session:
        broken, other = (
            make_ticket(session, replace(tools, render=plain_words), now, text) for text in ("投诉：一", "投诉：二")
        )
        early = now + timedelta(minutes=1)
        # A clock that belongs to another state: turning to the call-back is refused for a case just received.
        session.add(FollowUp(ticket=broken, kind=FollowUpKind.TURN_TO_CALL_BACK, due_at=early, check_at=early))
        other_id = other.id
    when = now + timedelta(hours=3)
    _run(sqlite, tools, when)
    with sqlite.reading() as session:
        late = session.scalars(select(FollowUp.ticket_id).where(FollowUp.missed)).all()
        assert other_id in late
        odd = session.scalars(select(FollowUp).where(FollowUp.kind == FollowUpKind.TURN_TO_CALL_BACK)).one()
        assert odd.check_at == when + followups.PUT_OFF
