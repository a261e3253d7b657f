"""Clocks by hand, and the signals that wait for a person."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.errors import Forbidden, Invalid, InvalidAction, NotFound
from monitor.domain.people import Permission
from monitor.domain.tickets import Action, Status
from monitor.domain.triage import Outcome
from monitor.services.access import require, ticket_for
from monitor.services.acting import act_on
from monitor.services.audit import CUSTOMER, doer
from monitor.services.followups import finish_by_hand, open_follow_ups, plan_by_hand
from monitor.services.pipeline import handle_posts
from monitor.services.signals import accept_signal, dismiss_signal, waiting_signal
from monitor.services.tools import Tools
from monitor.storage.models import AuditEntry, Notification, Post
from tests.cast import Cast
from tests.factories import make_post, make_ticket

HOUR = timedelta(hours=1)


def test_a_follow_up_by_hand_counts_for_the_next_date_until_it_is_done(
    session: Session, tools: Tools, now: datetime, cast: Cast
) -> None:
    ticket = make_ticket(session, tools, now)
    before = ticket.next_action_at
    plan_by_hand(session, ticket, " 打电话\x00 ", now + HOUR, doer(cast.alice), now)
    session.flush()
    mine = open_follow_ups(ticket)[0]
    assert (mine.text, mine.member_id, ticket.next_action_at) == ("打电话", cast.alice.id, now + HOUR)
    finish_by_hand(session, ticket, mine.id, doer(cast.alice), now)
    assert ticket.next_action_at == before
    with pytest.raises(NotFound):
        finish_by_hand(session, ticket, mine.id, doer(cast.alice), now)
    actions = session.scalars(select(AuditEntry.action)).all()
    assert actions[-2:] == ["follow_up_planned", "follow_up_done"]


def test_a_clock_of_the_house_cannot_be_ticked_off(session: Session, tools: Tools, now: datetime, cast: Cast) -> None:
    ticket = make_ticket(session, tools, now)
    with pytest.raises(NotFound):
        finish_by_hand(session, ticket, open_follow_ups(ticket)[0].id, doer(cast.alice), now)


def test_a_follow_up_needs_words_a_date_to_come_and_an_open_case(
    session: Session, tools: Tools, now: datetime, cast: Cast
) -> None:
    ticket = make_ticket(session, tools, now)
    for words, due in ((" ", now + HOUR), ("打电话", now)):
        with pytest.raises(Invalid):
            plan_by_hand(session, ticket, words, due, doer(cast.alice), now)
    act_on(session, ticket, Action.WITHDRAW, CUSTOMER, {"evidence": "算了"}, tools=tools, now=now)
    with pytest.raises(InvalidAction, match="已经结束"):
        plan_by_hand(session, ticket, "打电话", now + HOUR, doer(cast.alice), now)


@pytest.fixture
def signal(session: Session, tools: Tools, now: datetime) -> Post:
    """A post that only hints, taken from imported history."""
    post = make_post(session, tools, now, "算了，不说变速箱异响了")
    post.quiet = True
    handle_posts(session, [post], tools, now)
    session.flush()
    assert post.outcome is Outcome.SIGNAL
    return post


def test_an_accepted_signal_becomes_a_ticket_and_its_department_hears_of_it(
    session: Session, tools: Tools, now: datetime, cast: Cast, signal: Post
) -> None:
    ticket = accept_signal(session, waiting_signal(session, signal.id), doer(cast.alice), tools=tools, now=now)
    assert (ticket.department.name, ticket.status, ticket.implicit) == ("质量技术", Status.ACCEPTED, True)
    assert session.scalars(select(Notification.recipient)).all() == ["quality@example.com"]
    with pytest.raises(InvalidAction, match="已经有人处理"):
        waiting_signal(session, signal.id)


def test_a_person_may_choose_the_department(
    session: Session, tools: Tools, now: datetime, cast: Cast, signal: Post
) -> None:
    by = doer(cast.alice)
    ticket = accept_signal(session, signal, by, department="售后服务", tools=tools, now=now)
    assert (ticket.department.name, ticket.assignments[0].member_id) == ("售后服务", cast.alice.id)


def test_a_dismissed_signal_keeps_its_reason(session: Session, now: datetime, cast: Cast, signal: Post) -> None:
    with pytest.raises(Invalid):
        dismiss_signal(session, signal, doer(cast.alice), "tired", now)
    dismiss_signal(session, signal, doer(cast.alice), "satisfied", now)
    assert (signal.outcome, signal.outcome_reason) == (Outcome.DISMISSED, "satisfied")
    assert session.scalar(select(func.count()).where(AuditEntry.action == "signal_dismissed")) == 1
    with pytest.raises(NotFound):
        waiting_signal(session, 4711)


def test_everybody_sees_just_the_tickets_of_their_desk(
    session: Session, tools: Tools, now: datetime, cast: Cast
) -> None:
    ticket = make_ticket(session, tools, now, department="质量技术", agent=cast.alice)
    session.flush()
    for member in (cast.alice, cast.bob, cast.carol, cast.erin, cast.dave):
        assert ticket_for(session, member, ticket.number.lower()) is ticket
    for number in (ticket.number, "TS-1"):
        with pytest.raises(NotFound):
            ticket_for(session, cast.sam, number)


def test_a_missing_permission_is_forbidden(cast: Cast) -> None:
    require(cast.dave, Permission.EDIT_MEMBERS)
    with pytest.raises(Forbidden):
        require(cast.erin, Permission.EDIT_MEMBERS)
