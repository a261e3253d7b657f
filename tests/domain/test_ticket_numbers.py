"""Numbers and codes that survive the telephone."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.ticket_numbers import (
    ALPHABET,
    new_ticket_number,
    query_code_for,
    query_code_hash,
    read_ticket_number,
)

numbers = st.dates(date(2020, 1, 1), date(2099, 12, 31)).map(new_ticket_number)
FORM = re.compile(r"TS-\d{8}-[0-9A-Y]{6}-[0-9A-Y]")


@settings(deadline=None, max_examples=60)
@given(numbers)
def test_a_number_is_read_as_it_was_made(number: str) -> None:
    assert FORM.fullmatch(number)
    assert read_ticket_number(number) == number


@settings(deadline=None, max_examples=25)
@given(numbers)
def test_every_single_wrong_sign_is_found(number: str) -> None:
    signs = number.removeprefix("TS-").replace("-", "")
    for place, right in enumerate(signs):
        for wrong in set(ALPHABET) - {right}:
            assert read_ticket_number(signs[:place] + wrong + signs[place + 1 :]) == "", (number, place, wrong)


@settings(deadline=None, max_examples=60)
@given(numbers)
def test_every_swap_of_neighbours_is_found(number: str) -> None:
    signs = number.removeprefix("TS-").replace("-", "")
    for place in range(len(signs) - 1):
        one, other = signs[place], signs[place + 1]
        if one != other:
            assert read_ticket_number(signs[:place] + other + one + signs[place + 2 :]) == ""


@settings(deadline=None, max_examples=60)
@given(numbers, st.sampled_from("oO"), st.sampled_from("iIlL"))
def test_signs_that_look_alike_are_taken_for_what_they_mean(number: str, zero: str, one: str) -> None:
    misread = number.replace("0", zero).replace("1", one)
    assert read_ticket_number(misread) == number


@pytest.mark.parametrize(
    "spell",
    [
        str.lower,
        lambda number: number.replace("-", ""),
        lambda number: number.replace("-", " "),
        lambda number: f"  {number}\n",
        lambda number: number.removeprefix("TS-"),
        lambda number: "".join(chr(ord(c) + 0xFEE0) for c in number),
        lambda number: number.replace("-", "—"),
    ],
    ids=["lower case", "no hyphens", "blanks", "around", "no TS", "full width", "long dashes"],
)
def test_the_ways_people_type_a_number_are_all_read(spell: object) -> None:
    number = new_ticket_number(date(2026, 11, 23))
    assert callable(spell)
    assert read_ticket_number(spell(number)) == number


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=40))
def test_anything_else_is_no_number_and_no_error(typed: str) -> None:
    assert FORM.fullmatch(read_ticket_number(typed) or "TS-00000000-000000-0")


def test_no_number_comes_twice_in_practice() -> None:
    assert len({new_ticket_number(date(2026, 11, 23)) for _ in range(2000)}) == 2000


def test_a_query_code_belongs_to_one_occasion_and_one_key() -> None:
    code = query_code_for(b"key", "form-1")
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", code)
    assert code == query_code_for(b"key", "form-1")
    assert len({code, query_code_for(b"key", "form-2"), query_code_for(b"other", "form-1")}) == 3


def test_a_query_code_is_known_however_it_is_typed() -> None:
    code = query_code_for(b"key", "form-1")
    kept = query_code_hash(code)
    assert kept == query_code_hash(code.lower().replace("-", " "))
    assert kept == query_code_hash(code.replace("0", "O").replace("1", "l"))
    assert kept != query_code_hash(code[:-1])
    assert code not in kept
