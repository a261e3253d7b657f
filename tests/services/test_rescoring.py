"""Judging stored posts again: resumable, visible, undone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.triage import Outcome
from monitor.domain.verdicts import TwoPassJudge, Verdict
from monitor.services.pipeline import handle_posts
from monitor.services.rescoring import RESCORED, count_outdated, rescore_some, tally, undo
from monitor.services.tools import Tools
from monitor.storage.models import Assessment, Post, Ticket
from tests.factories import make_post
from tests.fakes import CALM, HINTING, FixedClassifier, FixedSuggester


class SharperClassifier(FixedClassifier):
    """The next version: hears 随它去 as well, and no longer takes 算了 for dissatisfaction."""

    version = "fixed-2"

    def classify(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Verdict]:
        return [replace(self._hear(text), version=self.version) for text in texts]

    def _hear(self, text: str) -> Verdict:
        if "随它去" in text:
            return HINTING
        return CALM if "算了" in text else self._judge(text)


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
    assert count_outdated(session, "fixed-1") == 0
    assert rescore_some(session, tools, now) == []


def test_what_changed_is_counted_and_the_newly_heard_wait_for_a_person(
    session: Session, sharper: Tools, stored: list[Post], now: datetime
) -> None:
    assert count_outdated(session, "fixed-2") == 4
    changes = rescore_some(session, sharper, now)
    assert tally(changes) == {"newly_flagged": 1, "no_longer_flagged": 1, "same": 2}
    assert (stored[0].outcome, stored[0].outcome_reason) == (Outcome.SIGNAL, RESCORED)
    assert stored[1].outcome is Outcome.SIGNAL, "what waits for a person goes on waiting"
    assert count_outdated(session, "fixed-2") == 0


def test_a_stopped_run_goes_on_where_it_was(
    session: Session, sharper: Tools, stored: list[Post], now: datetime
) -> None:
    seen: list[int] = []
    while changes := rescore_some(session, sharper, now, limit=1):
        seen += [change.post_id for change in changes]
        session.flush()
    assert seen == [post.id for post in stored]


def test_tickets_stay_as_they_are(session: Session, sharper: Tools, stored: list[Post], now: datetime) -> None:
    ticket = session.scalars(select(Ticket)).one()
    before = (ticket.status, ticket.severity, ticket.department_id)
    rescore_some(session, sharper, now)
    assert (ticket.status, ticket.severity, ticket.department_id) == before


def test_a_rescoring_is_undone_whole(session: Session, sharper: Tools, stored: list[Post], now: datetime) -> None:
    rescore_some(session, sharper, now)
    assert undo(session, "fixed-2", now) == 4
    session.expire_all()
    assert stored[0].outcome is Outcome.IGNORE
    assert set(session.scalars(select(Assessment.version))) == {"fixed-1"}
    assert undo(session, "fixed-2", now) == 0


def test_a_first_verdict_is_never_taken_back(session: Session, tools: Tools, stored: list[Post], now: datetime) -> None:
    assert undo(session, "fixed-1", now) == 0
    assert session.scalar(select(func.count()).select_from(Assessment)) == 4
