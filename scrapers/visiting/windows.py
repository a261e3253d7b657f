"""Listings that can be asked for a span of time, which is halved where it holds too much.

Sites give no more than so many pages for one question, however many posts there are; of half the time there are fewer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from scrapers.base import Batch, Cursor, Note, Option, RawPost, Sign
from scrapers.reading.posts import Item, to_batch
from scrapers.visiting.listings import Listing, is_ascending
from scrapers.visiting.visits import Walk, tell_apart

FORMATS = ("iso", "unix", "unix_ms", "date")
SINCE_FORMAT = Option(
    "since_format",
    "网址里 {since}（起）和 {until}（止）的写法：ISO 时间、Unix 秒、Unix 毫秒或日期",
    default="iso",
    choices=FORMATS,
)
FIRST_DAYS = Option("first_days", "网址里有 {since} 时，首次采集往回取几天", type=int, default=7)
OVERLAP = Option("overlap_minutes", "网址里有 {since} 时，每次多往回取几分钟，以免漏掉晚到的帖子", type=int, default=60)

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_SHORTEST = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, both ends included."""

    since: datetime
    until: datetime

    @classmethod
    def kept(cls, pair: Sequence[str]) -> "Window":
        """The window that a cursor keeps as two moments."""
        return cls(datetime.fromisoformat(pair[0]), datetime.fromisoformat(pair[1]))

    def as_json(self) -> list[str]:
        """As a cursor keeps it."""
        return [self.since.isoformat(), self.until.isoformat()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How a site is told from when to when."""

    form: str
    zone: tzinfo
    first: timedelta
    overlap: timedelta
    full: int = 0
    """So many rows are all that one question gives, where there are no pages; 0 where there are."""

    def words(self, window: Window) -> dict[str, str]:
        """What fills the blanks of an address for a window."""
        return {"since": self._written(window.since), "until": self._written(window.until)}

    def _written(self, moment: datetime) -> str:
        if self.form == "date":
            return moment.astimezone(self.zone).date().isoformat()
        if self.form == "iso":
            return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return str(int(moment.timestamp() * (1000 if self.form == "unix_ms" else 1)))

    def halves(self, window: Window) -> tuple[Window, Window] | None:
        """The earlier and the later half; None where a window is as short as it can be told."""
        if self.form == "date":
            return self._halved_days(window)
        if window.until - window.since < 2 * _SHORTEST:
            return None
        middle = window.since + (window.until - window.since) / 2
        return Window(window.since, middle), Window(middle, window.until)

    def _halved_days(self, window: Window) -> tuple[Window, Window] | None:
        days = (window.until.astimezone(self.zone).date() - window.since.astimezone(self.zone).date()).days
        if days < 1:
            return None
        # A day is asked for as a whole, so the later half begins on the day after the earlier one ends.
        middle = window.since + ((days - 1) // 2) * _DAY
        return Window(window.since, middle), Window(middle + _DAY, max(window.until, middle + _DAY))


def times_of(options: Mapping[str, Any], zone: tzinfo, *, full: int) -> Times:
    """How the options say that times are told."""
    return Times(
        form=options.get("since_format") or "iso",
        zone=zone,
        first=timedelta(days=min(max(options.get("first_days", 7), 1), 9000)),
        overlap=timedelta(minutes=min(max(options.get("overlap_minutes", 60), 0), 100_000)),
        full=max(full, 0),
    )


ListingOf = Callable[[Window], Listing]
"""The listing of what was written within a window."""


@dataclass(slots=True)
class _Gathered:
    """What the windows of one visit gave together."""

    items: list[Item]
    gone: list[Any]
    notes: list[Note]
    pages: int = 0

    def take(self, found: Walk) -> None:
        self.items += found.items
        self.gone += found.gone
        self.notes += found.notes
        self.pages += found.pages

    def batch(self, cursor: Cursor, after: Mapping[str, Any], *, more: bool) -> Batch:
        items, shared = tell_apart(self.items, cursor.get("shared", {}))
        return to_batch(items, {**after, "shared": shared}, notes=self.notes, more=more, gone=self.gone)


def visit_window(of: ListingOf, times: Times, cursor: Cursor, now: datetime, *, pages: int) -> Batch:
    """What was written since the last visit, span by span; one that is too full is halved. Raises `CollectError`."""
    pending = [Window.kept(pair) for pair in cursor.get("windows", ())]
    since = cursor.get("since")
    if not pending:
        begun = datetime.fromisoformat(since) if since else now - times.first
        pending, since = [Window(begun - times.overlap, now)], now.isoformat()
    gathered, more = _read_pending(of, times, pending, now, most=pages)
    return gathered.batch(cursor, {"since": since, "windows": [window.as_json() for window in pending]}, more=more)


def window_back(of: ListingOf, times: Times, cursor: Cursor, now: datetime, *, pages: int) -> Batch:
    """The next spans into the past, the latest first. Raises `CollectError`."""
    pending = [Window.kept(pair) for pair in cursor.get("windows", ())] or [Window(_BEGINNING, now)]
    gathered, _ = _read_pending(of, times, pending, now, most=pages)
    left = sum((window.until - window.since for window in pending), timedelta())
    after = {
        "windows": [window.as_json() for window in pending],
        "pages": int(cursor.get("pages", 0)) + gathered.pages,
        "progress": round(1 - left / (now - _BEGINNING), 4),
    }
    return gathered.batch(cursor, after, more=bool(pending))


def _read_pending(
    of: ListingOf, times: Times, pending: list[Window], now: datetime, *, most: int
) -> tuple[_Gathered, bool]:
    """Reads windows, the last first, and takes them off; says whether more could be read at once."""
    gathered = _Gathered([], [], [])
    while pending and gathered.pages < most:
        window = pending.pop()
        found = of(window).walk(now)
        gathered.take(found)
        if not found.whole:
            pending.append(window)
            return gathered, False
        is_full = found.is_cut or len(found.names) >= times.full > 0
        halves = times.halves(window) if is_full else ()
        if halves is None:
            words = "、".join(times.words(window).values())
            gathered.notes.append(
                Note(Sign.GAP, f"{words} 之间的帖子多到翻页上限也读不完，可能漏帖；可调大 max_pages。")
            )
        pending += halves or ()
    return gathered, bool(pending)


def visit_since(of: ListingOf, times: Times, cursor: Cursor, now: datetime) -> Batch:
    """What was written since the newest post seen. Raises `CollectError`.

    Where the oldest come first and there are too many, the next visit goes on at once behind the newest of these.
    """
    begun = datetime.fromisoformat(cursor["since"]) if cursor.get("since") else now - times.first
    found = of(Window(begun - times.overlap, now)).walk(now)
    gathered = _Gathered([], [], [])
    gathered.take(found)
    written = [moment for item in found.items if isinstance(item, RawPost) for moment in _moments(item)]
    reached = max([begun, *written]) if written or not found.ended else now
    more = found.is_cut and is_ascending(found.items) and reached > begun
    if found.is_cut and not more:
        gathered.notes.append(Note(Sign.GAP, "上次以来的帖子多到翻页上限也读不完，可能漏帖；可调大 max_pages。"))
    return gathered.batch(cursor, {"since": (reached if found.whole else begun).isoformat()}, more=more)


def _moments(post: RawPost) -> list[datetime]:
    return [moment for moment in (post.created_at, post.edited_at) if moment]


def since_back(of: ListingOf, cursor: Cursor, now: datetime, *, pages: int) -> Batch:
    """The next pages of everything there is. Raises `CollectError`."""
    return of(Window(_BEGINNING, now)).step_back(cursor, pages=pages)
