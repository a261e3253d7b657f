"""Discourse: nothing between two visits is lost, and what was edited or deleted is noticed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given

from scrapers.base import Batch, Census, Gone, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError
from scrapers.kinds.discourse import Discourse
from scrapers.reading.discourse_rows import Posts, latest_rows, own_words, parse_posts, parse_topic, parse_topics
from scrapers.reading.posts import Reading
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, ZONE, FakeFetch
from tests.scrapers.forums import DiscourseForum
from tests.scrapers.fuzzing import THOROUGH, odd_json

ROOT = "https://forum.example"
FOLDER = PAYLOADS / "discourse"
NEWEST = json.loads((FOLDER / "posts.json").read_bytes())
LISTING = json.loads((FOLDER / "latest.json").read_bytes())
TOPIC = json.loads((FOLDER / "topic.json").read_bytes())
READING = Reading(NOW, ZONE)
DAWN = datetime(2026, 8, 1, tzinfo=UTC)


def collector(fetch: Any, **options: Any) -> Discourse:
    found = build("discourse", {"url": f"{ROOT}/", **options}, fetch)
    assert isinstance(found, Discourse)
    return replace(found, clock=lambda: NOW)


def visit(fetch: Any, before: Batch | None = None, **options: Any) -> Batch:
    cursor = json.loads(json.dumps(before.cursor)) if before else {}
    return collector(fetch, **options).collect(cursor)


def visits(fetch: Any, before: Batch | None, count: int, **options: Any) -> list[Batch]:
    found: list[Batch] = []
    for _ in range(count):
        before = visit(fetch, before, **options)
        found.append(before)
    return found


def ids(*batches: Batch) -> set[int]:
    return {int(post.external_id) for batch in batches for post in batch.posts}


def parse(rows: Any, **more: Any) -> Posts:
    return parse_posts(rows, READING, root=ROOT, place="x", **more)


def posts_of(rows: Any, **more: Any) -> list[RawPost]:
    return [item for item in parse(rows, **more).items if isinstance(item, RawPost)]


def test_a_post_bears_its_own_words_and_the_topics_title_once() -> None:
    stream = parse_topic(TOPIC, "x", READING)
    opening, reply = posts_of(stream.rows, title=stream.title)
    assert (opening.external_id, opening.title, opening.thread_id) == ("9001", "升级之后 A&B 屏都黑", "812")
    assert opening.text == "车机升级后每次启动都要黑屏半分钟。\n客服回复：“属于正常现象” :rage:\n屏幕"
    assert opening.created_at == datetime(2026, 8, 19, 2, 10, 0, 123000, tzinfo=UTC)
    assert opening.edited_at == datetime(2026, 8, 19, 3, 0, 0, 456000, tzinfo=UTC)
    assert (opening.author, opening.url, opening.zone_assumed) == ("31", f"{ROOT}/t/812/1", False)
    assert (reply.title, reply.parent_id, reply.edited_at) == ("", "9001", None)
    assert reply.text == "我也是，官方公告在这里：\nhttps://news.example/recall/3"


def test_both_interfaces_tell_the_same_words() -> None:
    by_topic = {
        post.external_id: post for post in posts_of(parse_topic(TOPIC, "x", READING).rows, title=TOPIC["title"])
    }
    newest = posts_of(latest_rows(NEWEST, "x"))
    assert [post.external_id for post in newest] == ["9013", "9004", "9001"]
    for post in newest[1:]:
        same = by_topic[post.external_id]
        assert (post.text, post.title, post.url) == (same.text, same.title, same.url)


def test_what_the_forum_says_is_gone_is_told_and_never_read() -> None:
    assert parse(parse_topic(TOPIC, "x", READING).rows).gone == [
        Gone("9009", "Discourse 标明作者已删除"),
        Gone("9010", "Discourse 因被举报而隐藏"),
    ]
    deleted = {**TOPIC["post_stream"]["posts"][0], "deleted_at": "2026-08-20T00:00:00Z"}
    assert parse([deleted]).gone == [Gone("9001", "Discourse 标明已删除")]


def test_staff_and_actions_are_passed_over_in_silence() -> None:
    rows = parse_topic(TOPIC, "x", READING).rows
    assert parse(rows).items[2:] == [Rejection("x 第 7 条", "除了引用和图片没有别的文字")]
    names = {item.external_id for item in parse(rows, with_staff=True).items if isinstance(item, RawPost)}
    assert names == {"9001", "9004", "9006"}


@pytest.mark.parametrize(
    ("cooked", "text"),
    [
        ('<aside class="quote"><blockquote>甲</blockquote></aside>乙', "乙"),
        ("<blockquote>甲</blockquote>乙", "甲\n乙"),
        (
            '<aside class="onebox" data-onebox-src="https://a.example/1"><article>题</article></aside>',
            "https://a.example/1",
        ),
        ('<aside class="quote" data-post="1">甲<aside class="quote" data-post="2">乙</aside></aside>丙', "丙"),
        ("<p>一<br>二</p>", "一\n二"),
    ],
)
def test_quotes_go_and_quotations_stay(cooked: str, text: str) -> None:
    assert own_words(cooked) == text


def test_a_link_has_the_same_words_before_and_after_its_preview_came() -> None:
    early = '<p><a href="https://a.example/1" class="onebox">https://a.example/1</a></p>'
    late = '<aside class="onebox" data-onebox-src="https://a.example/1"><header>站</header><p>文</p></aside>'
    assert own_words(early) == own_words(late)


@pytest.mark.parametrize("windowed", [True, False])
def test_new_posts_are_read_down_to_the_last_one_seen(windowed: bool) -> None:
    forum = DiscourseForum(windowed=windowed)
    forum.write(1, 30)
    first = visit(forum)
    forum.write(2, 120)
    second = visit(forum, first)
    assert ids(first) == set(range(1, 31))
    assert ids(second) >= set(range(31, 151))
    assert [note.sign for note in second.notes] == []


@pytest.mark.parametrize("windowed", [True, False])
def test_a_walk_too_long_for_one_visit_is_gone_on_with_and_loses_nothing(windowed: bool) -> None:
    forum = DiscourseForum(windowed=windowed)
    forum.write(1, 10)
    batch = visit(forum, max_pages=1)
    forum.write(2, 400)
    seen, more = set[int](), True
    while more:
        batch = visit(forum, batch, max_pages=2)
        more = batch.more
        seen |= ids(batch)
    assert seen >= set(range(11, 411))


def test_windows_without_any_post_do_not_end_a_walk() -> None:
    forum = DiscourseForum(windowed=True)
    forum.write(1, 60)
    first = visit(forum)
    forum.write(2, 1)
    forum.write(3, 200, private=True)
    forum.write(2, 30)
    assert {61, 262} <= ids(visit(forum, first, max_pages=10))


def test_a_visit_that_asks_again_after_a_crash_doubles_and_loses_nothing() -> None:
    forum = DiscourseForum()
    forum.write(1, 30)
    first = visit(forum)
    forum.write(1, 30)
    assert ids(visit(forum, first)) == ids(visit(forum, first)) >= set(range(31, 61))


def test_edits_and_deletions_of_older_posts_are_noticed() -> None:
    forum = DiscourseForum()
    forum.write(1, 45)
    for topic in range(2, 12):
        forum.write(topic, 2)
    first = visit(forum)
    forum.edit(30, "改过了")
    forum.remove(31)
    batches = visits(forum, first, 8)
    assert "改过了" in {post.text for batch in batches for post in batch.posts}
    told = [census for batch in batches for census in batch.censuses if census.thread_id == "1"]
    assert told
    assert all(census.sure and "31" not in census.ids and "30" in census.ids for census in told)


def test_every_chunk_of_a_long_topic_has_its_turn() -> None:
    forum = DiscourseForum()
    forum.write(1, 90)
    first = visit(forum)
    for number in range(1, 91):
        forum.edit(number, f"改 {number}")
    seen = {post.text for batch in visits(forum, first, 5) for post in batch.posts}
    assert seen >= {f"改 {number}" for number in range(1, 91)}


def test_a_moved_post_is_not_gone() -> None:
    forum = DiscourseForum()
    forum.write(1, 5)
    forum.write(2, 1)
    first = visit(forum)
    forum.topics[1].remove(3)
    forum.topics[2].append(3)
    forum.posts[3]["topic_id"] = 2
    census = {census.thread_id: census for census in visit(forum, first).censuses}
    assert "3" in census["1"].ids


def test_a_topic_that_was_removed_is_gone_when_it_is_missing_twice() -> None:
    forum = DiscourseForum()
    forum.write(1, 5)
    forum.write(2, 1)
    first = visit(forum)
    forum.remove_topic(1)
    told = [census.sure for batch in visits(forum, first, 3) for census in batch.censuses if census.thread_id == "1"]
    assert told == [False, True]


def test_old_posts_of_a_topic_that_moved_are_of_the_past_unless_somebody_edits_them() -> None:
    forum = DiscourseForum()
    forum.write(1, 100)
    forum.write(2, 60)
    first = visit(forum, max_pages=1)
    assert first.cursor["start"] == 111
    forum.write(1)
    second = visit(forum, first, max_pages=1)
    assert min(ids(first, second)) == 111
    forum.edit(2, "改过了", NOW + timedelta(minutes=5))
    assert 2 in ids(*visits(forum, second, 2, max_pages=1))


def test_an_old_pinned_topic_on_each_page_does_not_end_the_list() -> None:
    forum = DiscourseForum()
    forum.write(1)
    forum.pinned.add(1)
    for topic in range(2, 72):
        forum.write(topic)
    first = visit(forum, category="售后/12")
    for topic in range(2, 72):
        forum.write(topic)
    visit(forum, first, category="售后/12")
    assert "/c/售后/12/l/latest.json?page=2" in forum.asked


def test_the_next_page_is_asked_for_by_its_number_and_as_json() -> None:
    fetch = FakeFetch(
        {f"{ROOT}/posts.json": b'{"latest_posts": []}', f"{ROOT}/latest.json?page=0": b'{"topic_list": {"topics": []}}'}
    )
    visit(fetch)
    assert all(headers["Accept"] == "application/json" for _, headers in fetch.asked)


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"category": "/c/after-sales/12"}, "/c/after-sales/12/l/latest.json"),
        ({"tag": "#车机"}, "/tag/车机/l/latest.json"),
        ({"category": "12", "tag": "车机"}, "/tags/c/12/车机/l/latest.json"),
    ],
)
def test_a_category_or_tag_is_followed_by_its_topics(options: dict[str, Any], path: str) -> None:
    forum = DiscourseForum()
    forum.write(1, 130)
    forum.write(2, 3)
    first = visit(forum, **options)
    assert forum.asked[0] == f"{path}?page=0"
    assert ids(first) == {*range(1, 21), *range(31, 131), 131, 132, 133}
    forum.write(1, 130)
    assert ids(*visits(forum, first, 2, **options)) >= set(range(134, 264))


def test_topics_left_over_are_read_next_time() -> None:
    forum = DiscourseForum()
    for topic in range(1, 31):
        forum.write(topic)
    first = visit(forum, tag="车机")
    assert first.more
    assert len(ids(first, *visits(forum, first, 1, tag="车机"))) == 30


def test_a_key_is_sent_with_every_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_KEY", "k1")
    forum = DiscourseForum()
    forum.write(1, 25)
    sent: list[Mapping[str, str]] = []

    def fetch(url: str, *, headers: Mapping[str, str], **_: Any) -> Response:
        sent.append(headers)
        return forum(url)

    batch = visit(fetch, api_key="env:FORUM_KEY", api_user="xianwai")
    assert len(sent) > 3
    assert all((one["Api-Key"], one["Api-Username"]) == ("k1", "xianwai") for one in sent)
    assert "k1" not in json.dumps(batch.cursor)


def test_new_posts_are_kept_when_the_list_fails() -> None:
    forum = DiscourseForum()
    forum.write(1, 3)
    forum.trouble["/latest.json"] = CollectError("忙")
    batch = visit(forum)
    assert (len(batch.posts), [note.sign for note in batch.notes]) == (3, [Sign.PAGE_FAILED])


def test_a_later_page_that_fails_is_gone_on_with() -> None:
    forum = DiscourseForum()
    forum.write(1, 10)
    first = visit(forum)
    forum.write(2, 120)
    answer: Callable[..., Response] = forum.__call__
    asked = 0

    def failing(url: str, **more: Any) -> Response:
        nonlocal asked
        asked += "posts.json" in url
        if asked == 2:
            raise CollectError("忙")
        return answer(url, **more)

    second = visit(failing, first)
    assert Sign.PAGE_FAILED in [note.sign for note in second.notes]
    assert ids(second, visit(forum, second)) >= set(range(11, 131))


def test_a_refusal_in_plain_words_never_reaches_the_reader() -> None:
    said = b"Slow down, too many requests from this IP address."
    busy = Response(url=ROOT, status=429, headers={"retry-after": "23", "content-type": "text/plain"}, body=said)
    with pytest.raises(CollectError, match="429") as raised:
        visit(FakeFetch({f"{ROOT}/posts.json": busy}))
    assert (raised.value.retry_after, raised.value.permanent) == (23.0, False)


def test_a_pause_the_forum_wishes_for_is_kept_to() -> None:
    forum = DiscourseForum()
    forum.write(1, 3)
    forum.trouble["/t/1.json"] = CollectError("限流", retry_after=60, status=429)
    first = visit(forum)
    assert "resting_until" in first.cursor
    with pytest.raises(CollectError) as raised:
        visit(forum, first)
    assert raised.value.retry_after == 60


def test_a_list_that_became_empty_is_doubted() -> None:
    forum = DiscourseForum()
    forum.write(1, 3)
    first = visit(forum)
    forum.topics.clear()
    forum.posts.clear()
    assert Sign.DOUBTFUL in [note.sign for note in visit(forum, first).notes]


def test_a_wrong_category_is_explained() -> None:
    missing = CollectError("不存在（404）", status=404)
    with pytest.raises(CollectError, match="没有这个分类或标签"):
        visit(FakeFetch({f"{ROOT}/c/x/l/latest.json?page=0": missing}), category="x")


@pytest.mark.parametrize("read", [parse_topics, latest_rows, lambda data, place: parse_topic(data, place, READING)])
def test_what_is_no_answer_of_discourse_says_what_it_is(read: Callable[[Any, str], Any]) -> None:
    with pytest.raises(CollectError, match="最外层有：errno"):
        read({"errno": 1}, "x")


def test_a_topic_of_ten_thousand_tells_no_ids_and_nobody_is_missed() -> None:
    forum = DiscourseForum()
    forum.write(1, 3)
    huge = {"title": "题", "post_stream": {"posts": list(forum.posts.values()), "isMegaTopic": True}}
    fetch = FakeFetch({f"{ROOT}/tag/x/l/latest.json?page=0": json.dumps(forum._list(0, by_age=False)).encode()})
    fetch.answers[f"{ROOT}/t/1.json"] = json.dumps(huge).encode()
    batch = visit(fetch, tag="x")
    assert (len(batch.posts), batch.censuses) == (3, ())


def test_a_topic_marked_deleted_has_no_posts_any_more() -> None:
    fetch = FakeFetch({f"{ROOT}/tag/x/l/latest.json?page=0": b'{"topic_list": {"topics": [{"id": 812}]}}'})
    fetch.answers[f"{ROOT}/t/812.json"] = json.dumps({**TOPIC, "deleted_at": "2026-08-20T00:00:00Z"}).encode()
    assert visit(fetch, tag="x").censuses == (Census(frozenset(), thread_id="812", sure=True),)


@pytest.mark.parametrize("windowed", [True, False])
def test_history_reads_down_to_the_first_post(windowed: bool) -> None:
    forum = DiscourseForum(windowed=windowed)
    forum.write(1, 300)
    forum.write(2, 130, private=True)
    forum.write(1, 400)
    cursor: Any = {}
    seen, more = set[int](), True
    while more:
        batch = collector(forum).history(cursor)
        cursor, more = json.loads(json.dumps(batch.cursor)), batch.more
        seen |= ids(batch)
    assert seen == {number for number, post in forum.posts.items() if not post.get("private")}
    assert cursor["progress"] == 1.0


def test_history_of_a_tag_reads_every_topic_to_its_end() -> None:
    forum = DiscourseForum()
    forum.write(1, 900)
    for topic in range(2, 50):
        forum.write(topic, 2)
    cursor: Any = {}
    seen, more, steps = set[int](), True, 0
    while more:
        batch = collector(forum, tag="x").history(cursor)
        cursor, more, steps = json.loads(json.dumps(batch.cursor)), batch.more, steps + 1
        seen |= ids(batch)
    assert seen == set(forum.posts)
    assert 3 < steps < 9


def test_the_cursor_stays_small() -> None:
    forum = DiscourseForum()
    batch = None
    for number in range(20):
        for topic in range(number * 20, number * 20 + 20):
            forum.write(topic, 2)
        batch = visit(forum, batch)
    assert batch is not None
    assert len(json.dumps(batch.cursor)) < 16_000


@pytest.mark.fuzz
@given(odd_json(NEWEST), odd_json(LISTING), odd_json(TOPIC))
@THOROUGH
def test_no_data_breaks_the_reader(newest: Any, listing: Any, topic: Any) -> None:
    def fetch(url: str, **_: Any) -> Response:
        path = urlsplit(url).path
        found = newest if path == "/posts.json" else listing if path.endswith("latest.json") else topic
        return Response(url=url, status=200, headers={}, body=json.dumps(found).encode())

    for options in ({}, {"tag": "x"}):
        for read in (collector(fetch, **options).collect, collector(fetch, **options).history):
            try:
                batch = read({})
            except CollectError:
                continue
            json.dumps(batch.cursor)
            assert all(post.external_id and post.text.encode() for post in batch.posts)
