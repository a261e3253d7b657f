"""Seals: the same facts give the same seal, and any change gives another."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.evidence import START, canonical, facts_of, safe_address, seal_of

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
FACTS = facts_of(
    posts=[("1", "a" * 64)], payloads=[("https://a.example/1", 12, "b" * 64)], gone=[("2", "来源说已删除")]
)


def test_the_order_of_keys_and_the_zone_of_the_clock_change_nothing() -> None:
    turned = dict(reversed(list(FACTS.items())))
    elsewhere = AT.astimezone(timezone(timedelta(hours=8)))
    assert seal_of(START, 1, 1, AT, FACTS) == seal_of(START, 1, 1, elsewhere, turned)


@pytest.mark.parametrize(
    "other",
    [
        seal_of("1" * 64, 1, 1, AT, FACTS),
        seal_of(START, 2, 1, AT, FACTS),
        seal_of(START, 1, 2, AT, FACTS),
        seal_of(START, 1, 1, AT + timedelta(microseconds=1), FACTS),
        seal_of(START, 1, 1, AT, facts_of(posts=[("1", "c" * 64)])),
    ],
)
def test_whatever_is_changed_changes_the_seal(other: str) -> None:
    assert other != seal_of(START, 1, 1, AT, FACTS)


def test_what_there_is_none_of_is_not_among_the_facts() -> None:
    assert facts_of(posts=[("1", "a")]) == {"posts": [["1", "a"]]}


@given(st.dictionaries(st.text(), st.lists(st.text())))
def test_any_words_can_be_sealed(facts: dict[str, list[str]]) -> None:
    assert canonical(facts)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://me:pw@a.example/x", "https://a.example/x"),
        (
            "https://a.example/x?page=2&access_token=t0p&sort=new",
            "https://a.example/x?page=2&access_token=***&sort=new",
        ),
        ("https://a.example/x?Api-Key=1&sign=2", "https://a.example/x?Api-Key=***&sign=***"),
        ("https://a.example/keys?monkey=1", "https://a.example/keys?monkey=***"),
        ("http://[", ""),
    ],
)
def test_an_address_is_kept_without_its_secrets(url: str, kept: str) -> None:
    assert safe_address(url) == kept
