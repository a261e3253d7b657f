"""Beside a post stands how many say nearly the same, and who."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from monitor.services.pipeline import handle_posts
from monitor.services.setup import built_in_source
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Post, Ticket
from tests.cast import Cast
from tests.factories import make_post
from tests.wordings import COMPLAINTS

SignIn = Callable[[str], FlaskClient]
Say = Callable[..., list[int]]
HINT = f"算了，{COMPLAINTS[0]}"


@pytest.fixture
def say(sqlite: Database, tools: Tools, people: Cast, now: datetime) -> Say:
    """Takes in a post of each author, handled and committed; gives their ids."""

    def take(text: str, authors: Sequence[str], *, source: str = "api", **more: Any) -> list[int]:
        with sqlite.writing.begin() as session:
            place = built_in_source(session, source)
            posts = [make_post(session, tools, now, text, author=author, source=place, **more) for author in authors]
            handle_posts(session, posts, tools, now)
            return [post.id for post in posts]

    return take


def _card(page: str, post_id: int) -> str:
    return page.split(f'id="signal-{post_id}"')[1].partition("</article>")[0]


def test_a_signal_says_that_many_wrote_the_same(sign_in: SignIn, say: Say) -> None:
    *_, last = say(HINT, "甲乙丙丁戊")
    card = _card(sign_in("alice").get("/signals").get_data(as_text=True), last)
    assert "相近的共 5 条，5 位作者，疑似统一发布" in card
    assert card.count('class="earlier"') == 3
    assert "这里列出最近的 3 条" in card
    assert "不能直接当成这么多位客户" in card


def test_signals_of_one_cluster_show_the_others_once(sign_in: SignIn, say: Say) -> None:
    first, last = say(HINT, "甲乙")
    page = sign_in("alice").get("/signals").get_data(as_text=True)
    assert 'class="earlier"' in _card(page, last)
    assert f'href="#signal-{last}">见上面那条' in _card(page, first)


def test_a_post_that_nobody_repeats_says_nothing_of_it(sign_in: SignIn, say: Say) -> None:
    say(HINT, "甲")
    assert "相近的共" not in sign_in("alice").get("/signals").get_data(as_text=True)


def test_a_copy_shows_no_telephone_number_and_runs_no_markup(sign_in: SignIn, say: Say) -> None:
    say(f"<b>13800138000</b>{HINT}", "甲")
    (last,) = say(HINT, "乙")
    copy = _card(sign_in("alice").get("/signals").get_data(as_text=True), last).split('class="earlier"')[1]
    assert "13800138000" not in copy
    assert "&lt;b&gt;〔联系方式〕&lt;/b&gt;" in copy


def test_a_hidden_copy_says_that_it_was_deleted(sign_in: SignIn, say: Say, sqlite: Database, now: datetime) -> None:
    first, last = say(HINT, "甲乙")
    with sqlite.writing.begin() as session:
        session.execute(update(Post).where(Post.id == first).values(text="", gone_at=now))
    assert "（原帖已删除）" in _card(sign_in("alice").get("/signals").get_data(as_text=True), last)


def _ticket_page(client: FlaskClient, sqlite: Database, post_id: int) -> str:
    with sqlite.reading() as session:
        number = session.get_one(Ticket, session.get_one(Post, post_id).ticket_id).number
    return client.get(f"/tickets/{number}").get_data(as_text=True)


def test_a_ticket_shows_the_copies_that_it_does_not_hold(sign_in: SignIn, say: Say, sqlite: Database) -> None:
    mine = say(f"投诉：{COMPLAINTS[1]}", ["甲", "甲"])
    say(f"投诉：{COMPLAINTS[1]}", "乙", source="import")
    page = _ticket_page(sign_in("alice"), sqlite, mine[0])
    assert page.count("相近的共 3 条，2 位作者，像是转发") == 1
    assert page.count('class="earlier"') == 1
    assert "· 同一作者" not in page


def test_copies_within_a_ticket_are_no_news(sign_in: SignIn, say: Say, sqlite: Database) -> None:
    mine = say(f"投诉：{COMPLAINTS[1]}", ["甲", "甲"])
    assert "相近的共" not in _ticket_page(sign_in("alice"), sqlite, mine[0])


def test_the_same_author_elsewhere_is_named_as_such(sign_in: SignIn, say: Say) -> None:
    _, last = say(HINT, ["甲", "甲"])
    card = _card(sign_in("alice").get("/signals").get_data(as_text=True), last)
    assert "相近的共 2 条，1 位作者，同一作者重复发" in card
    assert "· 同一作者" in card


def test_nobody_knows_who_wrote_it(sign_in: SignIn, say: Say) -> None:
    _, last = say(HINT, ["", ""])
    assert "相近的共 2 条，作者不详，像是转发" in _card(sign_in("alice").get("/signals").get_data(as_text=True), last)


def test_more_copies_are_no_more_questions(sign_in: SignIn, say: Say, questions: Callable[[], Any]) -> None:
    alice = sign_in("alice")

    def asked() -> int:
        with questions() as statements:
            assert alice.get("/signals").status_code == 200
        return len(statements)

    say(HINT, "甲乙")
    few = asked()
    for text in COMPLAINTS[1:6]:
        say(f"算了，{text}", "甲乙丙丁戊己")
    assert asked() == few
