"""Feeds: RSS 2.0, RSS 1.0, Atom 1.0 and JSON Feed, whichever the address gives."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import urljoin

from scrapers.base import Batch, Cursor, Fetch, Note, RawPost, Rejection, Sign
from scrapers.charsets import decode
from scrapers.feeds import read_entries
from scrapers.markup import charset_of
from scrapers.posts import Item, Reading, digest, moment_of, read_zone, shape_post, to_batch, utc_now
from scrapers.visits import OWN_SITE, TIMEZONE, URL, conditions, tell_apart, validators

_REMEMBERED = 300


def parse_feed(body: bytes, *, now: datetime, zone: tzinfo, url: str = "", charset: str = "") -> list[Item]:
    """The posts of a feed, and a rejection for each entry that says nothing. Raises `CollectError`."""
    reading = Reading(now, zone)
    items: list[Item] = []
    for number, entry in enumerate(read_entries(decode(body, charset), url or "该地址"), start=1):
        post = shape_post(replace(entry, url=_absolute(url, entry.url)), reading)
        items.append(post if post.text else Rejection(f"{url} 第 {number} 条", "既没有标题也没有正文"))
    return items


def _absolute(base: str, link: str) -> str:
    try:
        return urljoin(base, link.strip()) if link.strip() else ""
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Feed:
    """Reads one feed; asks only for what changed."""

    title = "订阅源（RSS / Atom / JSON Feed）"
    options = (URL, TIMEZONE, OWN_SITE)

    url: str
    zone: tzinfo
    fetch: Fetch
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "Feed":
        """A collector of the feed at `url`."""
        return cls(url=options["url"], zone=read_zone(options.get("timezone") or "Asia/Shanghai"), fetch=fetch)

    def collect(self, cursor: Cursor) -> Batch:
        """The feed's posts; an empty batch and the same cursor when it has not changed."""
        response = self.fetch(self.url, headers=conditions(cursor))
        if response.status == 304:
            return Batch(posts=(), cursor=cursor)
        now = moment_of(response.headers, self.clock())
        charset = charset_of(response.headers.get("content-type", ""))
        items = parse_feed(response.body, now=now, zone=self.zone, url=response.url, charset=charset)
        items = keep_names(items, cursor.get("renamed", {}))
        items, shared = tell_apart(items, cursor.get("shared", {}))
        posts = [item for item in items if isinstance(item, RawPost)]
        after = {
            **validators(response),
            "shared": shared,
            "renamed": _traces(posts),
            "seen": [digest(post.external_id) for post in posts][:_REMEMBERED] or list(cursor.get("seen", [])),
        }
        return to_batch(items, after, notes=_gap(posts, cursor.get("seen", [])))


def _gap(posts: Sequence[RawPost], seen: Sequence[str]) -> tuple[Note, ...]:
    """A remark when nothing in the feed was there last time: what came between has fallen out at its end."""
    if not seen or not posts or any(digest(post.external_id) in seen for post in posts):
        return ()
    return (Note(Sign.GAP, "可能漏帖：订阅源里最旧的一条也比上次见过的新。请缩短采集间隔。"),)


def _trace(post: RawPost) -> list[str]:
    return [post.external_id, post.created_at.isoformat() if post.created_at else "", digest(post.text)]


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
    if old is None or old[0] == post.external_id or old[0] in present:
        return post
    _, created, text = _trace(post)
    # The same address alone is not enough: a thread's address stays while its newest reply changes.
    same = (created and created == old[1]) or text == old[2]
    return replace(post, external_id=old[0]) if same else post
