"""The Link header as it comes: several relations, odd spacing, and rubbish."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.reading.links import linked_query, read_links


def test_every_relation_has_its_address() -> None:
    header = '<https://a.example/x?page=2>; rel="next", <https://a.example/x?page=9>; rel="last"'
    assert read_links(header) == {"next": "https://a.example/x?page=2", "last": "https://a.example/x?page=9"}


@pytest.mark.parametrize(
    "header",
    [
        "<https://a.example/x?q=1,2;3>;rel=next",
        '<https://a.example/x?q=1,2;3> ; title="a, b" ; REL="alternate Next"',
        '<https://a.example/x?q=1,2;3>; rel="next"; rel="ignored", <https://a.example/y>; rel=next',
    ],
)
def test_commas_titles_and_several_names_do_no_harm(header: str) -> None:
    assert read_links(header)["next"] == "https://a.example/x?q=1,2;3"


@pytest.mark.parametrize("header", ["", "next", "<>; rel=next", "<https://a.example>", "<https://a.example>; rev=next"])
def test_a_header_that_names_no_relation_names_nothing(header: str) -> None:
    assert "next" not in read_links(header)


def test_only_the_query_of_a_linked_address_is_followed() -> None:
    headers = {"link": '<https://evil.example/steal?after=abc&per_page=100>; rel="next"'}
    assert linked_query(headers, "next") == "after=abc&per_page=100"
    assert linked_query(headers, "prev") == ""
    assert linked_query({"link": "<https://[::1>; rel=next"}, "next") == ""


@given(st.text(alphabet='<>;,=" relnxt\\/', max_size=200))
def test_rubbish_is_read_quietly(header: str) -> None:
    assert isinstance(read_links(header), dict)
