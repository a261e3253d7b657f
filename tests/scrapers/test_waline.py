"""Waline: threads with their answers, paged as the engine pages them, by its present and its older interface."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given

from scrapers.base import Batch, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError
from scrapers.kinds.waline import PAGE, RECENT, Thread, Waline, author_of, parse_comments
from scrapers.reading.posts import Reading
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS
from tests.scrapers.fuzzing import THOROUGH, mutated, odd_json

URL = "https://waline.example.com"
BODY = (PAYLOADS / "waline" / "page.json").read_bytes()
COMMENTS = json.loads(BODY)["data"]["data"]
THREAD = Thread(path="/t/baoyang", reading=Reading(NOW, UTC), site="https://www.example.com")
WRITTEN = 1_787_000_000_000


class FakeWaline:
    """A Waline that pages as version 1.39 does; driven over `fetch`."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.asked: list[dict[str, list[str]]] = []
        self.enveloped = True

    def write(self, text: str, path: str = "/t/a", root: int | None = None) -> dict[str, Any]:
        number = len(self.comments) + 1
        self.comments.append(
            {
                "objectId": number,
                "url": path,
                "pid": root,
                "rid": root,
                "comment": f"<p>{text}</p>\n",
                "nick": "路人",
                "status": "approved",
                "time": WRITTEN + number * 1000,
            }
        )
        return self.comments[-1]

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        parts = urlsplit(url)
        assert parts.path == "/api/comment"
        query = parse_qs(parts.query)
        self.asked.append(query)
        return self._say(url, self._answer(query))

    def _answer(self, query: Mapping[str, list[str]]) -> Any:
        newest = sorted(self.comments, key=lambda comment: -comment["time"])
        if query.get("type") == ["recent"]:
            return newest[: int(query["count"][0])]
        if query.get("type") == ["count"]:
            # One path alone is split at its commas.
            paths = query["url"][0].split(",") if len(query["url"]) == 1 else query["url"]
            return [len([c for c in self.comments if c["url"] == path]) for path in paths]
        page, size = int(query["page"][0]), int(query["pageSize"][0])
        shown = [dict(comment) for comment in newest if comment["url"] == query["path"][0]]
        roots = [comment for comment in shown if not comment["rid"]]
        for root in roots:
            root["children"] = [comment for comment in shown if comment["rid"] == root["objectId"]]
        start = (page - 1) * size
        total = -(-len(roots) // size)
        return {"page": page, "totalPages": total, "count": len(shown), "data": roots[start : start + size]}

    def _say(self, url: str, answer: Any) -> Response:
        whole = {"errno": 0, "errmsg": "", "data": answer} if self.enveloped else answer
        return Response(url=url, status=200, headers={}, body=json.dumps(whole).encode())


@pytest.fixture
def engine() -> FakeWaline:
    return FakeWaline()


def _collector(engine: FakeWaline, **options: Any) -> Waline:
    collector = build("waline", {"url": f"{URL}/", **options}, engine)
    assert isinstance(collector, Waline)
    return replace(collector, clock=lambda: NOW)


def _texts(batch: Batch) -> list[str]:
    return [post.text for post in batch.posts]


def test_a_comment_becomes_a_post_without_what_is_not_needed() -> None:
    items, _ = parse_comments(COMMENTS, THREAD)
    assert items[0] == RawPost(
        external_id="21",
        text="提车三天就亮故障灯 怒\n店里说先开着",
        url="https://www.example.com/t/baoyang#21",
        author="小满",
        created_at=datetime(2026, 8, 21, 6, 40, 3, tzinfo=UTC),
        thread_id="/t/baoyang",
    )


def test_every_row_is_a_post_or_a_rejection_and_answers_name_what_they_answer() -> None:
    items, rows = parse_comments(COMMENTS, THREAD)
    posts = [item for item in items if isinstance(item, RawPost)]
    assert [(post.external_id, post.parent_id) for post in posts] == [("21", ""), ("22", "21"), ("23", "22")]
    assert [item for item in items if isinstance(item, Rejection)] == [
        Rejection("/t/baoyang 第 2 条", "还没有公开：在等审核，或被当作垃圾评论"),
        Rejection("/t/baoyang 第 3 条", "没有文字"),
    ]
    assert rows == {"21", "22", "23", "24", "25"}


@pytest.mark.parametrize(
    ("comment", "author"),
    [
        ({"nick": "小满", "user_id": None}, "小满"),
        ({"nick": "客服小田", "user_id": 3}, "user 3"),
        ({"nick": "匿名"}, ""),
        ({"nick": " Anonymous "}, ""),
        ({}, ""),
    ],
)
def test_an_author_is_an_account_or_a_name_and_nobody_when_no_name_was_given(
    comment: dict[str, Any], author: str
) -> None:
    assert author_of(comment) == author


def test_a_comment_without_a_number_is_told() -> None:
    items, _ = parse_comments([None, {"comment": "谁"}], THREAD)
    assert [type(item) for item in items] == [Rejection, Rejection]


def test_the_older_interface_writes_its_time_in_words() -> None:
    comment = {"objectId": "6a8c0f", "comment": "旧接口", "insertedAt": "2026-08-21T06:40:03.000Z"}
    items, _ = parse_comments([comment], THREAD)
    assert isinstance(items[0], RawPost)
    assert items[0].created_at == datetime(2026, 8, 21, 6, 40, 3, tzinfo=UTC)


def test_all_pages_and_all_answers_are_read_newest_first(engine: FakeWaline) -> None:
    for number in range(2 * PAGE + 10):
        engine.write(f"评论 {number}")
    for number in range(30):
        engine.write(f"回复 {number}", root=5)
    batch = _collector(engine, paths="/t/a").collect({})
    assert len({post.external_id for post in batch.posts}) == len(batch.posts) == 2 * PAGE + 40
    assert [(len(census.ids), census.sure) for census in batch.censuses] == [(2 * PAGE + 40, True)]
    pages = [(query["page"], query["sortBy"]) for query in engine.asked if "page" in query]
    assert pages == [([str(number)], ["insertedAt_desc"]) for number in (1, 2, 3)]


def test_a_deleted_comment_is_missing_from_a_sure_census(engine: FakeWaline) -> None:
    gone = engine.write("要删的")
    engine.write("留下的")
    collector = _collector(engine, paths="/t/a")
    first = collector.collect({})
    engine.comments.remove(gone)
    second = collector.collect(first.cursor)
    assert [sorted(batch.censuses[0].ids) for batch in (first, second)] == [["1", "2"], ["2"]]
    assert second.censuses[0].sure


def test_answers_to_a_hidden_comment_are_counted_and_not_shown_so_nothing_is_sure(engine: FakeWaline) -> None:
    engine.write("看得到的")
    engine.write("挂在看不到的评论下面", root=99)
    assert [census.sure for census in _collector(engine, paths="/t/a").collect({}).censuses] == [False]


def test_an_edit_is_seen_although_the_engine_keeps_no_time_of_it(engine: FakeWaline) -> None:
    comment = engine.write("原来的话")
    collector = _collector(engine, paths="/t/a")
    first = collector.collect({})
    comment["comment"] = "<p>后来的话</p>"
    assert _texts(collector.collect(first.cursor)) == ["后来的话"]


def test_a_path_with_a_comma_is_one_path(engine: FakeWaline) -> None:
    engine.write("逗号", path="/t/a,b")
    batch = _collector(engine).collect({})
    assert _texts(batch) == ["逗号"]
    assert batch.cursor["found"] == ["/t/a,b"]


def test_paths_are_counted_twenty_at_once(engine: FakeWaline) -> None:
    paths = [f"/t/{number}" for number in range(45)]
    for path in paths:
        engine.write("一句", path=path)
    _collector(engine, paths=",".join(paths), max_pages=50).collect({})
    asked = [query["url"] for query in engine.asked if query.get("type") == ["count"]]
    assert [len(urls) for urls in asked] == [21, 21, 6]


def test_without_paths_those_with_new_comments_are_found(engine: FakeWaline) -> None:
    engine.write("一", path="/t/a")
    collector = _collector(engine)
    first = collector.collect({})
    engine.write("二", path="/t/b")
    second = collector.collect(json.loads(json.dumps(first.cursor)))
    assert (_texts(first), sorted(_texts(second))) == (["一"], ["一", "二"])
    assert not second.notes


def test_more_new_comments_than_the_site_tells_at_once_are_a_gap(engine: FakeWaline) -> None:
    engine.write("旧的")
    collector = _collector(engine)
    first = collector.collect({})
    for number in range(RECENT + 1):
        engine.write(f"新的 {number}", path="/t/b")
    assert [note.sign for note in collector.collect(first.cursor).notes] == [Sign.GAP]


def test_a_site_without_any_comment_is_just_empty(engine: FakeWaline) -> None:
    batch = _collector(engine).collect({})
    assert (batch.posts, batch.notes, batch.more) == ((), (), False)


def test_the_older_interface_without_an_envelope_is_read_too(engine: FakeWaline) -> None:
    engine.enveloped = False
    engine.write("一")
    assert _texts(_collector(engine, paths="/t/a").collect({})) == ["一"]


@pytest.mark.parametrize("given_url", [URL, f"{URL}/", f"{URL}/api/comment", f"{URL}/comment"])
def test_any_address_of_the_server_will_do(given_url: str) -> None:
    collector = build("waline", {"url": given_url}, FakeWaline())
    assert isinstance(collector, Waline)
    assert collector.url == f"{URL}/api/comment"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<html><body><form><input type=password></form></body></html>", "登录或验证页面"),
        (b"<!doctype html><title>404</title>", "网页"),
        ('{"errno": 1000, "errmsg": "评论太快"}'.encode(), "评论太快"),
        (b'{"errno": 1001, "errmsg": {"path": "path can not be blank"}}', "errno 1001"),
        (b'{"errno": 0, "data": {"data": 3}}', "data"),
        (b'{"errno": 0, "data": [1]}', "data"),
        (b"[1,", "JSON"),
    ],
)
def test_an_answer_that_is_no_thread_is_an_error_and_not_silence(answer: bytes, said: str) -> None:
    def fetch(url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        body = b'{"errno": 0, "data": [1, 1]}' if "type=count" in url else answer
        return Response(url=url, status=200, headers={}, body=body)

    with pytest.raises(CollectError, match=said):
        build("waline", {"url": URL, "paths": "/t/a"}, fetch).collect({})


@pytest.mark.parametrize("answer", [b"[]", b"{}", b"[1, 2, 3]", b"7"])
def test_counts_that_do_not_fit_are_an_error(answer: bytes) -> None:
    def fetch(url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        return Response(url=url, status=200, headers={}, body=answer)

    with pytest.raises(CollectError, match="评论数"):
        build("waline", {"url": URL, "paths": "/t/a"}, fetch).collect({})


def _check(data: Any) -> None:
    """Collects from an engine that answers every question but the count with `data`."""
    body = data if isinstance(data, bytes) else json.dumps(data).encode()

    def odd(url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        count = json.dumps([1] * url.count("url=")).encode()
        return Response(url=url, status=200, headers={}, body=count if "type=count" in url else body)

    for options in ({"paths": "/t/a"}, {}):
        try:
            batch = build("waline", {"url": URL, "max_pages": 3, **options}, odd).collect({})
        except CollectError:
            continue
        assert all(post.external_id and post.text for post in batch.posts)
        assert len(json.dumps(batch.cursor)) < 50_000


@pytest.mark.fuzz
@THOROUGH
@given(odd_json(json.loads(BODY)))
def test_whatever_the_engine_says_nothing_but_a_collect_error_comes_out(data: Any) -> None:
    _check(data)


@pytest.mark.fuzz
@THOROUGH
@given(mutated(BODY))
def test_whatever_happens_to_an_answer_on_the_way_nothing_but_a_collect_error_comes_out(body: bytes) -> None:
    _check(body)
