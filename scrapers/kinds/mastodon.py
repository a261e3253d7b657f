"""Mastodon: the public posts under a hashtag, as one server sees them, read forward without gaps."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from scrapers.base import Batch, Census, Cursor, Fetch, Note, Option, RawPost, Rejection, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.fetching.interfaces import Answer, Interface, base_address
from scrapers.fetching.limits import Rationed, rationed
from scrapers.reading.answers import rows, table, whole, word
from scrapers.reading.links import linked_query
from scrapers.reading.markup import clean_text, html_to_text
from scrapers.reading.posts import Fields, Item, Reading, shape_post, to_batch, utc_now
from scrapers.visiting.visits import MAX_PAGES, OWN_SITE

LIMIT = 40
"""Posts on a page, the most that Mastodon gives."""

_PUBLIC = {"public", "unlisted"}


def order_of(status_id: str) -> tuple[int, str]:
    """What ids are sorted by: they are numbers written as strings, some too large for a reader's own numbers."""
    return len(status_id), status_id


@dataclass(frozen=True, slots=True)
class Timeline:
    """The posts on a page, and the ids of all that stood on it, the newest first."""

    items: list[Item]
    ids: list[str]


def parse_timeline(data: Any, reading: Reading, place: str, *, bots: bool = False) -> Timeline:
    """The public posts of a timeline; a boost counts as the post it boosts. Raises `CollectError` when it is none."""
    if not isinstance(data, list):
        raise CollectError(f"{place} 返回的不是帖子列表：{word(table(data).get('error'))[:200] or '接口可能改了'}")
    items: list[Item] = []
    ids: list[str] = []
    for number, row in enumerate(data, start=1):
        name = word(table(row).get("id"))
        ids += [name] if _is_id(name) else []
        status = table(row).get("reblog") or row
        if _is_wanted(status, bots):
            items.append(_post(status, reading, f"{place} 第 {number} 条"))
    return Timeline(_each_once(items), sorted(ids, key=order_of, reverse=True))


def _is_id(name: str) -> bool:
    # Pleroma and its kin write ids with letters; what sorts them is the same.
    return bool(re.fullmatch(r"[0-9A-Za-z]{1,40}", name))


def _is_wanted(status: Any, bots: bool) -> bool:
    public = word(table(status).get("visibility")) in {*_PUBLIC, ""}
    return public and (bots or table(table(status).get("account")).get("bot") is not True)


def _post(status: Any, reading: Reading, place: str) -> Item:
    row = table(status)
    name = word(row.get("id"))
    if not _is_id(name):
        return Rejection(place, "不是帖子（没有编号）")
    parts = [clean_text(word(row.get("spoiler_text"))), html_to_text(word(row.get("content")))]
    fields = Fields(
        id=name,
        text="\n\n".join(filter(None, [*parts, *_captions(row)])),
        url=word(row.get("url")) or word(row.get("uri")),
        author=word(table(row.get("account")).get("acct")),
        created=word(row.get("created_at")),
        updated=word(row.get("edited_at")),
        parent=word(row.get("in_reply_to_id")),
    )
    post = shape_post(fields, reading)
    return post if post.text else Rejection(place, "只有图片或视频，没有文字")


def _captions(status: Mapping[str, Any]) -> list[str]:
    """What the author wrote to say what is in pictures and films."""
    return [clean_text(word(table(media).get("description"))) for media in rows(status.get("media_attachments"))]


def census_of(timeline: Timeline) -> list[Census]:
    """What a newest page proves: of all posts since its oldest, only these are still there."""
    posts = [item for item in timeline.items if isinstance(item, RawPost) and item.external_id in timeline.ids]
    moments = [post.created_at for post in posts if post.created_at is not None]
    # A page of boosts, or one that has a row we could not read, proves nothing.
    if len(posts) < len(timeline.items) or len(moments) < 2:
        return []
    # The page may end between two posts of the same moment.
    return [Census(frozenset(timeline.ids), since=min(moments) + timedelta(milliseconds=1))]


def _words(text: Any) -> list[str]:
    return [word.strip("#＃") for word in re.split(r"[\s,，、;；]+", text or "") if word.strip("#＃")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mastodon:
    """Reads one hashtag's timeline on one server."""

    title = "Mastodon 话题标签"
    options = (
        Option("url", "从哪个服务器看", required=True, placeholder="https://mastodon.example"),
        Option("tag", "话题标签，不带 #", required=True, placeholder="新能源车"),
        Option("any", "有这些标签之一的也要，用逗号隔开"),
        Option("all", "还必须同时有这些标签，用逗号隔开"),
        Option("none", "有这些标签的不要，用逗号隔开"),
        Option("local", "只要这个服务器自己的帖子", type=bool, default=False),
        Option("bots", "也采集机器人账号的帖子", type=bool, default=False),
        Option("token", "访问令牌；有的服务器不登录就看不到", secret=True),
        MAX_PAGES,
        OWN_SITE,
    )

    url: str
    tag: str
    filters: Mapping[str, Any]
    fetch: Fetch
    bots: bool = False
    token: str = ""
    max_pages: int = 5
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "Mastodon":
        """A collector of the posts under `tag`. Raises `CollectorNotConfigured`."""
        tags = _words(options["tag"])
        if len(tags) != 1:
            raise CollectorNotConfigured(
                f"选项 tag 的值“{options['tag']}”应是一个标签；更多的请写在 any 或 all 里。", option="tag"
            )
        filters: dict[str, Any] = {
            f"{name}[]": words for name in ("any", "all", "none") if (words := _words(options.get(name)))
        }
        return cls(
            url=base_address(options["url"]),
            tag=tags[0],
            filters={**filters, **({"local": "true"} if options.get("local") else {})},
            fetch=fetch,
            bots=bool(options.get("bots")),
            token=options.get("token") or "",
            max_pages=min(max(options.get("max_pages", 5), 1), 50),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The posts since `cursor` in the order they came, and the newest page for what was edited or deleted."""
        fetch = rationed(self.fetch, self.clock, cursor)
        api = self._interface(fetch)
        reached = str(cursor.get("min_id", ""))
        items: list[Item] = []
        notes: list[Note] = []
        more = False
        if reached:
            items, reached, more, notes = self._forward(api, reached)
        newest = Timeline([], [])
        if not more and not notes and not fetch.resting:
            newest = self._page(api, {})[0]
        # A server where the tag was never used has no id to begin at; whatever comes is after nought.
        reached = reached or (newest.ids[0] if newest.ids else "0")
        after = {"min_id": reached, **fetch.as_cursor()}
        return to_batch(
            _each_once([*items, *newest.items]),
            after,
            notes=notes,
            censuses=census_of(newest),
            more=more and not fetch.resting,
        )

    def history(self, cursor: Cursor) -> Batch:
        """A page further back. Raises `CollectError`."""
        fetch = rationed(self.fetch, self.clock, cursor)
        before = str(cursor.get("max_id", ""))
        timeline, answer = self._page(self._interface(fetch), {"max_id": before} if before else {})
        further = _id_in(linked_query(answer.headers, "next"), "max_id") or (timeline.ids or [""])[-1]
        ended = not further or (before and order_of(further) >= order_of(before))
        pages = (whole(cursor.get("pages")) or 0) + 1
        return to_batch(timeline.items, {"max_id": further, "pages": pages, **fetch.as_cursor()}, more=not ended)

    def _interface(self, fetch: Rationed) -> Interface:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return Interface(address=self.url, fetch=fetch, headers=headers)

    def _page(self, api: Interface, place: Mapping[str, str]) -> tuple[Timeline, Answer]:
        query = {"limit": LIMIT, **self.filters, **place}
        answer = api.ask(f"/api/v1/timelines/tag/{quote(self.tag, safe='')}", query)
        return parse_timeline(answer.data, answer.reading(), f"#{self.tag}", bots=self.bots), answer

    def _forward(self, api: Interface, reached: str) -> tuple[list[Item], str, bool, list[Note]]:
        """Page after page of what came after `reached`: the posts, how far that got, and whether there is more.

        Always from the newest id of the page before: since_id would jump to the newest page and leave a gap.
        """
        items: list[Item] = []
        for number in range(self.max_pages):
            try:
                timeline, _ = self._page(api, {"min_id": reached})
            except CollectError as error:
                if number == 0 or error.permanent:
                    raise
                return items, reached, False, [Note(Sign.PAGE_FAILED, f"第 {number + 1} 页没有读到：{error}")]
            items += timeline.items
            if not timeline.ids or order_of(timeline.ids[0]) <= order_of(reached):
                return items, reached, False, []
            reached = timeline.ids[0]
        return items, reached, True, []


def _id_in(query: str, name: str) -> str:
    found = re.search(rf"(?:^|&){name}=([0-9A-Za-z]{{1,40}})(?:&|$)", query)
    return found[1] if found else ""


def _each_once(items: Sequence[Item]) -> list[Item]:
    """The items, a post that stood on two pages once and as it was last read."""
    posts = {item.external_id: item for item in items if isinstance(item, RawPost)}
    return [*posts.values(), *(item for item in items if isinstance(item, Rejection))]
