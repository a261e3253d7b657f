"""What a source's query wants, and how many stored posts a query would have let through."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from monitor.domain.queries import parse_query
from monitor.services import filtering
from monitor.services.filtering import Counted, wanted_by, would_match
from monitor.services.setup import built_in_source
from monitor.services.tools import Tools
from tests.factories import make_post


def test_a_source_wants_what_its_query_asks_for(session: Session, tools: Tools) -> None:
    source = built_in_source(session, "api")
    source.query = "ABS -招聘"
    wanted = wanted_by(source, tools)
    assert wanted("", "abs 灯亮", "")
    assert not wanted("招聘", "abs 技师", "")


@pytest.mark.parametrize("query", ["", " ", "(刹车"])
def test_without_a_query_that_can_be_read_everything_is_wanted(session: Session, tools: Tools, query: str) -> None:
    source = built_in_source(session, "api")
    source.query = query
    assert wanted_by(source, tools)("", "座椅", "")


def test_stored_posts_are_counted_with_the_newest_as_examples(session: Session, tools: Tools, now: datetime) -> None:
    posts = [make_post(session, tools, now, text) for text in ("刹车异响", "座椅异味", "急刹车时有声音。很大", "刹车")]
    counted = would_match(session, parse_query("刹车"), examples=2)
    assert (counted.looked_at, counted.matched, counted.whole) == (4, 3, True)
    assert [(e.post_id, e.summary) for e in counted.examples] == [
        (posts[3].id, "刹车"),
        (posts[2].id, "急刹车时有声音"),
    ]


def test_one_source_is_looked_at_alone(session: Session, tools: Tools, now: datetime) -> None:
    other = built_in_source(session, "import", name="论坛")
    make_post(session, tools, now, "刹车异响")
    make_post(session, tools, now, "刹车失灵", source=other)
    query = parse_query("刹车")
    assert would_match(session, query, source_id=other.id).matched == 1
    assert would_match(session, query).matched == 2


def test_title_and_address_are_searched_too(session: Session, tools: Tools, now: datetime) -> None:
    make_post(session, tools, now, "如题", title="刹车失灵", url="https://a.example/forum/1")
    assert would_match(session, parse_query("title:刹车 url:forum")).matched == 1


def test_nothing_stored_is_nothing_counted(session: Session) -> None:
    assert would_match(session, parse_query("刹车")) == Counted(0, 0, (), None, True)


def test_the_newest_are_looked_at_when_there_are_too_many(session: Session, tools: Tools, now: datetime) -> None:
    make_post(session, tools, now - timedelta(days=9), "刹车")
    make_post(session, tools, now - timedelta(days=1), "刹车")
    make_post(session, tools, now, "座椅")
    counted = would_match(session, parse_query("刹车"), most_posts=2)
    assert (counted.looked_at, counted.matched, counted.whole) == (2, 1, False)
    assert counted.since == now - timedelta(days=1)
    assert would_match(session, parse_query("刹车"), most_posts=3).whole


def test_very_long_posts_end_the_count_earlier(session: Session, tools: Tools, now: datetime) -> None:
    for _ in range(3):
        make_post(session, tools, now, "刹车" * 10)
    counted = would_match(session, parse_query("刹车"), most_characters=21)
    assert (counted.looked_at, counted.whole) == (2, False)
    assert would_match(session, parse_query("刹车"), most_characters=41).whole


def test_a_post_whose_words_are_not_kept_is_passed_over(session: Session, tools: Tools, now: datetime) -> None:
    make_post(session, tools, now, "刹车")
    hidden = make_post(session, tools, now, "刹车")
    hidden.text = ""
    session.flush()
    assert would_match(session, parse_query("刹车")).looked_at == 1


def test_posts_are_read_a_chunk_at_a_time(
    session: Session, tools: Tools, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filtering, "_CHUNK", 2)
    posts = [make_post(session, tools, now, f"刹车 {n}") for n in range(5)]
    counted = would_match(session, parse_query("刹车"))
    assert counted.matched == 5
    assert [example.post_id for example in counted.examples] == [post.id for post in reversed(posts)]
