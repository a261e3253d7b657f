"""NodeBB: milliseconds, deletions that look like words, and pages that shift while they are turned."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given

from scrapers.base import Batch, Census, Gone, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError
from scrapers.kinds.nodebb import NodeBb, own_words, parse_topic, parse_topics
from scrapers.reading.posts import Reading
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, ZONE, FakeFetch
from tests.scrapers.forums import NodeBbForum
from tests.scrapers.fuzzing import THOROUGH, odd_json

ROOT = "https://car.example/forum"
RECENT = json.loads((PAYLOADS / "nodebb" / "recent.json").read_bytes())
TOPIC = json.loads((PAYLOADS / "nodebb" / "topic.json").read_bytes())
READING = Reading(NOW, ZONE)
STEP = 1_787_270_400_000


def collector(fetch: Any, **options: Any) -> NodeBb:
    found = build("nodebb", {"url": f"{ROOT}/", **options}, fetch)
    assert isinstance(found, NodeBb)
    return replace(found, clock=lambda: NOW)


def visit(fetch: Any, before: Batch | None = None, **options: Any) -> Batch:
    cursor = json.loads(json.dumps(before.cursor)) if before else {}
    return collector(fetch, **options).collect(cursor)


def ids(batch: Batch) -> set[int]:
    return {int(post.external_id) for post in batch.posts}


def test_a_topic_gives_its_posts_with_times_in_milliseconds() -> None:
    page = parse_topic(TOPIC, READING, ROOT, "x")
    opening, reply, guest = (item for item in page.items if isinstance(item, RawPost))
    assert (opening.external_id, opening.title, opening.thread_id) == ("210", "保养 & 被多收工时费", "41")
    assert opening.text == "小保养报价四百二，结账变六百八。\n问多出来的是什么，前台说“工时费，一直都有”。 🙄"
    assert (opening.created_at, opening.edited_at) == (datetime(2026, 8, 21, 0, 0, 0, 123000, tzinfo=UTC), None)
    assert (opening.author, opening.url, opening.zone_assumed) == ("12", f"{ROOT}/post/210", False)
    assert (reply.title, reply.parent_id) == ("", "210")
    assert reply.edited_at == datetime(2026, 8, 21, 0, 15, 0, 123000, tzinfo=UTC)
    assert guest.author == "过路车主"


def test_a_quote_of_another_post_is_not_the_authors_word_but_a_quotation_is() -> None:
    page = parse_topic(TOPIC, READING, ROOT, "x")
    _, reply, guest, picture = page.items
    assert isinstance(reply, RawPost)
    assert isinstance(guest, RawPost)
    assert reply.text == "同一家店，我那次也是。"
    assert guest.text == "厂家公告：工时费不得另行加收。\n打印出来拍在柜台上了。"
    assert picture == Rejection("x 第 5 条", "除了引用和图片没有别的文字")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<blockquote>甲</blockquote>乙", "甲\n乙"),
        ("<p><a href='/post/1'>x</a></p>中间<blockquote>甲</blockquote>", "x\n中间\n甲"),
        ("<p><a href='/post/1'>x</a></p><blockquote>甲<blockquote>乙</blockquote></blockquote>丙", "丙"),
        ("<p>一</p><!-- --> <p>看 <a href='/post/9'>说</a></p> <!-- --><blockquote>甲</blockquote>二", "一\n二"),
    ],
)
def test_only_what_stands_below_a_link_to_a_post_is_a_quote(content: str, text: str) -> None:
    assert own_words(content) == text


def test_a_deleted_post_is_told_and_never_read() -> None:
    page = parse_topic(TOPIC, READING, ROOT, "x")
    assert page.gone == [Gone("212", "NodeBB 标明已删除")]
    assert not any("[[" in item.text for item in page.items if isinstance(item, RawPost))


@pytest.mark.parametrize("content", ["[[topic:post_is_deleted]]", "<p>[[topic:post-is-deleted]]</p>\n"])
def test_a_deletion_is_known_by_its_words_too(content: str) -> None:
    told = {**TOPIC, "posts": [{"pid": 9, "content": content, "deleted": 0}]}
    assert [gone.external_id for gone in parse_topic(told, READING, ROOT, "x").gone] == ["9"]


def test_half_a_character_in_a_name_does_no_harm() -> None:
    told = {**TOPIC, "posts": [{"pid": "\ud83d", "content": "好"}]}
    (item,) = parse_topic(told, READING, ROOT, "x").items
    assert isinstance(item, RawPost)
    listed = json.dumps({"topics": [{"tid": "\ud83d", "slug": "\ud83d/x"}]}).encode()
    fetch = FakeFetch({f"{ROOT}/api/recent?page=1": listed})
    fetch.answers[f"{ROOT}/api/topic/%EF%BF%BD/x?page=1&sort=oldest_to_newest"] = CollectError("没有", status=404)
    assert len(visit(fetch).censuses) == 1


def test_another_language_key_is_no_text() -> None:
    told = {**TOPIC, "posts": [{"pid": 9, "content": "[[error:no-privileges, 5]]"}]}
    (item,) = parse_topic(told, READING, ROOT, "x").items
    assert isinstance(item, Rejection)


def test_a_deleted_topic_has_no_posts_any_more() -> None:
    answers = {f"{ROOT}/api/recent?page=1": json.dumps(RECENT).encode()}
    for topic in RECENT["topics"]:
        place = f"{ROOT}/api/topic/{quote(topic['slug'])}?page=1&sort=oldest_to_newest"
        answers[place] = json.dumps({**topic, "posts": []}).encode()
    fetch = FakeFetch(answers)
    assert Census(frozenset(), thread_id="39", sure=True) in visit(fetch).censuses
    assert not [url for url, _ in fetch.asked if "/39" in url]


def test_only_topics_that_moved_are_read_again() -> None:
    forum = NodeBbForum({1: 3, 2: 2, 3: 1})
    first = visit(forum)
    assert (len(first.posts), first.rejections, first.more) == (6, (), False)
    forum.write(2)
    forum.asked.clear()
    quiet = replace(collector(forum), max_pages=1).collect({**first.cursor, "turn": 0})
    assert 20_002 in ids(quiet)
    assert forum.asked[0] == "recent 1"
    assert "topic/2/题 1" in forum.asked


def test_an_edit_and_a_deletion_move_no_mark_and_are_noticed_in_turn() -> None:
    forum = NodeBbForum(dict.fromkeys(range(1, 13), 2))
    batch = visit(forum)
    forum.edit(10_000, "改过了")
    forum.withdraw(10_001)
    texts, gone = set(), set()
    for _ in range(3):
        batch = visit(forum, batch)
        texts |= {post.text for post in batch.posts}
        gone |= {one.external_id for one in batch.gone}
    assert "改过了" in texts
    assert gone == {"10001"}


def test_more_topics_than_one_visit_reads_are_gone_on_with() -> None:
    forum = NodeBbForum(dict.fromkeys(range(1, 61), 1))
    batch = visit(forum)
    for tid in range(1, 61):
        forum.write(tid)
    seen, visits = set[int](), 0
    while visits == 0 or batch.more:
        batch, visits = visit(forum, batch), visits + 1
        seen |= ids(batch)
    assert seen >= {tid * 10_000 + 1 for tid in range(1, 61)}
    assert visits < 5


def test_a_long_topic_is_gone_on_with_where_it_was_left() -> None:
    forum = NodeBbForum({1: 30})
    batch = visit(forum)
    forum.write(1, 300)
    seen = ids(batch)
    while True:
        batch = visit(forum, batch)
        seen |= ids(batch)
        if not batch.more:
            break
    assert seen == set(forum.topics[1])


def test_a_long_topic_never_met_before_is_read_from_near_its_end() -> None:
    forum = NodeBbForum({1: 400})
    seen = ids(visit(forum))
    assert {10_000, 10_399} <= seen
    assert len(seen) < 150


def test_posts_removed_while_pages_are_turned_lose_no_other() -> None:
    forum = NodeBbForum({1: 60})
    forum.after["topic/1/题 2"] = lambda: forum.topics[1].pop(3) if len(forum.topics[1]) == 60 else None
    first = visit(forum)
    assert 10_040 not in ids(first)
    assert first.censuses == ()
    assert 10_040 in ids(visit(forum, first))


def test_a_topic_that_became_shorter_is_not_missing() -> None:
    forum = NodeBbForum({1: 41})
    forum.after["topic/1/题 2"] = lambda: forum.topics[1].pop() if len(forum.topics[1]) == 41 else None
    first = visit(forum)
    assert (len(first.posts), first.notes, first.censuses) == (40, (), ())
    assert visit(forum, first).censuses[0].sure


def test_a_full_list_is_a_sure_census() -> None:
    forum = NodeBbForum({1: 25})
    first = visit(forum)
    assert first.censuses == (Census(frozenset(map(str, forum.topics[1])), thread_id="1", sure=True),)
    del forum.topics[1][5]
    assert "10005" not in visit(forum, first).censuses[0].ids


def test_a_moved_post_is_not_gone() -> None:
    forum = NodeBbForum({1: 3, 2: 1})
    first = visit(forum)
    forum.topics[2].append(forum.topics[1].pop(1))
    census = {census.thread_id: census for census in visit(forum, first).censuses}
    assert "10001" in census["1"].ids


def test_a_topic_that_was_removed_is_gone_when_it_is_missing_twice() -> None:
    forum = NodeBbForum({1: 5, 2: 1})
    batch = visit(forum)
    del forum.topics[1]
    told = []
    for _ in range(2):
        batch = visit(forum, batch)
        told += [census.sure for census in batch.censuses if census.thread_id == "1"]
    assert told == [False, True]


def test_the_limit_of_pages_is_told() -> None:
    forum = NodeBbForum(dict.fromkeys(range(1, 61), 1))
    batch = visit(forum)
    for tid in range(1, 61):
        forum.write(tid)
    assert [note.sign for note in visit(forum, batch, max_pages=2).notes] == [Sign.GAP]


def test_an_empty_list_after_a_full_one_is_doubted() -> None:
    forum = NodeBbForum({1: 1})
    first = visit(forum)
    empty = FakeFetch({f"{ROOT}/api/recent?page=1": b'{"topics": [], "pagination": {"pageCount": 1}}'})
    empty.answers[f"{ROOT}/api/topic/1?page=1&sort=oldest_to_newest"] = CollectError("忙")
    assert Sign.DOUBTFUL in [note.sign for note in visit(empty, first).notes]


def test_history_reads_every_page_of_every_topic() -> None:
    forum = NodeBbForum({**dict.fromkeys(range(1, 45), 1), 45: 130})
    cursor: Any = {}
    seen, steps = set[int](), 0
    while True:
        batch = collector(forum).history(cursor)
        cursor, steps = json.loads(json.dumps(batch.cursor)), steps + 1
        seen |= ids(batch)
        if not batch.more:
            break
    assert seen == {pid for posts in forum.topics.values() for pid in posts}
    assert cursor["progress"] == 1.0
    assert steps < 8


def test_a_category_is_asked_for_by_its_number() -> None:
    fetch = FakeFetch({f"{ROOT}/api/recent?page=1&cid=5": b'{"topics": []}'})
    assert visit(fetch, category="5").posts == ()
    assert fetch.asked[0][1] == {"Accept": "application/json"}


def test_a_forum_without_the_interface_is_explained() -> None:
    missing = CollectError("不存在（404）", status=404)
    with pytest.raises(CollectError, match="论坛关闭了 RSS"):
        visit(FakeFetch({f"{ROOT}/api/recent?page=1": missing}))


def test_what_is_no_list_of_topics_says_what_it_is() -> None:
    with pytest.raises(CollectError, match="最外层有：errno"):
        parse_topics({"errno": 1}, "x")


@pytest.mark.parametrize("url", [ROOT, f"{ROOT}/api", f"{ROOT}/recent", f"{ROOT}/recent.rss", f"{ROOT}/api/recent/"])
def test_the_root_may_be_written_in_several_ways(url: str) -> None:
    assert collector(FakeFetch({}), url=url).root == ROOT


@pytest.mark.fuzz
@given(odd_json(RECENT), odd_json(TOPIC))
@THOROUGH
def test_no_data_breaks_the_reader(recent: Any, topic: Any) -> None:
    class Fetch(FakeFetch):
        def __call__(self, url: str, **_: Any) -> Response:
            body = json.dumps(recent if "/recent" in url else topic).encode()
            return Response(url=url, status=200, headers={}, body=body)

    for read in (collector(Fetch({})).collect, collector(Fetch({})).history):
        try:
            batch = read({})
        except CollectError:
            continue
        json.dumps(batch.cursor)
        assert all(post.external_id and post.text.encode() for post in batch.posts)
