"""Feeds: four formats, many ways to be wrong."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.base import Batch, Historian, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError
from scrapers.kinds.feed import Feed, parse_feed
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, ZONE, FakeFetch
from tests.scrapers.fuzzing import THOROUGH, mutated

URL = "https://forum.example/feed"
PAYLOAD_NAMES = ["rss.xml", "rdf.xml", "atom.xml", "jsonfeed.json"]


def payload(name: str) -> bytes:
    return (PAYLOADS / "feed" / name).read_bytes()


def parse(body: bytes | str, charset: str = "") -> list[RawPost]:
    raw = body if isinstance(body, bytes) else body.encode()
    items = parse_feed(raw, now=NOW, zone=ZONE, url=URL, charset=charset)
    return [item for item in items if isinstance(item, RawPost)]


def rss(*items: str) -> bytes:
    return f"<rss version='2.0'><channel>{''.join(f'<item>{item}</item>' for item in items)}</channel></rss>".encode()


def feed(fetch: FakeFetch) -> Feed:
    return Feed(url=URL, zone=ZONE, fetch=fetch, clock=lambda: NOW)


def test_rss_gives_whole_posts() -> None:
    first, second = parse(payload("rss.xml"))
    assert first.external_id == "post-101"
    assert first.text == "空调又不制冷。\n这次倒是没让我排队，真贴心。"
    assert (first.title, first.author) == ("第三次进店了", "北方的河")
    assert (first.created_at, first.zone_assumed) == (datetime(2026, 8, 20, 1, 30, tzinfo=UTC), False)
    assert second.external_id == second.url == "https://forum.example/t/102"
    assert second.title == "音响不错 & 座椅舒服"
    assert (second.created_at, second.zone_assumed) == (datetime(2026, 8, 19, 13, 5, tzinfo=UTC), True)


def test_an_entry_without_words_is_told() -> None:
    items = parse_feed(payload("rss.xml"), now=NOW, zone=ZONE, url=URL)
    assert items[2] == Rejection(f"{URL} 第 3 条", "既没有标题也没有正文")


def test_the_older_rss_is_read_too() -> None:
    (post,) = parse(payload("rdf.xml"))
    assert (post.url, post.text) == ("https://old.example/7", "在地库里站了半小时。")


def test_atom_tells_edits_and_replies() -> None:
    edited, thanks = parse(payload("atom.xml"))
    assert (edited.url, edited.parent_id) == ("https://blog.example/p/1#5", "tag:blog.example,2026:4")
    assert edited.edited_at == datetime(2026, 8, 20, 3, tzinfo=UTC)
    assert edited.text == "说好六月，现在八月。"
    assert (thanks.text, thanks.edited_at) == ("销售小哥很耐心。", None)
    assert thanks.created_at == datetime(2026, 8, 20, 4, tzinfo=UTC)


def test_json_feed_ids_may_be_numbers() -> None:
    first, second = parse(payload("jsonfeed.json"))
    assert (first.external_id, first.author, first.text) == ("42", "阿木", "导航把我带进死胡同")
    assert (second.text, second.author) == ("比上一台 <明显> 大", "老魏")


def test_ten_items_sharing_one_id_yield_ten() -> None:
    body = rss(*(f"<guid>same</guid><title>第{number}条</title>" for number in range(10)))
    posts = feed(FakeFetch({URL: body})).collect({}).posts
    assert len({post.external_id for post in posts}) == 10


def test_shared_ids_stay_told_apart_when_only_one_is_left() -> None:
    items = [
        f"<guid>same</guid><link>https://a.example/{number}</link><title>第{number}条</title>" for number in (1, 2)
    ]
    before = feed(FakeFetch({URL: rss(*items)})).collect({})
    after = feed(FakeFetch({URL: rss(items[1])})).collect(before.cursor)
    assert after.posts[0].external_id == before.posts[1].external_id


def test_a_true_repeat_is_given_once() -> None:
    item = "<guid>7</guid><title>一样的</title>"
    assert [post.external_id for post in feed(FakeFetch({URL: rss(item, item)})).collect({}).posts] == ["7"]


def test_an_id_that_changes_with_the_title_makes_no_second_post() -> None:
    item = "<guid>{0}</guid><link>https://a.example/1</link><title>{0}</title><description>轮毂裂了</description>"
    before = feed(FakeFetch({URL: rss(item.format("旧题"))})).collect({})
    after = feed(FakeFetch({URL: rss(item.format("新题"))})).collect(json.loads(json.dumps(before.cursor)))
    assert (after.posts[0].external_id, after.posts[0].title) == ("旧题", "新题")


def test_a_new_reply_at_a_known_address_is_a_new_post() -> None:
    item = "<guid>{0}</guid><link>https://a.example/1</link><description>{0} 楼</description>"
    before = feed(FakeFetch({URL: rss(item.format("1"))})).collect({})
    after = feed(FakeFetch({URL: rss(item.format("2"))})).collect(before.cursor)
    assert after.posts[0].external_id == "2"


def test_a_feed_that_did_not_change_leaves_the_cursor_alone() -> None:
    first = Response(url=URL, status=200, headers={"etag": '"v1"', "last-modified": "x"}, body=payload("rss.xml"))
    before = feed(FakeFetch({URL: first})).collect({})
    fetch = FakeFetch({URL: Response(url=URL, status=304, headers={}, body=b"")})
    after = feed(fetch).collect(before.cursor)
    assert (after.posts, after.cursor) == ((), before.cursor)
    assert fetch.asked[0][1] == {"If-None-Match": '"v1"', "If-Modified-Since": "x"}


def test_a_gap_between_visits_is_told() -> None:
    before = feed(FakeFetch({URL: rss("<guid>1</guid><title>甲</title>")})).collect({})
    after = feed(FakeFetch({URL: rss("<guid>9</guid><title>乙</title>")})).collect(before.cursor)
    assert [note.sign for note in after.notes] == [Sign.GAP]
    assert (len(after.posts), after.rejections) == (1, ())


def test_an_id_that_was_the_address_is_known_again_under_a_new_one() -> None:
    item = "<link>https://a.example/1</link><title>题</title><description>轮毂裂了</description>"
    before = feed(FakeFetch({URL: rss(item)})).collect({})
    after = feed(FakeFetch({URL: rss(f"<guid>7</guid>{item}")})).collect(before.cursor)
    assert after.posts[0].external_id == "https://a.example/1"


def atom(*numbers: int, links: str = "") -> bytes:
    entries = "".join(
        f"<entry><id>{number}</id><title>第 {number} 帖</title><updated>2026-08-{number:02}T00:00:00Z</updated></entry>"
        for number in numbers
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{links}{entries}</feed>".encode()


def numbers(batch: Batch) -> list[int]:
    return [int(post.external_id) for post in batch.posts]


def test_earlier_pages_are_read_until_what_is_known() -> None:
    pages = {
        URL: atom(9, 8, links="<link rel='self' href='/feed'/><link rel='next' href='/feed?page=2'/>"),
        f"{URL}?page=2": atom(7, 6, links="<link rel='next' href='/feed?page=3'/>"),
        f"{URL}?page=3": atom(5, 4),
    }
    before = feed(FakeFetch({URL: atom(6, 5)})).collect({})
    fetch = FakeFetch(pages)
    after = feed(fetch).collect(before.cursor)
    assert (numbers(after), len(fetch.asked), after.notes) == ([9, 8, 7, 6], 2, ())


@pytest.mark.parametrize(
    "first",
    [
        atom(9, links="<link rel='prev-archive' href='https://forum.example/old'/>"),
        (
            b"<rss xmlns:a='http://www.w3.org/2005/Atom'><channel><link>https://forum.example</link>"
            b"<a:link rel='next' href='/old'/><item><guid>9</guid><title>x</title></item></channel></rss>"
        ),
        b'{"version": "https://jsonfeed.org/version/1.1", "next_url": "/old", "items": [{"id": 9, "title": "x"}]}',
        (
            b"<rss xmlns:a='http://www.w3.org/2005/Atom'><channel><a:link rel='next' href='/old'/>"
            b"<item><guid>9</guid><title>A&B</title></item></channel></rss>"
        ),
    ],
    ids=["archive", "RSS", "JSON Feed", "broken RSS"],
)
def test_every_format_may_lead_to_earlier_pages(first: bytes) -> None:
    fetch = FakeFetch({URL: first, "https://forum.example/old": atom(8)})
    assert numbers(feed(fetch).collect({})) == [9, 8]


def test_the_past_of_a_feed_is_read_to_its_beginning() -> None:
    pages = {URL: atom(9, links=f"<link rel='next' href='{URL}?p=2'/>")}
    pages |= {f"{URL}?p={n}": atom(10 - n, links=f"<link rel='next' href='{URL}?p={n + 1}'/>") for n in range(2, 7)}
    collector = feed(FakeFetch({**pages, f"{URL}?p=7": atom(3)}))
    assert isinstance(collector, Historian)
    first = collector.history({})
    second = collector.history(first.cursor)
    assert (numbers(first), first.more) == ([9, 8, 7, 6, 5], True)
    assert (numbers(second), second.more) == ([4, 3], False)


def test_a_page_that_fails_makes_the_next_visit_read_the_feed_again() -> None:
    first = Response(URL, 200, {"etag": '"v1"'}, atom(9, links="<link rel='next' href='/old'/>"))
    batch = feed(FakeFetch({URL: first, "https://forum.example/old": CollectError("忙")})).collect({})
    assert (numbers(batch), [note.sign for note in batch.notes]) == ([9], [Sign.PAGE_FAILED])
    assert "etag" not in batch.cursor


def test_a_weak_etag_is_sent_back_as_it_came() -> None:
    before = feed(FakeFetch({URL: Response(URL, 200, {"etag": 'W/"a1"'}, atom(9))})).collect({})
    fetch = FakeFetch({URL: Response(URL, 304, {}, b"")})
    feed(fetch).collect(before.cursor)
    assert fetch.asked[0][1] == {"If-None-Match": 'W/"a1"'}


def test_a_feed_that_moved_for_good_tells_where() -> None:
    there = Response("https://new.example/feed", 200, {}, atom(9), moved_to="https://new.example/feed")
    (note,) = feed(FakeFetch({URL: there})).collect({}).notes
    assert (note.sign, note.link) == (Sign.MOVED, "https://new.example/feed")


def test_the_wish_of_a_site_is_handed_on_and_kept_while_nothing_changes() -> None:
    body = b"<rss><channel><ttl>30</ttl><item><title>x</title></item></channel></rss>"
    before = feed(FakeFetch({URL: Response(URL, 200, {"cache-control": "max-age=600"}, body)})).collect({})
    after = feed(FakeFetch({URL: Response(URL, 304, {}, b"")})).collect(before.cursor)
    assert (before.wait, after.wait) == (1800, 1800)


def test_hours_and_days_of_quiet_are_kept() -> None:
    quiet = "<skipHours><hour>4</hour><hour>5</hour></skipHours><skipDays><day>Saturday</day></skipDays>"
    body = f"<rss><channel>{quiet}<item><title>x</title></item></channel></rss>".encode()
    assert feed(FakeFetch({URL: body})).collect({}).wait == 20 * 3600


def test_a_feed_that_became_empty_is_doubtful() -> None:
    before = feed(FakeFetch({URL: atom(9)})).collect({})
    after = feed(FakeFetch({URL: atom()})).collect(before.cursor)
    assert ([note.sign for note in after.notes], after.cursor["seen"]) == ([Sign.DOUBTFUL], before.cursor["seen"])


def test_what_is_missing_in_the_middle_can_be_told_as_deleted() -> None:
    collector = replace(feed(FakeFetch({URL: atom(9, 8, 6)})), deletions=True)
    (census,) = collector.collect({}).censuses
    assert (census.ids, census.since, census.sure) == (
        frozenset({"9", "8", "6"}),
        datetime(2026, 8, 6, 0, 0, 1, tzinfo=UTC),
        False,
    )
    assert feed(FakeFetch({URL: atom(9, 8)})).collect({}).censuses == ()


def test_a_feed_out_of_order_tells_no_deletions() -> None:
    batch = replace(feed(FakeFetch({URL: atom(3, 9, 8)})), deletions=True).collect({})
    assert (batch.censuses, [note.sign for note in batch.notes]) == ((), [Sign.OTHER])


def test_a_feed_that_tells_deletions_is_read_twice_before_it_may_be_skipped() -> None:
    response = Response(URL, 200, {"etag": '"v1"'}, atom(9, 8))
    collector = replace(feed(FakeFetch({URL: response})), deletions=True)
    first = collector.collect({})
    second = collector.collect(first.cursor)
    assert ("etag" in first.cursor, second.cursor["etag"]) == (False, '"v1"')


def test_a_post_from_the_future_is_kept_without_its_date() -> None:
    (post,) = parse(rss("<title>甲</title><pubDate>Tue, 18 Aug 2099 10:00:00 GMT</pubDate>"))
    assert (post.text, post.created_at) == ("甲", None)


def test_an_item_that_is_no_object_is_counted() -> None:
    body = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": 1, "title": "x"}, 7, null]}'
    assert [isinstance(item, Rejection) for item in parse_feed(body, now=NOW, zone=ZONE)] == [False, True, True]


def test_a_charset_can_be_forced() -> None:
    collector = build("feed", {"url": URL, "charset": "big5"}, FakeFetch({URL: rss("<title>x</title>").replace(
        b"x", "維修三次".encode("big5"))}))  # fmt: skip
    assert collector.collect({}).posts[0].title == "維修三次"


def test_relative_dates_count_from_when_the_page_was_written() -> None:
    headers = {"date": "Sat, 22 Aug 2026 03:00:00 GMT"}
    body = rss("<title>甲</title><pubDate>3分钟前</pubDate>")
    batch = feed(FakeFetch({URL: Response(url=URL, status=200, headers=headers, body=body)})).collect({})
    assert batch.posts[0].created_at == datetime(2026, 8, 22, 2, 57, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<!DOCTYPE html><html><p>首页</p></html>", "返回的是网页"),
        ("RSS Disabled", "RSS Disabled"),
        ("", "空白"),
        ("<opml><body/></opml>", "不是 RSS 或 Atom"),
        ('{"errno": 1}', "不是 JSON Feed"),
        ('[{"id": 1}]', "不是 JSON Feed"),
        ('{"version": ', "残缺"),
        ("<<<>>>", "残缺或不是订阅源"),
    ],
)
def test_what_is_no_feed_says_what_it_is(body: str, message: str) -> None:
    with pytest.raises(CollectError, match=message):
        parse(body)


def test_a_sign_in_page_is_a_wall_and_not_silence() -> None:
    with pytest.raises(CollectError, match="被拦住") as raised:
        parse("<html><form><input type=password></form></html>")
    assert raised.value.permanent


@pytest.mark.parametrize("label", ["gb2312", "GBK", "utf-8"])
def test_gbk_bytes_in_a_feed_are_read_right(label: str) -> None:
    body = f'<?xml version="1.0" encoding="{label}"?>'.encode() + rss("<title>刹车異響</title>").decode().encode("gbk")
    assert parse(body)[0].title == "刹车異響"


def test_utf8_bytes_declared_gbk_are_read_right() -> None:
    assert parse(b'<?xml version="1.0" encoding="GBK"?>' + rss("<title>刹车异响</title>"))[0].title == "刹车异响"


@pytest.mark.parametrize(
    "item",
    [
        "<title>A&B 退款</title>",
        "<title>A&amp;B&nbsp;退款</title>",
        "<title>A&amp;B 退款\x08</title>",
        "<title>A&amp;B 退款</title><description>&#x110000;&#99999999999;</description>",
        "<title>A&amp;B 退款</title></item><!--",
    ],
)
def test_a_feed_that_is_not_well_formed_loses_no_words(item: str) -> None:
    (post,) = parse(b"\n" + rss(item))
    assert re.sub(r"\s", " ", post.title).rstrip("; ") in {"A&B 退款", "A&B; 退款"}


def test_outside_entities_are_never_read() -> None:
    body = b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + rss("<title>a &x; b</title>")
    assert "root:" not in parse(body)[0].title


def test_entities_that_multiply_do_not() -> None:
    levels = "".join(f"<!ENTITY e{n + 1} '{f'&e{n};' * 10}'>" for n in range(9))
    body = f"<!DOCTYPE r [<!ENTITY e0 'ha'>{levels}]>".encode() + rss("<title>&e9;</title>")
    assert len(parse(body)[0].text) < 1000


def test_a_hostile_address_is_not_kept() -> None:
    assert parse(rss("<title>甲</title><link>javascript:alert(1)</link>"))[0].url == ""


def test_ten_megabytes_of_words_are_kept_whole() -> None:
    batch = feed(FakeFetch({URL: rss(f"<guid>1</guid><description>{'长' * 3_000_000}</description>")})).collect({})
    assert len(batch.posts[0].text) == 3_000_000


@pytest.mark.fuzz
@given(st.sampled_from(PAYLOAD_NAMES).flatmap(lambda name: mutated(payload(name))))
@THOROUGH
def test_no_damage_breaks_a_visit(body: bytes) -> None:
    collector = replace(feed(FakeFetch({URL: body})), deletions=True, max_pages=1)
    for read in (collector.collect, collector.history):
        try:
            batch = read({})
        except (CollectError, KeyError):
            continue
        assert all(post.text.encode() for post in batch.posts)


@given(st.binary(max_size=200), st.sampled_from(PAYLOAD_NAMES), st.integers(0, 900), st.integers(0, 40))
@settings(max_examples=150, deadline=None)
def test_no_bytes_break_the_reader(noise: bytes, name: str, at: int, cut: int) -> None:
    whole = payload(name)
    for body in (noise, whole[:at] + noise + whole[at + cut :]):
        try:
            parse(body)
        except CollectError:
            continue
