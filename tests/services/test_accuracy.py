"""What the answered checks tell, put together."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from monitor.domain.verdicts import Expression, Polarity, TwoPassJudge
from monitor.services.accuracy import report
from monitor.services.audit import SYSTEM
from monitor.services.pipeline import handle_posts
from monitor.services.rescoring import advance, start
from monitor.services.spot_checks import answer, draw, skip
from monitor.services.tools import Tools
from monitor.storage.models import SpotCheck
from tests.factories import make_post
from tests.fakes import FixedSuggester, SharperClassifier

Draw = Callable[..., list[SpotCheck]]


@pytest.fixture
def drawn(session: Session, tools: Tools, now: datetime) -> Draw:
    """Checks drawn from posts with these texts."""

    def make(*texts: str) -> list[SpotCheck]:
        handle_posts(session, [make_post(session, tools, now, text) for text in texts], tools, now)
        session.flush()
        return draw(session, now, wanted=len(texts))

    return make


def _say(session: Session, check: SpotCheck, polarity: Polarity, now: datetime) -> None:
    expression = Expression.IMPLICIT if polarity is Polarity.NEGATIVE else None
    answer(session, check, SYSTEM, now, polarity=polarity, expression=expression)


def test_nothing_answered_tells_nothing(session: Session, drawn: Draw) -> None:
    drawn("今天天气不错")
    told = report(session)
    assert (told.present.answered, told.present.accuracy, told.confusion, told.versions) == (0, None, {}, ())


def test_what_was_taken_for_what_is_counted(session: Session, drawn: Draw, now: datetime) -> None:
    for check in drawn("今天天气不错", "随它去吧", "算了吧"):
        _say(session, check, Polarity.NEUTRAL if "天气" in check.post.text else Polarity.NEGATIVE, now)
    assert report(session).confusion == {
        (Polarity.NEUTRAL, Polarity.NEUTRAL): 1,
        (Polarity.NEGATIVE, Polarity.NEUTRAL): 1,
        (Polarity.NEGATIVE, Polarity.NEGATIVE): 1,
    }


def test_skipped_checks_are_counted_apart(session: Session, drawn: Draw, now: datetime) -> None:
    first, second = drawn("今天天气不错", "随它去吧")
    skip(session, first, SYSTEM, now)
    _say(session, second, Polarity.NEGATIVE, now)
    told = report(session)
    assert (told.skipped, told.present.answered) == (1, 1)


def test_each_version_is_measured_by_itself_the_newest_first(
    session: Session, tools: Tools, drawn: Draw, now: datetime
) -> None:
    sharper = replace(tools, judge=TwoPassJudge(SharperClassifier(), FixedSuggester()))
    checks = drawn(*(f"随它去吧，第{n}次" for n in range(40)))
    start(session, sharper, SYSTEM, now)
    advance(session, sharper, now)
    session.expire_all()
    for check in checks:
        _say(session, check, Polarity.NEGATIVE, now)
    session.expire_all()
    (newest, after), (oldest, before) = report(session).versions
    assert (newest, oldest) == ("fixed-2", "fixed-1")
    assert after.accuracy is not None
    assert before.accuracy is not None
    assert (after.accuracy.value, before.accuracy.value) == (1.0, 0.0)
