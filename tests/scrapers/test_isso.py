"""Isso: threads with their answers, paged as the engine pages them, and what it says of deleted comments."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given

from scrapers.base import Batch, Gone, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.isso import LATEST, PAGE, Isso, Thread, comment_name, parse_comments
from scrapers.reading.posts import Reading
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, FakeFetch
from tests.scrapers.fuzzing import THOROUGH, mutated, odd_json

URL = "https://comments.example.com"
BODY = (PAYLOADS / "isso" / "thread.json").read_bytes()
THREAD = Thread(uri="/t/baoyang", reading=Reading(NOW, UTC), site="https://www.example.com")
WRITTEN = 1_787_000_000.0


class FakeIsso:
    """An Isso that pages as version 0.14 does, its faults included; driven over `fetch`."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.posted: list[tuple[str, Mapping[str, str], Any]] = []
        self.has_latest = True

    def write(self, text: str, uri: str = "/t/a", parent: int | None = None) -> dict[str, Any]:
        # SQLite gives the number of the newest comment away again once it is deleted.
        number = max((comment["id"] for comment in self.comments), default=0) + 1
        written = WRITTEN + len(self.comments) + 0.123456
        comment = {"id": number, "uri": uri, "parent": parent, "created": written, "modified": None, "mode": 1}
        self.comments.append({**comment, "text": f"<p>{text}</p>", "author": None, "hash": "abc"})
        return self.comments[-1]

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        parts = urlsplit(url)
        self.asked.append(parts.path + (f"?{parts.query}" if parts.query else ""))
        if data is not None:
            self.posted.append((parts.path, dict(headers or {}), json.loads(data)))
            counts = [len([c for c in self._of(uri) if c["mode"] == 1]) for uri in json.loads(data)]
            return _response(url, counts)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self._latest(url, int(query["limit"])) if parts.path == "/latest" else self._thread(url, query)

    def _of(self, uri: str) -> list[dict[str, Any]]:
        return [comment for comment in self.comments if comment["uri"] == uri]

    def _latest(self, url: str, limit: int) -> Response:
        if not self.has_latest:
            raise CollectError("不存在（404）", status=404)
        ordered = sorted(self.comments, key=lambda c: (c["parent"] is not None, c["created"]))
        return _response(url, ordered[-limit:])

    def _thread(self, url: str, query: Mapping[str, str]) -> Response:
        comments, limit, offset = self._of(query["uri"]), int(query["limit"]), int(query["offset"])
        parent = int(query["parent"]) if "parent" in query else None
        level = [comment for comment in comments if comment["parent"] == parent]
        shown = [dict(comment) for comment in level[offset : offset + limit]]
        answer = {"id": parent, "total_replies": len(level if parent else comments), "replies": shown}
        answer["hidden_replies"] = len(level) - len(shown) - offset
        for comment in shown if parent is None else []:
            answers = [answer for answer in comments if answer["parent"] == comment["id"]]
            # Without a limit of their own, answers are cut by the limit and the offset of the comments.
            start, size = (0, int(query["nested_limit"])) if "nested_limit" in query else (offset, limit)
            comment["replies"] = answers[start : start + size]
            comment["total_replies"] = len(answers)
            comment["hidden_replies"] = len(answers) - len(comment["replies"])
        return _response(url, answer)


def _response(url: str, answer: Any) -> Response:
    return Response(url=url, status=200, headers={}, body=json.dumps(answer).encode())


@pytest.fixture
def engine() -> FakeIsso:
    return FakeIsso()


def _collector(engine: FakeIsso, **options: Any) -> Isso:
    collector = build("isso", {"url": f"{URL}/", **options}, engine)
    assert isinstance(collector, Isso)
    return replace(collector, clock=lambda: NOW)


def _texts(batch: Batch) -> list[str]:
    return [post.text for post in batch.posts]


def test_a_comment_becomes_a_post_without_what_is_not_needed() -> None:
    found = parse_comments(json.loads(BODY)["replies"], THREAD)
    assert found.items[0] == RawPost(
        external_id="11-1787294403254",
        text="首保做完没洗车，机油味一路到家。\n店里说正常。",
        url="https://www.example.com/t/baoyang#isso-11",
        author="老周",
        created_at=datetime(2026, 8, 21, 6, 40, 3, 254393, tzinfo=UTC),
        thread_id="/t/baoyang",
    )


def test_an_answer_names_the_comment_it_answers_and_when_it_was_edited() -> None:
    answer = parse_comments(json.loads(BODY)["replies"], THREAD).items[1]
    assert isinstance(answer, RawPost)
    assert answer.parent_id == "11-1787294403254"
    assert answer.edited_at == datetime(2026, 8, 21, 7, 33, 20, 750000, tzinfo=UTC)
    assert answer.author == ""


def test_every_row_is_a_post_or_gone_or_a_rejection() -> None:
    found = parse_comments(json.loads(BODY)["replies"], THREAD)
    assert [item.external_id for item in found.items if isinstance(item, RawPost)] == [
        "11-1787294403254",
        "13-1787297000500",
        "15-1787299100000",
    ]
    assert found.gone == (Gone("12-1787295000125", "Isso 标明这条评论已删除"),)
    assert [item for item in found.items if isinstance(item, Rejection)] == [
        Rejection("/t/baoyang 第 1 条的回复第 2 条", "没有文字")
    ]
    assert len(found.rows) == 5


def test_a_comment_that_waits_for_a_moderator_is_not_a_post() -> None:
    found = parse_comments([{"id": 1, "created": 1.0, "mode": 2, "text": "待审"}], THREAD)
    assert [type(item) for item in found.items] == [Rejection]


def test_a_comment_without_a_number_is_told() -> None:
    assert "没有编号" in str(parse_comments([{"text": "谁"}, None, "x"], THREAD).items)


def test_a_number_given_away_again_is_another_comment() -> None:
    first, second = ({"id": 7, "created": 1787294403.25}, {"id": 7, "created": 1787294999.5})
    assert comment_name(first) != comment_name(second)


def test_all_pages_and_all_answers_are_read(engine: FakeIsso) -> None:
    for number in range(2 * PAGE + 30):
        engine.write(f"评论 {number}")
    for number in range(2 * PAGE + 20):
        engine.write(f"回复 {number}", parent=PAGE + 5)
    batch = _collector(engine, threads="/t/a").collect({})
    assert len(batch.posts) == len({post.external_id for post in batch.posts}) == 4 * PAGE + 50
    assert [(census.thread_id, len(census.ids), census.sure) for census in batch.censuses] == [
        ("/t/a", 4 * PAGE + 50, True)
    ]
    answer = next(post for post in batch.posts if post.text == f"回复 {2 * PAGE + 19}")
    assert answer.parent_id == comment_name(engine.comments[PAGE + 4])


def test_a_deleted_comment_is_missing_from_a_sure_census(engine: FakeIsso) -> None:
    engine.write("留下的")
    gone = engine.write("要删的")
    collector = _collector(engine, threads="/t/a")
    first = collector.collect({})
    engine.comments.remove(gone)
    second = collector.collect(first.cursor)
    assert comment_name(gone) in first.censuses[0].ids
    assert comment_name(gone) not in second.censuses[0].ids
    assert second.censuses[0].sure


def test_a_comment_deleted_under_its_answers_is_told_and_counted(engine: FakeIsso) -> None:
    top = engine.write("要删的")
    engine.write("回复", parent=top["id"])
    top.update(mode=4, text="", author=None)
    batch = _collector(engine, threads="/t/a").collect({})
    assert [gone.external_id for gone in batch.gone] == [comment_name(top)]
    assert _texts(batch) == ["回复"]
    assert [(len(census.ids), census.sure) for census in batch.censuses] == [(1, True)]


def test_an_edited_comment_keeps_its_name(engine: FakeIsso) -> None:
    comment = engine.write("原来的话")
    collector = _collector(engine, threads="/t/a")
    first = collector.collect({})
    comment.update(text="<p>后来的话</p>", modified=comment["created"] + 60)
    second = collector.collect(first.cursor)
    assert [post.external_id for post in first.posts] == [post.external_id for post in second.posts]
    assert _texts(second) == ["后来的话"]
    assert second.posts[0].edited_at is not None


def test_counts_are_asked_as_json_and_at_once(engine: FakeIsso) -> None:
    engine.write("一", uri="/t/a")
    engine.write("二", uri="/t/保养")
    _collector(engine, threads="/t/a, /t/保养").collect({})
    assert engine.posted == [("/count", {"Content-Type": "application/json"}, ["/t/a", "/t/保养"])]


def test_without_threads_those_with_new_comments_are_found(engine: FakeIsso) -> None:
    engine.write("一", uri="/t/a")
    collector = _collector(engine)
    first = collector.collect({})
    engine.write("二", uri="/t/b")
    second = collector.collect(json.loads(json.dumps(first.cursor)))
    assert _texts(first) == ["一"]
    assert sorted(_texts(second)) == ["一", "二"]
    assert not second.notes


def test_a_site_without_any_comment_is_just_empty(engine: FakeIsso) -> None:
    batch = _collector(engine).collect({})
    assert (batch.posts, batch.notes, batch.more) == ((), (), False)


def test_a_list_of_the_latest_that_is_full_may_hide_threads(engine: FakeIsso) -> None:
    top = engine.write("被挤掉的", uri="/t/hidden")
    other = engine.write("热帖", uri="/t/hot")
    engine.comments += [
        {**other, "id": 10 + n, "parent": other["id"], "created": WRITTEN + 10 + n} for n in range(LATEST)
    ]
    batch = _collector(engine, max_pages=1).collect({})
    assert top["uri"] not in batch.cursor["found"]
    assert [(note.sign, "threads" in note.text) for note in batch.notes] == [(Sign.GAP, True)]


def test_a_site_that_does_not_tell_the_latest_asks_for_a_list_of_threads(engine: FakeIsso) -> None:
    engine.has_latest = False
    with pytest.raises(CollectError, match=r"latest-enabled.*threads") as raised:
        _collector(engine).collect({})
    assert raised.value.permanent


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<html><body><form><input type=password></form></body></html>", "登录或验证页面"),
        (b"<!doctype html><title>404</title>", "网页"),
        (b'{"replies": 3}', "replies"),
        (b"[]", "replies"),
        (b'{"id": nu', "JSON"),
    ],
)
def test_an_answer_that_is_no_thread_is_an_error_and_not_silence(answer: bytes, said: str) -> None:
    fetch = FakeFetch(
        {
            f"{URL}/count": b"[1]",
            f"{URL}/?uri=%2Ft%2Fa&limit=100&sort=oldest&offset=0&nested_limit=100": answer,
        }
    )
    with pytest.raises(CollectError, match=said):
        build("isso", {"url": URL, "threads": "/t/a"}, fetch).collect({})


@pytest.mark.parametrize("answer", [b"[]", b"{}", b"[1, 2]", b"7"])
def test_counts_that_do_not_fit_are_an_error(answer: bytes) -> None:
    with pytest.raises(CollectError, match="评论数"):
        build("isso", {"url": URL, "threads": "/t/a"}, FakeFetch({f"{URL}/count": answer})).collect({})


def test_a_latest_that_is_no_list_is_an_error() -> None:
    with pytest.raises(CollectError, match="评论列表"):
        build("isso", {"url": URL}, FakeFetch({f"{URL}/latest?limit=1000": b"{}"})).collect({})


def test_an_address_is_required() -> None:
    with pytest.raises(CollectorNotConfigured, match="url"):
        build("isso", {}, FakeFetch({}))


def _check(data: Any) -> None:
    """Collects from an engine that answers every question with `data`."""
    body = data if isinstance(data, bytes) else json.dumps(data).encode()

    def odd(url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        if data is not None:
            return _response(url, [1] * len(json.loads(data)))
        return Response(url=url, status=200, headers={}, body=body)

    for options in ({"threads": "/t/a"}, {}):
        try:
            batch = build("isso", {"url": URL, "max_pages": 3, **options}, odd).collect({})
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
