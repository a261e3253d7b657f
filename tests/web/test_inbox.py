"""The inbox: views, counts, filters, search, paging."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from monitor.storage.db import Database
from monitor.storage.queries.people import active_departments
from tests.conftest import NOW

SignIn = Callable[[str], FlaskClient]
MakeTicket = Callable[..., str]


def _page(client: FlaskClient, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def test_what_nobody_took_yet_waits_first(sign_in: SignIn, opened: MakeTicket) -> None:
    waiting, taken = opened("投诉：没有人管"), opened("投诉：已派的", department="质量技术")
    page = _page(sign_in("alice"), "/inbox")
    assert waiting in page
    assert taken not in page


def test_an_empty_inbox_says_what_would_come_and_how(sign_in: SignIn) -> None:
    page = _page(sign_in("alice"), "/inbox")
    assert "没有等着受理的工单" in page
    assert "派单规则和模型都拿不准" in page


def test_a_handler_sees_the_own_department_only(sign_in: SignIn, opened: MakeTicket) -> None:
    ours, theirs = opened("投诉：甲", department="质量技术"), opened("投诉：乙", department="售后服务")
    page = _page(sign_in("bob"), "/inbox")
    assert ours in page
    assert theirs not in page


def test_the_most_urgent_comes_first(sign_in: SignIn, opened: MakeTicket) -> None:
    later, sooner = opened("投诉：普通"), opened("刹车失灵")
    page = _page(sign_in("alice"), "/inbox?view=open")
    assert page.index(sooner) < page.index(later)


def test_filters_combine(sign_in: SignIn, opened: MakeTicket, sqlite: Database) -> None:
    with sqlite.reading() as session:
        quality = next(d.id for d in active_departments(session) if d.name == "质量技术")
    wanted = opened("刹车失灵")
    others = [
        opened("投诉：普通", department="质量技术"),
        opened("投诉：别处", department="售后服务"),
        opened("投诉：没派"),
    ]
    page = _page(sign_in("alice"), f"/inbox?view=open&severity=critical&department={quality}&status=accepted")
    assert wanted in page
    assert not any(number in page for number in others)


@pytest.mark.parametrize(
    "given", ["view=nonsense", "status=x&severity=y", "department=-1&source=9999999999999", "after=x~y"]
)
def test_an_odd_address_shows_a_page_all_the_same(sign_in: SignIn, opened: MakeTicket, given: str) -> None:
    opened()
    _page(sign_in("alice"), f"/inbox?{given}")


def test_two_characters_find_a_ticket_whatever_its_state(sign_in: SignIn, opened: MakeTicket) -> None:
    found, other = opened("投诉：减震异响三个月"), opened("投诉：没有人回电话")
    page = _page(sign_in("alice"), "/inbox?q=异响")
    assert found in page
    assert other not in page


def test_a_number_finds_its_ticket_also_when_typed_badly(sign_in: SignIn, opened: MakeTicket) -> None:
    found, other = opened("投诉：甲"), opened("投诉：乙")
    page = _page(sign_in("alice"), f"/inbox?q={found.lower().replace('-', ' ')}")
    assert f"/tickets/{found}" in page
    assert f"/tickets/{other}" not in page


def test_a_search_without_result_says_what_to_try(sign_in: SignIn) -> None:
    assert "没有符合条件的工单" in _page(sign_in("alice"), "/inbox?q=无此词")


def test_every_ticket_is_on_exactly_one_page(sign_in: SignIn, opened: MakeTicket) -> None:
    numbers = [opened(f"投诉：第{n}件", at=NOW - timedelta(minutes=n % 7)) for n in range(57)]
    alice = sign_in("alice")
    first = _page(alice, "/inbox")
    link = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = _page(alice, link)
    assert all((n in first) != (n in second) for n in numbers)


def test_the_number_of_questions_does_not_grow_with_the_tickets(
    sign_in: SignIn, opened: MakeTicket, questions: Callable[[], Any]
) -> None:
    alice = sign_in("alice")
    opened()
    with questions() as one:
        _page(alice, "/inbox")
    for n in range(59):
        opened(f"投诉：又一件{n}")
    with questions() as sixty:
        page = _page(alice, "/inbox")
    assert len(sixty) == len(one) <= 10
    assert len(page.encode()) < 60_000


def test_the_counts_say_how_much_lies_where(sign_in: SignIn, opened: MakeTicket) -> None:
    opened("投诉：待受理")
    opened("投诉：已派", department="质量技术")
    opened("投诉：老的", at=NOW - timedelta(days=30))
    page = " ".join(_page(sign_in("alice"), "/inbox").split())
    counts = [int(part.split("<")[0]) for part in page.split('<b class="n')[1:] for part in [part.split(">")[1]]]
    assert counts == [2, 1, 1, 0, 3, 0]
