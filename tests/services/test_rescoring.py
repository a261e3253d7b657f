"""Judging stored posts again: resumable, visible, undone."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.errors import InvalidAction, NotFound
from monitor.domain.rescoring import RunState, Shift
from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Expression, Polarity, TwoPassJudge
from monitor.services.audit import SYSTEM
from monitor.services.correcting import correct
from monitor.services.pipeline import handle_posts
from monitor.services.rescoring import (
    RESCORED,
    advance,
    count_outdated,
    pause,
    resume,
    run_to_change,
    skip_next,
    start,
    undo,
)
from monitor.services.tools import Tools
from monitor.storage.models import Assessment, AuditEntry, Post, RescoreChange, Ticket
from monitor.storage.queries.rescoring import changes_of, recent_runs
from tests.factories import make_post
from tests.fakes import FixedClassifier, FixedSuggester, SharperClassifier

TEXTS = ("随它去吧", "算了吧", "投诉：异响", "今天天气不错")


@pytest.fixture
def stored(session: Session, tools: Tools, now: datetime) -> list[Post]:
    """Four posts judged by the first version."""
    posts = [make_post(session, tools, now, text) for text in TEXTS]
    handle_posts(session, posts, tools, now)
    session.flush()
    return posts


@pytest.fixture
def sharper(tools: Tools) -> Tools:
    """The tools with the next version."""
    return replace(tools, judge=TwoPassJudge(SharperClassifier(), FixedSuggester()))


def test_nothing_is_outdated_while_the_version_is_the_same(
    session: Session, tools: Tools, stored: list[Post], now: datetime
) -> None:
    assert count_outdated(session, tools) == 0
    with pytest.raises(InvalidAction, match="不用重新判断"):
        start(session, tools, SYSTEM, now)
    assert advance(session, tools, now) == 0


def test_another_router_makes_every_post_outdated(
    session: Session, tools: Tools, stored: list[Post], now: datetime
) -> None:
    routed = replace(tools, router_version="desk-2")
    assert count_outdated(session, routed) == 4
    start(session, routed, SYSTEM, now)
    advance(session, routed, now)
    assert count_outdated(session, routed) == 0
    assert set(session.scalars(select(Assessment.router_version))) == {"", "desk-2"}


def test_going_back_to_an_earlier_version_is_a_change_too(
    session: Session, tools: Tools, sharper: Tools, stored: list[Post], now: datetime
) -> None:
    start(session, sharper, SYSTEM, now)
    advance(session, sharper, now)
    assert count_outdated(session, tools) == 4


def test_what_changed_is_counted_and_the_newly_heard_wait_for_a_person(
    session: Session, sharper: Tools, stored: list[Post], now: datetime
) -> None:
    run = start(session, sharper, SYSTEM, now)
    assert advance(session, sharper, now) == 4
    assert (run.total, run.done, run.newly_flagged, run.no_longer_flagged, run.same) == (4, 4, 1, 1, 2)
    assert (stored[0].outcome, stored[0].outcome_reason) == (Outcome.SIGNAL, RESCORED)
    assert stored[1].outcome is Outcome.SIGNAL, "what waits for a person goes on waiting"
    assert advance(session, sharper, now) == 0
    assert run.state is RunState.DONE
    assert count_outdated(session, sharper) == 0


def test_what_a_person_said_stands_above_a_new_version(
    session: Session, sharper: Tools, stored: list[Post], now: datetime
) -> None:
    correct(session, stored[0], SYSTEM, now, polarity=Polarity.NEUTRAL)
    start(session, sharper, SYSTEM, now)
    advance(session, sharper, now)
    assert stored[0].outcome is Outcome.IGNORE


def test_every_changed_post_is_kept_with_before_and_after(
    session: Session, sharper: Tools, stored: list[Post], now: datetime
) -> None:
    run = start(session, sharper, SYSTEM, now)
    advance(session, sharper, now)
    newly = changes_of(session, run.id, Shift.NEWLY_FLAGGED).changes
    gone = changes_of(session, run.id, Shift.NO_LONGER_FLAGGED).changes
    assert [change.post for change in newly] == [stored[0]]
    assert (newly[0].dissatisfied_before, newly[0].dissatisfied_after) == (0.05, 0.7)
    assert (newly[0].expression_before, newly[0].expression_after) == (Expression.NONE, Expression.IMPLICIT)
    assert [change.post for change in gone] == [stored[1]]


def test_changes_come_in_pages(session: Session, tools: Tools, sharper: Tools, now: datetime) -> None:
    posts = [make_post(session, tools, now, f"随它去吧，第{n}次") for n in range(5)]
    handle_posts(session, posts, tools, now)
    session.flush()
    run = start(session, sharper, SYSTEM, now)
    advance(session, sharper, now)
    first = changes_of(session, run.id, Shift.NEWLY_FLAGGED, size=3)
    second = changes_of(session, run.id, Shift.NEWLY_FLAGGED, after=first.next_after or 0, size=3)
    assert [change.post_id for page in (first, second) for change in page.changes] == [post.id for post in posts]
    assert second.next_after is None


def test_a_stopped_run_goes_on_where_it_was(
    session: Session, sharper: Tools, stored: list[Post], now: datetime
) -> None:
    run = start(session, sharper, SYSTEM, now)
    places = []
    while advance(session, sharper, now, limit=1):
        places.append(run.after_id)
    assert places == [post.id for post in stored]


def test_a_paused_run_rests_until_it_is_resumed(
    session: Session, sharper: Tools, stored: list[Post], now: datetime
) -> None:
    run = start(session, sharper, SYSTEM, now)
    advance(session, sharper, now, limit=1)
    pause(session, run, SYSTEM, now)
    assert advance(session, sharper, now) == 0
    assert run.done == 1
    resume(session, run, sharper, SYSTEM, now + timedelta(minutes=1))
    assert advance(session, sharper, now) == 3
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "classifier")).all()
    assert actions == ["rescoring_started", "rescoring_paused", "rescoring_resumed"]


def test_one_run_at_a_time(session: Session, sharper: Tools, stored: list[Post], now: datetime) -> None:
    run = start(session, sharper, SYSTEM, now)
    with pytest.raises(InvalidAction, match="没做完"):
        start(session, sharper, SYSTEM, now)
    pause(session, run, SYSTEM, now)
    with pytest.raises(InvalidAction, match="没有在做"):
        pause(session, run, SYSTEM, now)


def test_a_run_of_an_older_version_is_given_up_for_a_newer_one(
    session: Session, tools: Tools, sharper: Tools, stored: list[Post], now: datetime
) -> None:
    older = start(session, sharper, SYSTEM, now)
    advance(session, sharper, now, limit=1)
    newest = replace(tools, judge=TwoPassJudge(FixedClassifier(), FixedSuggester()), router_version="desk-2")
    assert advance(session, newest, now) == 0, "a program with other word lists leaves the run alone"
    start(session, newest, SYSTEM, now)
    assert [run.state for run in recent_runs(session)] == [RunState.RUNNING, RunState.STOPPED]
    with pytest.raises(InvalidAction, match="没有暂停"):
        resume(session, older, sharper, SYSTEM, now)


def test_a_paused_run_cannot_go_on_with_another_version(
    session: Session, tools: Tools, sharper: Tools, stored: list[Post], now: datetime
) -> None:
    run = start(session, sharper, SYSTEM, now)
    pause(session, run, SYSTEM, now)
    with pytest.raises(InvalidAction, match="换了版本"):
        resume(session, run, tools, SYSTEM, now)


def test_a_post_that_cannot_be_judged_keeps_its_verdict(
    session: Session, sharper: Tools, stored: list[Post], now: datetime
) -> None:
    stored[1].text = "坏帖"
    run = start(session, sharper, SYSTEM, now)
    session.flush()
    assert advance(session, sharper, now, limit=1) == 1
    assert skip_next(session, sharper, now) == 1
    assert advance(session, sharper, now) == 2
    assert (run.done, run.failed) == (4, 1)
    assert [a.version for a in stored[1].assessments] == ["fixed-1"]


def test_tickets_stay_as_they_are(session: Session, sharper: Tools, stored: list[Post], now: datetime) -> None:
    ticket = session.scalars(select(Ticket)).one()
    before = (ticket.status, ticket.severity, ticket.department_id)
    start(session, sharper, SYSTEM, now)
    advance(session, sharper, now)
    assert (ticket.status, ticket.severity, ticket.department_id) == before


def test_a_run_is_undone_whole_and_once(session: Session, sharper: Tools, stored: list[Post], now: datetime) -> None:
    run = start(session, sharper, SYSTEM, now)
    advance(session, sharper, now)
    session.flush()
    assert undo(session, run, SYSTEM, now) == 4
    session.expire_all()
    assert stored[0].outcome is Outcome.IGNORE
    assert set(session.scalars(select(Assessment.version))) == {"fixed-1"}
    assert session.scalar(select(func.count()).select_from(RescoreChange)) == 2, "what had changed can still be read"
    with pytest.raises(InvalidAction, match="已经收回"):
        undo(session, run, SYSTEM, now)


def test_undoing_a_run_takes_back_no_other(
    session: Session, tools: Tools, sharper: Tools, stored: list[Post], now: datetime
) -> None:
    first = start(session, sharper, SYSTEM, now)
    advance(session, sharper, now)
    advance(session, sharper, now)
    routed = replace(sharper, router_version="desk-2")
    start(session, routed, SYSTEM, now)
    advance(session, routed, now)
    session.flush()
    assert undo(session, first, SYSTEM, now) == 4
    session.expire_all()
    assert stored[0].outcome is Outcome.SIGNAL, "the later run heard the same"
    assert [a.router_version for a in stored[0].assessments] == ["", "desk-2"]


def test_a_run_that_is_not_there_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        run_to_change(session, 77)
