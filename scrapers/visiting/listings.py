"""One visit to a listing, whatever its format: what of it is read, and what the next visit must know of this one."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scrapers.base import Batch, Census, Cursor, Fetch, Note, Option, RawPost, Response, Sign
from scrapers.errors import CollectError
from scrapers.reading.pages import Page
from scrapers.reading.posts import Item, to_batch
from scrapers.visiting.visits import Walk, conditions, remember, tell_apart, validators, walk, walk_back

WHOLE = Option("whole", "列表每次都给出全部帖子：每次读到底，不见了的帖子算作已删除", type=bool, default=False)
ORDER = Option(
    "order",
    "列表的次序；从旧到新时，每次从上次读到的最后一页接着读",
    default="newest_first",
    choices=("newest_first", "oldest_first"),
)
MAX_AGE = Option("max_age_days", "翻到多少天以前就停；不填则不按时间停", type=int, placeholder="30")

MOST_PAGES = 50
"""Pages read in a row, over several visits, to reach what is known; what is further back is a gap."""

# A place kept from the last visit may be forgotten by the site: a cursor that ran out, a page that is no more.
_FORGOTTEN = frozenset({400, 404, 410, 416, 422})
_DATED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a listing is read."""

    single: bool = False
    """There is but one page, so that it can be asked for only if it changed."""
    max_pages: int = 5
    empty_pages: int = 2
    whole: bool = False
    oldest_first: bool = False
    max_age: timedelta | None = None


def habits_of(options: Mapping[str, Any], *, paged: bool) -> Habits:
    """The habits that the options ask for."""
    days = options.get("max_age_days")
    return Habits(
        single=not paged,
        max_pages=min(max(options.get("max_pages", 5), 1), MOST_PAGES) if paged else 1,
        empty_pages=max(options.get("empty_pages", 2), 1),
        whole=bool(options.get("whole")),
        oldest_first=options.get("order") == "oldest_first",
        max_age=timedelta(days=min(max(days, 1), 36_500)) if days else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Pages of posts: how a place becomes an address, and an answer a page."""

    start: str
    address: Callable[[str], str]
    parse: Callable[[Response, str], Page]
    fetch: Fetch
    habits: Habits

    def visit(self, cursor: Cursor, now: datetime) -> Batch:
        """What is new since `cursor`. Raises `CollectError`."""
        place = str(cursor.get("place") or self.start)
        try:
            opened = self.fetch(self.address(place), headers=conditions(cursor))
        except CollectError as error:
            if place == self.start or error.status not in _FORGOTTEN:
                raise
            return self.visit({name: cursor[name] for name in ("known", "shared") if name in cursor}, now)
        if opened.status == 304:
            return Batch(posts=(), cursor=cursor)
        found = self.walk(now, known=self._known(cursor), place=place, opened=opened)
        items, shared = tell_apart(found.items, cursor.get("shared", {}))
        after, more = self._after(found, cursor)
        if self.habits.single:
            after |= validators_of_a_repeat(opened, cursor) if self.habits.whole else validators(opened)
        return to_batch(
            items,
            {**after, "shared": shared},
            notes=(*moved(opened), *_without_gap(found.notes, more=more), *self._doubts(found, cursor, place)),
            more=more,
            gone=found.gone,
            censuses=self._census(found, items, place),
        )

    def walk(
        self, now: datetime, *, known: Sequence[str] = (), place: str = "", opened: Response | None = None
    ) -> Walk:
        """A walk from `place` on, whose page `opened` may be given already. Raises `CollectError`."""
        first = place or self.start

        def read(where: str) -> Page:
            if where == first and opened is not None:
                return self.parse(opened, where)
            return self.parse(self.fetch(self.address(where)), where)

        habits = self.habits
        return walk(
            read,
            first,
            known=frozenset(known),
            max_pages=habits.max_pages,
            empty_pages=habits.empty_pages,
            oldest=now - habits.max_age if habits.max_age else None,
        )

    def step_back(self, cursor: Cursor, *, pages: int) -> Batch:
        """The next pages into the past. Raises `CollectError`."""

        def read(where: str) -> Page:
            return self.parse(self.fetch(self.address(where)), where)

        found, after, more = walk_back(read, self.start, cursor, empty_pages=self.habits.empty_pages, pages=pages)
        items, shared = tell_apart(found.items, cursor.get("shared", {}))
        return to_batch(items, {**after, "shared": shared}, notes=found.notes, more=more, gone=found.gone)

    def _known(self, cursor: Cursor) -> list[str]:
        return [] if self.habits.whole or self.habits.oldest_first else list(cursor.get("known", []))

    def _after(self, found: Walk, cursor: Cursor) -> tuple[dict[str, Any], bool]:
        """What the next visit must know, and whether it should come at once."""
        if not found.whole:
            return {name: value for name, value in cursor.items() if name not in {"etag", "last_modified"}}, False
        known, fresh = list(cursor.get("known", [])), [*cursor.get("fresh", []), *found.names]
        if self.habits.oldest_first:
            # A last page that has nothing any more was moved by deletions: then all is read once more.
            last = found.last or ("" if cursor.get("place") == cursor.get("last") else str(cursor.get("last", "")))
            place = found.following if found.is_cut else last
            return {"known": remember(found.names, known), "place": place, "last": last}, found.is_cut
        read = int(cursor.get("read", 0)) + found.pages
        if found.following and known and not self.habits.whole and read < MOST_PAGES:
            # What was known stays so until it is reached, however many visits that takes.
            return {"known": known, "fresh": remember(fresh), "place": found.following, "read": read}, True
        return {"known": remember(fresh, known)}, False

    def _census(self, found: Walk, items: Sequence[Item], place: str) -> tuple[Census, ...]:
        ids = frozenset([item.external_id for item in items if isinstance(item, RawPost)]) | {*found.refused}
        if not self.habits.whole or not found.ended or place != self.start or not ids:
            return ()
        return (Census(ids),)

    def _doubts(self, found: Walk, cursor: Cursor, place: str) -> Iterator[Note]:
        """What is possible and yet unlikely about a listing."""
        habits = self.habits
        if not found.items and not found.gone and cursor.get("known") and place == self.start:
            yield Note(Sign.DOUBTFUL, "列表是空的，而上次还有帖子：请确认网址、筛选条件和选择器仍然有效。")
        if habits.whole and not found.ended:
            yield Note(Sign.OTHER, "没有读完全部帖子，这次无法核对删除；可调大 max_pages。")
        seen_all = found.ended or habits.whole or habits.oldest_first
        if not seen_all and is_ascending(found.items):
            yield Note(
                Sign.DOUBTFUL,
                "列表从旧到新排列，新帖在后面的页里，会读不到：请改用从新到旧的网址，或把 order 设为 oldest_first。",
            )


def validators_of_a_repeat(response: Response, cursor: Cursor) -> dict[str, str]:
    """What asks for a page only if it changed, once it has come twice; until then, what tells a repeat.

    A post counts as gone when it is missing twice, and a page that did not change is not read a second time.
    """
    body = hashlib.blake2b(response.body, digest_size=12).hexdigest()
    return {"body": body, **(validators(response) if cursor.get("body") == body else {})}


def is_ascending(items: Sequence[Item]) -> bool:
    """Whether posts come from the oldest to the newest, as far as their times tell."""
    times = [item.created_at for item in items if isinstance(item, RawPost) and item.created_at]
    return len(times) >= _DATED and times == sorted(times) and times[0] < times[-1]


def moved(response: Response) -> tuple[Note, ...]:
    """A remark where the address has changed for good."""
    if not response.moved_to:
        return ()
    return (Note(Sign.MOVED, f"网址已永久改为 {response.moved_to}，请更新来源的设置。", response.moved_to),)


def _without_gap(notes: Sequence[Note], *, more: bool) -> list[Note]:
    """The remarks, without that of a gap which the next visit is about to close."""
    return [note for note in notes if not (more and note.sign is Sign.GAP)]
