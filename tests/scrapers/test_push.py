"""Deliveries: every way of writing posts that a sender may choose, and every way of getting it wrong."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from scrapers.base import Batch, Gone
from scrapers.errors import CollectError
from scrapers.kinds.push import MOST, Push, parse_push
from scrapers.reading.posts import Reading
from tests.scrapers.conftest import NOW, ZONE
from tests.scrapers.fuzzing import THOROUGH, mutated, odd_json

ROW = {"external_id": "a-1", "text": "<p>刹车<b>异响</b></p>", "author": "u77", "created_at": "2026-08-21 09:30"}


def _read(data: Any) -> Batch:
    return parse_push(json.dumps(data).encode(), Reading(NOW, ZONE))


@pytest.mark.parametrize("data", [{"posts": [ROW]}, [ROW], ROW])
def test_one_post_may_be_wrapped_or_not(data: Any) -> None:
    post = _read(data).posts[0]
    assert (post.external_id, post.text, post.author, post.zone_assumed) == ("a-1", "刹车异响", "u77", True)
    assert post.created_at is not None
    assert post.created_at.isoformat() == "2026-08-21T01:30:00+00:00"


def test_fields_may_have_their_short_names() -> None:
    row = {"id": 7, "content": "油耗高", "link": "https://a.example/7", "rating": 2, "rating_scale": 10, "thread_id": 3}
    post = _read(row).posts[0]
    assert (post.external_id, post.text, post.url, post.thread_id) == ("7", "油耗高", "https://a.example/7", "3")
    assert (post.rating, post.rating_scale) == (2.0, 10.0)


@pytest.mark.parametrize("scale", [0, -5, 10**400, float("inf"), float("nan"), True, "5"])
def test_a_scale_that_is_none_is_left_out(scale: Any) -> None:
    post = _read(ROW | {"rating": 3, "rating_scale": scale}).posts[0]
    assert (post.rating, post.rating_scale) == (3.0, None)


def test_a_deleted_post_is_told() -> None:
    batch = _read([{"id": "a-1", "deleted": True}, ROW | {"external_id": "a-2"}])
    assert (batch.gone, len(batch.posts)) == ((Gone("a-1", "推送方说它已删除"),), 1)


def test_rows_that_say_nothing_are_named_and_the_rest_comes_in() -> None:
    batch = _read([ROW, {"text": "x"}, {"id": "3"}, "words", None, {"id": True, "text": "x"}])
    assert len(batch.posts) == 1
    assert [rejection.place for rejection in batch.rejections] == [
        "第 2 条",
        "第 3 条",
        "第 4 条",
        "第 5 条",
        "第 6 条",
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "不是合格的 JSON"),
        (b"\xff\xfe", "不是合格的 JSON"),
        (b"[" * 100_000, "不是合格的 JSON"),
        (b'"words"', "应为"),
        (b'{"posts": 3}', "应为"),
        (json.dumps([ROW] * (MOST + 1)).encode(), f"最多 {MOST} 条"),
    ],
)
def test_what_is_no_delivery_says_what_was_expected(body: bytes, reason: str) -> None:
    with pytest.raises(CollectError, match=reason):
        parse_push(body, Reading(NOW, ZONE))


def test_the_delivery_itself_is_kept_as_evidence_and_a_visit_brings_nothing() -> None:
    push = Push.of({"timezone": "Asia/Shanghai"})
    assert push.read(json.dumps(ROW).encode(), NOW).payloads[0].body == json.dumps(ROW).encode()
    assert push.collect({"x": 1}) == Batch((), {"x": 1})


@pytest.mark.fuzz
@THOROUGH
@given(mutated(json.dumps({"posts": [ROW, {"id": "a-2", "deleted": True}, ROW | {"rating": 3}]}).encode()))
def test_no_delivery_breaks_the_reader(body: bytes) -> None:
    with suppress(CollectError):
        for post in parse_push(body, Reading(NOW, ZONE)).posts:
            assert post.text


@pytest.mark.fuzz
@THOROUGH
@given(odd_json({"posts": [ROW, {"id": "a-2", "deleted": True}, ROW | {"rating": 3, "rating_scale": 5}]}))
def test_no_shape_of_data_breaks_the_reader(data: Any) -> None:
    with suppress(CollectError):
        assert isinstance(_read(data), Batch)
