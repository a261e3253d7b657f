"""NodeBB forums by their read API: recent topics, and those that moved page by page.

Formats: NodeBB 1.x to 4.x, `/api/recent` and `/api/topic/{tid}/{slug}`. Times are milliseconds.
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import quote

from selectolax.lexbor import LexborNode

from scrapers.base import Batch, Census, Cursor, Fetch, Gone, Note, Option, Rejection, Sign
from scrapers.errors import CollectError
from scrapers.reading.answers import ASK_JSON, is_true, read_json, table, whole, word
from scrapers.reading.cutting import before, cut
from scrapers.reading.dates import read_date
from scrapers.reading.markup import html_to_text, parse_html, text_of
from scrapers.reading.posts import (
    MAX_ID,
    Fields,
    Item,
    Reading,
    digest,
    moment_of,
    one_line,
    read_zone,
    shape_post,
    to_batch,
    utc_now,
)
from scrapers.visiting.threads import UNFINISHED, Thread, census_of, due, once, pages_due, read_moved
from scrapers.visiting.visits import MAX_PAGES, OWN_SITE, TIMEZONE

TOPICS = 20
"""Topics read in one visit."""

TOPIC_PAGES = 5
"""Pages of one topic read in one visit; a longer one is gone on with next time."""

_LOOKED_AT = 5
_STEP = 30
_DELETED = "NodeBB 标明已删除"
# An untranslated language key in place of words: [[topic:post_is_deleted]], [[topic:post-is-deleted]].
_KEY = re.compile(r"\s*(?:<p[^<>]{0,80}>)?\s*\[\[([\w.-]{1,60}:[\w.-]{1,80})(?:,[^\]]{0,200})?\]\]\s*(?:</p>)?\s*")
_POST_LINK = re.compile(r"/post/[^/\s]{1,200}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic as a list shows it; `mark` moves with every reply."""

    tid: str
    slug: str
    mark: str
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a topic: its posts, those deleted, the ids of all, and how long the topic is."""

    items: Sequence[Item]
    gone: Sequence[Gone]
    ids: frozenset[str]
    pages: int
    posts: int
    deleted: bool
    mark: str
    begun: datetime | None
    """When the topic was opened."""


def _pages(data: Mapping[str, Any]) -> int:
    return max(whole(table(data.get("pagination")).get("pageCount")) or 1, 1)


def _id(value: Any) -> str:
    """A topic's or post's number, or its address on the forum where it was written."""
    return one_line(word(value), MAX_ID)


def _mark(topic: Mapping[str, Any]) -> str:
    return digest(word(topic.get("lastposttime")), word(topic.get("postcount")))[:10]


def _tells_deletion(words: str) -> bool:
    found = _KEY.fullmatch(words)
    return bool(found and "deleted" in found[1])


def parse_topics(data: Any, place: str) -> tuple[list[Topic], int]:
    """The topics of a list, and how many pages it has. Raises `CollectError` when it is none."""
    listed = table(data).get("topics")
    if not isinstance(listed, list):
        keys = "、".join(str(key) for key in list(table(data))[:8])
        raise CollectError(f"{place} 返回的不是 NodeBB 的主题列表（最外层有：{keys[:200]}）。请填论坛首页的网址。")
    topics = [
        Topic(
            tid=_id(topic.get("tid")),
            slug=one_line(word(topic.get("slug")), 400),
            mark=_mark(topic),
            deleted=is_true(topic.get("deleted")) or _tells_deletion(word(topic.get("title"))),
        )
        for topic in map(table, listed)
        if _id(topic.get("tid"))
    ]
    return topics, _pages(table(data))


def parse_topic(data: Any, reading: Reading, root: str, place: str) -> Page:
    """The posts on one page of a topic. Raises `CollectError` when it is none."""
    topic = table(data)
    if not isinstance(topic.get("posts"), list):
        raise CollectError(f"{place} 返回的不是 NodeBB 的主题，接口可能改了。")
    deleted = is_true(topic.get("deleted")) or _tells_deletion(word(topic.get("title")))
    items: list[Item] = []
    gone: list[Gone] = []
    for number, post in enumerate(map(table, topic["posts"]), start=1):
        told = deleted or is_true(post.get("deleted")) or _tells_deletion(word(post.get("content")))
        if told and _id(post.get("pid")):
            gone.append(Gone(_id(post.get("pid")), _DELETED))
        else:
            items.append(_post(post, topic, reading, root, f"{place} 第 {number} 条"))
    return Page(
        items=items,
        gone=gone,
        ids=frozenset(pid for post in map(table, topic["posts"]) if (pid := _id(post.get("pid")))),
        pages=_pages(topic),
        posts=whole(topic.get("postcount")) or 0,
        deleted=deleted,
        mark=_mark(topic),
        begun=read_date(word(topic.get("timestamp")), reading.now, reading.zone)[0],
    )


def _post(post: Mapping[str, Any], topic: Mapping[str, Any], reading: Reading, root: str, place: str) -> Item:
    pid, content = _id(post.get("pid")), word(post.get("content"))
    if not pid:
        return Rejection(place, "不是帖子（没有编号）")
    if _KEY.fullmatch(content):
        return Rejection(place, f"内容是系统提示（{one_line(content, 80)}），不是帖子")
    opening = pid == word(topic.get("mainPid")) or whole(post.get("index")) == 0
    author = word(post.get("uid"))
    fields = Fields(
        id=pid,
        title=(word(topic.get("titleRaw")) or html.unescape(word(topic.get("title")))) if opening else "",
        text=own_words(content),
        url=f"{root}/post/{quote(pid, safe='')}",
        # Guests all share the number 0; some forums let them give themselves a name.
        author=author if author != "0" else word(post.get("handle")),
        created=word(post.get("timestamp")) or word(post.get("timestampISO")),
        updated=word(post.get("edited")) or word(post.get("editedISO")),
        parent=_id(post.get("toPid")),
        thread=_id(topic.get("tid")),
    )
    shaped = shape_post(fields, reading)
    return shaped if shaped.text else Rejection(place, "除了引用和图片没有别的文字")


def own_words(content: str) -> str:
    """The text of a post without quotes of others: a line with a link to their post, and what stands below it."""
    tree = parse_html(content) if "<blockquote" in content else None
    if tree is None or tree.body is None:
        return html_to_text(content)
    quotes = [(said, block) for block in tree.css("blockquote") if (said := before(block)) and _names_post(said)]
    cut(node for pair in quotes for node in pair)
    return text_of(tree.body)


def _names_post(paragraph: LexborNode) -> bool:
    return paragraph.tag == "p" and any(
        _POST_LINK.search(link.attributes.get("href") or "") for link in paragraph.css("a[href]")
    )


@dataclass(slots=True, kw_only=True)
class _Visit:
    """One visit: what was listed, how far each long topic has been read, and whether one can be gone on with."""

    began: datetime
    """When the source was first visited."""
    read: dict[str, list[int]]
    """Of each topic the last and the first page read beyond its very first, and how many pages were looked at."""
    turn: int
    topics: dict[str, Topic] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    unfinished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeBb:
    """Reads the recent topics of a forum; those that moved are read again."""

    title = "NodeBB 论坛"
    options = (
        Option("url", "论坛首页的网址", required=True, placeholder="https://community.example.com"),
        Option("category", "只读这个版块（cid）；不填则读全站", type=int, placeholder="5"),
        MAX_PAGES,
        TIMEZONE,
        OWN_SITE,
    )

    root: str
    fetch: Fetch
    zone: tzinfo
    category: int | None = None
    max_pages: int = 5
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "NodeBb":
        """A collector of the forum at `url`."""
        return cls(
            root=re.sub(r"(?:/api)?(?:/recent(?:\.rss)?)?/*\Z", "", options["url"]),
            fetch=fetch,
            zone=read_zone(options.get("timezone") or "Asia/Shanghai"),
            category=options.get("category"),
            max_pages=min(max(options.get("max_pages", 5), 1), 50),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The posts of the topics that moved since the last visit, and of some others in turn."""
        known: dict[str, str] = dict(cursor.get("threads", {}))
        began = str(cursor.get("began") or self.clock().isoformat())
        visit = _Visit(
            began=datetime.fromisoformat(began),
            read={tid: list(place) for tid, place in dict(cursor.get("read", {})).items()},
            turn=whole(cursor.get("turn")) or 0,
        )
        self._list(visit, known)
        marks = {tid: topic.mark for tid, topic in visit.topics.items()}
        wanted = due(marks, known, visit.turn, most=TOPICS, looked=_LOOKED_AT)
        found = read_moved(lambda tid: self._topic(tid, visit), wanted, known, most=TOPICS)
        after = {
            "threads": found.marks,
            "read": {tid: place for tid, place in visit.read.items() if tid in found.marks},
            "turn": visit.turn + 1,
            "began": began,
        }
        return to_batch(
            found.items,
            after,
            notes=[*visit.notes, *found.notes],
            gone=found.gone,
            # A post that was moved is no longer in its old topic, but it is not gone.
            censuses=[replace(census, ids=census.ids | visit.ids) for census in found.censuses],
            more=found.unread or visit.unfinished,
        )

    def history(self, cursor: Cursor) -> Batch:
        """The next pages of topics further back. Raises `CollectError`."""
        page, pages = whole(cursor.get("page")) or 1, whole(cursor.get("of")) or 1
        queue = [list(entry) for entry in cursor.get("queue", [])]
        items: list[Item] = []
        gone: list[Gone] = []
        if not queue:
            topics, pages = self._listing(page)
            queue, page = [[topic.tid, topic.slug, 1] for topic in topics if not topic.deleted], page + 1
        for _ in range(_STEP):
            if not queue:
                break
            tid, slug, number = queue.pop(0)
            read = self._page_or_nothing(tid, slug, number)
            if read is not None:
                items += read.items
                gone += read.gone
                queue[:0] = [[tid, slug, number + 1]] if number < read.pages else []
        after = {"page": page, "of": pages, "queue": queue, "pages": page - 1, "progress": min((page - 1) / pages, 1.0)}
        return to_batch(items, after, gone=gone, more=bool(queue) or page <= pages)

    def _list(self, visit: _Visit, known: Mapping[str, str]) -> None:
        """Page after page until one where nothing moved; the first visit takes one."""
        for number in range(1, (self.max_pages if known else 1) + 1):
            topics, pages = self._listing(number)
            visit.topics |= {topic.tid: topic for topic in topics if topic.tid not in visit.topics}
            if not any(known.get(topic.tid) != topic.mark for topic in topics) or number >= pages:
                break
        else:
            if known:
                told = f"翻了 {self.max_pages} 页仍有变动的主题，可能漏帖；可调大 max_pages 或缩短采集间隔。"
                visit.notes.append(Note(Sign.GAP, told))
        if known and not visit.topics:
            visit.notes.append(Note(Sign.DOUBTFUL, "主题列表是空的，而上次不是；下次若仍是空的，请到网站上看看。"))

    def _listing(self, number: int) -> tuple[list[Topic], int]:
        chosen = f"&cid={self.category}" if self.category is not None else ""
        place = f"{self.root}/api/recent?page={number}{chosen}"
        try:
            response = self.fetch(place, headers=ASK_JSON)
        except CollectError as error:
            if error.status != 404:
                raise
            raise CollectError(
                f"{self.root} 没有 /api/recent（404）：请填 NodeBB 论坛首页的网址。"
                "如果是用 feed 类型读它的 RSS 而得到 404，则是论坛关闭了 RSS，用本类型即可。",
                status=404,
            ) from error
        return parse_topics(read_json(response, place), place)

    def _page(self, tid: str, slug: str, number: int) -> Page:
        path = quote(slug if slug.startswith(f"{tid}/") else tid, safe="/")
        # The order is asked for, since a forum's own may be by votes: then pages change without any reply.
        place = f"{self.root}/api/topic/{path}?page={number}&sort=oldest_to_newest"
        response = self.fetch(place, headers=ASK_JSON)
        reading = Reading(moment_of(response.headers, self.clock()), self.zone)
        return parse_topic(read_json(response, place), reading, self.root, place)

    def _page_or_nothing(self, tid: str, slug: str, number: int) -> Page | None:
        """A page, or nothing where it is not there (any more): posts were removed, and the topic became shorter."""
        try:
            return self._page(tid, slug, number)
        except CollectError as error:
            if error.status in {401, 403, 404, 410}:
                return None
            raise

    def _topic(self, tid: str, visit: _Visit) -> Thread:
        """A topic's first page and those of its others that may hold something new."""
        topic = visit.topics.get(tid) or Topic(tid=tid, slug="", mark="")
        first = self._page(tid, topic.slug, 1) if not topic.deleted else None
        if first is None or first.deleted:
            mark = first.mark if first else topic.mark
            return Thread(census=Census(frozenset(), thread_id=tid, sure=True), mark=topic.mark or mark)
        # A topic opened since the first visit is read from its beginning however fast it grew.
        met = 1 if first.begun is not None and first.begun >= visit.began else None
        read, wanted = [first], pages_due(first.pages, *visit.read.get(tid, (met, 2, 0)), most=TOPIC_PAGES)
        for number in wanted:
            page = self._page_or_nothing(tid, topic.slug, number)
            if page is None:
                break
            read.append(page)
            visit.ids |= page.ids
        visit.ids |= first.ids
        return _thread(tid, topic, read, wanted, visit)


def _thread(tid: str, topic: Topic, read: Sequence[Page], wanted: Sequence[int], visit: _Visit) -> Thread:
    first, numbers = read[0], [1, *wanted]
    # Posts that came or went while we turned pages moved others across the edge of a page: then it is read again.
    steady = len(read) == len(numbers) and all((page.posts, page.pages) == (first.posts, first.pages) for page in read)
    ended = numbers[-1] == first.pages
    if steady:
        _, start, turns = visit.read.get(tid, (0, wanted[0] if wanted else 2, 0))
        visit.read[tid] = [numbers[-1], start, turns + 1]
        visit.unfinished = visit.unfinished or not ended
    return Thread(
        items=once(item for page in read for item in page.items),
        gone=[gone for page in read for gone in page.gone],
        # Soft-deleted posts are counted and listed too, so that a full count means a full list.
        census=census_of(tid, read, numbers, pages=first.pages, expected=first.posts) if steady else None,
        mark=(topic.mark or first.mark) if steady and ended else UNFINISHED,
    )
