"""Web pages: selectors, walls, redesigns."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.base import Batch, Census, Gone, Historian, Rejection, Response
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.html_page import HtmlPage
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, FakeFetch
from tests.scrapers.fuzzing import THOROUGH, mutated

URL = "https://koubei.example/list"
SELECTORS = {
    "item": "div.post",
    "id": "@data-id",
    "link": "a.t@href",
    "title": "a.t",
    "text": ".body",
    "author": ".who",
    "created": "time@datetime",
    "rating": ".score",
}
LIST = (PAYLOADS / "html" / "list.html").read_bytes()


def collect(body: bytes | str, **options: Any) -> Batch:
    raw = body if isinstance(body, bytes) else body.encode()
    return collect_from(FakeFetch({URL: raw}), **{"item": "li", "text": ".", **options})


def collect_from(fetch: FakeFetch, **options: Any) -> Batch:
    collector = build("html", {"url": URL, **options}, fetch)
    assert isinstance(collector, HtmlPage)
    return replace(collector, clock=lambda: NOW).collect({})


def test_selectors_find_every_part() -> None:
    batch = collect(LIST, **SELECTORS)
    first = batch.posts[0]
    assert (first.external_id, first.url) == ("11", "https://koubei.example/k/11")
    assert first.text == "底盘有点散，\n4S 店说属于正常现象。"
    assert (first.author, first.title) == ("山城老李", "开了半年说说感受")
    assert (first.rating, first.rating_scale) == (3.5, 5.0)
    assert first.created_at == datetime(2026, 8, 21, 2, tzinfo=UTC)
    assert batch.rejections == (Rejection(f"{URL} 第 3 条", "缺少必填项 text"),)


def test_a_page_where_every_item_lacks_something_was_redesigned() -> None:
    with pytest.raises(CollectError, match="改版"):
        collect(LIST, **{**SELECTORS, "text": ".content"})


def test_a_page_without_items_was_redesigned_unless_it_says_it_is_empty() -> None:
    with pytest.raises(CollectError, match="没有元素符合"):
        collect("<p class=none>还没有评价</p>")
    assert collect("<p class=none>还没有评价</p>", empty=".none").posts == ()


def test_a_sentinel_or_a_sign_in_form_is_a_wall() -> None:
    for page, options in (("<div id=cap></div><li>x", {"sentinel": "#cap"}), ("<input type=password>", {})):
        with pytest.raises(CollectError, match="被拦住") as raised:
            collect(page, **options)
        assert raised.value.permanent


def test_the_next_page_is_followed_and_a_loop_ends() -> None:
    fetch = FakeFetch({URL: b"<li>one<a class=n href='?p=2'>", f"{URL}?p=2": b"<li>two<a class=n href='/list'>"})
    batch = collect_from(fetch, item="li", text=".", next="a.n")
    assert [post.text for post in batch.posts] == ["one", "two"]


@pytest.mark.parametrize("href", ["javascript:;", "#", "/list", "javascript:void(0)"])
def test_a_last_page_whose_button_leads_nowhere_is_the_last(href: str) -> None:
    fetch = FakeFetch({URL: f"<li id=7>one<a class=n href='{href}'>下一页</a>".encode()})
    batch = collect_from(fetch, item="li", text=".", next="a.n", id="@id", whole="true")
    assert (batch.censuses, len(fetch.asked)) == ((Census(frozenset({"7"})),), 1)


def test_a_charset_can_be_forced() -> None:
    assert collect("<li>維修三次".encode("big5"), charset="big5").posts[0].text == "維修三次"


def test_a_page_called_gb2312_is_read_as_its_wider_kin() -> None:
    assert collect("<meta charset=gb2312><li>朱镕車異響".encode("gbk")).posts[0].text == "朱镕車異響"


def test_a_post_without_id_is_named_by_its_words_and_keeps_the_name() -> None:
    names = [collect(f"<li>{time} 异响</li>", created="b").posts[0].external_id for time in ("", "")]
    assert names[0] == names[1]


@pytest.mark.parametrize("option", ["item", "text", "next", "sentinel", "charset", "required", "timezone"])
def test_a_wrong_option_is_named(option: str) -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        build("html", {"url": URL, "item": "li", "text": ".", option: "a[["}, FakeFetch({}))
    assert raised.value.option == option


def test_a_page_nested_to_stall_is_refused() -> None:
    with pytest.raises(CollectError, match="嵌套过深"):
        collect("<div>" * 50_000)


COMPLAINTS = (PAYLOADS / "html" / "complaints.html").read_bytes()
TABLE_URL = "https://complaints.example/zlts/0-0-0-0-0-0_0-0-0-0-0-0-{page}.shtml"
TABLE: dict[str, str] = {
    "item": "div.tslb_b tr:has(td)",
    "id": "td:nth-child(1)",
    "link": "td.tsjs a",
    "title": "td.tsjs a@title",
    "text": "td.tsjs a",
    "created": "td:nth-child(7)",
    "thread": r"td:nth-child(2) =~ \S+",
    "deleted": "td:nth-child(8) =~ 撤诉",
}
TABLE_BY_XPATH: dict[str, str] = {
    "item": "xpath://div[@class='tslb_b']//tr[td]",
    "id": "xpath:td[1]",
    "link": "xpath:td[5]/a",
    "title": "xpath:td[5]/a/@title",
    "text": "xpath:td[5]/a",
    "created": "xpath:td[7]",
    "thread": r"xpath:td[2] =~ \S+",
    "deleted": "xpath:td[8][contains(., '撤诉')]",
}


@pytest.mark.parametrize("options", [TABLE, TABLE_BY_XPATH], ids=["CSS", "XPath"])
@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_a_table_of_complaints_is_read_row_by_row(options: dict[str, str], charset: str) -> None:
    first = TABLE_URL.replace("{page}", "1")
    fetch = FakeFetch({first: COMPLAINTS.decode().encode(charset)})
    batch = collect_from(fetch, **{**options, "url": TABLE_URL, "max_pages": "1"})
    one, two = batch.posts
    assert (one.external_id, one.text, one.title) == ("990103", "车机频繁重启，客服让我等升级", "车机频繁重启")
    assert (one.url, one.thread_id) == ("https://complaints.example/zlts/990103.html", "青禾")
    assert (one.created_at, one.zone_assumed) == (datetime(2026, 8, 20, 16, tzinfo=UTC), True)
    assert two.external_id == "990102"
    assert batch.gone == (Gone("990101", "来源标明这一条已删除"),)
    assert batch.rejections == ()


def test_pages_are_counted_in_the_address() -> None:
    url = "https://koubei.example/list-{page}.html"
    pages = [b"<li>3<li>2", b"<li>1", b"<p>none", b"<p>none"]
    fetch = FakeFetch({url.replace("{page}", str(number)): body for number, body in enumerate(pages, start=1)})
    batch = collect_from(fetch, url=url, item="li", text=".")
    assert ([post.text for post in batch.posts], batch.notes) == (["3", "2", "1"], ())


def test_pages_by_offset_begin_at_nought() -> None:
    fetch = FakeFetch({f"{URL}?start={start}": body for start, body in
                       {"0": b"<li>3<li>2", "2": b"<li>1", "4": b"<p>", "6": b"<p>"}.items()})  # fmt: skip
    batch = collect_from(fetch, url=f"{URL}?start={{offset}}", page_size=2, item="li", text=".")
    assert len(batch.posts) == 3


def test_a_wall_on_a_later_page_is_a_wall() -> None:
    fetch = FakeFetch({URL: b"<li>one<a class=n href='?p=2'>", f"{URL}?p=2": "<p>请先登录后查看</p>".encode()})
    with pytest.raises(CollectError, match="被拦住") as raised:
        collect_from(fetch, item="li", text=".", next="a.n")
    assert raised.value.permanent


def test_a_list_of_all_posts_tells_what_is_there() -> None:
    batch = collect("<li id=a>一<li id=b>二<li id=c><img>", id="@id", whole="true")
    assert batch.censuses == (Census(frozenset("abc")),)
    assert [rejection.reason for rejection in batch.rejections] == ["缺少必填项 text"]


def test_a_page_that_did_not_change_is_not_read() -> None:
    first = Response(URL, 200, {"etag": '"v1"'}, b"<li>one")
    before = collect_from(FakeFetch({URL: first}), item="li", text=".")
    fetch = FakeFetch({URL: Response(URL, 304, {}, b"")})
    collector = build("html", {"url": URL, "item": "li", "text": "."}, fetch)
    after = collector.collect(before.cursor)
    assert (after.posts, after.cursor) == ((), before.cursor)
    assert fetch.asked[0][1] == {"If-None-Match": '"v1"'}


def test_the_past_is_read_page_by_page() -> None:
    answers = {URL: b"<li>9<a class=n href='?p=2'>"}
    answers |= {f"{URL}?p={n}": f"<li>{10 - n}<a class=n href='?p={n + 1}'>".encode() for n in range(2, 7)}
    fetch = FakeFetch({**answers, f"{URL}?p=7": b"<li>3"})
    collector = build("html", {"url": URL, "item": "li", "text": ".", "next": "a.n"}, fetch)
    assert isinstance(collector, Historian)
    first = collector.history({})
    second = collector.history(first.cursor)
    assert ([post.text for post in (*first.posts, *second.posts)], second.more) == (list("9876543"), False)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"url": f"{URL}?p={{page}}", "next": "a"}, "next"),
        ({"text": "xpath:.//p"}, "text"),
        ({"item": "xpath://li", "text": "p"}, "text"),
        ({"deleted": ".gone"}, "id"),
        ({"detail_text": "p"}, "detail"),
        ({"detail": "a"}, "detail_text"),
        ({"detail": "a", "detail_text": "p", "detail_item": "xpath://div"}, "detail_text"),
        ({"detail": "a", "detail_text": "p", "whole": True}, "whole"),
        ({"url": f"{URL}?p={{seite}}"}, "url"),
    ],
)
def test_options_that_do_not_fit_are_told(options: dict[str, Any], option: str) -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        build("html", {"url": URL, "item": "li", "text": ".", **options}, FakeFetch({}))
    assert raised.value.option == option


@pytest.mark.fuzz
@given(mutated(LIST) | mutated(COMPLAINTS))
@THOROUGH
def test_no_page_breaks_a_visit(body: bytes) -> None:
    for options in ({**SELECTORS, "next": "a.next", "whole": "true"}, TABLE, TABLE_BY_XPATH):
        collector = build("html", {"url": URL, **options}, lambda url, **_: Response(url, 200, {}, body))
        try:
            batch = collector.collect({})
        except CollectError:
            continue
        assert all(post.text.encode() for post in batch.posts)


@given(st.binary(max_size=200), st.integers(0, len(LIST)), st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_no_bytes_break_the_reader(noise: bytes, at: int, cut: int) -> None:
    for body in (noise, LIST[:at] + noise + LIST[at + cut :]):
        try:
            collect(body, **SELECTORS, next="a.next", sentinel="#x")
        except (CollectError, KeyError):
            continue
