"""Posts drawn for checking, and what the answers say of the classifier."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid, InvalidAction, NotFound
from monitor.domain.learning import CorrectionOrigin, Stratum, is_frozen
from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Expression, Polarity
from monitor.services import spot_checks
from monitor.services.audit import doer
from monitor.services.pipeline import handle_posts
from monitor.services.setup import built_in_source
from monitor.services.spot_checks import accuracy, answer, check_for, draw, is_due, next_to_check, skip
from monitor.services.tools import Tools
from monitor.storage.models import Assessment, Correction, Post, SpotCheck
from tests.cast import Cast
from tests.factories import make_post

LINE = 0.7
"""The probability of 算了 in the tests' classifier, so that such posts are uncertain."""


@pytest.fixture
def posts(session: Session, tools: Tools, now: datetime) -> list[Post]:
    """Forty calm posts, ten angry ones, ten that only hint."""
    texts = ["今天天气不错"] * 40 + ["投诉：异响"] * 10 + ["算了吧"] * 10
    posts = [make_post(session, tools, now, f"{text}{number}") for number, text in enumerate(texts)]
    handle_posts(session, posts, tools, now)
    session.flush()
    session.expire_all()
    return posts


def _drawn(session: Session, now: datetime, wanted: int = 20) -> list[SpotCheck]:
    return draw(session, now, wanted=wanted, flag_at=LINE)


def test_a_draw_takes_from_every_stratum_and_says_for_how_many_each_stands(
    session: Session, posts: list[Post], now: datetime
) -> None:
    checks = _drawn(session, now)
    by = {stratum: [check for check in checks if check.stratum is stratum] for stratum in Stratum}
    assert {stratum: len(found) for stratum, found in by.items()} == {
        Stratum.UNFLAGGED: 12,
        Stratum.FLAGGED: 4,
        Stratum.UNCERTAIN: 4,
    }
    assert {check.weight for check in by[Stratum.UNFLAGGED]} == {40 / 12}
    assert sum(check.weight for check in checks) == pytest.approx(60)
    assert all(check.frozen is is_frozen(check.post_id) for check in checks)


def test_a_post_is_never_drawn_twice(session: Session, posts: list[Post], now: datetime) -> None:
    for day in range(5):
        _drawn(session, now + timedelta(days=day))
    drawn = session.scalars(select(SpotCheck.post_id)).all()
    assert len(drawn) == len(set(drawn)) == 60
    assert _drawn(session, now + timedelta(days=6)) == []


def test_the_same_posts_are_drawn_again_after_a_restart(session: Session, posts: list[Post], now: datetime) -> None:
    with session.begin_nested() as attempt:
        first = [check.post_id for check in _drawn(session, now)]
        attempt.rollback()
    assert [check.post_id for check in _drawn(session, now)] == first


def test_old_posts_addressed_posts_and_posts_beyond_judging_are_not_drawn(
    session: Session, tools: Tools, posts: list[Post], now: datetime
) -> None:
    assert _drawn(session, now + timedelta(days=31)) == []
    for post in posts:
        post.outcome_reason = "cannot-tell"
    form = make_post(session, tools, now, "投诉：表单", source=built_in_source(session, "form"))
    handle_posts(session, [form], tools, now)
    assert _drawn(session, now) == []


def test_no_more_are_drawn_while_nobody_looks(
    session: Session, posts: list[Post], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spot_checks, "MOST_OPEN", 25)
    assert len(_drawn(session, now)) == 20
    assert len(_drawn(session, now)) == 5
    assert _drawn(session, now) == []


def test_a_draw_is_due_once_a_day_of_the_office(session: Session, posts: list[Post], now: datetime) -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    assert is_due(session, now, shanghai)
    _drawn(session, now)
    # 10:00 in Shanghai: the next day begins there after fourteen hours, while it is still the same day in UTC.
    assert not is_due(session, now + timedelta(hours=13, minutes=59), shanghai)
    assert is_due(session, now + timedelta(hours=14), shanghai)


def test_random_checks_and_uncertain_ones_take_turns(
    session: Session, posts: list[Post], cast: Cast, now: datetime
) -> None:
    _drawn(session, now)
    kinds = []
    for _ in range(6):
        check = next_to_check(session, cast.alice, flag_at=LINE)
        assert check is not None
        kinds.append(not check.frozen and check.stratum is Stratum.UNCERTAIN)
        answer(session, check, doer(cast.alice), now, polarity=Polarity.NEUTRAL)
    assert kinds[:4] in ([True, False, True, False], [False, True, False, True])


def test_among_the_uncertain_the_closest_to_the_line_comes_first(
    session: Session, posts: list[Post], cast: Cast, now: datetime
) -> None:
    checks = [check for check in _drawn(session, now, wanted=60) if not check.frozen]
    by_post = {check.post_id: check for check in checks if check.stratum is Stratum.UNCERTAIN}
    closest = max(by_post)
    for row in session.scalars(select(Assessment).where(Assessment.post_id.in_(by_post))):
        row.dissatisfied = LINE if row.post_id == closest else LINE + 0.05
    session.flush()
    seen = [next_to_check(session, member, flag_at=LINE) for member in (cast.alice, cast.bob)]
    assert by_post[closest] in seen
    assert seen[0] is not seen[1], "two people at work do not look at the same post"


def test_nothing_waits_when_all_is_checked(session: Session, cast: Cast, now: datetime) -> None:
    assert next_to_check(session, cast.alice) is None


def test_an_answer_is_a_correction_even_where_it_agrees(
    session: Session, posts: list[Post], cast: Cast, now: datetime
) -> None:
    check = next(check for check in _drawn(session, now) if check.stratum is Stratum.UNFLAGGED)
    answer(session, check, doer(cast.alice), now, polarity=Polarity.NEUTRAL, topic="空间")
    row = session.scalars(select(Correction)).one()
    assert (row.origin, row.polarity, row.topic) == (CorrectionOrigin.SPOT_CHECK, Polarity.NEUTRAL, "空间")
    assert (check.checked_at, check.member_id) == (now, cast.alice.id)


def test_a_miss_that_a_check_finds_waits_for_a_person(
    session: Session, posts: list[Post], cast: Cast, now: datetime
) -> None:
    check = next(check for check in _drawn(session, now) if check.stratum is Stratum.UNFLAGGED)
    answer(session, check, doer(cast.alice), now, polarity=Polarity.NEGATIVE, expression=Expression.IMPLICIT)
    assert check.post.outcome is Outcome.SIGNAL


def test_the_second_to_answer_is_told(session: Session, posts: list[Post], cast: Cast, now: datetime) -> None:
    check = _drawn(session, now)[0]
    answer(session, check, doer(cast.alice), now, polarity=Polarity.NEUTRAL)
    with pytest.raises(InvalidAction):
        answer(session, check, doer(cast.erin), now, polarity=Polarity.NEGATIVE)
    assert session.scalar(select(func.count()).select_from(Correction)) == 1


def test_an_answer_needs_a_polarity_and_a_check(session: Session, posts: list[Post], cast: Cast, now: datetime) -> None:
    check = _drawn(session, now)[0]
    with pytest.raises(Invalid) as refused:
        answer(session, check, doer(cast.alice), now, polarity=None, topic="空间")
    assert set(refused.value.fields) == {"polarity"}
    assert check.checked_at is None
    with pytest.raises(NotFound):
        check_for(session, 10_000)


def test_a_skipped_check_is_not_offered_again_and_does_not_count(
    session: Session, posts: list[Post], cast: Cast, now: datetime
) -> None:
    checks = _drawn(session, now)
    for check in checks:
        skip(session, check, doer(cast.alice), now)
    assert next_to_check(session, cast.alice) is None
    assert accuracy(session).answered == 0


def _answer_all(session: Session, cast: Cast, now: datetime, missed: int = 0) -> list[SpotCheck]:
    """Agrees with the classifier everywhere, but for so many posts that it passed over."""
    checks = _drawn(session, now)
    left = missed
    for check in checks:
        unhappy = check.post.assessments[-1].flagged
        if not unhappy and left:
            unhappy, left = True, left - 1
        answer(session, check, doer(cast.alice), now, polarity=Polarity.NEGATIVE if unhappy else Polarity.NEUTRAL)
    session.flush()
    return checks


def test_the_accuracy_counts_what_was_missed_for_all_that_it_stands_for(
    session: Session, posts: list[Post], cast: Cast, now: datetime
) -> None:
    _answer_all(session, cast, now, missed=3)
    found = accuracy(session)
    assert found.answered == 20
    assert found.recall is not None
    assert found.precision is not None
    assert found.recall.value == pytest.approx(20 / (20 + 3 * 40 / 12))
    assert found.recall.low < found.recall.value < found.recall.high
    assert found.precision.value == 1
    assert found.strata[0].accuracy is not None
    assert found.strata[0].accuracy.value == pytest.approx(9 / 12)


def test_a_verdict_given_after_the_answer_counts_only_for_frozen_posts(
    session: Session, posts: list[Post], cast: Cast, now: datetime
) -> None:
    checks = _answer_all(session, cast, now, missed=3)
    later = now + timedelta(days=1)
    for check in checks:
        old = check.post.assessments[-1]
        values = {c.key: getattr(old, c.key) for c in Assessment.__table__.columns if c.key != "id"}
        session.add(Assessment(**{**values, "version": "fixed-2", "made_at": later, "flagged": True}))
    session.flush()
    session.expire_all()
    assert accuracy(session, "fixed-2").answered == sum(check.frozen for check in checks) > 0
    assert accuracy(session, "fixed-1").answered == 20
    assert accuracy(session, "unheard of").answered == 0
    assert accuracy(session, since=later).answered == 0


def test_an_answer_about_an_earlier_wording_no_longer_counts(
    session: Session, posts: list[Post], cast: Cast, now: datetime
) -> None:
    checks = _answer_all(session, cast, now)
    checks[0].post.edited_at = now + timedelta(hours=1)
    assert accuracy(session).answered == 19
