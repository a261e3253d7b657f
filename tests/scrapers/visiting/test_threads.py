"""Threads read again when their mark moved, and threads that cannot be read."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from scrapers.base import Census, RawPost, Rejection, Sign
from scrapers.errors import CollectError
from scrapers.reading.posts import Item
from scrapers.visiting.threads import LOOK, UNFINISHED, Thread, census_of, due, once, pages_due, read_moved, turn


class Forum:
    """Threads that give what the table says, and remember being read."""

    def __init__(self, **answers: Thread | CollectError) -> None:
        self.answers = answers
        self.read: list[str] = []

    def __call__(self, name: str) -> Thread:
        self.read.append(name)
        answer = self.answers.get(name, Thread(items=[RawPost(f"{name}-1", "等配件")]))
        if isinstance(answer, CollectError):
            raise answer
        return answer


def test_only_threads_whose_mark_moved_are_read() -> None:
    forum = Forum()
    found = read_moved(forum, {"a": "2", "b": "5"}, {"a": "1", "b": "5", "c": "9"}, most=9)
    assert (forum.read, found.marks) == (["a"], {"a": "2", "b": "5", "c": "9"})
    assert [post.external_id for post in found.items if isinstance(post, RawPost)] == ["a-1"]


def test_a_thread_to_be_looked_at_tells_its_own_mark() -> None:
    forum = Forum(a=Thread(mark="7"))
    assert read_moved(forum, {"a": LOOK}, {"a": "7"}, most=9).marks == {"a": "7"}
    assert forum.read == ["a"]


def test_what_is_too_much_for_one_visit_is_left_for_the_next() -> None:
    found = read_moved(Forum(), {"a": "1", "b": "1", "c": "1"}, {}, most=2)
    assert (found.unread, found.marks) == (True, {"a": "1", "b": "1", "c": LOOK})
    rest = read_moved(Forum(), {"a": "1", "b": "1", "c": "1"}, found.marks, most=2)
    assert (rest.unread, rest.marks) == (False, {"a": "1", "b": "1", "c": "1"})


def test_a_thread_that_fails_is_named_and_tried_again() -> None:
    found = read_moved(Forum(a=CollectError("忙")), {"a": "1", "b": "1"}, {}, most=9)
    assert [(note.sign, note.text) for note in found.notes] == [(Sign.PAGE_FAILED, "主题 a 没有读到：忙")]
    assert (found.marks, len(found.items)) == ({"a": LOOK, "b": "1"}, 1)


def test_a_missing_thread_is_told_twice_and_then_left() -> None:
    forum = Forum(a=CollectError("没有", status=404))
    first = read_moved(forum, {"a": "1"}, {"a": "0"}, most=9)
    second = read_moved(forum, {"a": "1"}, first.marks, most=9)
    third = read_moved(forum, {"a": "1"}, second.marks, most=9)
    assert first.censuses == [Census(frozenset(), thread_id="a")]
    assert second.censuses == [Census(frozenset(), thread_id="a", sure=True)]
    assert (third.censuses, len(forum.read)) == ([], 2)


def test_a_missing_thread_that_is_not_listed_is_forgotten() -> None:
    forum = Forum(a=CollectError("没有", status=410))
    first = read_moved(forum, {"a": LOOK}, {"a": "3"}, most=9)
    assert read_moved(forum, {"a": LOOK}, first.marks, most=9).marks == {}


def test_when_every_thread_is_missing_none_is_given_up() -> None:
    gone = CollectError("没有", status=404)
    before = {"a": "1", "b": "1", "c": "1"}
    for _ in range(3):
        found = read_moved(Forum(a=gone, b=gone, c=gone), dict.fromkeys("abc", LOOK), before, most=9)
        assert (found.censuses, found.marks) == ([], before)
        assert [note.sign for note in found.notes] == [Sign.DOUBTFUL]
    one_left = read_moved(Forum(a=gone, b=gone), dict.fromkeys("abc", LOOK), before, most=9)
    assert [census.thread_id for census in one_left.censuses] == ["a", "b"]


def test_one_thread_closed_to_strangers_stops_no_other_and_is_not_asked_again() -> None:
    forum = Forum(a=CollectError("要求登录", permanent=True, status=401))
    found = read_moved(forum, {"a": "1", "b": "1"}, {}, most=9)
    assert found.marks == {"a": "1", "b": "1"}
    read_moved(forum, {"a": "1", "b": "1"}, found.marks, most=9)
    assert forum.read == ["a", "b"]


def test_a_site_that_shuts_every_thread_is_a_wall() -> None:
    wall = CollectError("要求登录", permanent=True)
    with pytest.raises(CollectError, match="要求登录"):
        read_moved(Forum(a=wall, b=wall, c=wall), {"a": "1", "b": "1", "c": "1"}, {}, most=9)


def test_three_failures_or_a_wished_for_pause_end_the_visit() -> None:
    busy = CollectError("忙")
    forum = Forum(a=busy, b=busy, c=busy)
    found = read_moved(forum, dict.fromkeys("abcd", "1"), {}, most=9)
    assert (forum.read, found.unread, found.broken_off) == (["a", "b", "c"], False, busy)
    forum = Forum(a=CollectError("额度", retry_after=60))
    read_moved(forum, dict.fromkeys("abcd", "1"), {}, most=9)
    assert forum.read == ["a"]


def test_marks_are_kept_for_the_newest_threads_only() -> None:
    found = read_moved(Forum(), {"new": "1"}, {f"old{number}": "1" for number in range(300)}, most=9)
    assert (len(found.marks), next(iter(found.marks))) == (200, "new")


def test_turns_go_round() -> None:
    assert [turn("abc", start, 2) for start in (0, 2, 4)] == [["a", "b"], ["c", "a"], ["b", "c"]]
    assert turn("ab", 0, 5) == ["a", "b"]
    assert turn([], 3, 5) == []


def test_a_post_that_stood_on_two_pages_is_given_once() -> None:
    first, again = RawPost("7", "等配件"), RawPost("7", "等配件")
    told = Rejection("7", "没有文字")
    assert once([first, told, again, told]) == [first, told]


def test_threads_that_moved_come_first_then_those_left_over_then_quiet_ones() -> None:
    before = {"q1": "1", "m": "1", "left": LOOK, "half": UNFINISHED, "q2": "1", "q3": "1"}
    listed = {"q1": "1", "m": "2", "new": "1"}
    first = due(listed, before, 0, most=9, looked=2)
    assert list(first.items()) == [
        ("m", "2"), ("new", "1"), ("left", LOOK), ("half", LOOK), ("q1", LOOK), ("q2", LOOK),
    ]  # fmt: skip
    assert [name for name in due(listed, before, 1, most=9, looked=2) if name.startswith("q")] == ["q3", "q1"]
    assert list(due(listed, before, 0, most=5, looked=2)) == ["m", "new", "left", "half", "q1"]
    assert len(due(listed, before, 0, most=1, looked=2)) == 4


def test_many_threads_closed_to_strangers_end_nothing_where_one_could_be_read() -> None:
    shut = CollectError("要求登录", permanent=True)
    forum = Forum(b=shut, c=shut, d=shut)
    found = read_moved(forum, dict.fromkeys("abcde", "1"), {}, most=9)
    assert (forum.read, found.broken_off) == (list("abcde"), None)


def test_a_closed_thread_that_was_only_looked_at_is_not_asked_again() -> None:
    forum = Forum(a=CollectError("要求登录", permanent=True))
    assert read_moved(forum, {"a": LOOK}, {"a": "7"}, most=9).marks == {"a": "7"}
    assert read_moved(forum, {"a": LOOK}, {"a": LOOK}, most=9).marks == {"a": "closed"}


def test_the_pages_of_a_long_thread_are_read_from_the_last_one_on() -> None:
    assert pages_due(1, None, 2, 0, most=5) == []
    assert pages_due(5, 3, 2, 7, most=5) == [2, 3, 4, 5]
    assert pages_due(40, None, 2, 0, most=5) == [36, 37, 38, 39, 40]
    assert pages_due(41, 40, 36, 1, most=5) == [37, 39, 40, 41]
    assert pages_due(60, 40, 36, 3, most=5) == [36, 39, 40, 41, 42, 43]
    assert pages_due(6, 9, 2, 0, most=5) == [2, 6]
    assert pages_due(9, 1, 2, 1, most=5) == [2, 3, 4, 5, 6]


def test_every_third_time_a_thread_known_from_its_beginning_is_read_whole() -> None:
    assert pages_due(9, 9, 2, 2, most=5) == list(range(2, 10))
    assert len(pages_due(9, 9, 5, 2, most=5)) < 8
    assert len(pages_due(26, 26, 2, 2, most=5)) < 25


@dataclass(frozen=True)
class Sheet:
    """A page with one post, written on the day of its number."""

    number: int

    @property
    def ids(self) -> frozenset[str]:
        return frozenset({f"p{self.number}"})

    @property
    def items(self) -> list[Item]:
        return [RawPost(f"p{self.number}", "等配件", created_at=datetime(2026, 8, self.number, tzinfo=UTC))]


def counted(numbers: list[int], pages: int, expected: int = 0) -> Census | None:
    return census_of("t", [Sheet(number) for number in numbers], numbers, pages=pages, expected=expected)


def test_a_thread_read_whole_is_counted_whole() -> None:
    assert counted([1, 2, 3], 3) == Census(frozenset({"p1", "p2", "p3"}), thread_id="t")
    assert counted([1, 2, 3], 3, expected=3) == Census(frozenset({"p1", "p2", "p3"}), thread_id="t", sure=True)


def test_a_thread_read_to_its_end_is_counted_from_where_the_pages_have_no_gap() -> None:
    census = counted([1, 5, 8, 9], 9)
    assert census is not None
    assert census.since == datetime(2026, 8, 8, 0, 1, tzinfo=UTC)
    assert counted([1, 2, 3], 9) is None
