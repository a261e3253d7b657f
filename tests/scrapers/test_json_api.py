"""JSON interfaces: paths, pages, and answers that are not what was promised."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.base import Batch, Gone, Rejection, Response
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.json_api import JsonApi, load_json
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, FakeFetch
from tests.scrapers.fuzzing import THOROUGH, mutated, odd_json

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
    assert batch.rejections == (Rejection(f"{URL} 第 3 条", "text 和 title 都没有取到文字"),)


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


@pytest.mark.parametrize("flag", ["true", "1", '"1"', '"yes"', '"2026-08-21 10:00"', "1787270400"])
def test_a_row_marked_as_deleted_is_gone(flag: str) -> None:
    body = f'[{{"id": 1, "text": "甲", "del": {flag}}}, {{"id": 2, "text": "乙", "del": false}}]'
    batch = collect(FakeFetch({URL: body.encode()}), items="@", id="id", text="text", deleted="del")
    assert batch.gone == (Gone("1", "来源标明这一条已删除"),)
    assert [post.external_id for post in batch.posts] == ["2"]


@pytest.mark.parametrize("flag", ["false", "0", '"0"', '"false"', "null", '""', '"未删除"', "[]"])
def test_a_row_that_says_it_is_not_deleted_is_a_post(flag: str) -> None:
    body = f'[{{"id": 1, "text": "甲", "del": {flag}}}]'.encode()
    assert collect(FakeFetch({URL: body}), items="@", id="id", text="text", deleted="del").gone == ()


def test_a_deleted_row_without_a_name_is_told() -> None:
    body = b'[{"text": "x", "del": 1}]'
    batch = collect(FakeFetch({URL: body}), items="@", id="id", text="text", deleted="del")
    assert (batch.gone, batch.rejections[0].reason) == ((), "来源标明已删除，但没有编号，不知道是哪一条")


def test_a_row_without_a_required_field_is_rejected_by_its_name() -> None:
    body = json.dumps([{"id": 1, "text": "甲", "at": "2026-08-21"}, {"id": 2, "text": "乙"}, {"text": "丙", "at": " "}])
    options: dict[str, Any] = {"items": "@", "id": "id", "text": "text", "created": "at", "required": "id, created"}
    batch = collect(FakeFetch({URL: body.encode()}), **options)
    assert [post.external_id for post in batch.posts] == ["1"]
    assert [rejection.reason for rejection in batch.rejections] == ["缺少必填项 created", "缺少必填项 id、created"]


def test_a_field_that_is_missing_everywhere_means_that_the_interface_changed() -> None:
    body = json.dumps([{"id": 1, "text": "甲"}, {"id": 2, "text": "乙"}]).encode()
    with pytest.raises(CollectError, match=r"缺少必填项 created.*接口可能改了"):
        collect(FakeFetch({URL: body}), items="@", id="id", text="text", created="at", required="created")
    with pytest.raises(CollectError, match=r"都没有取到文字.*接口可能改了"):
        collect(FakeFetch({URL: json.dumps([{"id": n} for n in range(3)]).encode()}), items="@", text="text")


def test_a_required_field_must_have_a_path() -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        build("json", {"url": URL, "items": "@", "text": "t", "required": "text,created"}, FakeFetch({}))
    assert raised.value.option == "required"


def test_an_error_that_comes_with_an_empty_list_is_an_error() -> None:
    options: dict[str, Any] = {"items": "list", "text": "text", "ok": "code == `0`"}
    with pytest.raises(CollectError, match="配额已用完") as raised:
        collect(FakeFetch({URL: '{"code": 9, "msg": "配额已用完", "list": []}'.encode()}), **options)
    assert not raised.value.permanent
    assert collect(FakeFetch({URL: b'{"code": 0, "list": null}'}), **options).posts == ()


@pytest.mark.parametrize("said", ["请先登录", "登录已过期", "访问过于频繁，请输入验证码", "Please log in"])
def test_a_sign_in_answer_in_json_is_a_wall(said: str) -> None:
    body = json.dumps({"code": 401, "error": {"message": said}}).encode()
    with pytest.raises(CollectError, match="被拦住") as raised:
        collect(FakeFetch({URL: body}), **PATHS)
    assert raised.value.permanent


def test_pages_by_a_link_header() -> None:
    first = Response(URL, 200, {"link": f'<{URL}?after=2>; rel="next"'}, page(3, 2))
    fetch = FakeFetch({URL: first, f"{URL}?after=2": page(1)})
    batch = collect(fetch, **{**PAGED, "paging": "link"})
    assert [post.external_id for post in batch.posts] == ["3", "2", "1"]


def test_pages_by_a_cursor_end_where_the_interface_says_so() -> None:
    answers = {
        URL: b'{"l": [{"t": "a"}], "next": "c=2", "more": 1}',
        f"{URL}?cursor=c%3D2": b'{"l": [{"t": "b"}], "next": "c=3", "more": 0}',
    }
    batch = collect(
        FakeFetch(answers), items="l", text="t", paging="cursor", cursor_path="next", has_more="more", max_pages=9
    )
    assert [post.text for post in batch.posts] == ["a", "b"]


def test_a_token_stays_behind_when_the_next_page_is_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "t-1")
    fetch = FakeFetch({URL: b'{"l":[{"t":"a"}],"n":"https://other.example/2"}', "https://other.example/2": b'{"l":[]}'})
    collect(fetch, items="l", text="t", paging="next_url", next_url="n", token="env:API_TOKEN")
    assert [headers.get("Authorization") for _, headers in fetch.asked] == ["Bearer t-1", None]


def test_a_later_page_without_a_list_is_blank_and_the_first_is_an_error() -> None:
    fetch = FakeFetch({f"{URL}?page={n}": json.dumps({"d": {"l": rows}}).encode() for n, rows in enumerate(
        [[{"t": "a"}, {"t": "b"}], [{"t": "c"}], None, None], start=1)})  # fmt: skip
    batch = collect(fetch, items="d.l", text="t", paging="page")
    assert ([post.text for post in batch.posts], batch.notes) == (["a", "b", "c"], ())


def test_a_charset_can_be_forced() -> None:
    body = '[{"t": "維修三次"}]'.encode("big5")
    assert collect(FakeFetch({URL: body}), items="@", text="t", charset="big5").posts[0].text == "維修三次"


def test_gbk_bytes_called_utf8_are_read_right() -> None:
    said = Response(URL, 200, {"content-type": "application/json; charset=utf-8"}, '[{"t": "刹车異響"}]'.encode("gbk"))
    assert collect(FakeFetch({URL: said}), items="@", text="t").posts[0].text == "刹车異響"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("1787270400", datetime(2026, 8, 21, tzinfo=UTC)),
        ("1787270400000", datetime(2026, 8, 21, tzinfo=UTC)),
        ('"3分钟前"', datetime(2026, 8, 22, 3, 57, tzinfo=UTC)),
        ('"昨天 12:30"', datetime(2026, 8, 21, 4, 30, tzinfo=UTC)),
        ('"08-21"', datetime(2026, 8, 20, 16, tzinfo=UTC)),
        ('"2026-08-21T00:00:00Z"', datetime(2026, 8, 21, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_every_form(written: str, moment: datetime) -> None:
    body = f'[{{"t": "a", "at": {written}}}]'.encode()
    (post,) = collect(FakeFetch({URL: body}), items="@", text="t", created="at").posts
    assert (post.created_at, post.zone_assumed) == (moment, "昨天" in written or '08-21"' in written)


def test_an_edit_is_told() -> None:
    body = b'[{"t": "a", "at": "2026-08-20T00:00:00Z", "up": "2026-08-21T00:00:00Z"}]'
    (post,) = collect(FakeFetch({URL: body}), items="@", text="t", created="at", updated="up").posts
    assert post.edited_at == datetime(2026, 8, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"paging": "cursor"}, "cursor_path"),
        ({"paging": "next_url"}, "next_url"),
        ({"deleted": "del"}, "id"),
        ({"url": "https://a.example/{seite}"}, "url"),
        ({"charset": "utf-9"}, "charset"),
        ({"headers": "Cookie: a=b"}, "headers"),
    ],
)
def test_options_that_do_not_fit_are_told(options: dict[str, Any], option: str) -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        build("json", {"url": URL, "items": "@", "text": "t", **options}, FakeFetch({}))
    assert raised.value.option == option


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


LIST = json.loads((PAYLOADS / "json" / "page.json").read_bytes())
FUZZED: dict[str, Any] = {
    **PATHS,
    "updated": "time",
    "deleted": "deleted",
    "required": "id",
    "activity": "star",
    "paging": "cursor",
    "cursor_path": "data.total",
    "has_more": "data",
    "max_pages": 2,
}


@pytest.mark.fuzz
@given(odd_json(LIST))
@THOROUGH
def test_no_answer_breaks_a_visit(data: Any) -> None:
    body = json.dumps(data).encode()
    collector = build("json", {"url": URL, **FUZZED}, lambda url, **_: Response(url, 200, {}, body))
    assert isinstance(collector, JsonApi)
    for read in (collector.collect, collector.history):
        try:
            batch = read({})
        except CollectError:
            continue
        assert all(post.text.encode() for post in batch.posts)
        json.dumps(dict(batch.cursor))


@pytest.mark.fuzz
@given(mutated((PAYLOADS / "json" / "page.json").read_bytes()))
@THOROUGH
def test_no_bytes_break_a_visit(body: bytes) -> None:
    try:
        collect(FakeFetch({URL: body}), **PATHS)
    except CollectError:
        return


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_no_text_breaks_the_loader(text: str) -> None:
    try:
        load_json(text, "x")
    except CollectError:
        return
