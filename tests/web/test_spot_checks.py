"""Spot checks: the verdict stays hidden until the person has judged."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.domain.learning import CorrectionOrigin
from monitor.domain.verdicts import Expression, Polarity
from monitor.services.pipeline import handle_posts
from monitor.services.spot_checks import draw
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Correction, SpotCheck
from tests.cast import Cast
from tests.factories import make_post

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def drawn(sqlite: Database, tools: Tools, people: Cast, now: datetime) -> Callable[..., list[int]]:
    """Draws checks from posts with these texts; gives their ids."""

    def make(*texts: str, at: datetime = now) -> list[int]:
        with sqlite.writing.begin() as session:
            handle_posts(session, [make_post(session, tools, at, text) for text in texts], tools, at)
            return [check.id for check in draw(session, at, wanted=len(texts))]

    return make


def _check(sqlite: Database, check_id: int) -> SpotCheck:
    with sqlite.reading() as session:
        return session.get_one(SpotCheck, check_id)


def _text(client: FlaskClient) -> str:
    response = client.get("/spot-checks")
    assert response.status_code == 200
    return response.get_data(as_text=True)


def test_an_empty_queue_says_why_there_is_one(sign_in: SignIn) -> None:
    page = _text(sign_in("alice"))
    assert "没有抽查，就不知道它漏了多少" in page


def test_the_verdict_leads_nobody(sign_in: SignIn, drawn: Callable[..., list[int]]) -> None:
    drawn("算了，就这样吧")
    page = _text(sign_in("alice"))
    assert "算了，就这样吧" in page
    for hint in ("<mark", "作罢", "70%", "服务态度</dd>", "标出来的"):
        assert hint not in page, hint


def test_an_answer_is_kept_and_only_then_the_verdict_is_told(
    sign_in: SignIn, drawn: Callable[..., list[int]], sqlite: Database
) -> None:
    [check_id] = drawn("随它去吧")
    typed = {"polarity": "negative", "expression": "implicit", "topic": "服务态度", "department": "售后服务"}
    page = sign_in("alice").post(f"/spot-checks/{check_id}/answer", data=typed, follow_redirects=True)
    assert "分类器判断是中性（不满 5%），和您不同" in page.get_data(as_text=True)
    assert "今天的抽查都看完了" in page.get_data(as_text=True)
    assert _check(sqlite, check_id).checked_at is not None
    with sqlite.reading() as session:
        kept = session.scalars(select(Correction)).one()
    assert (kept.polarity, kept.expression, kept.topic, kept.department, kept.origin) == (
        Polarity.NEGATIVE, Expression.IMPLICIT, "服务态度", "售后服务", CorrectionOrigin.SPOT_CHECK,
    )  # fmt: skip


def test_how_it_shows_counts_for_the_dissatisfied_only(
    sign_in: SignIn, drawn: Callable[..., list[int]], sqlite: Database
) -> None:
    [check_id] = drawn("今天天气不错")
    sign_in("alice").post(f"/spot-checks/{check_id}/answer", data={"polarity": "neutral", "expression": "explicit"})
    assert _check(sqlite, check_id).checked_at is not None, "picked first and then thought better of"


@pytest.mark.parametrize(("typed", "said"), [({}, "请先选倾向"), ({"polarity": "negative"}, "怎么看出来的")])
def test_half_an_answer_is_asked_for_again(
    sign_in: SignIn, drawn: Callable[..., list[int]], sqlite: Database, typed: dict[str, str], said: str
) -> None:
    [check_id] = drawn("随它去吧")
    answer = sign_in("alice").post(f"/spot-checks/{check_id}/answer", data={**typed, "topic": "制动"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert "<option selected>制动" in page
    assert _check(sqlite, check_id).checked_at is None


def test_what_cannot_be_judged_is_skipped(sign_in: SignIn, drawn: Callable[..., list[int]], sqlite: Database) -> None:
    ids = drawn("随它去吧", "今天天气不错")
    alice = sign_in("alice")
    alice.post(f"/spot-checks/{ids[0]}/skip")
    assert _check(sqlite, ids[0]).skipped
    assert "今天抽的看了 1 / 2 条" in _text(alice)


def test_two_people_answer_a_post_once(sign_in: SignIn, drawn: Callable[..., list[int]], sqlite: Database) -> None:
    [check_id] = drawn("随它去吧")
    sign_in("alice").post(f"/spot-checks/{check_id}/answer", data={"polarity": "neutral"})
    late = sign_in("erin").post(f"/spot-checks/{check_id}/answer", data={"polarity": "positive"}, follow_redirects=True)
    assert "刚刚有人看过了" in late.get_data(as_text=True)
    with sqlite.reading() as session:
        assert session.scalars(select(Correction.polarity)).all() == [Polarity.NEUTRAL]


def test_the_progress_is_that_of_today(sign_in: SignIn, drawn: Callable[..., list[int]], now: datetime) -> None:
    drawn("随它去吧", at=now - timedelta(days=1))
    page = _text(sign_in("alice"))
    assert "今天还没有抽，前几天的还有 1 条" in page
    drawn("今天天气不错", "路上有点堵")
    assert "今天抽的看了 0 / 2 条，连同前几天的还有 3 条" in _text(sign_in("alice"))


def test_a_long_post_is_read_whole_on_a_page_of_its_own(sign_in: SignIn, drawn: Callable[..., list[int]]) -> None:
    [check_id] = drawn("说来话长，" * 2000)
    alice = sign_in("alice")
    assert len(_text(alice).encode()) < 60_000
    assert len(alice.get(f"/spot-checks/{check_id}/text").get_data(as_text=True)) == 10_000


def test_the_number_of_questions_does_not_grow_with_the_queue(
    sign_in: SignIn, drawn: Callable[..., list[int]], questions: Callable[[], Any]
) -> None:
    alice = sign_in("alice")
    drawn("随它去吧")
    with questions() as one:
        _text(alice)
    drawn(*(f"今天天气不错，第{n}天" for n in range(30)))
    with questions() as many:
        _text(alice)
    assert len(many) == len(one) <= 11
