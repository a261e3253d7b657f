"""phpBB: Atom with a line of statistics that must never look like an edit."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from scrapers.base import Batch, Census, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.phpbb import PhpBb, parse_feed, paths
from scrapers.reading.posts import Reading
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, ZONE, FakeFetch
from tests.scrapers.fuzzing import THOROUGH, mutated

ROOT = "https://bbs.example/forum"
OVERALL = f"{ROOT}/app.php/feed/overall"
MISSING = CollectError("不存在（404）", status=404)
BOARD = (PAYLOADS / "phpbb" / "overall.xml").read_bytes()
ACTIVE = (PAYLOADS / "phpbb" / "topics_active.xml").read_bytes()


def parse(body: bytes | str, topic: str = "") -> list[RawPost | Rejection]:
    raw = body if isinstance(body, bytes) else body.encode()
    return parse_feed(raw, reading=Reading(NOW, ZONE), url=OVERALL, topic=topic)


def posts_of(body: bytes | str, topic: str = "") -> list[RawPost]:
    return [item for item in parse(body, topic) if isinstance(item, RawPost)]


def entry(number: int, content: str = "正文", title: str = "版块 • 标题", minute: int = 0) -> str:
    link = f"{ROOT}/viewtopic.php?p={number}#p{number}"
    return (
        f"<entry><author><name><![CDATA[阿木]]></name></author><updated>2026-08-21T09:{minute:02}:00+08:00</updated>"
        f"<published>2026-08-21T09:{minute:02}:00+08:00</published><id>{link}</id><link href='{link}'/>"
        f"<title type='html'><![CDATA[{title}]]></title>"
        f"<content type='html' xml:base='{link}'><![CDATA[\n{content}<hr />\n]]></content></entry>"
    )


def feed(*entries: str) -> bytes:
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{''.join(entries)}</feed>".encode()


def collect(fetch: FakeFetch, cursor: Any = None, **options: Any) -> Batch:
    collector = build("phpbb", {"url": f"{ROOT}/", **options}, fetch)
    assert isinstance(collector, PhpBb)
    return replace(collector, clock=lambda: NOW).collect(cursor or {})


def test_a_post_is_named_by_its_number_and_bears_its_own_words_only() -> None:
    edited, guest = posts_of(BOARD)
    assert (edited.external_id, edited.author) == ("9034", "阿梁 & 小周")
    assert edited.text == "刷过两次程序了，没用。\n说好一周答复——一个月过去还在“反馈中”。:x"
    assert edited.title == "Re: 变速箱顿挫，4S 店说正常"
    assert edited.created_at == datetime(2026, 8, 21, 11, 40, tzinfo=UTC)
    assert edited.edited_at == datetime(2026, 8, 21, 12, 15, tzinfo=UTC)
    assert (edited.zone_assumed, edited.thread_id) == (False, "")
    assert (guest.external_id, guest.thread_id, guest.edited_at) == ("9031", "411", None)
    assert (guest.title, guest.text) == ("提车 & 上牌全过程", "销售态度不错，就是临牌办了四天。")
    assert guest.url == f"{ROOT}/viewtopic.php?t=411&p=9031#p9031"


def test_a_post_that_only_quotes_is_told() -> None:
    assert parse(BOARD)[2] == Rejection(f"{OVERALL} 第 3 条", "除了引用没有别的文字")


@pytest.mark.parametrize(
    "statistics",
    [
        '统计: 发表于 由 <a href="memberlist.php?mode=viewprofile&amp;u=52">阿木</a> — 2026-08-21  9:00',
        "统计：发表于 由 游客 — 2026-08-21  9:00 — 回复总数 3 — 阅读次数 20",
        "統計: 發表於 由 阿木 — 昨天, 9:00 — 回覆 15 — 觀看 1203",
        "Statistics: Posted by Guest — Fri Aug 21, 2026 9:00 am — Replies 3 — Views 20",
        "Statistics: Posted by 阿木 — Less than a minute ago",
    ],
)
def test_the_statistics_are_no_part_of_the_post_in_any_language(statistics: str) -> None:
    assert posts_of(feed(entry(7, f"空调又坏了<p>{statistics}</p>")))[0].text == "空调又坏了"


def test_a_growing_count_of_views_is_no_edit() -> None:
    before = posts_of(ACTIVE)[0]
    after = posts_of(ACTIVE.replace(b"1203", b"1290"))[0]
    assert before == after
    assert (before.text, before.title) == ("第四次了，師傅說是“設計如此”。", "天窗漏水三次了")


@pytest.mark.parametrize(
    "content", ["<p>结论: 不推荐——真的</p>", "价格: 十万 — 不含税", "<p>地址: 东街 — 西街</p>谢谢"]
)
def test_a_paragraph_of_the_author_stays(content: str) -> None:
    assert "：" in content or ":" in posts_of(feed(entry(7, content)))[0].text


def test_statistics_may_be_switched_off() -> None:
    assert posts_of(feed(entry(7, "只有正文")))[0].text == "只有正文"


def test_a_quote_without_an_end_takes_no_words_away() -> None:
    assert "我的话" in posts_of(feed(entry(7, "<blockquote><div>别人的话</div>我的话")))[0].text


def test_titles_of_one_topic_keep_their_dots() -> None:
    assert posts_of(feed(entry(7, title="召回 • 通知")), topic="5")[0].title == "召回 • 通知"
    assert posts_of(feed(entry(7)), topic="5")[0].thread_id == "5"


def test_a_topic_that_grows_is_a_new_post_under_its_own_number() -> None:
    before = collect(FakeFetch({f"{ROOT}/app.php/feed/topics_active": feed(entry(7), entry(5))}), feed="topics_active")
    after = collect(
        FakeFetch({f"{ROOT}/app.php/feed/topics_active": feed(entry(9), entry(7))}),
        before.cursor,
        feed="topics_active",
    )
    assert [post.external_id for post in after.posts] == ["9", "7"]
    assert after.notes == ()


def test_the_feed_is_asked_for_only_if_it_changed() -> None:
    said = Response(url=OVERALL, status=200, headers={"last-modified": "Fri, 21 Aug 2026 12:15:00 GMT"}, body=BOARD)
    first = collect(FakeFetch({OVERALL: said}))
    fetch = FakeFetch({OVERALL: Response(url=OVERALL, status=304, headers={}, body=b"")})
    second = collect(fetch, json.loads(json.dumps(first.cursor)))
    assert fetch.asked == [(OVERALL, {"If-Modified-Since": "Fri, 21 Aug 2026 12:15:00 GMT"})]
    assert (second.posts, second.cursor) == ((), first.cursor)


def test_a_window_that_moved_on_is_a_gap() -> None:
    before = collect(FakeFetch({OVERALL: feed(entry(4), entry(3))}))
    after = collect(FakeFetch({OVERALL: feed(entry(9), entry(8))}), before.cursor)
    assert [note.sign for note in after.notes] == [Sign.GAP]
    assert before.notes == ()


def test_the_addresses_of_a_board_are_tried_and_the_right_one_remembered() -> None:
    tried = FakeFetch({OVERALL: MISSING, f"{ROOT}/app.php/feed": MISSING, f"{ROOT}/feed/overall": feed(entry(1))})
    first = collect(tried)
    assert first.cursor["path"] == "feed/overall"
    again = FakeFetch({f"{ROOT}/feed/overall": feed(entry(1))})
    collect(again, first.cursor)
    assert len(again.asked) == 1


def test_an_old_board_is_asked_in_the_old_way() -> None:
    assert paths("topics", "")[-1] == "feed.php?mode=topics"
    assert paths("forum", "12") == ("app.php/feed/forum/12", "feed/forum/12", "feed.php?f=12")
    assert paths("topic", "8")[-1] == "feed.php?t=8"


def test_a_feed_that_is_switched_off_says_so() -> None:
    fetch = FakeFetch({f"{ROOT}/{path}": MISSING for path in paths("news", "")})
    with pytest.raises(CollectError, match="关闭了 news 订阅") as raised:
        collect(fetch, feed="news")
    assert not raised.value.permanent


def test_a_refusal_is_passed_on_at_once() -> None:
    fetch = FakeFetch({OVERALL: CollectError("拒绝访问", permanent=True, status=403)})
    with pytest.raises(CollectError, match="拒绝访问"):
        collect(fetch)
    assert len(fetch.asked) == 1


@pytest.mark.parametrize("url", [ROOT, f"{ROOT}/", f"{ROOT}/index.php", f"{ROOT}/app.php", f"{ROOT}/feed.php?f=1"])
def test_the_root_may_be_written_in_several_ways(url: str) -> None:
    fetch = FakeFetch({OVERALL: feed(entry(1))})
    assert len(collect(fetch, url=url).posts) == 1


@pytest.mark.parametrize("options", [{"feed": "forum"}, {"feed": "topic", "number": 0}])
def test_a_forum_or_topic_needs_its_number(options: dict[str, Any]) -> None:
    with pytest.raises(CollectorNotConfigured, match="编号") as raised:
        build("phpbb", {"url": ROOT, **options}, FakeFetch({}))
    assert raised.value.option == "number"


def test_whoever_is_missing_from_the_window_is_told_from_the_second_visit_on() -> None:
    early = {"began": (NOW - timedelta(days=9)).isoformat(), "newest": 3}
    body = feed(entry(9, minute=30), entry(7, minute=20))
    assert collect(FakeFetch({OVERALL: body})).censuses == ()
    since = datetime(2026, 8, 21, 1, 20, 1, tzinfo=UTC)
    assert collect(FakeFetch({OVERALL: body}), early).censuses == (Census(frozenset({"7", "9"}), since=since),)
    late = {**early, "began": NOW.isoformat()}
    assert collect(FakeFetch({OVERALL: body}), late).censuses[0].since == NOW


def test_a_moved_topic_is_not_taken_for_deleted() -> None:
    fetch = FakeFetch({f"{ROOT}/app.php/feed/forum/12": feed(entry(9))})
    assert collect(fetch, {"began": NOW.isoformat()}, feed="forum", number="12").censuses == ()


def test_posts_and_rejections_are_the_rows_of_the_feed() -> None:
    batch = collect(FakeFetch({OVERALL: BOARD}))
    assert len(batch.posts) + len(batch.rejections) == BOARD.count(b"<entry>")


@pytest.mark.fuzz
@given(mutated(BOARD) | mutated(ACTIVE))
@THOROUGH
def test_no_bytes_break_the_reader(body: bytes) -> None:
    try:
        found = collect(FakeFetch({OVERALL: body}), {"began": NOW.isoformat(), "newest": 1})
    except CollectError:
        return
    assert all(post.external_id and post.text.encode() for post in found.posts)
