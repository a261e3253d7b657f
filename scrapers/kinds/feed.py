"""Feeds: RSS 2.0, RSS 1.0, Atom 1.0 and JSON Feed, whichever the address gives."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from scrapers.base import Batch, Census, Cursor, Fetch, Note, Option, RawPost, Rejection, Response, Sign
from scrapers.reading.charsets import decode
from scrapers.reading.feeds import Content, read_feed
from scrapers.reading.pages import Page, page_text
from scrapers.reading.posts import (
    Item,
    Reading,
    absolute,
    digest,
    moment_of,
    next_address,
    read_zone,
    shape_post,
    to_batch,
    utc_now,
)
from scrapers.reading.wishes import fresh_for, wished_wait
from scrapers.visiting.listings import MOST_PAGES, moved, validators_of_a_repeat
from scrapers.visiting.visits import (
    CHARSET,
    MAX_PAGES,
    OWN_SITE,
    TIMEZONE,
    URL,
    Walk,
    charset_option,
    conditions,
    tell_apart,
    validators,
    walk,
    walk_back,
)

_REMEMBERED = 300


def parse_feed(body: bytes, *, now: datetime, zone: tzinfo, url: str = "", charset: str = "") -> list[Item]:
    """The posts of a feed, and a rejection for each entry that says nothing. Raises `CollectError`."""
    return posts_of(read_feed(decode(body, charset), url or "该地址"), Reading(now, zone), url)


def posts_of(content: Content, reading: Reading, url: str) -> list[Item]:
    """The posts of a feed's content, and a rejection for each entry that says nothing."""
    items: list[Item] = []
    for number, entry in enumerate(content.entries, start=1):
        link = absolute(url, entry.url)
        post = shape_post(entry if link == entry.url else replace(entry, url=link), reading)
        items.append(post if post.text else Rejection(f"{url} 第 {number} 条", "既没有标题也没有正文"))
    return items


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Reads one feed, its earlier pages where it has some and they are needed; asks only for what changed."""

    title = "订阅源（RSS / Atom / JSON Feed）"
    options = (
        URL,
        MAX_PAGES,
        Option(
            "deletions",
            "订阅源严格按时间列出最新的若干条：中间不见了的算作已删除",
            type=bool,
            default=False,
        ),
        CHARSET,
        TIMEZONE,
        OWN_SITE,
    )

    url: str
    zone: tzinfo
    fetch: Fetch
    max_pages: int = 5
    deletions: bool = False
    charset: str = ""
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "Feed":
        """A collector of the feed at `url`. Raises `CollectorNotConfigured`."""
        return cls(
            url=options["url"],
            zone=read_zone(options.get("timezone") or "Asia/Shanghai"),
            fetch=fetch,
            max_pages=min(max(options.get("max_pages", 5), 1), MOST_PAGES),
            deletions=bool(options.get("deletions")),
            charset=charset_option(options),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The feed's posts; an empty batch and the same cursor when it has not changed. Raises `CollectError`."""
        opened = self.fetch(self.url, headers=conditions(cursor))
        if opened.status == 304:
            return Batch(posts=(), cursor=cursor, wait=self._wait(opened, float(cursor.get("ttl", 0))))
        front = self._read(opened)
        seen = list(cursor.get("seen", []))
        traces = cursor.get("renamed", {})

        def read(place: str) -> Page:
            response, content = (opened, front) if place == self.url else self._fetched(place)
            items = keep_names(posts_of(content, self._reading(response), response.url), traces)
            names = [digest(item.external_id) for item in items if isinstance(item, RawPost)]
            return Page(items=items, names=names, following=next_address(response.url, content.following))

        found = walk(read, self.url, known=frozenset(seen), max_pages=self.max_pages, empty_pages=1)
        items, shared = tell_apart(found.items, cursor.get("shared", {}))
        posts = [item for item in items if isinstance(item, RawPost)]
        after = {
            **(self._validators(opened, cursor) if found.whole else {}),
            "shared": shared,
            "renamed": _traces(posts),
            "seen": (list(found.names)[:_REMEMBERED] or seen) if found.whole else seen,
            **({"ttl": front.ttl} if front.ttl else {}),
        }
        return to_batch(
            items,
            after,
            notes=(*moved(opened), *found.notes, *_doubts(found, seen), *(_disorder(posts) if self.deletions else ())),
            censuses=_census(posts) if self.deletions and found.whole else (),
            wait=self._wait(opened, front.ttl, front),
        )

    def history(self, cursor: Cursor) -> Batch:
        """The next pages into the past, where the feed leads there. Raises `CollectError`."""

        def read(place: str) -> Page:
            response, content = self._fetched(place)
            items = posts_of(content, self._reading(response), response.url)
            return Page(items=items, following=next_address(response.url, content.following))

        found, after, more = walk_back(read, self.url, cursor, empty_pages=1)
        items, shared = tell_apart(found.items, cursor.get("shared", {}))
        return to_batch(items, {**after, "shared": shared}, notes=found.notes, more=more)

    def _fetched(self, place: str) -> tuple[Response, Content]:
        response = self.fetch(place)
        return response, self._read(response)

    def _read(self, response: Response) -> Content:
        return read_feed(page_text(response, self.charset), response.url)

    def _reading(self, response: Response) -> Reading:
        return Reading(moment_of(response.headers, self.clock()), self.zone)

    def _validators(self, opened: Response, cursor: Cursor) -> dict[str, str]:
        return validators_of_a_repeat(opened, cursor) if self.deletions else validators(opened)

    def _wait(self, response: Response, ttl: float, content: Content | None = None) -> float:
        """The seconds that the site wants between visits."""
        seconds = max(ttl, fresh_for(response.headers))
        if content is None:
            return wished_wait(seconds, self.clock())
        return wished_wait(seconds, self.clock(), quiet_hours=content.quiet_hours, quiet_days=content.quiet_days)


def _doubts(found: Walk, seen: Sequence[str]) -> tuple[Note, ...]:
    """Remarks on a feed that is empty, or in which nothing was there last time: what came between has fallen out."""
    if not seen or any(name in seen for name in found.names):
        return ()
    if not found.items:
        return (Note(Sign.DOUBTFUL, "订阅源是空的，而上次还有内容：对方可能关闭了它，请在浏览器里看看这个网址。"),)
    if not found.names or found.notes or found.pages > 1:
        return ()
    return (Note(Sign.GAP, "可能漏帖：订阅源里最旧的一条也比上次见过的新。请缩短采集间隔。"),)


def _dates(posts: Sequence[RawPost]) -> list[datetime]:
    return [post.created_at for post in posts if post.created_at]


def _disorder(posts: Sequence[RawPost]) -> tuple[Note, ...]:
    dates = _dates(posts)
    if dates == sorted(dates, reverse=True):
        return ()
    return (Note(Sign.OTHER, "订阅源没有严格按时间从新到旧排列，无法核对删除；请关闭 deletions。"),)


def _census(posts: Sequence[RawPost]) -> tuple[Census, ...]:
    """What the feed has, from its oldest post on; nothing where it is not in the order of time."""
    dates = _dates(posts)
    if len(dates) < 2 or _disorder(posts):
        return ()
    # Another post of the very same moment may have been the first to fall out at the end.
    return (Census(frozenset(post.external_id for post in posts), since=dates[-1] + timedelta(seconds=1)),)


def _trace(post: RawPost) -> list[str]:
    # An id that is the address is not kept twice.
    return [
        post.external_id if post.external_id != post.url else "",
        post.created_at.isoformat() if post.created_at else "",
        digest(post.text),
    ]


def _traces(posts: Sequence[RawPost]) -> dict[str, list[str]]:
    """What is kept of each post to know it again should its id change: by address, where one post alone has it."""
    counts = Counter(post.url for post in posts)
    traced = [(digest(post.url), _trace(post)) for post in posts if post.url and counts[post.url] == 1]
    return dict(traced[:_REMEMBERED])


def keep_names(items: Sequence[Item], traces: Mapping[str, Sequence[str]]) -> list[Item]:
    """The items, each under the id it had before if only its id changed (some engines make ids from titles)."""
    present = {item.external_id for item in items if isinstance(item, RawPost)}
    return [_known_again(item, traces, present) if isinstance(item, RawPost) else item for item in items]


def _known_again(post: RawPost, traces: Mapping[str, Sequence[str]], present: set[str]) -> RawPost:
    old = traces.get(digest(post.url)) if post.url else None
    if old is None or (name := old[0] or post.url) == post.external_id or name in present:
        return post
    _, created, text = _trace(post)
    # The same address alone is not enough: a thread's address stays while its newest reply changes.
    same = (created and created == old[1]) or text == old[2]
    return replace(post, external_id=name) if same else post
