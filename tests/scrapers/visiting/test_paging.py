"""Addresses with blanks, and the ways from page to page."""

import pytest

from scrapers.errors import CollectorNotConfigured
from scrapers.visiting.paging import Paging, check_blanks, fill, paging_of, with_parameter

URL = "https://api.example/list"


def test_blanks_are_filled_and_strange_words_do_no_harm() -> None:
    assert fill(f"{URL}?c={{cursor}}&p={{page}}", {"cursor": "a&b=c/d"}) == f"{URL}?c=a%26b%3Dc%2Fd&p={{page}}"
    assert fill(f"{URL}?c={{cursor}}", {"cursor": "\ud83d"}) == with_parameter(URL, "c", "\ud83d") == f"{URL}?c=%3F"
    assert fill(f'{URL}?q={{"a":1}}', {"page": "2"}) == f'{URL}?q={{"a":1}}'


def test_a_blank_that_nothing_fills_is_told() -> None:
    with pytest.raises(CollectorNotConfigured, match=r"\{seite\}.*\{page\}"):
        check_blanks(f"{URL}?p={{seite}}", {"page"})


def test_a_parameter_replaces_its_namesake_and_leaves_a_gbk_query_alone() -> None:
    assert with_parameter(f"{URL}?q=%D0%C2%B3%B5&page=1", "page", "2") == f"{URL}?q=%D0%C2%B3%B5&page=2"
    assert with_parameter(URL, "page[number]", "2") == f"{URL}?page%5Bnumber%5D=2"


def test_pages_are_counted_from_where_they_begin() -> None:
    paging = paging_of({"first_page": 0}, URL, "page")
    assert (paging.start, paging.address(URL, "0"), paging.following("0", URL, {}, "")) == ("0", f"{URL}?page=0", "1")


def test_offsets_grow_by_the_size_of_a_page() -> None:
    paging = paging_of({"page_size": 25, "page_param": "start"}, URL, "offset")
    assert (paging.start, paging.address(URL, "25")) == ("0", f"{URL}?start=25")
    assert paging.following("25", URL, {}, "") == "50"


def test_a_blank_in_the_address_says_how_pages_follow() -> None:
    url = "https://forum.example/list-{page}.html"
    assert paging_of({}, url, "none").address(url, "3") == "https://forum.example/list-3.html"
    assert paging_of({}, f"{URL}?c={{cursor}}", "none").style == "cursor"


def test_the_first_page_by_cursor_has_none() -> None:
    paging = Paging(style="cursor", parameter="after")
    assert paging.address(URL, "") == URL
    assert paging.address(URL, "x=1") == f"{URL}?after=x%3D1"
    assert paging.address(f"{URL}?c={{cursor}}", "") == f"{URL}?c="


def test_a_link_header_leads_on() -> None:
    headers = {"link": '<https://api.example/list?p=1>; rel="prev", </list?p=3>; rel="next last"'}
    assert Paging(style="link").following("", URL, headers, "") == f"{URL}?p=3"
    assert Paging(style="link").following("", URL, {}, "") == ""


@pytest.mark.parametrize("named", ["https://[::1", "", "#", "javascript:;", "mailto:a@b.example", URL, f"{URL}#top"])
def test_what_is_no_other_page_leads_nowhere(named: str) -> None:
    assert Paging(style="next_url").following("", URL, {}, named) == ""
