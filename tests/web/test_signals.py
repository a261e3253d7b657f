"""Signals: accept, or dismiss with a reason."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.domain.routing import DecidedBy
from monitor.domain.triage import Outcome
from monitor.services.pipeline import handle_posts
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Post, Ticket
from tests.cast import Cast
from tests.factories import make_post

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def hinted(sqlite: Database, tools: Tools, people: Cast, now: datetime) -> Callable[..., int]:
    """A flagged post that waits for a person, committed; gives its id."""

    def make(text: str = "算了，就这样吧") -> int:
        with sqlite.writing.begin() as session:
            post = make_post(session, tools, now, text)
            handle_posts(session, [post], tools, now)
            assert post.outcome is Outcome.SIGNAL
            return post.id

    return make


def _post(sqlite: Database, post_id: int) -> Post:
    with sqlite.reading() as session:
        return session.get_one(Post, post_id)


def test_a_signal_shows_its_cue_and_the_suggested_department(sign_in: SignIn, hinted: Callable[..., int]) -> None:
    hinted()
    page = sign_in("alice").get("/signals").get_data(as_text=True)
    assert '<mark title="作罢：放弃争取">算了</mark>' in page
    assert '<option selected value="售后服务">售后服务（建议 60%）' in page


def test_an_accepted_signal_becomes_a_ticket_of_the_chosen_department(
    sign_in: SignIn, hinted: Callable[..., int], sqlite: Database
) -> None:
    post_id, alice = hinted(), sign_in("alice")
    response = alice.post(f"/signals/{post_id}/accept", data={"department": "配件物流"}, follow_redirects=True)
    with sqlite.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert ticket.department.name == "配件物流"
        assert ticket.assignments[-1].decided_by is DecidedBy.PERSON
    assert ticket.number in response.get_data(as_text=True)
    assert "没有等着判断的信号" in response.get_data(as_text=True)


def test_a_dismissed_signal_keeps_its_reason(sign_in: SignIn, hinted: Callable[..., int], sqlite: Database) -> None:
    post_id, alice = hinted(), sign_in("alice")
    alice.post(f"/signals/{post_id}/dismiss", data={"reason": "not_ours"})
    post = _post(sqlite, post_id)
    assert (post.outcome, post.outcome_reason) == (Outcome.DISMISSED, "not_ours")


def test_dismissing_needs_a_reason(sign_in: SignIn, hinted: Callable[..., int], sqlite: Database) -> None:
    post_id, alice = hinted(), sign_in("alice")
    page = alice.post(f"/signals/{post_id}/dismiss", data={}, follow_redirects=True).get_data(as_text=True)
    assert "请选择忽略的原因" in page
    assert _post(sqlite, post_id).outcome is Outcome.SIGNAL


def test_a_signal_is_decided_once(sign_in: SignIn, hinted: Callable[..., int], sqlite: Database) -> None:
    post_id, alice = hinted(), sign_in("alice")
    alice.post(f"/signals/{post_id}/accept", data={})
    page = alice.post(f"/signals/{post_id}/accept", data={}, follow_redirects=True).get_data(as_text=True)
    assert "已经有人处理了" in page
    with sqlite.reading() as session:
        assert len(session.scalars(select(Ticket)).all()) == 1


def test_older_signals_are_a_page_away(sign_in: SignIn, hinted: Callable[..., int]) -> None:
    ids = [hinted(f"算了，第{n}次") for n in range(15)]
    alice = sign_in("alice")
    first = alice.get("/signals").get_data(as_text=True)
    assert f'id="signal-{ids[-1]}"' in first
    assert f'id="signal-{ids[0]}"' not in first
    assert f'id="signal-{ids[0]}"' in alice.get(f"/signals?before={ids[3]}").get_data(as_text=True)


def test_a_page_of_long_signals_stays_light(sign_in: SignIn, hinted: Callable[..., int]) -> None:
    ids = [hinted(f"算了{n}，" + "说了也白说，" * 400) for n in range(13)]
    alice = sign_in("alice")
    page = alice.get("/signals").get_data(as_text=True)
    assert len(page.encode()) < 60_000
    assert f"/signals/{ids[-1]}/text" in page
    assert len(alice.get(f"/signals/{ids[-1]}/text").get_data(as_text=True)) > 2000


def _heard(sqlite: Database, post_id: int, **details: object) -> None:
    """Puts further parts of a verdict beside those of the post."""
    with sqlite.writing.begin() as session:
        assessment = session.get_one(Post, post_id).assessments[-1]
        assessment.details = {**assessment.details, **details}


def test_a_signal_says_how_its_writer_stands_to_each_topic(
    sign_in: SignIn, hinted: Callable[..., int], sqlite: Database
) -> None:
    topics = [
        {"name": "外观", "score": 0.9, "polarity": "positive"},
        {"name": "制动", "score": 0.8, "polarity": "negative"},
    ]
    _heard(sqlite, hinted(), topics=topics)
    page = sign_in("alice").get("/signals").get_data(as_text=True)
    assert '<li>外观<small class="stance-positive">满意</small></li>' in page
    assert '<li>制动<small class="stance-negative">不满</small></li>' in page


def test_the_worst_sentence_of_a_long_signal_is_marked_with_a_way_to_it(
    sign_in: SignIn, hinted: Callable[..., int], sqlite: Database
) -> None:
    text = "座椅舒服，音响够听。" * 40 + "算了，漏油没人管。"
    post_id = hinted(text)
    _heard(sqlite, post_id, worst=[len(text) - 9, len(text)])
    page = sign_in("alice").get("/signals").get_data(as_text=True)
    assert f'<a href="#worst-{post_id}">最不满的一句</a>算了，漏油没人管。' in page
    marked = f'<span class="worst" id="worst-{post_id}"><mark title="作罢：放弃争取">算了</mark>，漏油没人管。</span>'
    assert marked in page


def test_a_verdict_of_an_early_version_still_shows(
    sign_in: SignIn, hinted: Callable[..., int], sqlite: Database
) -> None:
    _heard(sqlite, hinted(), topics=[{"name": "外观", "score": 0.9}])
    with sqlite.writing.begin() as session:
        assessment = session.scalars(select(Post)).one().assessments[-1]
        assessment.details = {key: value for key, value in assessment.details.items() if key != "worst"}
    page = sign_in("alice").get("/signals").get_data(as_text=True)
    assert "<li>外观</li>" in page
    assert "最不满的一句" not in page
