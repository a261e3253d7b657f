"""Allowances in the words of four sites, and a fetch that stops before it is stopped."""

from datetime import datetime, timedelta

import pytest

from scrapers.base import Response
from scrapers.errors import CollectError
from scrapers.fetching.limits import Allowance, rationed, read_allowance
from tests.scrapers.conftest import NOW, FakeFetch

EPOCH = str(int(NOW.timestamp()) + 300)


@pytest.mark.parametrize(
    ("headers", "allowance"),
    [
        ({"x-rate-limit-remaining": "7", "x-rate-limit-reset": EPOCH}, (7, 300)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": EPOCH}, (0, 300)),
        ({"x-ratelimit-remaining": "2.0", "x-ratelimit-reset": "300"}, (2, 300)),
        ({"x-ratelimit-remaining": "299", "x-ratelimit-reset": "2026-08-22T04:05:00.000Z"}, (299, 300)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, (0, 900)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-08-22T04:05:00"}, (0, 900)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 30}, (0, 86_400)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "-5"}, (0, 1)),
    ],
)
def test_an_allowance_is_read_in_the_words_of_every_site(
    headers: dict[str, str], allowance: tuple[float, float]
) -> None:
    assert read_allowance(headers, NOW) == Allowance(allowance[0], NOW + timedelta(seconds=allowance[1]))


@pytest.mark.parametrize("headers", [{}, {"x-ratelimit-remaining": "many"}, {"x-ratelimit-remaining": "nan"}])
def test_no_allowance_told_is_none_kept(headers: dict[str, str]) -> None:
    assert read_allowance(headers, NOW) is None


def test_a_clock_that_is_wrong_is_set_by_the_sites_own() -> None:
    written = "Sat, 22 Aug 2026 04:04:00 GMT"
    found = read_allowance({"x-ratelimit-remaining": "0", "x-ratelimit-reset": EPOCH, "date": written}, NOW)
    assert found == Allowance(0, NOW + timedelta(seconds=60))


def spent(left: str) -> Response:
    return Response("https://a.example", 200, {"x-ratelimit-remaining": left, "x-ratelimit-reset": "300"}, b"{}")


def test_the_last_request_is_used_and_no_other_is_made() -> None:
    inner = FakeFetch({"https://a.example": spent("0")})
    fetch = rationed(inner, lambda: NOW, {})
    assert not fetch.resting
    fetch("https://a.example")
    with pytest.raises(CollectError, match="额度用完了，约 5 分钟") as raised:
        fetch("https://a.example")
    assert (raised.value.retry_after, raised.value.permanent, len(inner.asked)) == (300.0, False, 1)


def test_the_next_visit_rests_as_long_and_no_longer() -> None:
    inner = FakeFetch({"https://a.example": spent("9")})
    cursor = {"resting_until": (NOW + timedelta(seconds=300)).isoformat()}
    with pytest.raises(CollectError):
        rationed(inner, lambda: NOW, cursor)("https://a.example")
    later = rationed(inner, lambda: NOW + timedelta(seconds=301), cursor)
    later("https://a.example")
    assert (len(inner.asked), later.as_cursor()) == (1, {})


def test_a_refusal_with_a_time_is_kept_for_the_next_visit() -> None:
    fetch = rationed(FakeFetch({"https://a.example": CollectError("忙", retry_after=60)}), lambda: NOW, {})
    with pytest.raises(CollectError, match="忙"):
        fetch("https://a.example")
    assert fetch.as_cursor() == {"resting_until": (NOW + timedelta(seconds=60)).isoformat()}


@pytest.mark.parametrize("until", ["", "soon", "2026-08-22T04:05:00", (NOW + timedelta(days=400)).isoformat()])
def test_a_rest_that_cannot_be_is_not_kept(until: str) -> None:
    assert not rationed(FakeFetch({}), lambda: NOW, {"resting_until": until}).resting


def test_a_rest_ends_by_itself() -> None:
    moments: list[datetime] = [NOW]
    fetch = rationed(FakeFetch({"https://a.example": spent("0")}), lambda: moments[-1], {})
    fetch("https://a.example")
    assert fetch.resting
    moments.append(NOW + timedelta(seconds=300))
    assert not fetch.resting
