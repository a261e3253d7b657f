"""“判断有误？” on the pages of tickets and signals."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Expression, Polarity
from monitor.services.pipeline import handle_posts
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Correction, Post
from tests.cast import Cast
from tests.factories import make_post

SignIn = Callable[[str], FlaskClient]
MakeTicket = Callable[..., str]


@pytest.fixture
def signal(sqlite: Database, tools: Tools, people: Cast, now: datetime) -> int:
    """A signal that waits."""
    with sqlite.writing.begin() as session:
        post = make_post(session, tools, now, "算了，就这样吧")
        handle_posts(session, [post], tools, now)
        return post.id


def _corrections(sqlite: Database) -> list[Correction]:
    with sqlite.reading() as session:
        return list(session.scalars(select(Correction)))


def _post_id(sqlite: Database) -> int:
    with sqlite.reading() as session:
        return session.scalars(select(Post.id)).one()


def test_a_correction_on_a_ticket_is_kept_and_shown_beside_the_original(
    sign_in: SignIn, opened: MakeTicket, sqlite: Database
) -> None:
    number = opened("投诉：没有人管", department="质量技术")
    address = f"/tickets/{number}/posts/{_post_id(sqlite)}/correction"
    typed = {"polarity": "", "expression": "implicit", "topic": "制动", "department": "质量技术", "note": "话很客气"}
    page = sign_in("bob").post(address, data=typed, follow_redirects=True).get_data(as_text=True)
    kept = _corrections(sqlite)[0]
    assert (kept.expression, kept.topic, kept.department) == (Expression.IMPLICIT, "制动", "质量技术")
    assert "已由 陈工 更正" in page
    assert "隐性，话题 制动，部门 质量技术" in page
    assert "话很客气" in page
    assert "分类器原来：不满，明说，不满 97%，服务态度" in page


def test_another_departments_ticket_cannot_be_corrected(sign_in: SignIn, opened: MakeTicket, sqlite: Database) -> None:
    number = opened("投诉：没有人管", department="售后服务")
    address = f"/tickets/{number}/posts/{_post_id(sqlite)}/correction"
    assert sign_in("bob").post(address, data={"polarity": "positive"}).status_code == 404
    assert _corrections(sqlite) == []


def test_a_post_of_another_ticket_is_not_found(sign_in: SignIn, opened: MakeTicket, sqlite: Database) -> None:
    number = opened("投诉：没有人管", department="质量技术")
    answer = sign_in("bob").post(f"/tickets/{number}/posts/999/correction", data={"polarity": "positive"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "请至少改一项"),
        ({"polarity": "positive", "expression": "explicit"}, "只有不满的帖子"),
        ({"topic": "不存在的话题"}, "没有这个话题"),
        ({"polarity": "nonsense"}, "请至少改一项"),
    ],
)
def test_what_cannot_be_taken_is_said_and_what_was_typed_is_kept(
    sign_in: SignIn, opened: MakeTicket, sqlite: Database, typed: dict[str, str], said: str
) -> None:
    number = opened("投诉：没有人管", department="质量技术")
    address = f"/tickets/{number}/posts/{_post_id(sqlite)}/correction"
    answer = sign_in("bob").post(address, data={**typed, "note": "写了半天的说明"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert said in page
    assert 'value="写了半天的说明"' in page
    assert '<details class="fold correct" open>' in page
    assert _corrections(sqlite) == []


def test_a_signal_that_is_none_is_put_aside_by_its_correction(sign_in: SignIn, signal: int, sqlite: Database) -> None:
    alice = sign_in("alice")
    assert "correct=" in alice.get("/signals").get_data(as_text=True)
    assert f'action="/signals/{signal}/correction"' in alice.get(f"/signals?correct={signal}").get_data(as_text=True)
    page = alice.post(f"/signals/{signal}/correction", data={"polarity": "neutral"}, follow_redirects=True)
    assert "这条信号放到一边了" in page.get_data(as_text=True)
    with sqlite.reading() as session:
        assert session.get_one(Post, signal).outcome is Outcome.DISMISSED
    assert _corrections(sqlite)[0].polarity is Polarity.NEUTRAL


def test_a_corrected_department_is_offered_first(sign_in: SignIn, signal: int) -> None:
    alice = sign_in("alice")
    alice.post(f"/signals/{signal}/correction", data={"department": "配件物流", "expression": "explicit"})
    page = alice.get("/signals").get_data(as_text=True)
    assert '<option selected value="配件物流">' in page
    assert "<span>明说</span>" in page, "what counts now stands in front, what the classifier said behind"


def test_a_signal_decided_meanwhile_is_not_corrected(sign_in: SignIn, signal: int, sqlite: Database) -> None:
    alice = sign_in("alice")
    alice.post(f"/signals/{signal}/dismiss", data={"reason": "advert"})
    page = alice.post(f"/signals/{signal}/correction", data={"polarity": "neutral"}, follow_redirects=True)
    assert "已经有人处理了" in page.get_data(as_text=True)
    assert _corrections(sqlite) == []
