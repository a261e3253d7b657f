"""Threads behind a list of topics, and posts whose whole words stand on a page of their own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scrapers.base import Batch, Census, Historian, Response, Sign
from scrapers.errors import CollectError
from scrapers.kinds.html_page import HtmlPage
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, FakeFetch

HOST = "https://forum.example/"
LIST = (PAYLOADS / "html" / "forum.html").read_bytes()
THREAD = (PAYLOADS / "html" / "thread.html").read_bytes()
OPTIONS: dict[str, Any] = {
    "url": f"{HOST}forum-40-1.html",
    "item": "tbody[id^=normal]",
    "id": r"@id =~ normal_(\d+)",
    "link": "a.xst",
    "title": "a.xst",
    "text": "a.xst",
    "author": "cite",
    "created": "em",
    "activity": "td.num a",
    "detail": "a.xst",
    "detail_item": "div.post",
    "detail_id": r"@id =~ post_(\d+)",
    "detail_text": ".pcb",
    "detail_author": "a.xw1",
    "detail_created": ".authi em",
}


@dataclass
class Forum:
    """A list of topics by number of replies; ten replies a page, each page saying where the next is."""

    replies: dict[int, int]
    asked: list[str] = field(default_factory=list)
    walled: bool = False

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        self.asked.append(url.removeprefix(HOST))
        if "forum-" in url:
            rows = "".join(
                f"<tbody id=normal_{n}><tr><th><a class=xst href=/thread-{n}-1-1.html>题{n}</a></th>"
                f"<td class=num><a>{count}</a></td></tr></tbody>"
                for n, count in sorted(self.replies.items(), reverse=True)
            )
            return Response(url, 200, {}, f"<table>{rows}</table>".encode())
        if self.walled:
            return Response(url, 200, {}, "<p>请先登录后查看</p>".encode())
        number, page = (int(part) for part in url.removeprefix(f"{HOST}thread-").split("-")[:2])
        return self.thread(url, number, page)

    def thread(self, url: str, number: int, page: int) -> Response:
        count = self.replies[number] + 1
        floors = range((page - 1) * 10, min(page * 10, count))
        if page > 1 and not floors:
            raise CollectError("404", status=404)
        posts = "".join(
            f"<div class=post id=post_{floor}><p class=pcb>{number} 的 {floor} 楼</p></div>" for floor in floors
        )
        more = f"<a class=nxt href=/thread-{number}-{page + 1}-1.html>" if count > page * 10 else ""
        return Response(url, 200, {}, (posts + more).encode())


def html(fetch: Any, **options: Any) -> HtmlPage:
    collector = build("html", {**OPTIONS, **options}, fetch)
    assert isinstance(collector, HtmlPage)
    return replace(collector, clock=lambda: NOW)


def visits(fetch: Any, cursor: Mapping[str, Any] | None = None, **options: Any) -> list[Batch]:
    """A visit and those at once behind it."""
    batches = [html(fetch, **options).collect(cursor or {})]
    while batches[-1].more:
        batches.append(html(fetch, **options).collect(json.loads(json.dumps(dict(batches[-1].cursor)))))
    return batches


def names(batches: list[Batch]) -> list[str]:
    return [post.external_id for batch in batches for post in batch.posts]


def test_every_floor_of_a_thread_is_a_post() -> None:
    fetch = FakeFetch({OPTIONS["url"]: LIST, f"{HOST}thread-72-1-1.html": THREAD,
                       f"{HOST}thread-71-1-1.html": THREAD.replace(b"post_50", b"post_40")})  # fmt: skip
    batch = html(fetch).collect({})
    assert names([batch])[:3] == ["72/501", "72/502", "72/503"]
    opening, reply, late = batch.posts[:3]
    assert (opening.title, reply.title) == ("等配件等到没脾气", "")
    assert opening.text == "保险杠等了两个月，\n4S 店说厂家没货[怒]"
    assert (opening.author, opening.thread_id) == ("江北老周", "72")
    assert opening.url == f"{HOST}thread-72-1-1.html"
    assert (opening.created_at, opening.zone_assumed) == (datetime(2026, 8, 22, 3, 30, tzinfo=UTC), True)
    assert late.created_at == datetime(2026, 8, 22, 3, 30, tzinfo=UTC)
    assert batch.censuses[0] == Census(frozenset({"72/501", "72/502", "72/503"}), thread_id="72")


def test_a_seen_thread_with_a_new_reply_is_read_again_and_no_other() -> None:
    forum = Forum({1: 2, 2: 0, 3: 1})
    cursor = visits(forum)[-1].cursor
    assert visits(forum, cursor)[0].posts == ()
    forum.replies[1] = 3
    forum.asked.clear()
    after = visits(forum, cursor)
    assert names(after) == ["1/0", "1/1", "1/2", "1/3"]
    assert forum.asked == ["forum-40-1.html", "thread-1-1-1.html"]


def test_a_thread_of_many_pages_is_gone_on_with_where_it_ended() -> None:
    forum = Forum({1: 34})
    cursor = visits(forum, detail_next="a.nxt")[-1].cursor
    forum.replies[1] = 42
    forum.asked.clear()
    after = visits(forum, cursor, detail_next="a.nxt")
    assert names(after) == [f"1/{floor}" for floor in range(30, 43)]
    assert forum.asked[1] == "thread-1-4-1.html"
    assert after[-1].censuses == ()


def test_a_thread_too_long_for_one_visit_is_finished_on_the_next() -> None:
    forum = Forum({1: 145})
    first = visits(forum, detail_next="a.nxt")
    assert [note.sign for note in first[-1].notes] == [Sign.OTHER]
    second = visits(forum, first[-1].cursor, detail_next="a.nxt")
    assert len({*names(first), *names(second)}) == 146
    assert visits(forum, second[-1].cursor, detail_next="a.nxt")[0].posts == ()


def test_a_thread_that_became_shorter_is_read_from_its_beginning() -> None:
    forum = Forum({1: 34})
    cursor = visits(forum, detail_next="a.nxt")[-1].cursor
    forum.replies[1] = 12
    after = visits(forum, cursor, detail_next="a.nxt")
    assert len(names(after)) == 13
    assert after[-1].censuses[0].ids == frozenset(f"1/{floor}" for floor in range(13))


def test_a_wall_behind_the_list_blocks_the_source() -> None:
    with pytest.raises(CollectError, match="被拦住") as raised:
        visits(Forum({1: 0, 2: 0, 3: 0}, walled=True))
    assert raised.value.permanent


def test_floors_without_a_number_are_known_by_their_words() -> None:
    forum = Forum({1: 2})
    batch = visits(forum, detail_id="")[-1]
    assert len(set(names([batch]))) == 3
    assert batch.censuses == ()


def test_a_post_gets_the_whole_words_of_its_page() -> None:
    options = {"detail_item": "", "detail_id": "", "detail_text": "#post_501 .pcb", "detail_author": ".xw1"}
    fetch = FakeFetch({OPTIONS["url"]: LIST, f"{HOST}thread-72-1-1.html": THREAD, f"{HOST}thread-71-1-1.html": b"<p>"})
    batch = html(fetch, **options).collect({})
    (post,) = batch.posts
    assert (post.external_id, post.title, post.author) == ("72", "等配件等到没脾气", "江北老周")
    assert post.text.startswith("保险杠等了两个月")
    assert post.created_at == datetime(2026, 8, 22, 3, 30, tzinfo=UTC)
    assert "detail_text" in batch.notes[0].text


def test_the_past_of_a_forum_is_read_thread_by_thread() -> None:
    collector = html(Forum({1: 2, 2: 0}))
    assert isinstance(collector, Historian)
    batch = collector.history({})
    assert (names([batch]), batch.more) == (["2/0", "1/0", "1/1", "1/2"], False)
