"""Reading whole threads of comments within a budget: who is next, where it goes on, and what counts as deleted."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from scrapers.base import Batch, Census, RawPost, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.visiting.comments import (
    MOST_FOUND,
    MOST_THREADS,
    CommentPage,
    Sighting,
    find_threads,
    link_to,
    listed_threads,
    read_threads,
)


class Engine:
    """Threads of numbered comments, ten on a page; remembers which pages were asked for."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.threads = {name: [f"{name}-{number}" for number in range(size)] for name, size in sizes.items()}
        self.asked: list[tuple[str, int]] = []
        self.after_page: Callable[[], object] = lambda: None
        self.hidden = 0
        self.whole = True
        self.failing: dict[tuple[str, int], CollectError] = {}

    def counts(self) -> dict[str, int | None]:
        return {name: len(comments) for name, comments in self.threads.items()}

    def page(self, name: str, place: int | None) -> CommentPage:
        start = place or 0
        self.asked.append((name, start))
        if (name, start) in self.failing:
            raise self.failing[name, start]
        comments = self.threads[name]
        shown = comments[start : start + 10]
        page = CommentPage(
            items=[RawPost(external_id=name, text="说了") for name in shown],
            rows=frozenset(shown),
            total=len(comments) + self.hidden,
            following=start + 10 if start + 10 < len(comments) else None,
            whole=self.whole,
        )
        self.after_page()
        return page

    def visit(self, cursor: Mapping[str, Any], max_pages: int = 20) -> Batch:
        return read_threads(self.page, self.counts(), cursor, max_pages=max_pages)


def _ids(batch: Batch) -> list[str]:
    return [post.external_id for post in batch.posts]


def test_all_threads_are_read_whole_on_the_first_visit() -> None:
    engine = Engine({"a": 25, "b": 3})
    batch = engine.visit({})
    assert set(_ids(batch)) == {*engine.threads["a"], *engine.threads["b"]}
    assert [(census.thread_id, census.sure, len(census.ids)) for census in batch.censuses] == [
        ("a", True, 25),
        ("b", True, 3),
    ]
    assert not batch.more


def test_a_thread_larger_than_a_visit_goes_on_in_the_next() -> None:
    engine = Engine({"a": 45})
    first = engine.visit({}, max_pages=2)
    second = engine.visit(json.loads(json.dumps(first.cursor)), max_pages=2)
    third = engine.visit(second.cursor, max_pages=2)
    assert [_ids(batch)[0] for batch in (first, second, third)] == ["a-0", "a-20", "a-40"]
    assert [batch.more for batch in (first, second, third)] == [True, True, False]
    assert not any(batch.censuses for batch in (first, second, third))
    assert len(set(_ids(first) + _ids(second) + _ids(third))) == 45


def test_what_came_while_a_long_thread_was_read_is_read_afterwards() -> None:
    engine = Engine({"a": 25})
    first = engine.visit({}, max_pages=2)
    engine.threads["a"].insert(0, "a-new")
    second = engine.visit(first.cursor, max_pages=2)
    third = engine.visit(second.cursor, max_pages=20)
    assert "a-new" not in _ids(first) + _ids(second)
    assert "a-new" in _ids(third)


def test_threads_whose_count_has_changed_come_first() -> None:
    engine = Engine({"a": 1, "b": 1, "c": 1})
    first = engine.visit({})
    engine.threads["c"].append("c-new")
    engine.asked.clear()
    engine.visit(first.cursor, max_pages=1)
    assert engine.asked == [("c", 0)]


def test_unchanged_threads_are_read_in_turn_since_edits_change_no_count() -> None:
    engine = Engine({"a": 1, "b": 1, "c": 1})
    batch = engine.visit({})
    engine.asked.clear()
    for _ in range(4):
        batch = engine.visit(batch.cursor, max_pages=1)
        assert not batch.more
    assert [name for name, _ in engine.asked] == ["a", "b", "c", "a"]


def test_threads_left_over_are_asked_for_at_once() -> None:
    engine = Engine({"a": 1, "b": 1})
    first = engine.visit({}, max_pages=1)
    second = engine.visit(first.cursor, max_pages=1)
    assert (_ids(first), first.more) == (["a-0"], True)
    assert (_ids(second), second.more) == (["b-0"], False)


def test_a_thread_that_changed_while_it_was_read_proves_nothing_and_is_read_again() -> None:
    engine = Engine({"a": 25})
    engine.after_page = lambda: engine.threads["a"].pop(0) if len(engine.threads["a"]) == 25 else None
    first = engine.visit({})
    # The comment that moved up to the first page behind our back is missing.
    assert "a-10" not in _ids(first)
    assert not first.censuses
    engine.asked.clear()
    second = engine.visit(first.cursor, max_pages=1)
    assert engine.asked == [("a", 0)]
    assert second.more


def test_comments_that_are_counted_and_not_shown_make_the_census_unsure() -> None:
    engine = Engine({"a": 3})
    engine.hidden = 2
    assert [census.sure for census in engine.visit({}).censuses] == [False]


def test_a_thread_that_is_empty_all_at_once_is_believed_the_second_time() -> None:
    engine = Engine({"a": 5})
    batch = engine.visit({})
    engine.threads["a"].clear()
    censuses: list[Census] = []
    for _ in range(2):
        batch = engine.visit(batch.cursor)
        censuses += batch.censuses
    assert [(census.sure, census.ids) for census in censuses] == [(False, frozenset()), (True, frozenset())]


def test_a_page_with_unread_comments_makes_no_census() -> None:
    engine = Engine({"a": 3})
    engine.whole = False
    assert not engine.visit({}).censuses


def test_an_engine_that_gives_the_same_page_again_and_again_is_left() -> None:
    def stuck(name: str, place: int | None) -> CommentPage:
        return CommentPage(items=[], rows=frozenset({"1", "2"}), total=9, following=(place or 0) + 2)

    batch = read_threads(stuck, {"a": 9}, {}, max_pages=20)
    assert [note.sign for note in batch.notes] == [Sign.PAGE_FAILED]
    assert not batch.censuses
    assert not batch.more


def test_a_later_page_that_fails_keeps_what_was_read_and_says_so() -> None:
    engine = Engine({"a": 15, "b": 1})
    engine.failing["a", 10] = CollectError("对方繁忙")
    batch = engine.visit({})
    assert len(batch.posts) == 10
    assert [(note.sign, "对方繁忙" in note.text) for note in batch.notes] == [(Sign.PAGE_FAILED, True)]
    engine.failing.clear()
    assert len(engine.visit(batch.cursor).posts) == 16


def test_a_first_page_that_fails_fails_the_visit() -> None:
    engine = Engine({"a": 1})
    engine.failing["a", 0] = CollectError("对方繁忙")
    with pytest.raises(CollectError, match="对方繁忙"):
        engine.visit({})


def test_a_refusal_in_the_middle_fails_the_visit() -> None:
    engine = Engine({"a": 15})
    engine.failing["a", 10] = CollectError("拒绝访问", permanent=True)
    with pytest.raises(CollectError, match="拒绝访问"):
        engine.visit({})


def test_the_cursor_stays_small_with_as_many_threads_as_allowed() -> None:
    engine = Engine({f"/posts/{'很长的名字' * 20}/{number}": 1 for number in range(MOST_THREADS)})
    assert len(json.dumps(engine.visit({}, max_pages=MOST_THREADS).cursor)) < 8000


def test_a_count_that_is_not_known_settles_by_the_thread_itself() -> None:
    engine = Engine({"a": 3})
    first = read_threads(engine.page, {"a": None}, {}, max_pages=20)
    assert not read_threads(engine.page, {"a": None}, first.cursor, max_pages=1).more


def _sightings(*threads: str, start: float = 1000.0) -> list[Sighting]:
    return [Sighting(thread=name, written=start + number) for number, name in enumerate(threads)]


def test_threads_are_found_by_their_newest_comments_and_remembered() -> None:
    known, _ = find_threads(_sightings("a", "b"), {}, full=False, advice="")
    known, notes = find_threads(_sightings("c", start=2000.0), known, full=False, advice="")
    assert known == {"found": ["c", "b", "a"], "newest": 2000.0}
    assert not notes


def test_more_new_comments_than_a_site_tells_at_once_are_a_gap() -> None:
    known, first = find_threads(_sightings("a"), {}, full=True, advice="")
    _, met = find_threads(_sightings("a", "b"), known, full=True, advice="")
    _, missed = find_threads(_sightings("b", start=2000.0), known, full=True, advice="请列出页面")
    assert not first
    assert not met
    assert [(note.sign, note.text.endswith("请列出页面")) for note in missed] == [(Sign.GAP, True)]


def test_no_more_threads_are_remembered_than_fit() -> None:
    known, notes = find_threads(_sightings(*map(str, range(MOST_FOUND + 5))), {}, full=False, advice="")
    assert len(known["found"]) == MOST_FOUND
    assert known["found"][0] == str(MOST_FOUND + 4)
    assert [note.sign for note in notes] == [Sign.GAP]


def test_names_too_long_to_remember_are_not_threads() -> None:
    assert find_threads(_sightings("长" * 401, ""), {}, full=False, advice="")[0]["found"] == []


@pytest.mark.parametrize(
    ("site", "path", "link"),
    [
        ("https://blog.example.com/", "/t/a", "https://blog.example.com/t/a#c1"),
        ("https://blog.example.com", "t/a", "https://blog.example.com/t/a#c1"),
        ("", "/t/a", ""),
        ("", "https://blog.example.com/t/a", "https://blog.example.com/t/a#c1"),
    ],
)
def test_a_comment_is_linked_where_its_site_is_known(site: str, path: str, link: str) -> None:
    assert link_to(site, path, "c1") == link


@pytest.mark.parametrize(
    ("listed", "names"),
    [(" /a, /b，/c,/a ,, ", ("/a", "/b", "/c")), ("/a,b\n /c \n\n", ("/a,b", "/c")), ("", ()), ("/a\n", ("/a",))],
)
def test_threads_are_listed_with_commas_or_line_by_line(listed: str, names: tuple[str, ...]) -> None:
    assert listed_threads(listed, "threads") == names


def test_too_many_threads_are_refused() -> None:
    with pytest.raises(CollectorNotConfigured, match="分成几个来源") as raised:
        listed_threads(",".join(f"/{number}" for number in range(MOST_THREADS + 1)), "threads")
    assert raised.value.option == "threads"
