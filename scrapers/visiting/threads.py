"""Threads that are read again when their mark in a listing has moved: a new reply, an edit."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from scrapers.base import Census, Gone, Note, RawPost, Sign
from scrapers.errors import CollectError
from scrapers.reading.posts import Item

LOOK = ""
"""The mark of a thread that is to be read whatever its mark was."""

UNFINISHED = "unfinished"
"""The mark of a thread that was too long to be read to its end in one visit."""

_KEPT = 200
_BORNE = 3
_MISSING = "missing"
_CLOSED = "closed"
_SWEPT = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What one thread gave; `mark` where reading it told a newer one than the listing."""

    items: Sequence[Item] = ()
    gone: Sequence[Gone] = ()
    census: Census | None = None
    notes: Sequence[Note] = ()
    mark: str = ""


@dataclass(slots=True, kw_only=True)
class Rereading:
    """What the moved threads gave together, and the marks to keep for the next visit, the newest first."""

    marks: dict[str, str]
    items: list[Item] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    censuses: list[Census] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    unread: bool = False
    """Whether threads are left that could be read at once."""
    broken_off: CollectError | None = None
    """Why the reading ended before all were tried."""

    def take(self, thread: Thread) -> None:
        """Adds what a thread gave."""
        self.items += thread.items
        self.gone += thread.gone
        self.notes += thread.notes
        if thread.census is not None:
            self.censuses.append(thread.census)


def read_moved(
    read: Callable[[str], Thread], listed: Mapping[str, str], before: Mapping[str, str], *, most: int
) -> Rereading:
    """Reads the threads whose mark is not the one of the last visit, `most` at a time.

    A thread that fails is named in a note and tried again on the next visit; one that is missing (404, 410) is told as
    an empty census, unless all are. Raises `CollectError` when the site lets us read none of them.
    """
    found = Rereading(marks={**{name: before.get(name, LOOK) for name in listed}, **before})
    due = [name for name, mark in listed.items() if mark == LOOK or before.get(name) != mark]
    failed, reached = 0, False
    missed: list[str] = []
    for name in due[:most]:
        try:
            thread = read(name)
        except CollectError as error:
            if error.status in {404, 410}:
                _miss(found, name, listed[name])
                missed.append(name)
                continue
            found.notes.append(Note(Sign.PAGE_FAILED, f"主题 {name} 没有读到：{error}"))
            # Where others can be read, a thread closed to strangers is nothing unusual.
            failed += not (error.permanent and reached)
            if error.permanent:
                found.marks[name] = listed[name] or found.marks[name] or _CLOSED
            if error.retry_after is not None or failed == _BORNE:
                _raise_if_shut_out(error, failed, due)
                found.broken_off = error
                break
        else:
            reached = True
            found.take(thread)
            found.marks[name] = thread.mark or listed[name]
    else:
        found.unread = len(due) > most
    if len(missed) >= _BORNE and not reached:
        _doubt(found, {name: before.get(name, LOOK) for name in missed})
    found.marks = dict(list(found.marks.items())[:_KEPT])
    return found


def _miss(found: Rereading, name: str, mark: str) -> None:
    """The first time a thread is missing it is looked for once more; the second time it is surely gone.

    Were it unsure again, a thread of many posts would pass for a list that broke and never be given up.
    """
    found.censuses.append(Census(frozenset(), thread_id=name, sure=found.marks[name] == _MISSING))
    if found.marks[name] != _MISSING:
        found.marks[name] = _MISSING
    elif mark == LOOK:
        del found.marks[name]
    else:
        found.marks[name] = mark


def _doubt(found: Rereading, marks: Mapping[str, str]) -> None:
    """Takes back that threads are missing: when every one is, it is more likely that an address has changed."""
    found.censuses.clear()
    found.marks = {**marks, **found.marks, **marks}
    said = f"要读的 {len(marks)} 个主题全都说不存在，更像是接口或地址变了，没有当作删除。"
    found.notes.append(Note(Sign.DOUBTFUL, said))


def _raise_if_shut_out(error: CollectError, failed: int, due: Sequence[str]) -> None:
    # One thread may be closed to strangers; when the first three all are, it is the site that is.
    if error.permanent and failed == _BORNE and len(due) >= _BORNE:
        raise error


def due(listed: Mapping[str, str], before: Mapping[str, str], turns: int, *, most: int, looked: int) -> dict[str, str]:
    """The threads to read on a visit: those that moved, those left over, then quiet ones in turn while there is room.

    Edits and deletions need not move a mark; `turns` counts the visits, so that each quiet thread has its turn.
    """
    moved = {name: mark for name, mark in listed.items() if before.get(name) != mark}
    left = [name for name, mark in before.items() if mark in {LOOK, UNFINISHED} and name not in listed]
    quiet = [name for name in before if name not in moved and name not in left]
    room = max(min(most - len(moved) - len(left), looked), 0)
    return moved | dict.fromkeys([*left, *turn(quiet, turns * looked, room)], LOOK)


def turn(names: Sequence[str], start: int, most: int) -> list[str]:
    """At most `most` of `names` from place `start` on, beginning again at the end: everyone's turn comes."""
    if not names:
        return []
    start %= len(names)
    return [*names[start:], *names[:start]][:most]


def pages_due(pages: int, last: int | None, first: int, turns: int, *, most: int) -> list[int]:
    """The pages of a thread to read besides its very first: all of a short one; else those not read yet, one in turn.

    `last` and `first` are the pages read so far. The page before the last comes again: when posts are removed between
    two visits, what stood at the top of a page stands at the end of the page before it. A long thread never met before
    is read from near its end; what is older belongs to the past. Every third time a thread that is not too long is read
    whole, for only then can be seen which of its posts are gone.
    """
    if pages <= most or (first == 2 and last and pages <= _SWEPT and turns % 3 == 2):
        return list(range(2, pages + 1))
    start = max(min((last or pages - most + 2) - 1, pages), 2)
    fresh = range(start, min(start + most, pages + 1))
    return [*([first + turns % (start - first)] if last and start > first else []), *fresh]


class Leaf(Protocol):
    """One page of a thread that was read."""

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all posts on the page, also of those that gave no text."""
        ...

    @property
    def items(self) -> Sequence[Item]:
        """What the page gave."""
        ...


def census_of(
    name: str, read: Sequence[Leaf], numbers: Sequence[int], *, pages: int, expected: int = 0
) -> Census | None:
    """All posts of a thread of so many pages, or all from the first of its last pages on; None if its end is not read.

    `numbers` are those of the pages read, in order. The census is sure when it names as many posts as are `expected`.
    """
    ids = frozenset().union(*(page.ids for page in read))
    if not numbers or numbers[-1] != pages:
        return None
    if len(read) == pages:
        return Census(ids, thread_id=name, sure=0 < expected <= len(ids))
    tail = next((at for at in range(len(numbers) - 1, 0, -1) if numbers[at - 1] != numbers[at] - 1), 0)
    posts = [item for page in read[tail:] for item in page.items if isinstance(item, RawPost)]
    times = [post.created_at for post in posts if post.created_at is not None]
    # Some boards tell no seconds, and a post of the same minute may stand on the page before.
    return Census(ids, thread_id=name, since=min(times) + timedelta(minutes=1)) if times else None


def once(items: Iterable[Item]) -> list[Item]:
    """The items, a post that stood on two pages only once."""
    found: dict[tuple[bool, str], Item] = {}
    for item in items:
        name = (True, item.external_id) if isinstance(item, RawPost) else (False, item.place)
        found.setdefault(name, item)
    return list(found.values())
