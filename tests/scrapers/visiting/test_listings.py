"""Visits to a listing that lives: new posts, deleted ones, changed order, and a site that forgets."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from scrapers.base import Batch, Census, Response, Sign
from scrapers.errors import CollectError
from scrapers.kinds.json_api import JsonApi
from scrapers.registry import build
from tests.scrapers.conftest import NOW
from tests.scrapers.holding import Held

URL = "https://api.example/list"


@dataclass
class Board:
    """An interface that lists posts by number, ten a page; an answer given for a place goes before, a failure once."""

    numbers: list[int]
    size: int = 10
    answers: dict[str, Response | CollectError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    conditions: list[Mapping[str, str]] = field(default_factory=list)
    edited: set[int] = field(default_factory=set)

    def text(self, number: int) -> str:
        return f"第 {number} 帖" + ("，改过" if number in self.edited else "")

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        self.asked.append(url.removeprefix(URL))
        self.conditions.append(headers or {})
        answer = self.answers.get(url.removeprefix(URL))
        if isinstance(answer, CollectError):
            del self.answers[url.removeprefix(URL)]
            raise answer
        if answer is not None:
            return answer
        place = int(parse_qs(urlsplit(url).query).get("page", ["1"])[0])
        shown = self.numbers[(place - 1) * self.size : place * self.size]
        rows = [{"id": n, "text": self.text(n), "at": (NOW - timedelta(days=9000 - n)).isoformat()} for n in shown]
        return Response(url, 200, self.headers, json.dumps({"rows": rows, "next": str(place + 1)}).encode())


def api(board: Board, **options: Any) -> JsonApi:
    given = {"url": URL, "items": "rows", "id": "id", "text": "text", "created": "at", **options}
    collector = build("json", given, board)
    assert isinstance(collector, JsonApi)
    return replace(collector, clock=lambda: NOW)


def paged(board: Board, **options: Any) -> JsonApi:
    return api(board, paging="page", **options)


def visits(collector: JsonApi, cursor: Mapping[str, Any] | None = None) -> list[Batch]:
    """A visit and those at once behind it; the cursor is written and read in between, as it is kept."""
    batches = [collector.collect(json.loads(json.dumps(cursor or {})))]
    while batches[-1].more:
        batches.append(collector.collect(json.loads(json.dumps(dict(batches[-1].cursor)))))
    return batches


def numbers(batches: list[Batch]) -> set[int]:
    return {int(post.external_id) for batch in batches for post in batch.posts}


def signs(batches: list[Batch]) -> list[Sign]:
    return [note.sign for batch in batches for note in batch.notes]


def down_to(last: int, first: int = 0) -> list[int]:
    """The newest first."""
    return list(range(last, first - 1, -1))


def test_a_burst_larger_than_a_visit_is_caught_up_with_at_once() -> None:
    before = visits(paged(Board(down_to(100))))
    board = Board(down_to(400))
    after = visits(paged(board), before[-1].cursor)
    assert numbers(after) >= set(range(101, 401))
    assert (len(after), signs(after)) == (7, [])
    assert visits(paged(board), after[-1].cursor)[0].posts[0].external_id == "400"


def test_a_burst_beyond_fifty_pages_is_told_as_a_gap() -> None:
    before = visits(paged(Board(down_to(100))))
    after = visits(paged(Board(down_to(900))), before[-1].cursor)
    assert (len(numbers(after)), signs(after)) == (500, [Sign.GAP])


def test_a_site_that_forgot_where_we_were_is_read_from_the_front() -> None:
    before = visits(paged(Board(down_to(100))))
    first = paged(Board(down_to(220))).collect(before[-1].cursor)
    assert first.more
    board = Board(down_to(220), answers={"?page=6": CollectError("坏游标", status=400)})
    again = paged(board, max_pages=20).collect(first.cursor)
    assert board.asked[:2] == ["?page=6", "?page=1"]
    assert numbers([again]) >= set(range(101, 221))


def test_a_visit_that_ends_early_is_made_again_and_loses_nothing() -> None:
    before = visits(paged(Board(down_to(100))))
    failing = Board(down_to(130), answers={"?page=2": CollectError("忙")})
    broken = paged(failing).collect(before[-1].cursor)
    assert (signs([broken]), broken.more) == ([Sign.PAGE_FAILED], False)
    assert numbers(visits(paged(Board(down_to(130))), broken.cursor)) >= set(range(101, 131))


def test_a_kill_before_the_cursor_is_kept_loses_and_doubles_nothing() -> None:
    board = Board(down_to(90))
    first = paged(board).collect({})
    assert paged(board).collect({}) == first


def test_an_empty_list_where_there_always_was_one_is_doubtful() -> None:
    before = visits(paged(Board(down_to(30))))
    assert signs(visits(paged(Board([])), before[-1].cursor)) == [Sign.DOUBTFUL]
    assert signs(visits(paged(Board([])))) == []


def test_a_listing_with_the_oldest_first_is_told_before_it_goes_silent() -> None:
    board = Board(list(range(100)))
    first = visits(paged(board))
    assert signs(first) == [Sign.DOUBTFUL]
    assert "oldest_first" in first[0].notes[0].text
    assert signs(visits(paged(board), first[-1].cursor)) == [Sign.DOUBTFUL]


def test_a_listing_with_the_oldest_first_goes_on_at_its_last_page() -> None:
    board = Board(list(range(95)))
    collector = paged(board, order="oldest_first", max_pages=2)
    first = visits(collector)
    assert (numbers(first), signs(first)) == (set(range(95)), [])
    board.numbers, board.asked = list(range(130)), []
    after = visits(collector, first[-1].cursor)
    assert numbers(after) == set(range(90, 130))
    assert board.asked[0] == "?page=10"


def test_a_last_page_emptied_by_deletions_starts_the_reading_anew() -> None:
    board = Board(list(range(95)))
    collector = paged(board, order="oldest_first")
    cursor = visits(collector)[-1].cursor
    board.numbers = list(range(40, 95))
    cursor = visits(collector, cursor)[-1].cursor
    board.numbers = list(range(40, 98))
    assert numbers(visits(collector, cursor)) == set(range(40, 98))


def test_a_cursor_in_the_body_is_followed_and_kept_where_the_oldest_come_first() -> None:
    board = Board(list(range(25)))
    by_cursor = {"paging": "cursor", "cursor_path": "next", "page_param": "page", "order": "oldest_first"}
    first = visits(api(board, **by_cursor))
    assert numbers(first) == set(range(25))
    board.numbers, board.asked = list(range(40)), []
    assert numbers(visits(api(board, **by_cursor), first[-1].cursor)) == set(range(20, 40))


def test_the_walk_can_end_at_an_age() -> None:
    board = Board(down_to(8999, 8900))
    paged(board, max_age_days=15, max_pages=50).collect({})
    assert board.asked == ["?page=1", "?page=2", "?page=3"]


def test_a_list_of_all_posts_tells_which_are_there() -> None:
    batch = paged(Board(down_to(24)), whole=True).collect({})
    assert batch.censuses == (Census(frozenset(map(str, range(25)))),)
    cut = paged(Board(down_to(99)), whole=True).collect(batch.cursor)
    assert (cut.censuses, signs([cut])) == ((), [Sign.OTHER])


def test_an_empty_list_of_all_posts_tells_nothing_about_deletions() -> None:
    before = paged(Board(down_to(24)), whole=True).collect({})
    after = paged(Board([]), whole=True).collect(before.cursor)
    assert (after.censuses, signs([after])) == ((), [Sign.DOUBTFUL])


def test_a_row_that_cannot_be_read_is_not_taken_for_deleted() -> None:
    rows = {"rows": [{"id": 1, "text": "甲"}, {"id": 2, "text": ""}, {"text": ""}]}
    board = Board([], answers={"": Response(URL, 200, {}, json.dumps(rows).encode())})
    batch = api(board, whole=True).collect({})
    assert (len(batch.rejections), batch.censuses) == (2, (Census(frozenset({"1", "2"})),))


def test_a_single_page_is_asked_for_only_if_it_changed() -> None:
    board = Board(down_to(5), headers={"etag": 'W/"1"', "last-modified": "Sat, 22 Aug 2026 03:00:00 GMT"})
    first = api(board).collect({})
    board.answers[""] = Response(URL, 304, {}, b"")
    second = api(board).collect(first.cursor)
    asked = {"If-None-Match": 'W/"1"', "If-Modified-Since": "Sat, 22 Aug 2026 03:00:00 GMT"}
    assert board.conditions == [{}, asked]
    assert (second.posts, second.cursor) == ((), first.cursor)


def test_a_page_that_tells_deletions_is_read_twice_before_it_may_be_skipped() -> None:
    board = Board(down_to(5), headers={"etag": '"1"'})
    first = api(board, whole=True).collect({})
    second = api(board, whole=True).collect(first.cursor)
    api(board, whole=True).collect(second.cursor)
    assert board.conditions == [{}, {}, {"If-None-Match": '"1"'}]


def test_a_page_of_many_is_never_skipped() -> None:
    board = Board(down_to(5), headers={"etag": '"1"'})
    paged(board).collect(paged(board).collect({}).cursor)
    assert not any(board.conditions)


def test_an_address_that_moved_for_good_is_told() -> None:
    there = Response(URL, 200, {}, b'{"rows": []}', moved_to="https://new.example/list")
    (note,) = api(Board([], answers={"": there})).collect({}).notes
    assert (note.sign, note.link) == (Sign.MOVED, "https://new.example/list")


def test_the_past_is_read_to_its_beginning() -> None:
    collector, cursor = paged(Board(down_to(120))), dict[str, Any]()
    seen, more = set[int](), True
    while more:
        batch = collector.history(cursor)
        cursor, more = json.loads(json.dumps(dict(batch.cursor))), batch.more
        seen |= numbers([batch])
    assert (seen, cursor["pages"] > 12) == (set(range(121)), True)


def test_a_cursor_stays_small() -> None:
    batches = visits(paged(Board(down_to(5000)), max_pages=50))
    batches += visits(paged(Board(down_to(8000)), max_pages=5), batches[-1].cursor)
    assert max(len(json.dumps(dict(batch.cursor))) for batch in batches) < 20_000


@pytest.mark.parametrize(
    "options", [{"paging": "page"}, {"paging": "cursor", "cursor_path": "next"}], ids=["page", "cursor"]
)
def test_what_the_site_has_and_what_is_held_are_equal_however_often_a_visit_is_killed(options: dict[str, Any]) -> None:
    chance = random.Random(7)
    board, held = Board(down_to(99)), Held()
    collector = api(board, whole=True, max_pages=50, page_param="page", **options)
    for step in range(30):
        board.numbers = down_to(100 + step * 7, board.numbers[0] + 1) + board.numbers
        for gone in chance.sample(board.numbers, 2):
            board.numbers.remove(gone)
        board.edited |= set(chance.sample(board.numbers, 3))
        held.visit(collector.collect, killed=chance.random() < 0.5)
    held.settle(collector.collect, 2)
    assert held.texts() == {str(number): board.text(number) for number in board.numbers}


@pytest.mark.parametrize("status", [401, 500])
def test_a_failure_that_is_no_forgetting_stays_one(status: int) -> None:
    board = Board([], answers={"?page=6": CollectError("x", status=status)})
    with pytest.raises(CollectError):
        paged(board).collect({"known": ["1"], "place": "6"})
