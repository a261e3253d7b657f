"""Answers of interfaces: what is no JSON says what it is, and fields of any type do no harm."""

import math
from typing import Any

import pytest

from scrapers.base import Response
from scrapers.errors import CollectError
from scrapers.reading.answers import is_true, read_json, rows, table, whole, word
from tests.scrapers.fuzzing import ODD_VALUES

PLACE = "https://api.example/list"


def answer(body: str, status: int = 200, **headers: str) -> Response:
    return Response(url=PLACE, status=status, headers=headers, body=body.encode())


def test_json_is_read_with_or_without_a_mark_in_front() -> None:
    assert read_json(answer('\ufeff{"id": 7}'), PLACE) == {"id": 7}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<!DOCTYPE html><p>首页</p>", "返回的是网页"),
        ("Slow down, too many requests.", "Slow down"),
        ("[" * 100_000, "不是完整的 JSON"),
        ("9" * 5000, "不是完整的 JSON"),
        ("", "不是完整的 JSON"),
    ],
)
def test_what_is_no_json_says_what_it_is(body: str, message: str) -> None:
    with pytest.raises(CollectError, match=message):
        read_json(answer(body), PLACE)


def test_a_sign_in_page_is_a_wall() -> None:
    with pytest.raises(CollectError, match="被拦住") as raised:
        read_json(answer("<html><input type=password></html>"), PLACE)
    assert raised.value.permanent


def test_a_refusal_in_plain_words_never_reaches_the_reader() -> None:
    busy = answer('{"latest_posts": []}', status=429, **{"retry-after": "17"})
    with pytest.raises(CollectError, match="返回 429") as raised:
        read_json(busy, PLACE)
    assert (raised.value.retry_after, raised.value.status) == (17.0, 429)


@pytest.mark.parametrize(
    ("value", "number", "words"),
    [
        (7, 7, "7"),
        ("7", 7, "7"),
        (7.0, 7, "7"),
        (-1, -1, "-1"),
        (0.5, None, "0.5"),
        (True, None, ""),
        (None, None, ""),
        (10**400, None, ""),
        (math.nan, None, ""),
        (math.inf, None, ""),
        ("七", None, "七"),
        ("--7", None, "--7"),
        ([7], None, ""),
    ],
)
def test_numbers_and_words_are_read_from_anything(value: Any, number: int | None, words: str) -> None:
    assert (whole(value), word(value)) == (number, words)


def test_odd_values_do_no_harm() -> None:
    for value in ODD_VALUES:
        assert isinstance(word(value), str)
        assert whole(value) is None or isinstance(whole(value), int)
        assert table(value) == (value if isinstance(value, dict) else {})
        assert rows(value) == (value if isinstance(value, list) else [])


def test_a_flag_is_written_in_several_ways() -> None:
    assert [is_true(value) for value in (True, 1, "1", False, 0, "0", None, "yes", 2)] == [True] * 3 + [False] * 6
