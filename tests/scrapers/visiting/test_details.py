"""Posts with pages of their own: few at a time, none lost, a broken one borne."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from scrapers.base import Batch, Gone, Response, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.json_api import JsonApi
from scrapers.registry import build
from tests.scrapers.conftest import NOW

URL = "https://api.example/list"
OPTIONS = {
    "url": URL,
    "items": "@",
    "id": "id",
    "text": "title",
    "paging": "page",
    "detail_url": "https://api.example/post/{id}",
    "detail_text": "content",
    "activity": "replies",
}


@dataclass
class Forum:
    """A list of posts with their numbers of replies, and a page for each; `broken` ones fail."""

    replies: dict[int, int]
    broken: dict[int, CollectError] = field(default_factory=dict)
    read: list[int] = field(default_factory=list)

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        if not url.startswith(URL):
            return self.detail(int(url.rpartition("/")[2]))
        place = int(url.rpartition("=")[2])
        shown = sorted(self.replies, reverse=True)[(place - 1) * 10 : place * 10]
        rows = [{"id": n, "title": f"题 {n}", "replies": self.replies[n]} for n in shown]
        return Response(url, 200, {}, json.dumps(rows).encode())

    def detail(self, number: int) -> Response:
        self.read.append(number)
        if number in self.broken:
            raise self.broken[number]
        words = f"<p>第 {number} 帖，{self.replies[number]} 个回复</p>"
        return Response(URL, 200, {}, json.dumps({"content": words}).encode())


def api(forum: Forum, **options: Any) -> JsonApi:
    collector = build("json", {**OPTIONS, **options}, forum)
    assert isinstance(collector, JsonApi)
    return replace(collector, clock=lambda: NOW)


def visits(forum: Forum, cursor: Mapping[str, Any] | None = None, **options: Any) -> list[Batch]:
    """A visit and those at once behind it."""
    batches = [api(forum, **options).collect(cursor or {})]
    while batches[-1].more:
        batches.append(api(forum, **options).collect(json.loads(json.dumps(dict(batches[-1].cursor)))))
    return batches


def texts(batches: list[Batch]) -> dict[str, str]:
    return {post.external_id: post.text for batch in batches for post in batch.posts}


def test_every_post_gets_the_words_of_its_own_page_few_at_a_time() -> None:
    forum = Forum(dict.fromkeys(range(25), 0))
    batches = visits(forum, max_details=7)
    assert [len(batch.posts) for batch in batches] == [7, 7, 7, 4]
    assert texts(batches)["24"] == "第 24 帖，0 个回复"
    assert (len(texts(batches)), len(forum.read)) == (25, 25)


def test_a_page_is_not_read_twice_unless_there_is_something_new() -> None:
    forum = Forum(dict.fromkeys(range(5), 0))
    first = visits(forum)[-1]
    forum.replies[3] = 1
    forum.replies[5] = 0
    forum.read.clear()
    second = visits(forum, first.cursor)
    assert (sorted(texts(second)), sorted(forum.read)) == (["3", "5"], [3, 5])
    assert texts(second)["3"] == "第 3 帖，1 个回复"


def test_nothing_is_lost_when_posts_come_faster_than_pages_are_read() -> None:
    forum = Forum(dict.fromkeys(range(15), 0))
    seen: dict[str, str] = {}
    cursor: Mapping[str, Any] = {}
    for number in range(15, 40):
        forum.replies[number] = 0
        batch = api(forum, max_details=2).collect(cursor)
        cursor, seen = batch.cursor, seen | texts([batch])
    seen |= texts(visits(forum, cursor, max_details=2))
    assert len(seen) == 40


def test_a_page_that_fails_is_tried_again_and_then_told_with_the_words_of_the_list() -> None:
    forum = Forum(dict.fromkeys(range(4), 0), broken={2: CollectError("忙", status=500)})
    first = api(forum).collect({})
    assert (sorted(texts([first])), [note.sign for note in first.notes]) == (["0", "1", "3"], [Sign.PAGE_FAILED])
    cursor = first.cursor
    given = []
    for number in range(4, 8):
        forum.replies[number] = 0
        batch = api(forum).collect(cursor)
        cursor = batch.cursor
        given += [post.text for post in batch.posts if post.external_id == "2"]
    assert given == ["题 2"]
    assert forum.read.count(2) == 3


def test_an_outage_gives_up_no_post() -> None:
    broken = {number: CollectError("连接不上") for number in range(6)}
    forum = Forum(dict.fromkeys(range(6), 0), broken=broken)
    cursor: Mapping[str, Any] = {}
    for _ in range(5):
        batch = api(forum).collect(cursor)
        assert (batch.posts, batch.more) == ((), False)
        cursor = batch.cursor
    forum.broken = {}
    assert len(texts(visits(forum, cursor))) == 6


def test_one_closed_page_is_told_with_the_words_of_the_list_and_a_closed_site_is_blocked() -> None:
    shut = CollectError("拒绝访问", permanent=True, status=403)
    forum = Forum(dict.fromkeys(range(4), 0), broken={2: shut})
    assert texts(visits(forum))["2"] == "题 2"
    with pytest.raises(CollectError) as raised:
        visits(Forum(dict.fromkeys(range(4), 0), broken=dict.fromkeys(range(4), shut)))
    assert raised.value.permanent


def test_a_known_page_that_is_missing_twice_is_a_post_that_is_gone() -> None:
    forum = Forum(dict.fromkeys(range(3), 0))
    cursor = visits(forum)[-1].cursor
    forum.replies[1], forum.broken = 9, {1: CollectError("404", status=404)}
    once = api(forum).collect(cursor)
    twice = api(forum).collect(once.cursor)
    assert (once.gone, twice.gone) == ((), (Gone("1", "详情页已不存在（404）"),))


def test_the_past_is_read_with_every_page_of_its_own() -> None:
    forum = Forum(dict.fromkeys(range(30), 0), broken={4: CollectError("忙")})
    cursor: Mapping[str, Any] = {}
    seen: dict[str, str] = {}
    more = True
    while more:
        batch = api(forum).history(cursor)
        cursor, more, seen = batch.cursor, batch.more, seen | texts([batch])
    assert len(seen) == 30
    assert (seen["4"], seen["5"]) == ("题 4", "第 5 帖，0 个回复")


def test_a_detail_without_words_says_where_it_looked() -> None:
    batch = visits(Forum({1: 0}), detail_text="nothing")[0]
    assert "detail_text" in batch.notes[0].text


def test_a_cursor_stays_small() -> None:
    forum = Forum(dict.fromkeys(range(200), 0))
    cursor = visits(forum, max_details=100)[-1].cursor
    for number in range(200, 900, 10):
        forum.replies |= dict.fromkeys(range(number, number + 10), 0)
        cursor = visits(forum, cursor)[-1].cursor
    assert len(json.dumps(dict(cursor))) < 20_000


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"detail_text": ""}, "detail_text"),
        ({"detail_url": "https://api.example/post"}, "detail_url"),
        ({"id": ""}, "id"),
        ({"whole": True}, "whole"),
    ],
)
def test_options_that_do_not_fit_are_told(options: dict[str, Any], option: str) -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        api(Forum({}), **options)
    assert raised.value.option == option
