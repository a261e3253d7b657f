"""A second person agrees, refuses, or is no longer needed."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.errors import Forbidden, InvalidAction, NotFound
from monitor.domain.tickets import Action, Status
from monitor.services.acting import act_on
from monitor.services.approvals import act_or_ask, decide, may_decide, open_approval
from monitor.services.audit import CUSTOMER, doer
from monitor.services.tools import Tools
from monitor.storage.models import AuditEntry, Notification, Ticket
from tests.cast import Cast
from tests.factories import make_ticket


@pytest.fixture
def ticket(session: Session, tools: Tools, now: datetime, cast: Cast) -> Ticket:
    """A ticket that bob of 质量技术 works on and wants to put on hold."""
    ticket = make_ticket(session, tools, now, department="质量技术", agent=cast.alice)
    act_on(session, ticket, Action.TAKE_ON, doer(cast.bob), {}, tools=tools, now=now)
    fields = {"reason": "等配件", "review_on": (now + timedelta(days=3)).date().isoformat(), "told": "yes"}
    assert not act_or_ask(session, ticket, Action.HOLD, doer(cast.bob), fields, tools=tools, now=now)
    session.flush()
    return ticket


def test_until_somebody_agrees_nothing_happens_and_supervisors_are_told(session: Session, ticket: Ticket) -> None:
    assert ticket.status is Status.IN_PROGRESS
    told = session.scalars(select(Notification.recipient).where(Notification.event == "approval_wanted")).all()
    assert told == ["erin@example.com"]
    assert "approval_asked" in session.scalars(select(AuditEntry.action)).all()


@pytest.mark.parametrize("name", ["carol", "erin", "dave"])
def test_the_head_or_a_supervisor_agrees_and_it_takes_effect(
    session: Session, tools: Tools, now: datetime, cast: Cast, ticket: Ticket, name: str
) -> None:
    by = doer(getattr(cast, name))
    assert may_decide(ticket, by)
    assert decide(session, ticket, by, True, tools=tools, now=now).granted
    assert (ticket.status, open_approval(ticket)) == (Status.ON_HOLD, None)


@pytest.mark.parametrize("name", ["alice", "bob", "sam"])
def test_nobody_else_decides(
    session: Session, tools: Tools, now: datetime, cast: Cast, ticket: Ticket, name: str
) -> None:
    assert not may_decide(ticket, doer(getattr(cast, name)))
    with pytest.raises(Forbidden):
        decide(session, ticket, doer(getattr(cast, name)), True, tools=tools, now=now)


def test_a_refusal_leaves_everything_as_it_was(
    session: Session, tools: Tools, now: datetime, cast: Cast, ticket: Ticket
) -> None:
    assert decide(session, ticket, doer(cast.carol), False, tools=tools, now=now).granted is False
    assert ticket.status is Status.IN_PROGRESS
    with pytest.raises(NotFound):
        decide(session, ticket, doer(cast.carol), True, tools=tools, now=now)


def test_one_request_at_a_time(session: Session, tools: Tools, now: datetime, cast: Cast, ticket: Ticket) -> None:
    fields = {"reason": "x", "review_on": (now + timedelta(days=3)).date().isoformat(), "told": "yes"}
    with pytest.raises(InvalidAction, match="已经有一项申请"):
        act_or_ask(session, ticket, Action.HOLD, doer(cast.bob), fields, tools=tools, now=now)


def test_the_head_needs_nobody_for_a_hold(
    session: Session, tools: Tools, now: datetime, cast: Cast, ticket: Ticket
) -> None:
    fields = {"reason": "x", "review_on": (now + timedelta(days=3)).date().isoformat(), "told": "yes"}
    assert act_or_ask(session, ticket, Action.HOLD, doer(cast.carol), fields, tools=tools, now=now)
    assert open_approval(ticket) is None, "what bob asked for cannot be done any more"


def test_a_supervisor_who_voids_needs_another_one(session: Session, tools: Tools, now: datetime, cast: Cast) -> None:
    spam = make_ticket(session, tools, now)
    erin, reason = doer(cast.erin), {"reason": "测试数据"}
    assert not act_or_ask(session, spam, Action.VOID, erin, reason, tools=tools, now=now)
    session.flush()
    with pytest.raises(Forbidden):
        decide(session, spam, erin, True, tools=tools, now=now)
    decide(session, spam, doer(cast.dave), True, tools=tools, now=now)
    assert (spam.status, spam.next_action_at) == (Status.VOIDED, None)


@pytest.mark.parametrize("by_customer", [True, False])
def test_a_request_falls_away_when_the_case_has_moved_on(
    session: Session, tools: Tools, now: datetime, cast: Cast, ticket: Ticket, by_customer: bool
) -> None:
    if by_customer:
        act_on(session, ticket, Action.WITHDRAW, CUSTOMER, {"evidence": "算了"}, tools=tools, now=now)
    else:
        fields = {"department": "售后服务", "reason": "误派"}
        act_on(session, ticket, Action.REASSIGN, doer(cast.erin), fields, tools=tools, now=now)
    assert open_approval(ticket) is None
    assert ticket.approvals[0].granted is False


def test_nobody_is_asked_for_what_cannot_be_done(session: Session, tools: Tools, now: datetime, cast: Cast) -> None:
    grave = make_ticket(session, tools, now, "投诉：刹车失灵")
    grave.status = Status.RECEIVED
    with pytest.raises(InvalidAction, match="安全"):
        act_or_ask(session, grave, Action.VOID, doer(cast.erin), {"reason": "x"}, tools=tools, now=now)
    assert open_approval(grave) is None
