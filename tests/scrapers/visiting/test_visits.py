"""Walking from page to page: where a walk ends, what it may not miss, and what is remembered of it."""

from collections.abc import Collection, Mapping
from datetime import timedelta

import pytest

from scrapers.base import Gone, RawPost, Sign
from scrapers.errors import CollectError
from scrapers.reading.pages import Page
from scrapers.visiting.visits import Walk, known_after, remember, walk, walk_back
from tests.scrapers.conftest import NOW

Answer = list[int] | CollectError | Page


def listing(*answers: Answer, last: int = 99) -> Mapping[str, Answer]:
    """Pages by number; beyond those given, all are blank."""
    return {str(number): answers[number - 1] if number <= len(answers) else [] for number in range(1, last + 1)}


class Reader:
    """Reads pages from a table and remembers which."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = answers
        self.places: list[str] = []

    def __call__(self, place: str) -> Page:
        self.places.append(place)
        answer = self.answers[place]
        if isinstance(answer, CollectError):
            raise answer
        if isinstance(answer, Page):
            return answer
        return Page(items=[post(number) for number in answer], following=str(int(place) + 1))


def post(number: int) -> RawPost:
    """The higher its number, the newer."""
    return RawPost(str(number), f"第 {number} 帖", created_at=NOW - timedelta(days=100 - number))


def go(reader: Reader, known: Collection[str] = (), *, max_pages: int = 10, empty_pages: int = 2) -> Walk:
    return walk(reader, "1", known=known, max_pages=max_pages, empty_pages=empty_pages)


def test_two_blank_pages_after_a_short_one_are_the_end() -> None:
    reader = Reader(listing([9, 8], [7]))
    found = go(reader)
    assert (found.names, found.ended, len(reader.places)) == (("9", "8", "7"), True, 4)


def test_three_blank_pages_in_the_middle_do_not_end_a_listing() -> None:
    found = go(Reader(listing([9, 8], [7, 6], [], [], [], [5, 4], [3])))
    assert (found.names, found.ended) == (("9", "8", "7", "6", "5", "4", "3"), True)


def test_blank_pages_before_anything_known_do_not_end_a_listing() -> None:
    found = go(Reader(listing([9, 8], [7], [], [], [], [6, 5])), known={"5"})
    assert (found.names, found.ended) == (("9", "8", "7", "6", "5"), False)


def test_more_blank_pages_can_be_borne() -> None:
    reader = Reader(listing([9, 8], [7], [], [], [], [6]))
    assert go(reader, empty_pages=4).names == ("9", "8", "7", "6")


def test_the_page_that_holds_the_known_is_finished_and_the_next_not_begun() -> None:
    reader = Reader(listing([6, 5], [4, 3], [2, 1]))
    found = go(reader, known={"4", "3"})
    assert (found.names, reader.places, found.notes) == (("6", "5", "4", "3"), ["1", "2"], ())


def test_what_is_pinned_to_the_top_does_not_end_the_walk() -> None:
    reader = Reader(listing([50, 49, 9, 8], [7, 6, 5, 4], [3, 2]))
    assert go(reader, known={"50", "49", "4", "3"}).names[-1] == "4"


def test_the_limit_is_told_where_something_may_be_missed() -> None:
    found = go(Reader(listing([9], [8], [7])), known={"1"}, max_pages=2)
    assert [note.sign for note in found.notes] == [Sign.GAP]
    assert (found.following, found.ended) == ("3", False)
    assert go(Reader(listing([9], [8], [7])), max_pages=2).notes == ()


def test_a_page_that_comes_twice_ends_the_walk_and_proves_nothing() -> None:
    reader = Reader(listing([9, 8], [9, 8], [9, 8]))
    found = go(reader, known={"1"})
    assert (found.names, found.ended, reader.places) == (("9", "8"), False, ["1", "2"])
    assert "翻页似乎无效" in found.notes[0].text


def test_a_circle_of_pages_ends() -> None:
    circle = {"1": Page(items=[post(2)], following="x"), "x": Page(items=[post(1)], following="1")}
    assert go(Reader(circle)).names == ("2", "1")


def test_a_later_page_that_fails_keeps_the_earlier_ones() -> None:
    found = go(Reader(listing([9], CollectError("忙"))))
    assert (found.names, found.whole, found.following) == (("9",), False, "2")
    assert (found.notes[0].sign, found.notes[0].text) == (Sign.PAGE_FAILED, "第 2 页没有读到：忙")


def test_a_first_page_that_fails_and_a_wall_on_any_are_errors() -> None:
    for answers in ([CollectError("忙")], [[9], CollectError("请登录", permanent=True)]):
        with pytest.raises(CollectError):
            go(Reader(listing(*answers)))


def test_a_page_of_rows_that_are_gone_is_not_blank() -> None:
    rows = Page(gone=[Gone("3", "接口标明")], names=["3"], following="3")
    found = go(Reader({**listing([9, 8], [7], [2], [1]), "2": rows}), empty_pages=1)
    assert [gone.external_id for gone in found.gone] == ["3"]
    assert found.names == ("9", "8", "3", "2", "1")


def test_a_walk_can_end_at_a_time() -> None:
    reader = Reader(listing([99, 98], [97, 50], [49, 48], [47]))
    found = walk(reader, "1", known=(), max_pages=9, empty_pages=2, oldest=NOW - timedelta(days=10))
    assert (found.names[-1], found.ended) == ("48", False)


def test_the_past_is_read_in_steps_that_go_on_where_one_stopped() -> None:
    reader = Reader(listing([9], [8], [7], [6]))
    first, cursor, more = walk_back(reader, "1", {}, empty_pages=1, pages=3)
    assert (first.names, cursor["next"], cursor["pages"], more) == (("9", "8", "7"), "4", 3, True)
    second, cursor, more = walk_back(reader, "1", cursor, empty_pages=1, pages=9)
    assert (second.names, cursor["next"], cursor["pages"], more) == (("6",), "", 7, False)


def test_the_past_ends_where_a_site_gives_its_last_page_for_ever() -> None:
    reader = Reader(listing([9], [8], [8], [8]))
    cursor: Mapping[str, object] = {}
    steps = []
    more = True
    while more:
        found, cursor, more = walk_back(reader, "1", cursor, empty_pages=1, pages=1)
        steps.append([item.external_id for item in found.items if isinstance(item, RawPost)])
    assert steps == [["9"], ["8"], []]


@pytest.mark.parametrize("pages", [1, 2, 5])
def test_the_past_is_read_over_holes_and_ends_whatever_the_size_of_a_step(pages: int) -> None:
    reader = Reader(listing([9, 8], [7, 6], [], [], [], [5, 4], [3]))
    cursor: Mapping[str, object] = {}
    seen: list[str] = []
    more = True
    while more:
        found, cursor, more = walk_back(reader, "1", cursor, empty_pages=2, pages=pages)
        seen += found.names
    assert (seen, len(reader.places)) == (["9", "8", "7", "6", "5", "4", "3"], 9)


def test_a_step_into_the_past_goes_on_at_the_page_that_failed() -> None:
    reader = Reader(listing([9], [8], CollectError("忙")))
    found, cursor, more = walk_back(reader, "1", {}, empty_pages=1)
    assert (found.names, cursor["next"], more) == (("9", "8"), "3", True)
    with pytest.raises(CollectError):
        walk_back(reader, "1", cursor, empty_pages=1)


def test_what_is_remembered_stays_small() -> None:
    assert remember(["c", "b", "c"], ["b", "a"]) == ["c", "b", "a"]
    assert len(remember(str(number) for number in range(9999))) == 500
    assert sum(len(name) for name in remember("长" * 390 + str(number) for number in range(999))) <= 16_000
    assert known_after([RawPost("7~ab", "甲")], ["6"]) == ["7", "6"]
