"""Hacker News: what a search finds (Algolia), or a list of new stories with their comments (Firebase)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scrapers.base import Batch, Cursor, Fetch, Gone, Note, Option, RawPost, Rejection, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.fetching.interfaces import Interface, base_address, interface_at
from scrapers.fetching.limits import Rationed, rationed
from scrapers.reading.answers import is_true, rows, table, whole, word
from scrapers.reading.markup import html_to_text
from scrapers.reading.posts import Fields, Item, Reading, shape_post, to_batch, utc_now
from scrapers.visiting.visits import OWN_SITE

CAP = 1000
"""Hits that the search gives for one question, however many there are (hn-search issue 230)."""
LISTS = ("newstories", "askstories")

_ITEMS = "https://hacker-news.firebaseio.com"
_SEARCH = "https://hn.algolia.com"
_PAGE = "https://news.ycombinator.com/item?id="
_BEGINNING = 1_160_400_000  # the day of the first item, 9 October 2006
_HOUR = 3600
_FIRST_LOOK = 7 * 24 * _HOUR
# A post may reach the index of the search a while after it was written.
_OVERLAP = _HOUR
_WINDOWS = 30
_NEW_ITEMS = 40
_FIRST_ITEMS = 10
_LOOKED_AT = 20
_KEPT = 200
_TOGETHER = 100
# Authors may edit for two hours; a post looked at after that is as it stays.
_SETTLED = 2 * _HOUR + 600


@dataclass(frozen=True, slots=True)
class Hits:
    """What a question to the search gave, whether that was cut short, and when each hit was written."""

    items: list[Item] = field(default_factory=list)
    total: int = 0
    cut: bool = False
    moments: dict[str, int] = field(default_factory=dict)


def parse_hits(data: Any, reading: Reading, place: str) -> Hits:
    """The hits in an answer of the search. Raises `CollectError` when it is none."""
    found = table(data).get("hits")
    if not isinstance(found, list):
        raise CollectError(f"{place} 返回的不是搜索结果：{word(table(data).get('message'))[:200] or '接口可能改了'}")
    total = max(whole(table(data).get("nbHits")) or 0, len(found))
    # How many hits there are is at times a guess; that there are more pages, or that this one is full, is not.
    full = len(found) >= CAP or (whole(table(data).get("nbPages")) or 0) > 1
    hits = Hits(total=total, cut=full and total > len(found))
    for number, hit in enumerate(found, start=1):
        hits.items.append(_hit(hit, hits, reading, f"{place} 第 {number} 条"))
    return hits


def _hit(hit: Any, hits: Hits, reading: Reading, place: str) -> Item:
    row = table(hit)
    number, written = whole(row.get("objectID")), whole(row.get("created_at_i"))
    if number is None or number < 1:
        return Rejection(place, "不是帖子（没有编号）")
    name, story = str(number), whole(row.get("story_id")) or number
    comment = word(row.get("comment_text"))
    fields = Fields(
        id=name,
        title="" if comment else word(row.get("title")),
        text=html_to_text(comment or word(row.get("story_text")) or word(row.get("text"))),
        url=f"{_PAGE}{name}",
        author=word(row.get("author")),
        created=word(written),
        parent=word(whole(row.get("parent_id"))),
        thread=str(story),
    )
    post = shape_post(fields, reading)
    if not post.text:
        return Rejection(place, "既没有标题也没有正文")
    hits.moments[name] = written or 0
    return post


def parse_item(data: Any, reading: Reading, place: str) -> Item | Gone | None:
    """One item: a post, or one that is gone; None where there is nothing (yet), an advertisement, a part of a poll."""
    if data is None:
        return None
    row = table(data)
    number, kind = whole(row.get("id")), word(row.get("type"))
    if number is None or number < 1:
        return Rejection(place, "不是帖子（没有编号）")
    # A deleted item keeps only id, type, time and parent.
    if is_true(row.get("deleted")):
        return Gone(str(number), "作者已删除（deleted）")
    if is_true(row.get("dead")):
        return Gone(str(number), "已被站方或读者标记隐藏（dead）")
    if kind in {"job", "pollopt"}:
        return None
    fields = Fields(
        id=str(number),
        title=word(row.get("title")),
        text=html_to_text(word(row.get("text"))),
        url=f"{_PAGE}{number}",
        author=word(row.get("by")),
        created=word(whole(row.get("time"))),
        parent=word(whole(row.get("parent"))),
        thread="" if kind == "comment" else str(number),
    )
    post = shape_post(fields, reading)
    return post if post.text else Rejection(place, "既没有标题也没有正文")


@dataclass(slots=True)
class _Visit:
    """One visit: both interfaces, and what they gave so far."""

    search: Interface
    items_at: Interface
    now: int
    items: list[Item] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    recent: dict[str, int] = field(default_factory=dict)
    more: bool = False

    def hits(self, query: str, tags: str, start: int, end: int) -> Hits:
        """The newest hits written from `start` on and before `end`."""
        words = {
            "query": query,
            "tags": tags,
            "numericFilters": f"created_at_i>={start},created_at_i<{end}",
            "hitsPerPage": CAP,
        }
        answer = self.search.ask("/api/v1/search_by_date", words)
        return parse_hits(answer.data, answer.reading(), "搜索结果")

    def sweep(self, query: str, tags: str, start: int, end: int) -> int:
        """Takes all hits between two moments, the oldest first; gives the moment up to which all were taken.

        A window with more hits than the search shows is cut in halves until each half shows all it has.
        """
        waiting = [(start, end)]
        for number in range(_WINDOWS):
            if not waiting:
                return end
            start, stop = waiting.pop()
            try:
                hits = self.hits(query, tags, start, stop)
            except CollectError as error:
                if number == 0 or error.permanent:
                    raise
                self.notes.append(Note(Sign.PAGE_FAILED, f"有一段时间没有搜到：{error}"))
                return start
            if hits.cut and stop - start > 1:
                middle = (start + stop) // 2
                waiting += [(middle, stop), (start, middle)]
                continue
            if hits.cut:
                self.notes.append(Note(Sign.GAP, f"同一秒里的帖子太多，搜索只给出 {len(hits.items)} 条。"))
            self.take(hits)
        self.more = self.more or bool(waiting)
        return waiting[-1][0] if waiting else end

    def take(self, hits: Hits) -> None:
        """Keeps the hits, and remembers those that may still be edited."""
        self.items += hits.items
        self.recent |= {name: moment for name, moment in hits.moments.items() if moment > self.now - _SETTLED}

    def item(self, name: str) -> bool:
        """Reads one item anew; says whether there was one."""
        answer = self.items_at.ask(f"/v0/item/{name}.json")
        found = parse_item(answer.data, answer.reading(), f"条目 {name}")
        if isinstance(found, Gone):
            self.gone.append(found)
        elif found is not None:
            self.items.append(found)
        return found is not None

    def look_again(self) -> None:
        """Reads what was remembered and has changed since, and a last time what can no longer be edited."""
        settled = {name for name, moment in self.recent.items() if moment <= self.now - _SETTLED}
        fresh = {item.external_id for item in self.items if isinstance(item, RawPost)}
        try:
            due = settled | (self._changed() - fresh)
            for name in sorted(due, key=lambda name: self.recent[name])[:_LOOKED_AT]:
                self.item(name)
                if name in settled:
                    del self.recent[name]
        except CollectError as error:
            # What is new was read; not being able to look back costs no post.
            self.notes.append(Note(Sign.PAGE_FAILED, f"没能复查近期的帖子：{error}"))

    def _changed(self) -> set[str]:
        """The remembered items that the site says were changed lately."""
        if not self.recent:
            return set()
        changed = rows(table(self.items_at.ask("/v0/updates.json").data).get("items"))
        return {word(whole(name)) for name in changed} & set(self.recent)


@dataclass(frozen=True, slots=True, kw_only=True)
class HackerNews:
    """Reads what a search finds, or a list of stories and the comments on them."""

    title = "Hacker News"
    options = (
        Option("query", "搜索词；与 list 填一个"),
        Option("list", "不搜索，采集整个列表：newstories 为最新，askstories 为提问", choices=LISTS),
        Option("comments", "也采集评论", type=bool, default=True),
        interface_at(_ITEMS),
        Option("search_url", "搜索接口的地址；只在经过自家中转时才改", default=_SEARCH, placeholder=_SEARCH),
        OWN_SITE,
    )

    query: str
    list_name: str
    url: str
    search_url: str
    fetch: Fetch
    with_comments: bool = True
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "HackerNews":
        """A collector of a search or a list. Raises `CollectorNotConfigured`."""
        query, list_name = options.get("query") or "", options.get("list") or ""
        if bool(query) == bool(list_name):
            raise CollectorNotConfigured("选项 query 和 list 要填一个，也只能填一个。", option="query")
        return cls(
            query=query,
            list_name=list_name,
            url=base_address(options["url"]),
            search_url=base_address(options["search_url"]),
            fetch=fetch,
            with_comments=options.get("comments", True),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """What is new since `cursor`, and what changed of the newest posts read before."""
        fetch = rationed(self.fetch, self.clock, cursor)
        visit = self._visit(fetch, cursor)
        place = self._search(visit, cursor) if self.query else self._follow(visit, cursor)
        if not fetch.resting:
            visit.look_again()
        recent = sorted(visit.recent.items(), key=lambda known: known[1])[-_KEPT:]
        return to_batch(
            visit.items,
            {**place, "recent": dict(recent), **fetch.as_cursor()},
            notes=visit.notes,
            gone=visit.gone,
            more=visit.more and not fetch.resting,
        )

    def history(self, cursor: Cursor) -> Batch:
        """The next thousand further back; of a list the stories alone. Raises `CollectError`."""
        fetch = rationed(self.fetch, self.clock, cursor)
        visit = self._visit(fetch, {})
        until = whole(cursor.get("until")) or visit.now + 1
        hits = visit.hits(self.query, self._tags, 0, until)
        oldest = min((moment for moment in hits.moments.values() if moment), default=0)
        more = hits.cut and oldest > _BEGINNING
        # The second of the oldest is asked for again, unless it alone filled the answer.
        after = oldest + 1 if oldest + 1 < until else oldest
        before = whole(cursor.get("read")) or 0
        read = before + len(hits.items)
        progress = round(read / max(before + hits.total, 1), 3) if more else 1.0
        return to_batch(hits.items, {"until": after, "read": read, "progress": progress}, more=more)

    @property
    def _tags(self) -> str:
        if not self.query:
            return "ask_hn" if self.list_name == "askstories" else "story"
        return "(story,poll,comment)" if self.with_comments else "(story,poll)"

    def _visit(self, fetch: Rationed, cursor: Cursor) -> _Visit:
        recent = {str(name): whole(moment) or 0 for name, moment in table(cursor.get("recent")).items()}
        return _Visit(
            search=Interface(address=self.search_url, fetch=fetch),
            items_at=Interface(address=self.url, fetch=fetch),
            now=int(self.clock().timestamp()),
            recent=recent,
        )

    def _search(self, visit: _Visit, cursor: Cursor) -> dict[str, Any]:
        until = whole(cursor.get("until")) or 0
        start = until - _OVERLAP if until else visit.now - _FIRST_LOOK
        return {"until": max(visit.sweep(self.query, self._tags, start, visit.now + 1), until)}

    def _follow(self, visit: _Visit, cursor: Cursor) -> dict[str, Any]:
        """The stories that are new in the list, then the comments on all that are watched."""
        answer = visit.items_at.ask(f"/v0/{self.list_name}.json")
        if not isinstance(answer.data, list):
            raise CollectError(f"{answer.place} 返回的不是列表，接口可能改了。")
        listed = _numbers(answer.data)
        newest = whole(cursor.get("newest")) or 0
        fresh = sorted(number for number in set(listed) if number > newest)
        if newest and fresh and min(listed) > newest:
            visit.notes.append(Note(Sign.GAP, "可能漏帖：列表里最旧的一条也比上次见过的新。请缩短采集间隔。"))
        if newest and not listed:
            visit.notes.append(Note(Sign.DOUBTFUL, "列表是空的，而上次不是；下次若仍是空的，请到网站上看看。"))
        taken, begun = self._take_stories(visit, fresh if newest else fresh[-_FIRST_ITEMS:])
        watched = [*reversed(taken), *_numbers(cursor.get("stories"))][:_KEPT]
        until = whole(cursor.get("until"))
        if self.with_comments and watched:
            # Comments on a story that was read late may be older than the last visit.
            start = min(until - _OVERLAP if until else visit.now, begun)
            until = self._sweep_comments(visit, watched, start)
        return {"newest": max(taken, default=newest), "stories": watched, **({"until": until} if until else {})}

    def _take_stories(self, visit: _Visit, numbers: Sequence[int]) -> tuple[list[int], int]:
        """Reads so many stories in order, and gives those read and when the first was written."""
        taken: list[int] = []
        for number in numbers[:_NEW_ITEMS]:
            try:
                was_there = visit.item(str(number))
            except CollectError as error:
                if not taken:
                    raise
                visit.notes.append(Note(Sign.PAGE_FAILED, f"条目 {number} 没有读到：{error}"))
                break
            taken.append(number)
            # The newest items are listed some moments before they can be read: those are tried on the next visit.
            visit.recent[str(number)] = visit.now if was_there else visit.now - _SETTLED + 1
        visit.more = len(numbers) > _NEW_ITEMS and len(taken) == _NEW_ITEMS
        return taken, min(_moments(visit.items), default=visit.now)

    def _sweep_comments(self, visit: _Visit, watched: Sequence[int], start: int) -> int:
        ends = []
        for first in range(0, len(watched), _TOGETHER):
            stories = ",".join(f"story_{number}" for number in watched[first : first + _TOGETHER])
            ends.append(visit.sweep("", f"comment,({stories})", start, visit.now + 1))
        return min(ends)


def _numbers(values: Any) -> list[int]:
    return [number for number in map(whole, rows(values)) if number is not None and number > 0]


def _moments(items: Iterable[Item]) -> list[int]:
    return [int(item.created_at.timestamp()) for item in items if isinstance(item, RawPost) and item.created_at]
