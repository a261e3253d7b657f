"""JSON interfaces: paths, pages, and answers that are not what was promised."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.base import Batch, Rejection
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.json_api import JsonApi, load_json
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, FakeFetch

URL = "https://api.example/list"
PATHS: dict[str, Any] = {
    "items": "data.list",
    "id": "objectId",
    "text": "comment",
    "author": "user.nick",
    "created": "time",
    "link": "url",
    "rating": "star",
    "rating_scale": "5",
    "parent": "pid",
}


def collect(fetch: FakeFetch, cursor: dict[str, Any] | None = None, **options: Any) -> Batch:
    collector = build("json", {"url": URL, **options}, fetch)
    assert isinstance(collector, JsonApi)
    return replace(collector, clock=lambda: NOW).collect(cursor or {})


def page(*ids: object) -> bytes:
    return json.dumps([{"id": name, "text": f"帖子 {name}"} for name in ids]).encode()


def pages(*answers: bytes | Exception) -> FakeFetch:
    return FakeFetch({f"{URL}?page={number}": answer for number, answer in enumerate(answers, start=1)})


PAGED: dict[str, Any] = {"items": "@", "id": "id", "text": "text", "paging": "page"}


def test_paths_find_every_field() -> None:
    batch = collect(FakeFetch({URL: (PAYLOADS / "json" / "page.json").read_bytes()}), **PATHS)
    first = batch.posts[0]
    assert (first.external_id, first.text, first.author) == ("c3", "等配件等了两个月", "一叶")
    assert (first.url, first.parent_id) == ("https://api.example/p/9", "c1")
    assert (first.rating, first.rating_scale) == (2.0, 5.0)
    assert first.created_at == datetime(2026, 8, 21, tzinfo=UTC)
    assert batch.rejections == (Rejection(f"{URL} 第 3 条", "按 text 和 title 路径都没有找到文字"),)


def test_an_empty_list_is_an_answer() -> None:
    assert collect(FakeFetch({URL: b'{"data": {"list": []}}'}), **PATHS).posts == ()


def test_an_answer_without_the_list_is_an_error_that_shows_what_came() -> None:
    with pytest.raises(CollectError, match="errno、msg"):
        collect(FakeFetch({URL: b'{"errno": 1001, "msg": "no"}'}), **PATHS)


@pytest.mark.parametrize(
    ("body", "message"), [(b"<html>x</html>", "返回的是网页"), (b"{", "不是完整的 JSON"), (b"[" * 100_000, "不是完整")]
)
def test_what_is_no_json_says_what_it_is(body: bytes, message: str) -> None:
    with pytest.raises(CollectError, match=message):
        collect(FakeFetch({URL: body}), **PATHS)


def test_a_sign_in_page_is_a_wall() -> None:
    with pytest.raises(CollectError, match="被拦住") as raised:
        collect(FakeFetch({URL: "<html>请先登录</html>".encode()}), **PATHS)
    assert raised.value.permanent


def test_pages_are_read_until_what_is_known_and_that_page_is_finished() -> None:
    first = collect(pages(page(4, 3), page(2), page(), page()), **PAGED)
    assert [post.external_id for post in first.posts] == ["4", "3", "2"]
    fetch = pages(page(6, 5), page(4, 3), page(2, 1))
    second = collect(fetch, dict(first.cursor), **PAGED)
    assert [post.external_id for post in second.posts] == ["6", "5", "4", "3"]
    assert len(fetch.asked) == 2


def test_pages_by_offset_and_by_next_address() -> None:
    offset = FakeFetch({f"{URL}?o=0": page(3, 2), f"{URL}?o=2": page(1), f"{URL}?o=4": page(), f"{URL}?o=6": page()})
    by_offset = collect(offset, **{**PAGED, "paging": "offset", "page_param": "o", "page_size": 2})
    assert len(by_offset.posts) == 3
    linked = FakeFetch({URL: b'{"l":[{"t":"a"}],"n":"?p=2"}', f"{URL}?p=2": b'{"l":[{"t":"b"}],"n":null}'})
    by_link = collect(linked, items="l", text="t", paging="next_url", next_url="n")
    assert [post.text for post in by_link.posts] == ["a", "b"]


def test_posts_sharing_an_id_hide_none() -> None:
    body = json.dumps([{"id": 0, "text": "甲"}, {"id": 0, "text": "乙"}]).encode()
    batch = collect(FakeFetch({URL: body}), items="@", id="id", text="text")
    assert len({post.external_id for post in batch.posts}) == 2


@pytest.mark.parametrize(("option", "value"), [("items", "a..b"), ("text", "["), ("paging", "sideways")])
def test_a_wrong_path_is_told_before_anything_is_fetched(option: str, value: str) -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        build("json", {"url": URL, "items": "@", "text": "t", option: value}, FakeFetch({}))
    assert raised.value.option == option


def test_broken_surrogates_and_scripts_become_harmless_words() -> None:
    body = b'[{"t": "\\ud83d <script>alert(1)</script>\\u0000\xe5\xa5\xbd"}]'
    assert collect(FakeFetch({URL: body}), items="@", text="t").posts[0].text == "\ufffd 好"


DATA = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["list", "id", "t", "n"]), inner),
    max_leaves=12,
)


@given(DATA)
@settings(max_examples=150, deadline=None)
def test_no_data_breaks_the_reader(data: Any) -> None:
    for items in ("@", "list", "list[?id > `1`]"):
        try:
            batch = collect(FakeFetch({URL: json.dumps(data).encode()}), items=items, text="t", id="id", created="n")
        except CollectError:
            continue
        assert all(post.text.encode() for post in batch.posts)


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_no_text_breaks_the_loader(text: str) -> None:
    try:
        load_json(text, "x")
    except CollectError:
        return
