"""An interface asked by path and query."""

import pytest

from scrapers.base import Response
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.fetching.interfaces import Interface, base_address
from scrapers.fetching.limits import Rationed
from tests.scrapers.conftest import NOW, FakeFetch

ASKED = "https://a.example/api/list?tag=%E6%B1%BD%E8%BD%A6&any%5B%5D=x&any%5B%5D=y"


def interface(answer: bytes | Response) -> tuple[Interface, FakeFetch]:
    inner = FakeFetch({ASKED: answer, "https://a.example/api/list": answer})
    fetch = Rationed(inner, lambda: NOW)
    return Interface(address="https://a.example/api", fetch=fetch, headers={"Authorization": "Bearer t"}), inner


def test_a_question_carries_its_words_and_the_token() -> None:
    api, inner = interface(b'{"rows": []}')
    answer = api.ask("/list", {"tag": "汽车", "any[]": ["x", "y"]}, headers={"If-None-Match": '"1"'})
    assert (answer.data, answer.place) == ({"rows": []}, "https://a.example/api/list")
    assert inner.asked[0] == (
        ASKED,
        {"Accept": "application/json", "Authorization": "Bearer t", "If-None-Match": '"1"'},
    )


def test_a_question_may_be_asked_without_words() -> None:
    assert interface(b"[1]")[0].ask("/list").data == [1]


def test_the_moment_of_an_answer_is_the_servers() -> None:
    dated = Response(ASKED, 200, {"date": "Sat, 22 Aug 2026 03:59:00 GMT"}, b"[]")
    assert (NOW - interface(dated)[0].ask("/list").reading().now).seconds == 60


def test_nothing_changed_is_an_answer_without_data() -> None:
    answer = interface(Response(ASKED, 304, {}, b""))[0].ask("/list")
    assert (answer.status, answer.data) == (304, None)


def test_an_error_names_the_address_without_its_words() -> None:
    with pytest.raises(CollectError, match=r"^https://a.example/api/list 返回的不是完整的 JSON"):
        interface(b"{")[0].ask("/list", {"tag": "汽车", "any[]": ["x", "y"]})


def test_an_address_is_one_and_ends_without_a_slash() -> None:
    assert base_address("https://a.example/") == "https://a.example"
    with pytest.raises(CollectorNotConfigured):
        base_address("a.example")
