"""Comment engines that keep one thread of comments an article: which threads a visit reads, and how one is read whole.

Such engines tell neither what was edited nor what was deleted, so a thread is read from end to end every time. A visit
may spend a number of requests: it goes on with the thread that the last one had to leave, then takes the threads whose
number of comments has changed, then the others in turn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from scrapers.base import Batch, Census, Cursor, Gone, Note, Option, RawPost, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.reading.posts import MAX_ID, Item, digest, one_line, to_batch

SITE = Option("site", "评论所在网站的网址，用来拼出原文链接；不填则没有链接", placeholder="https://www.example.com")
MAX_PAGES = Option(
    "max_pages",
    "每次最多读几页（1–50），每页一百条；读不完的下次接着读，但一次读不完的页面看不出删了哪些评论",
    type=int,
    default=20,
)

MOST_THREADS = 300
"""Threads that one source can list: each leaves some bytes in the cursor."""

MOST_FOUND = 100
"""Threads that are found rather than listed, whose names must be remembered as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentPage:
    """One page of a thread: what is on it, and where the next one begins."""

    items: Sequence[Item]
    rows: frozenset[str]
    """The engine's own numbers of everything on the page, also of what is deleted or could not be read."""
    total: int
    """How many comments the engine says the thread has, all pages together."""
    following: int | None = None
    gone: Sequence[Gone] = ()
    whole: bool = True
    """False when some comments of the page were not read."""
    requests: int = 1


ReadPage = Callable[[str, int | None], CommentPage]
"""Reads a thread's page at a place; None is the first. Raises `CollectError`."""


@dataclass(frozen=True, slots=True)
class _State:
    """How far one thread is: the count it was last read whole at, and where a reading that was broken off goes on."""

    settled: int | None = None
    place: int | None = None
    begun_at: int | None = None
    """The count when the reading that was broken off began."""


@dataclass(slots=True)
class _Visit:
    """What one visit has brought so far, and what it may still spend."""

    read: ReadPage
    budget: int
    items: list[Item] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    censuses: list[Census] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    requests: int = 0

    def page(self, name: str, place: int | None) -> CommentPage:
        page = self.read(name, place)
        self.items += page.items
        self.gone += page.gone
        self.requests += page.requests
        return page

    @property
    def spent(self) -> bool:
        return self.requests >= self.budget


def read_threads(
    read: ReadPage, counts: Mapping[str, int | None], cursor: Cursor, *, max_pages: int, notes: Sequence[Note] = ()
) -> Batch:
    """As much of the threads in `counts` as some `max_pages` requests bring; a count of None is not known.

    Raises `CollectError` when the very first page fails; a later failure is a note, and the thread stays due.
    """
    states = {name: _state(cursor, name) for name in counts}
    urgent, others = _in_order(counts, states, str(cursor.get("turn", "")))
    visit = _Visit(read, max_pages, notes=list(notes))
    turn = str(cursor.get("turn", ""))
    waiting = set(urgent)
    for name in (*urgent, *others):
        if visit.spent:
            break
        try:
            states[name] = _read_thread(visit, name, states[name], counts[name])
        except CollectError as error:
            if error.permanent or not visit.requests:
                raise
            visit.notes.append(Note(Sign.PAGE_FAILED, f"{name} 没有读完，下次再读：{error}"))
            break
        waiting.discard(name)
        turn = _key(name)
    unfinished = any(state.place is not None for state in states.values())
    return to_batch(
        visit.items,
        {"threads": {_key(name): _as_json(state) for name, state in states.items()}, "turn": turn},
        notes=visit.notes,
        more=visit.spent and (unfinished or bool(waiting)),
        gone=visit.gone,
        censuses=visit.censuses,
    )


def _key(name: str) -> str:
    """A thread's name in the cursor, which must stay small."""
    return digest(name)[:10]


def _state(cursor: Cursor, name: str) -> _State:
    return _State(*cursor.get("threads", {}).get(_key(name), ()))


def _as_json(state: _State) -> list[int | None]:
    known = [state.settled, state.place, state.begun_at]
    return known if state.place is not None else known[:1]


def _in_order(counts: Mapping[str, int | None], states: Mapping[str, _State], turn: str) -> tuple[list[str], list[str]]:
    """The threads that must be read, those begun first; and the others, from the one after `turn` on."""
    begun = [name for name, state in states.items() if state.place is not None]
    changed = [name for name in counts if name not in begun and _has_changed(states[name], counts[name])]
    keys = [_key(name) for name in counts]
    start = keys.index(turn) + 1 if turn in keys else 0
    names = list(counts)
    urgent = {*begun, *changed}
    return [*begun, *changed], [name for name in (*names[start:], *names[:start]) if name not in urgent]


def _has_changed(state: _State, count: int | None) -> bool:
    return state.settled is None or (count is not None and count != state.settled)


def _read_thread(visit: _Visit, name: str, state: _State, count: int | None) -> _State:
    """Reads a thread to its end or to the end of what the visit may spend."""
    begun_at = count if state.place is None else state.begun_at
    pages: list[CommentPage] = []
    rows: set[str] = set()
    place = state.place
    while not pages or place is not None:
        if pages and visit.spent:
            return _State(state.settled, place, begun_at)
        page = visit.page(name, place)
        if pages and page.rows and page.rows <= rows:
            note = f"{name} 的第 {len(pages) + 1} 页又给出了前面的评论，后面的没有读到；这个版本可能不支持翻页。"
            visit.notes.append(Note(Sign.PAGE_FAILED, note))
            return _State()
        pages.append(page)
        rows |= page.rows
        place = page.following
    if state.place is not None:
        return _State(begun_at)
    # When a comment came or went while we read, others have moved from page to page, perhaps past us.
    if any(page.total != pages[0].total or not page.whole for page in pages):
        return _State()
    visit.censuses.append(_census(name, pages, rows, was_empty=state.settled == 0))
    return _State(pages[0].total if count is None else count)


def _census(name: str, pages: Sequence[CommentPage], rows: set[str], *, was_empty: bool) -> Census:
    """What the thread has; sure when that is as many as the engine counts.

    Comments that hang on a hidden one are counted and never shown. And a thread that is empty all at once may have been
    renamed, or its engine be out of order; that is believed when it is empty the next time as well.
    """
    ids = frozenset(item.external_id for page in pages for item in page.items if isinstance(item, RawPost))
    total = pages[0].total
    return Census(ids, one_line(name, MAX_ID), sure=len(rows) == total and (total > 0 or was_empty))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One of the newest comments of a site: the thread it is in, and when it was written in seconds since 1970."""

    thread: str
    written: float


def find_threads(newest: Sequence[Sighting], cursor: Cursor, *, full: bool, advice: str) -> tuple[Cursor, list[Note]]:
    """What is known of the threads of a site that has no list of them, those with the newest comments first.

    The answer is the part of the cursor that says so: `found`, and when the newest comment was written. `full`: there
    are as many comments as the site ever gives. When all are newer than those of the last visit, some were missed.
    """
    before, last = [str(name) for name in cursor.get("found", [])], float(cursor.get("newest", 0))
    newest = sorted(newest, key=lambda sighting: -sighting.written)
    named = (sighting.thread for sighting in newest if 0 < len(sighting.thread) <= MAX_ID)
    names = list(dict.fromkeys([*named, *before]))
    written = [sighting.written for sighting in newest]
    notes = []
    if last and full and min(written) > last:
        notes.append(Note(Sign.GAP, f"新评论多得一次看不全，可能漏了别的页面；{advice}"))
    if len(names) > MOST_FOUND:
        notes.append(Note(Sign.GAP, f"有评论的页面超过 {MOST_FOUND} 个，最久没有新评论的不再读；{advice}"))
    return {"found": names[:MOST_FOUND], "newest": max([last, *written])}, notes


def link_to(site: str, path: str, anchor: str) -> str:
    """Where a comment stands on the site, or nothing when the site is not known."""
    if path.startswith(("http://", "https://")):
        return f"{path}#{anchor}"
    return f"{site.rstrip('/')}/{path.lstrip('/')}#{anchor}" if site else ""


def listed_threads(listed: str, option: str) -> tuple[str, ...]:
    """The threads in an option that lists them line by line, or else with commas. Raises `CollectorNotConfigured`."""
    parts = listed.splitlines() if "\n" in listed.strip() else listed.replace("，", ",").split(",")
    names = tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
    if len(names) > MOST_THREADS:
        raise CollectorNotConfigured(
            f"选项 {option} 列了 {len(names)} 个页面，最多 {MOST_THREADS} 个；请分成几个来源。", option=option
        )
    return names
