"""Discourse forums by their JSON: newest posts down to the last one seen, and active topics looked at again.

Formats: `/posts.json`, `/latest.json`, `/t/{id}.json`. New posts come from the first; edits, deletions and whatever
lies beyond a topic's first twenty posts from the others.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import quote

from scrapers.base import Batch, Census, Cursor, Fetch, Gone, Note, Option, Sign
from scrapers.errors import CollectError
from scrapers.fetching.interfaces import Answer, Interface
from scrapers.fetching.limits import rationed
from scrapers.reading.answers import whole
from scrapers.reading.discourse_rows import (
    Topic,
    edited_at,
    id_of,
    latest_rows,
    more_rows,
    parse_posts,
    parse_topic,
    parse_topics,
)
from scrapers.reading.posts import Item, Reading, read_zone, to_batch, utc_now
from scrapers.visiting.threads import LOOK, UNFINISHED, Thread, due, once, read_moved
from scrapers.visiting.visits import HISTORY_PAGES, MAX_PAGES, OWN_SITE, TIMEZONE

TOPICS = 15
"""Topics read in one visit."""

CHUNK = 20
"""Posts asked for at once, as many as a topic shows at first."""

_WINDOW = 50
_FRESH = 100
_LOOKED_AT = 5
_STEP = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """A walk down the newest posts: the highest id met, and below which id to ask next."""

    top: int = 0
    before: int = 0
    windowed: bool = False
    """Older versions give the posts of the next fifty ids, which may be none; newer ones the next fifty posts."""
    empty: int = 0
    ended: bool = False

    def after(self, ids: Sequence[int]) -> "Descent":
        """The walk after a page with posts of these ids."""
        windowed = self.windowed or (self.before > 0 and self.before in ids)
        lowest, empty = min(ids, default=self.before), self.empty + 1
        if ids and (lowest < self.before or not self.before):
            before, empty = lowest, 0
        else:
            before = self.before - _WINDOW
        ended = before <= 1 or (empty >= 2 and not windowed)
        return Descent(top=max([self.top, *ids]), before=max(before, 1), windowed=windowed, empty=empty, ended=ended)

    def as_cursor(self) -> dict[str, Any]:
        """As the next visit needs it."""
        return {"top": self.top, "before": self.before, "windowed": self.windowed, "empty": self.empty}


def _descent(kept: Mapping[str, Any]) -> Descent:
    return Descent(
        top=whole(kept.get("top")) or 0,
        before=whole(kept.get("before")) or 0,
        windowed=bool(kept.get("windowed")),
        empty=whole(kept.get("empty")) or 0,
    )


@dataclass(slots=True, kw_only=True)
class _Visit:
    """One visit: what it brought so far, and what it needs to know of earlier ones."""

    api: Interface
    turn: int
    places: dict[str, list[int]]
    """Of each topic the newest and the oldest post read beyond its first ones, and how many chunks were looked at."""
    start: int = 0
    """The oldest post that the first visit met; older ones are of the past, unless somebody edits them."""
    began: datetime
    topics: dict[str, Topic] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    unfinished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Discourse:
    """Reads a Discourse forum, one of its categories or one tag."""

    title = "Discourse 论坛"
    options = (
        Option("url", "论坛首页的网址", required=True, placeholder="https://forum.example.com"),
        Option("category", "只读这个分类：分类页网址 /c/ 后面的部分", placeholder="after-sales/12"),
        Option("tag", "只读有这个标签的主题", placeholder="gearbox"),
        Option("api_key", "API 密钥；论坛不对访客开放时，由管理员提供", secret=True),
        Option("api_user", "密钥所属的用户名", placeholder="xianwai"),
        Option("with_staff", "也采集版主和管理员的帖子", type=bool, default=False),
        MAX_PAGES,
        TIMEZONE,
        OWN_SITE,
    )

    root: str
    fetch: Fetch
    zone: tzinfo
    category: str = ""
    tag: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    with_staff: bool = False
    max_pages: int = 5
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "Discourse":
        """A collector of the forum at `url`."""
        sent = {"Api-Key": options.get("api_key"), "Api-Username": options.get("api_user")}
        return cls(
            root=re.sub(r"(?:/(?:latest|posts)(?:\.json|\.rss)?)?/*\Z", "", options["url"]),
            fetch=fetch,
            zone=read_zone(options.get("timezone") or "Asia/Shanghai"),
            category=str(options.get("category") or "").strip("/ ").removeprefix("c/"),
            tag=str(options.get("tag") or "").strip("/# "),
            headers={name: value for name, value in sent.items() if value} if options.get("api_key") else {},
            with_staff=bool(options.get("with_staff")),
            max_pages=min(max(options.get("max_pages", 5), 1), 50),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The new posts, and what changed in topics that moved and in some others in turn. Raises `CollectError`."""
        fetch = rationed(self.fetch, self.clock, cursor)
        visit = self._visit(Interface(address=self.root, fetch=fetch, headers=self.headers), cursor)
        known: dict[str, str] = dict(cursor.get("topics", {}))
        walk = {} if self._narrowed else self._walk(visit, cursor)
        self._list_or_note(visit, known)
        marks = {name: topic.mark for name, topic in visit.topics.items()}
        wanted = due(marks, known, visit.turn, most=TOPICS, looked=_LOOKED_AT)
        found = read_moved(lambda name: self._topic(visit, name, known), wanted, known, most=TOPICS)
        after = {
            **walk,
            "topics": found.marks,
            "places": {name: place for name, place in visit.places.items() if name in found.marks},
            "start": visit.start,
            "began": visit.began.isoformat(),
            "turn": visit.turn + 1,
            **fetch.as_cursor(),
        }
        return to_batch(
            once([*visit.items, *found.items]),
            after,
            notes=[*visit.notes, *found.notes],
            gone=[*visit.gone, *found.gone],
            # A post that was moved is no longer in its old topic, but it is not gone.
            censuses=[replace(census, ids=census.ids | visit.ids) for census in found.censuses],
            more=(found.unread or visit.unfinished) and not fetch.resting,
        )

    def history(self, cursor: Cursor) -> Batch:
        """The next piece further back. Raises `CollectError`."""
        fetch = rationed(self.fetch, self.clock, cursor)
        api = Interface(address=self.root, fetch=fetch, headers=self.headers)
        return self._past_topics(api, cursor) if self._narrowed else self._past_posts(api, cursor)

    @property
    def _narrowed(self) -> bool:
        return bool(self.category or self.tag)

    def _visit(self, api: Interface, cursor: Cursor) -> _Visit:
        began = cursor.get("began")
        return _Visit(
            api=api,
            turn=whole(cursor.get("turn")) or 0,
            places={name: list(place) for name, place in dict(cursor.get("places", {})).items()},
            start=whole(cursor.get("start")) or 0,
            began=datetime.fromisoformat(str(began)) if began else self.clock(),
        )

    def _reading(self, answer: Answer) -> Reading:
        return Reading(answer.now, self.zone)

    def _walk(self, visit: _Visit, cursor: Cursor) -> dict[str, Any]:
        """Reads the newest posts down to the last visit's; a walk too long for one visit is gone on with."""
        newest = whole(cursor.get("newest")) or 0
        walk = _descent(cursor.get("walk") or {})
        for number in range(self.max_pages):
            try:
                walk = self._descend(visit, walk, newest)
            except CollectError as error:
                if number == 0:
                    raise
                visit.notes.append(Note(Sign.PAGE_FAILED, f"新帖第 {number + 1} 页没有读到：{error}"))
                return {"newest": newest, "walk": walk.as_cursor()}
            if walk.ended or walk.before <= newest:
                return {"newest": max(newest, walk.top)}
        if newest:
            visit.unfinished = True
            return {"newest": newest, "walk": walk.as_cursor()}
        visit.start = walk.before
        return {"newest": walk.top}

    def _descend(self, visit: _Visit, walk: Descent, newest: int) -> Descent:
        answer = visit.api.ask("/posts.json", {"before": walk.before} if walk.before else {})
        found = latest_rows(answer.data, answer.place)
        fresh = [
            row
            for row in found
            if (number := id_of(row)) is None or (number > newest and not 0 < walk.before <= number)
        ]
        read = parse_posts(fresh, self._reading(answer), root=self.root, place=answer.place, with_staff=self.with_staff)
        visit.items += read.items
        visit.gone += read.gone
        return walk.after([number for row in found if (number := id_of(row)) is not None])

    def _list_or_note(self, visit: _Visit, known: Mapping[str, str]) -> None:
        """Lists the active topics; when that fails after new posts were read, those are kept."""
        try:
            self._list(visit, known)
        except CollectError as error:
            if not visit.items:
                raise
            visit.notes.append(Note(Sign.PAGE_FAILED, f"主题列表没有读到，这次看不到修改和删除：{error}"))

    def _list(self, visit: _Visit, known: Mapping[str, str]) -> None:
        for number in range(self.max_pages if known else 1):
            topics, more = self._listing(visit.api, number)
            visit.topics |= {topic.id: topic for topic in topics if topic.id not in visit.topics}
            # A pinned topic stands first on each page however old it is.
            if not more or not any(known.get(topic.id) != topic.mark for topic in topics if not topic.pinned):
                break
        else:
            if known and self._narrowed:
                told = f"翻了 {self.max_pages} 页仍有变动的主题，可能漏帖；可调大 max_pages 或缩短采集间隔。"
                visit.notes.append(Note(Sign.GAP, told))
        if known and not visit.topics:
            visit.notes.append(Note(Sign.DOUBTFUL, "主题列表是空的，而上次不是；下次若仍是空的，请到网站上看看。"))

    def _listing(self, api: Interface, number: int, order: str = "") -> tuple[list[Topic], bool]:
        category, tag = quote(self.category), quote(self.tag, safe="")
        path = f"/tags/c/{category}/{tag}" if category and tag else f"/c/{category}" if category else f"/tag/{tag}"
        query: dict[str, Any] = {"page": number} | ({"order": order} if order else {})
        try:
            answer = api.ask(f"{path}/l/latest.json" if self._narrowed else "/latest.json", query)
        except CollectError as error:
            if error.status != 404:
                raise
            what = "没有这个分类或标签" if self._narrowed else "没有 /latest.json，可能不是 Discourse 论坛"
            raise CollectError(f"{self.root} {what}（404），请检查 url、category 和 tag。", status=404) from error
        return parse_topics(answer.data, answer.place)

    def _topic(self, visit: _Visit, name: str, known: Mapping[str, str]) -> Thread:
        """A topic's first posts, those not read yet, and a chunk of the rest in turn."""
        answer = visit.api.ask(f"/t/{name}.json")
        reading = self._reading(answer)
        stream = parse_topic(answer.data, answer.place, reading)
        before = known.get(name, LOOK)
        mark = visit.topics[name].mark if name in visit.topics else "seen" if before in {LOOK, UNFINISHED} else before
        if stream.deleted:
            return Thread(census=Census(frozenset(), thread_id=name, sure=True), mark=mark)
        shown = {number for row in stream.rows if (number := id_of(row)) is not None}
        # A topic opened since the first visit is read from its beginning however fast it grew.
        met = 0 if stream.begun is not None and stream.begun >= visit.began else None
        high, low, turns = visit.places.get(name, (met, 0, 0))
        rest = [number for number in stream.ids if number not in shown]
        fresh = _fresh(rest, high, visit.start)
        read_before = [number for number in rest if high is not None and low <= number <= high]
        wanted = [*fresh[:_FRESH], *_in_turn(read_before, turns)]
        posts = parse_posts(
            [*stream.rows, *self._more(visit.api, name, wanted)],
            reading,
            root=self.root,
            place=answer.place,
            title=stream.title,
            with_staff=self.with_staff,
            wanted=lambda row: self._is_wanted(visit, row, reading),
        )
        finished = len(fresh) <= _FRESH
        newest = max([high or 0, *fresh[:_FRESH], *(shown if finished else ())])
        visit.places[name] = [newest, min(fresh, default=newest) if high is None else low, turns + 1]
        visit.unfinished = visit.unfinished or not finished
        visit.ids |= {str(number) for number in stream.ids}
        census = Census(frozenset(map(str, stream.ids)), thread_id=name, sure=True) if stream.ids else None
        return Thread(items=posts.items, gone=posts.gone, census=census, mark=mark if finished else UNFINISHED)

    @staticmethod
    def _is_wanted(visit: _Visit, row: Mapping[str, Any], reading: Reading) -> bool:
        number, edited = id_of(row), edited_at(row, reading)
        return number is None or number >= visit.start or (edited is not None and edited >= visit.began)

    @staticmethod
    def _more(api: Interface, topic: str, ids: Sequence[int]) -> list[Any]:
        found: list[Any] = []
        for start in range(0, len(ids), CHUNK):
            answer = api.ask(f"/t/{topic}/posts.json", {"post_ids[]": ids[start : start + CHUNK]})
            found += more_rows(answer.data)
        return found

    def _past_posts(self, api: Interface, cursor: Cursor) -> Batch:
        walk = _descent(cursor)
        visit = self._visit(api, {})
        pages = whole(cursor.get("pages")) or 0
        for _ in range(HISTORY_PAGES):
            walk, pages = self._descend(visit, walk, 0), pages + 1
            if walk.ended:
                break
        told = {"pages": pages, "progress": 1.0 if walk.ended else 1 - walk.before / max(walk.top, walk.before, 1)}
        return to_batch(once(visit.items), {**walk.as_cursor(), **told}, gone=visit.gone, more=not walk.ended)

    def _past_topics(self, api: Interface, cursor: Cursor) -> Batch:
        """A page of topics by their age, read to the end; what is too much is gone on with in the next step."""
        page, more = whole(cursor.get("pages")) or 0, bool(cursor.get("more", True))
        queue = [(str(name), whole(done) or 0) for name, done in cursor.get("queue", [])]
        visit = self._visit(api, {})
        if not queue and more:
            topics, more = self._listing(api, page, order="created")
            queue, page = [(topic.id, 0) for topic in topics], page + 1
        asked = 0
        while queue and asked < _STEP:
            (name, done), *queue = queue
            read, left = self._past_topic(visit, name, done, _STEP - asked)
            asked += read
            queue = [(name, left), *queue] if left else queue
        after = {"pages": page, "more": more, "queue": [list(entry) for entry in queue]}
        return to_batch(once(visit.items), after, gone=visit.gone, more=bool(queue) or more)

    def _past_topic(self, visit: _Visit, name: str, done: int, room: int) -> tuple[int, int]:
        """Reads on in a topic; gives how many requests that took, and how many posts are read if it is not all."""
        try:
            answer = visit.api.ask(f"/t/{name}.json")
        except CollectError as error:
            if error.status in {401, 403, 404, 410}:
                return 1, 0
            raise
        stream = parse_topic(answer.data, answer.place, self._reading(answer))
        shown = {number for row in stream.rows if (number := id_of(row)) is not None}
        rest = [number for number in stream.ids if number not in shown]
        part = rest[done : done + max(room - 1, 1) * CHUNK]
        posts = parse_posts(
            [*stream.rows, *self._more(visit.api, name, part)],
            self._reading(answer),
            root=self.root,
            place=answer.place,
            title=stream.title,
            with_staff=self.with_staff,
        )
        visit.items += posts.items
        visit.gone += posts.gone
        finished = done + len(part) >= len(rest)
        return 1 + -(-len(part) // CHUNK), 0 if finished else done + len(part)


def _fresh(rest: Sequence[int], high: int | None, start: int) -> list[int]:
    """The ids not read yet; of a topic never met before only the newest, since what is older belongs to the past."""
    if high is None:
        return [number for number in rest if number >= start][-_FRESH:]
    return [number for number in rest if number > max(high, start - 1)]


def _in_turn(ids: Sequence[int], turns: int) -> Sequence[int]:
    chunks = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
    return chunks[turns % len(chunks)] if chunks else ()
