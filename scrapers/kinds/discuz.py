"""Discuz! boards: the RSS of new threads and, if wished, the threads' own pages with their replies.

Formats: Discuz! X2 to X3.5, `forum.php?mod=rss` (twenty newest threads, no guid, in the board's own charset) and the
standard templates of `forumdisplay` and `viewthread`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any

from scrapers.base import Batch, Cursor, Fetch, Note, Option, RawPost, Sign
from scrapers.errors import CollectError
from scrapers.reading.answers import whole
from scrapers.reading.discuz_pages import ThreadPage, parse_rss, parse_thread, parse_threads
from scrapers.reading.markup import charset_of
from scrapers.reading.pages import page_text
from scrapers.reading.posts import Item, Reading, moment_of, read_zone, to_batch, utc_now
from scrapers.visiting.threads import LOOK, UNFINISHED, Thread, census_of, due, once, pages_due, read_moved
from scrapers.visiting.visits import MAX_PAGES, OWN_SITE, TIMEZONE

THREADS = 15
"""Threads read in one visit."""

_LOOKED_AT = 5
_TTL = re.compile(rb"<ttl>\s*(\d{1,5})\s*</ttl>", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class _Visit:
    """One visit: how far each thread has been read, which are listed, and what was read."""

    began: datetime
    """When the source was first visited."""
    read: dict[str, list[int]]
    """Of each thread the last and the first page read beyond its very first, and how many were looked at."""
    marks: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    unfinished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Discuz:
    """Reads the new threads of a board or of one forum, with or without their replies."""

    title = "Discuz! 论坛"
    options = (
        Option("url", "论坛首页的网址", required=True, placeholder="https://bbs.example.com/"),
        Option("forum", "只读这个版块（fid）；不填则读全站", type=int, placeholder="37"),
        Option(
            "replies",
            "也读主题页里的全文和回复（标准模板）；填了 forum 时按列表找有新回复的主题，否则轮流复查",
            type=bool,
            default=False,
        ),
        MAX_PAGES,
        TIMEZONE,
        OWN_SITE,
    )

    root: str
    fetch: Fetch
    zone: tzinfo
    forum: int | None = None
    replies: bool = False
    max_pages: int = 5
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "Discuz":
        """A collector of the board at `url`."""
        return cls(
            root=re.sub(r"(?:/(?:forum|index|portal)\.php[^/]*|/forum\.html)?/*\Z", "", options["url"]),
            fetch=fetch,
            zone=read_zone(options.get("timezone") or "Asia/Shanghai"),
            forum=options.get("forum"),
            replies=bool(options.get("replies")),
            max_pages=min(max(options.get("max_pages", 5), 1), 50),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The new threads, or the posts of threads that moved. Raises `CollectError`."""
        items, wait = self._new_threads()
        newest, numbers = whole(cursor.get("newest")) or 0, _numbers(items)
        notes = list(_remarks(numbers, newest))
        after: dict[str, Any] = {"newest": max([newest, *numbers])}
        if not self.replies:
            return to_batch(items, after, notes=notes, wait=wait)
        known: dict[str, str] = dict(cursor.get("threads", {}))
        began = str(cursor.get("began") or self.clock().isoformat())
        visit = _Visit(
            began=datetime.fromisoformat(began),
            read={name: list(place) for name, place in dict(cursor.get("read", {})).items()},
        )
        self._list(visit, items, known)
        turns = whole(cursor.get("turn")) or 0
        # Without a list nothing tells which threads moved, so that their turn must come sooner.
        looked = _LOOKED_AT if self.forum is not None else THREADS
        wanted = due(visit.marks, known, turns, most=THREADS, looked=looked)
        found = read_moved(lambda name: self._thread(name, visit), wanted, known, most=THREADS)
        tried = list(wanted)[:THREADS]
        # Of a thread whose page cannot be read the excerpt is better than nothing.
        excerpts = [
            item
            for item in items
            if not isinstance(item, RawPost) or (item.thread_id in tried and item.thread_id not in visit.done)
        ]
        after |= {
            "threads": found.marks,
            "read": {name: place for name, place in visit.read.items() if name in found.marks},
            "turn": turns + 1,
            "began": began,
        }
        return to_batch(
            once([*excerpts, *found.items]),
            after,
            notes=[*notes, *visit.notes, *found.notes],
            gone=found.gone,
            censuses=[replace(census, ids=census.ids | visit.ids) for census in found.censuses],
            more=found.unread or visit.unfinished,
        )

    def _new_threads(self) -> tuple[list[Item], float]:
        """The threads in the RSS, and how many seconds the board caches them."""
        chosen = f"&fid={self.forum}" if self.forum is not None else ""
        place = f"{self.root}/forum.php?mod=rss{chosen}"
        items, wait = self._rss(place)
        # A board whose cache has run out renews it and says nothing meanwhile; asked once more, it answers.
        return (items, wait) if items else self._rss(place)

    def _rss(self, place: str) -> tuple[list[Item], float]:
        response = self.fetch(place)
        reading = Reading(moment_of(response.headers, self.clock()), self.zone)
        charset = charset_of(response.headers.get("content-type", ""))
        ttl = _TTL.search(response.body[:20_000])
        wait = 60.0 * int(ttl[1]) if ttl else 0.0
        return parse_rss(response.body, reading, place=place, charset=charset), wait

    def _list(self, visit: _Visit, items: Sequence[Item], known: Mapping[str, str]) -> None:
        """Marks of the threads that may be read: those in the forum's list, and those of the RSS met before nowhere."""
        if self.forum is not None:
            place = f"{self.root}/forum.php?mod=forumdisplay&fid={self.forum}"
            try:
                visit.marks |= parse_threads(page_text(self.fetch(place)))
            except CollectError as error:
                visit.notes.append(Note(Sign.PAGE_FAILED, f"版块列表没有读到，改为轮流复查：{error}", place))
        fresh = [item.thread_id for item in items if isinstance(item, RawPost) and item.thread_id]
        again = {LOOK, UNFINISHED}
        visit.marks |= {
            name: known[name] if name in known and known[name] not in again else "new"
            for name in fresh
            if name not in visit.marks
        }

    def _page(self, name: str, number: int) -> ThreadPage:
        turned = f"&page={number}" if number > 1 else ""
        place = f"{self.root}/forum.php?mod=viewthread&tid={name}{turned}"
        response = self.fetch(place)
        reading = Reading(moment_of(response.headers, self.clock()), self.zone)
        return parse_thread(page_text(response), reading, url=place, root=self.root, thread=name, page=number)

    def _thread(self, name: str, visit: _Visit) -> Thread:
        """A thread's first page and those of its others that may hold something new."""
        first = self._page(name, 1)
        # A thread opened since the first visit is read from its beginning however fast it grew.
        opened = next((item.created_at for item in first.items if isinstance(item, RawPost)), None)
        met = 1 if opened is not None and opened >= visit.began else None
        last, begun, turns = visit.read.get(name, (met, 2, 0))
        wanted = pages_due(first.pages, last, begun, turns, most=self.max_pages)
        numbers = [1, *wanted]
        read = [first, *(self._page(name, number) for number in wanted)]
        visit.done.add(name)
        visit.ids |= {one for page in read for one in page.ids}
        steady, finished = all(page.pages == first.pages for page in read), numbers[-1] == first.pages
        visit.read[name] = [numbers[-1], begun if last or not wanted else wanted[0], turns + 1]
        visit.unfinished = visit.unfinished or not finished
        return Thread(
            items=once(item for page in read for item in page.items),
            gone=[gone for page in read for gone in page.gone],
            census=census_of(name, read, numbers, pages=first.pages, expected=first.posts) if steady else None,
            mark=(visit.marks.get(name) or "seen") if finished and steady else UNFINISHED,
        )


def _numbers(items: Sequence[Item]) -> list[int]:
    return [int(item.thread_id) for item in items if isinstance(item, RawPost) and item.thread_id.isdecimal()]


def _remarks(numbers: Sequence[int], newest: int) -> list[Note]:
    """What the threads in the RSS say of what may be missing."""
    if newest and numbers and min(numbers) > newest:
        told = "可能漏帖：RSS 里最旧的主题也比上次见过的新（它只给最新 20 个）。请缩短采集间隔，或按版块分开采集。"
        return [Note(Sign.GAP, told)]
    if newest and not numbers:
        return [Note(Sign.DOUBTFUL, "RSS 里一个主题也没有，而上次不是；下次若仍是空的，请到网站上看看。")]
    return []
