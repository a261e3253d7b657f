"""Signals: posts that only hint, until a person decides."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid, InvalidAction, NotFound
from monitor.domain.routing import DecidedBy
from monitor.domain.triage import Outcome
from monitor.services.audit import doer
from monitor.services.pipeline import handle_posts
from monitor.services.signals import accept_signal, dismiss_signal, suggested_desk, waiting_signal
from monitor.services.tools import Tools
from monitor.storage.models import Assignment, AuditEntry, Post
from tests.cast import Cast
from tests.factories import make_post


def _signal(session: Session, tools: Tools, now: datetime, text: str) -> Post:
    post = make_post(session, tools, now, text)
    handle_posts(session, [post], tools, now)
    session.flush()
    return waiting_signal(session, post.id)


@pytest.mark.parametrize(
    ("text", "department", "rule"),
    [("配件等了俩月，算了", "配件物流", "等配件"), ("就这么放着吧，算了", "售后服务", "")],
)
def test_a_rule_offers_its_desk_before_the_model_does(
    session: Session, tools: Tools, now: datetime, text: str, department: str, rule: str
) -> None:
    post = _signal(session, tools, now, text)
    desk = suggested_desk(post, post.assessments[-1], tools)
    assert (desk.department, desk.rule) == (department, rule)


@pytest.mark.parametrize(
    ("chosen", "decided_by", "rule"),
    [("配件物流", DecidedBy.RULE, "等配件"), ("质量技术", DecidedBy.PERSON, ""), ("", DecidedBy.RULE, "等配件")],
)
def test_an_accepted_signal_says_who_or_what_chose_the_desk(
    session: Session, tools: Tools, cast: Cast, now: datetime, chosen: str, decided_by: DecidedBy, rule: str
) -> None:
    post = _signal(session, tools, now, "配件等了俩月，算了")
    ticket = accept_signal(session, post, doer(cast.alice), department=chosen, tools=tools, now=now)
    assignment = session.scalars(select(Assignment)).one()
    assert ticket.department.name == (chosen or "配件物流")
    assert (assignment.decided_by, assignment.rule) == (decided_by, rule)
    assert (post.outcome, post.ticket_id) == (Outcome.OPEN, ticket.id)


def test_a_dismissed_signal_keeps_its_reason_and_who_said_so(
    session: Session, tools: Tools, cast: Cast, now: datetime
) -> None:
    post = _signal(session, tools, now, "算了")
    dismiss_signal(session, post, doer(cast.alice), "neutral", now)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "signal_dismissed")).one()
    assert (post.outcome, post.outcome_reason, entry.name) == (Outcome.DISMISSED, "neutral", "王小满")
    with pytest.raises(InvalidAction):
        waiting_signal(session, post.id)


def test_an_unknown_reason_or_signal_is_refused(session: Session, tools: Tools, cast: Cast, now: datetime) -> None:
    post = _signal(session, tools, now, "算了")
    with pytest.raises(Invalid):
        dismiss_signal(session, post, doer(cast.alice), "whatever", now)
    with pytest.raises(NotFound):
        waiting_signal(session, post.id + 1)
