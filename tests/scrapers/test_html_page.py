"""Web pages: selectors, walls, redesigns."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.base import Batch, Rejection
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.html_page import HtmlPage
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, FakeFetch

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


@given(st.binary(max_size=200), st.integers(0, len(LIST)), st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_no_bytes_break_the_reader(noise: bytes, at: int, cut: int) -> None:
    for body in (noise, LIST[:at] + noise + LIST[at + cut :]):
        try:
            collect(body, **SELECTORS, next="a.next", sentinel="#x")
        except (CollectError, KeyError):
            continue
