"""Corrections: rows beside the verdict, which stays as it was given."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid
from monitor.domain.learning import CorrectionOrigin
from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Expression, Polarity
from monitor.services.audit import doer
from monitor.services.correcting import CORRECTED, correct, effective
from monitor.services.pipeline import handle_posts
from monitor.services.signals import dismiss_signal
from monitor.services.tools import Tools
from monitor.storage.models import Assessment, AuditEntry, Correction, Post
from tests.cast import Cast
from tests.factories import make_post


def _post(session: Session, tools: Tools, now: datetime, text: str) -> Post:
    post = make_post(session, tools, now, text)
    handle_posts(session, [post], tools, now)
    session.flush()
    session.refresh(post)
    return post


def test_a_correction_leaves_the_verdict_and_says_what_counts(
    session: Session, tools: Tools, cast: Cast, now: datetime
) -> None:
    post = _post(session, tools, now, "今天天气不错")
    row = correct(session, post, doer(cast.alice), now, polarity=Polarity.NEGATIVE, department="质量技术", note="反话")
    assert (row.version, row.origin, row.member_id) == ("fixed-1", CorrectionOrigin.WORK, cast.alice.id)
    assert session.scalars(select(Assessment.polarity)).all() == [Polarity.NEUTRAL]
    now_so = effective(post)
    assert now_so.dissatisfied
    assert (now_so.expression, now_so.department) == (Expression.IMPLICIT, "质量技术")
    assert now_so.corrected == {"polarity", "department"}
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "post_corrected")).one()
    assert (entry.subject_id, entry.name, entry.reason) == (post.id, "王小满", "反话")
    assert entry.data == {"origin": "work", "version": "fixed-1", "polarity": "negative", "department": "质量技术"}


def test_the_newest_of_each_part_counts(session: Session, tools: Tools, cast: Cast, now: datetime) -> None:
    post = _post(session, tools, now, "投诉：等了三个月")
    for change in ({"topic": "配件"}, {"polarity": Polarity.POSITIVE}, {"topic": "交付"}):
        correct(session, post, doer(cast.alice), now, **change)
    assert (effective(post).topic, effective(post).polarity) == ("交付", Polarity.POSITIVE)
    assert effective(post).expression is Expression.NONE


def test_without_a_correction_the_verdict_counts(session: Session, tools: Tools, now: datetime) -> None:
    found = effective(_post(session, tools, now, "投诉：等了三个月"))
    assert (found.polarity, found.expression, found.topic) == (Polarity.NEGATIVE, Expression.EXPLICIT, "服务态度")
    assert found.department == "售后服务"
    assert not found.corrected


def test_a_correction_of_an_earlier_wording_no_longer_counts(
    session: Session, tools: Tools, cast: Cast, now: datetime
) -> None:
    post = _post(session, tools, now, "投诉：等了三个月")
    correct(session, post, doer(cast.alice), now, polarity=Polarity.POSITIVE)
    post.edited_at = now + timedelta(hours=1)
    assert effective(post).dissatisfied


def test_a_post_that_was_passed_over_waits_for_a_person_once_somebody_heard_it(
    session: Session, tools: Tools, cast: Cast, now: datetime
) -> None:
    post = _post(session, tools, now, "今天天气不错")
    assert post.outcome is Outcome.IGNORE
    correct(session, post, doer(cast.alice), now, expression=Expression.IMPLICIT)
    assert (post.outcome, post.outcome_reason) == (Outcome.SIGNAL, CORRECTED)


def test_a_signal_that_is_none_is_put_aside(session: Session, tools: Tools, cast: Cast, now: datetime) -> None:
    post = _post(session, tools, now, "算了")
    assert post.outcome is Outcome.SIGNAL
    correct(session, post, doer(cast.alice), now, polarity=Polarity.NEUTRAL)
    assert (post.outcome, post.outcome_reason) == (Outcome.DISMISSED, "neutral")


def test_a_dismissal_is_taken_back_only_where_it_was_about_satisfaction(
    session: Session, tools: Tools, cast: Cast, now: datetime
) -> None:
    outcomes = {}
    for reason in ("satisfied", "handled"):
        post = _post(session, tools, now, "算了")
        dismiss_signal(session, post, doer(cast.alice), reason, now)
        correct(session, post, doer(cast.erin), now, polarity=Polarity.NEGATIVE)
        outcomes[reason] = post.outcome
    assert outcomes == {"satisfied": Outcome.SIGNAL, "handled": Outcome.DISMISSED}


def test_a_ticket_stays_as_it_is(session: Session, tools: Tools, cast: Cast, now: datetime) -> None:
    post = _post(session, tools, now, "投诉：等了三个月")
    ticket_id = post.ticket_id
    correct(session, post, doer(cast.alice), now, polarity=Polarity.POSITIVE, department="质量技术")
    assert (post.outcome, post.ticket_id) == (Outcome.OPEN, ticket_id)
    assert ticket_id is not None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, "polarity"),
        ({"topic": " ", "department": ""}, "polarity"),
        ({"topic": "长" * 41}, "topic"),
        ({"department": "没有的部门"}, "department"),
        ({"polarity": Polarity.POSITIVE, "expression": Expression.IMPLICIT}, "expression"),
    ],
)
def test_what_cannot_be_is_refused(
    session: Session, tools: Tools, cast: Cast, now: datetime, change: dict[str, str], field: str
) -> None:
    post = _post(session, tools, now, "今天天气不错")
    with pytest.raises(Invalid) as refused:
        correct(session, post, doer(cast.alice), now, **change)  # type: ignore[arg-type]
    assert set(refused.value.fields) == {field}
    assert post.outcome is Outcome.IGNORE
    assert session.scalar(select(func.count()).select_from(Correction)) == 0


def test_corrections_go_with_their_post(session: Session, tools: Tools, cast: Cast, now: datetime) -> None:
    post = _post(session, tools, now, "今天天气不错")
    correct(session, post, doer(cast.alice), now, topic="配件")
    session.execute(delete(Assessment).where(Assessment.post_id == post.id))
    session.execute(delete(Post).where(Post.id == post.id))
    assert session.scalar(select(func.count()).select_from(Correction)) == 0
