"""V2EX: the newest topics, or those of one node, with their replies (API 1.0 openly, API 2.0 with a token)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from scrapers.base import Batch, Census, Cursor, Fetch, Gone, Note, Option, RawPost, Rejection, Sign
from scrapers.errors import CollectError
from scrapers.fetching.interfaces import Interface, base_address, interface_at
from scrapers.fetching.limits import Rationed, rationed
from scrapers.reading.answers import is_true, rows, table, whole, word
from scrapers.reading.markup import clean_text, html_to_text
from scrapers.reading.posts import Fields, Item, Reading, digest, shape_post, to_batch, utc_now
from scrapers.visiting.threads import LOOK, Rereading, Thread, read_moved, turn
from scrapers.visiting.visits import MAX_PAGES, OWN_SITE

THREADS = 20
"""Topics whose replies are read in one visit."""
FIRST_THREADS = 3
"""The same for the first visit, which a preview waits for."""

_SITE = "https://www.v2ex.com"
_LOOKED_AT = 5
_REPLY_PAGES = 10
_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics as listed: their posts, those the site calls deleted, and by id what tells that something moved."""

    items: list[Item]
    gone: list[Gone]
    marks: dict[str, str]
    counts: dict[str, int]
    """How many replies each topic says it has."""


def contents_of(data: Any, place: str) -> Any:
    """What an answer holds, out of the envelope of API 2.0. Raises `CollectError` with the site's own words."""
    if isinstance(data, dict) and "id" not in data:
        if is_true(data.get("success")):
            return data.get("result")
        said = word(data.get("message")) or word(data.get("status")) or "、".join(str(key) for key in list(data)[:8])
        # "Object Not Found" is how V2EX says 404 with status 200.
        raise CollectError(f"{place} 没有给出内容：{said[:200]}", status=404 if "not found" in said.lower() else 0)
    return data


def parse_topics(contents: Any, reading: Reading, place: str) -> Topics:
    """The topics in a list. Raises `CollectError` when it is none."""
    if not isinstance(contents, list):
        raise CollectError(f"{place} 返回的不是主题列表，接口可能改了。")
    found = Topics([], [], {}, {})
    for number, topic in enumerate(contents, start=1):
        _add_topic(found, topic, reading, f"{place} 第 {number} 条")
    return found


def _add_topic(found: Topics, topic: Any, reading: Reading, place: str) -> None:
    number = _number(topic)
    if number is None:
        found.items.append(Rejection(place, "不是主题（没有编号）"))
        return
    name = f"t{number}"
    if is_true(topic.get("deleted")):
        found.gone.append(Gone(name, "V2EX 标明主题已删除"))
        return
    fields = Fields(
        id=name,
        title=word(topic.get("title")),
        text="\n\n".join(filter(None, (_text(topic), *(_text(part) for part in rows(topic.get("supplements")))))),
        url=word(topic.get("url")) or f"{_SITE}/t/{number}",
        author=_author(topic),
        created=word(topic.get("created")),
        updated=word(topic.get("last_modified")),
        thread=name,
    )
    post = shape_post(fields, reading)
    found.items.append(post if post.text else Rejection(place, "既没有标题也没有正文"))
    touched = [word(topic.get(name)) for name in ("replies", "last_touched", "last_modified")]
    found.marks[name] = digest(*touched)[:10]
    found.counts[name] = whole(topic.get("replies")) or 0


def parse_replies(contents: Any, topic: str, reading: Reading, place: str) -> list[Item]:
    """The replies in a list, to the topic of this id. Raises `CollectError` when it is none."""
    if not isinstance(contents, list):
        raise CollectError(f"{place} 返回的不是回复列表，接口可能改了。")
    return [
        _reply(reply, topic, reading, f"{place} {topic} 第 {number} 条")
        for number, reply in enumerate(contents, start=1)
    ]


def _reply(reply: Any, topic: str, reading: Reading, place: str) -> Item:
    number = _number(reply)
    if number is None:
        return Rejection(place, "不是回复（没有编号）")
    fields = Fields(
        id=f"r{number}",
        text=_text(reply),
        url=f"{_SITE}/t/{topic[1:]}#r_{number}",
        author=_author(reply),
        created=word(reply.get("created")),
        updated=word(reply.get("last_modified")),
        parent=topic,
        thread=topic,
    )
    post = shape_post(fields, reading)
    return post if post.text else Rejection(place, "正文里没有可读的文字")


def _number(row: Any) -> int | None:
    number = whole(table(row).get("id"))
    return number if number is not None and number > 0 else None


def _text(row: Any) -> str:
    rendered = word(table(row).get("content_rendered"))
    return html_to_text(rendered) if rendered.strip() else clean_text(word(table(row).get("content")))


def _author(row: Mapping[str, Any]) -> str:
    return word(table(row.get("member")).get("username"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """V2EX as one visit asks it."""

    api: Interface
    token: bool

    def topics(self, path: str, query: Mapping[str, Any]) -> tuple[Topics, int]:
        answer = self.api.ask(path, query)
        pages = whole(table(table(answer.data).get("pagination")).get("pages")) or 0
        return parse_topics(contents_of(answer.data, answer.place), answer.reading(), answer.place), max(pages, 0)

    def topic(self, name: str) -> Topics:
        """One topic as it is now. Raises `CollectError`, with status 404 when it is no longer there."""
        path, query = (f"/api/v2/topics/{name[1:]}", {}) if self.token else ("/api/topics/show.json", {"id": name[1:]})
        answer = self.api.ask(path, query)
        contents = contents_of(answer.data, answer.place)
        listed = contents if isinstance(contents, list) else [contents]
        if not any(listed):
            raise CollectError(f"V2EX 上已没有主题 {name[1:]}。", status=404)
        return parse_topics(listed, answer.reading(), answer.place)

    def replies(self, name: str, expected: int) -> tuple[list[Item], bool]:
        """A topic's replies, and whether these are all."""
        found: dict[str, Item] = {}
        if expected < 1:
            return [], True
        for page in range(1, _REPLY_PAGES + 1):
            before = len(found)
            try:
                items = self._reply_page(name, page)
            except CollectError as error:
                # The topic itself was there: replies that are not found are no sign that it is gone.
                raise CollectError(str(error), permanent=error.permanent, retry_after=error.retry_after) from error
            found |= {item.external_id if isinstance(item, RawPost) else item.place: item for item in items}
            # A server that knows no pages gives the same replies again.
            if len(found) == before or len(found) >= expected:
                return list(found.values()), True
        return list(found.values()), False

    def _reply_page(self, name: str, page: int) -> list[Item]:
        if self.token:
            answer = self.api.ask(f"/api/v2/topics/{name[1:]}/replies", {"p": page})
        else:
            query = {"topic_id": name[1:], "page": page, "page_size": _PAGE_SIZE}
            answer = self.api.ask("/api/replies/show.json", query)
        place = f"{answer.place} 第 {page} 页"
        return parse_replies(contents_of(answer.data, answer.place), name, answer.reading(), place)


@dataclass(slots=True, kw_only=True)
class _Listing:
    """The topics that a visit found listed."""

    items: list[Item] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def take(self, topics: Topics, *, posts: bool) -> None:
        self.items += [item for item in topics.items if posts or isinstance(item, Rejection)]
        self.gone += topics.gone
        self.marks |= topics.marks
        self.counts |= topics.counts


@dataclass(frozen=True, slots=True, kw_only=True)
class V2ex:
    """Reads V2EX; topics that moved have their replies read again."""

    title = "V2EX 论坛"
    options = (
        Option("node", "节点名；不填则采集全站最新主题", placeholder="car"),
        Option("token", "个人访问令牌（API 2.0）；有它才能翻页和回溯，每小时额度也更高", secret=True),
        Option("replies", "也采集回复", type=bool, default=True),
        MAX_PAGES,
        interface_at(_SITE),
        OWN_SITE,
    )

    url: str
    fetch: Fetch
    node: str = ""
    token: str = ""
    with_replies: bool = True
    max_pages: int = 5
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "V2ex":
        """A collector of V2EX. Raises `CollectorNotConfigured`."""
        return cls(
            url=base_address(options["url"]),
            fetch=fetch,
            node=(options.get("node") or "").strip("/ "),
            token=options.get("token") or "",
            with_replies=options.get("replies", True),
            max_pages=min(max(options.get("max_pages", 5), 1), 50),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The topics listed now, and the replies of those that moved since the last visit."""
        fetch = rationed(self.fetch, self.clock, cursor)
        site, before = self._site(fetch), dict(cursor.get("threads", {}))
        listing = self._list(site, before)
        away = [name for name in before if name not in listing.marks]
        place = whole(cursor.get("turn")) or 0
        marks = listing.marks | dict.fromkeys(turn(away, place, _LOOKED_AT), LOOK)
        # Without replies to read, a listed topic costs no request; a first visit, as in a preview, is kept short.
        most = (THREADS if before else FIRST_THREADS) if self.token or self.with_replies else len(marks)
        reread = self._reread(site, listing, marks, before, most=most)
        gone = {post.external_id for post in (*listing.gone, *reread.gone)}
        kept = {name: mark for name, mark in reread.marks.items() if name not in gone}
        after = {"threads": kept, "turn": place + _LOOKED_AT, **fetch.as_cursor()}
        return self._batch(listing, reread, after, more=reread.unread and not fetch.resting)

    def history(self, cursor: Cursor) -> Batch:
        """A page of the node's topics with their replies, the newest first. Raises `CollectError`."""
        fetch = rationed(self.fetch, self.clock, cursor)
        site, page = self._site(fetch), whole(cursor.get("page")) or 1
        listing = _Listing()
        topics, pages = self._page(site, page)
        listing.take(topics, posts=not self.token)
        if not self._turns_pages:
            listing.notes.append(Note(Sign.OTHER, "V2EX 的公开接口不能翻页；填写 node 和 token 后才能回溯更早的主题。"))
        reread = self._reread(site, listing, listing.marks, {}, most=len(listing.marks))
        if reread.broken_off is not None:
            raise reread.broken_off
        more = self._turns_pages and (page < pages if pages else bool(listing.marks))
        after = {"page": page + 1, "pages": page, **({"progress": min(page / pages, 1.0)} if pages else {})}
        return self._batch(listing, reread, after, more=more)

    @property
    def _turns_pages(self) -> bool:
        return bool(self.node and self.token)

    def _site(self, fetch: Rationed) -> _Site:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return _Site(api=Interface(address=self.url, fetch=fetch, headers=headers), token=bool(self.token))

    def _page(self, site: _Site, page: int) -> tuple[Topics, int]:
        """A page of topics, and how many pages the node has where that is told."""
        if self._turns_pages:
            return site.topics(f"/api/v2/nodes/{quote(self.node, safe='')}/topics", {"p": page})
        if self.node:
            return site.topics("/api/topics/show.json", {"node_name": self.node})
        return site.topics("/api/topics/latest.json", {})

    def _list(self, site: _Site, before: Mapping[str, str]) -> _Listing:
        """Page after page until one where nothing moved; the first visit, and lists without pages, take one."""
        listing = _Listing()
        last = self.max_pages if self._turns_pages and before else 1
        for page in range(1, last + 1):
            topics, pages = self._page(site, page)
            listing.take(topics, posts=not self.token)
            if page >= pages if pages else not topics.marks:
                return listing if listing.items or listing.marks or listing.gone else _doubted(listing, before)
            if topics.marks and all(before.get(name) == mark for name, mark in topics.marks.items()):
                return listing
        if before and (self._turns_pages or not any(name in before for name in listing.marks)):
            listing.notes.append(
                Note(Sign.GAP, "可能漏帖：两次采集之间变动的主题比这次能读到的多。请缩短采集间隔，或调大 max_pages。")
            )
        return listing

    def _reread(
        self, site: _Site, listing: _Listing, marks: Mapping[str, str], before: Mapping[str, str], *, most: int
    ) -> Rereading:
        return read_moved(lambda name: self._thread(site, name, listing, before), marks, before, most=most)

    def _thread(self, site: _Site, name: str, listing: _Listing, before: Mapping[str, str]) -> Thread:
        """The topic itself where the listing does not say all of it, and its replies if something moved."""
        shown = site.topic(name) if self.token or name not in listing.marks else Topics([], [], {}, {})
        # The listing's own mark, where there is one: a topic shown alone need not tell the same fields.
        mark = listing.marks.get(name) or shown.marks.get(name, "")
        if not self.with_replies or shown.gone or mark == before.get(name):
            return Thread(items=shown.items, gone=shown.gone, mark=mark or LOOK)
        count = shown.counts.get(name, listing.counts.get(name, 0))
        replies, are_all = site.replies(name, count)
        ids = [item.external_id for item in replies if isinstance(item, RawPost)]
        # When they are as many as the topic says it has, there is no other.
        census = Census(frozenset([name, *ids]), thread_id=name, sure=0 < count <= len(ids))
        note = Note(Sign.GAP, f"主题 {name} 的回复太多，只读了前 {len(ids)} 条。")
        return Thread(
            items=[*shown.items, *replies],
            census=census if are_all and _all_read(replies) else None,
            notes=() if are_all else (note,),
            mark=mark,
        )

    @staticmethod
    def _batch(listing: _Listing, reread: Rereading, after: Cursor, *, more: bool) -> Batch:
        return to_batch(
            [*listing.items, *reread.items],
            after,
            notes=[*listing.notes, *reread.notes],
            gone=[*listing.gone, *reread.gone],
            censuses=reread.censuses,
            more=more,
        )


def _all_read(replies: Sequence[Item]) -> bool:
    """Whether each reply became a post: one that did not may be held from before, and is not gone."""
    return all(isinstance(item, RawPost) for item in replies)


def _doubted(listing: _Listing, before: Mapping[str, str]) -> _Listing:
    if before:
        listing.notes.append(Note(Sign.DOUBTFUL, "列表是空的，而上次不是；下次若仍是空的，请到网站上看看。"))
    return listing
