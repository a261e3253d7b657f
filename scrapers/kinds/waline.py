"""Waline, a comment engine for static sites: threads read page by page, answers to comments inside them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from scrapers.base import Batch, Cursor, Fetch, Note, Option, Rejection
from scrapers.errors import CollectError
from scrapers.reading.answers import read_json, rows, table, whole, word
from scrapers.reading.markup import to_plain
from scrapers.reading.posts import Fields, Item, Reading, moment_of, shape_post, utc_now
from scrapers.visiting.comments import (
    MAX_PAGES,
    SITE,
    CommentPage,
    Sighting,
    find_threads,
    link_to,
    listed_threads,
    read_threads,
)
from scrapers.visiting.visits import OWN_SITE, URL

PAGE = 100  # the most that Waline gives: src/logic/comment.js
RECENT = 50
_PATHS_AT_ONCE = 20
_UTC = ZoneInfo("UTC")
_LIST_THEM = "请在选项 paths 里列出页面。"
# What the engine's own page writes for somebody who gave no name, in the languages it speaks; many are called so.
_NAMELESS = frozenset({"匿名", "匿名者", "anonymous", "anonyme", "anonym", "anônimo", "anónimo", "аноним", "ẩn danh"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What is the same for all comments of one answer: where they stand and how they are read."""

    path: str
    reading: Reading
    site: str = ""


def parse_comments(comments: Sequence[Any], thread: Thread) -> tuple[list[Item], frozenset[str]]:
    """The posts in a list of comments and in the answers inside them, and the number of every row."""
    items: list[Item] = []
    numbers: set[str] = set()
    for place, comment in _flat(comments):
        numbers.add(word(comment.get("objectId")) or place)
        items.append(_post(comment, thread, f"{thread.path} {place}"))
    return items, frozenset(numbers)


def _flat(comments: Sequence[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every comment with its place in words."""
    waiting = [("", comments)]
    while waiting:
        before, level = waiting.pop(0)
        for position, entry in enumerate(level, start=1):
            comment = table(entry)
            place = f"{before}第 {position} 条"
            yield place, comment
            if answers := rows(comment.get("children")):
                waiting.append((f"{place}的回复", answers))


def _post(comment: Mapping[str, Any], thread: Thread, place: str) -> Item:
    number = word(comment.get("objectId"))
    if not number:
        return Rejection(place, "没有编号（objectId），认不出是哪一条")
    if word(comment.get("status")) in {"waiting", "spam"}:
        return Rejection(place, "还没有公开：在等审核，或被当作垃圾评论")
    fields = Fields(
        id=number,
        text=to_plain(word(comment.get("comment"))),
        url=link_to(thread.site, thread.path, number),
        author=author_of(comment),
        # The older interface writes `insertedAt`; an edit leaves no time anywhere.
        created=word(comment.get("time")) or word(comment.get("insertedAt")),
        parent=word(comment.get("pid")),
        thread=thread.path,
    )
    post = shape_post(fields, thread.reading)
    return post if post.text else Rejection(place, "没有文字")


def author_of(comment: Mapping[str, Any]) -> str:
    """The account that wrote a comment, else the name given; "" for those who gave none."""
    account, name = word(comment.get("user_id")), word(comment.get("nick")).strip()
    return f"user {account}" if account else "" if name.lower() in _NAMELESS else name


def _unwrapped(answer: Any, url: str) -> Any:
    """What is inside the envelope of the present interface; the older one has none. Raises `CollectError`."""
    envelope = table(answer)
    if "errno" not in envelope:
        return answer
    if whole(envelope["errno"]) != 0:
        said = word(envelope.get("errmsg"))[:200] or f"errno {word(envelope['errno'])}"
        raise CollectError(f"{url} 没有给出评论，Waline 的回答是：{said}")
    return envelope.get("data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waline:
    """Reads the threads listed, or those that the newest comments lead to, from end to end."""

    title = "Waline 评论"
    options = (
        replace(URL, help="Waline 服务端的网址", placeholder="https://waline.example.com"),
        Option(
            "paths",
            "要读的页面（Waline 的 path），用逗号分开（网址里有逗号就一行一个）；不填则从最新评论找出有评论的页面",
            placeholder="/posts/baoyang/, /about/",
        ),
        SITE,
        MAX_PAGES,
        OWN_SITE,
    )

    url: str
    fetch: Fetch
    paths: tuple[str, ...] = ()
    site: str = ""
    max_pages: int = 20
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "Waline":
        """A collector of the threads of one Waline server. Raises `CollectorNotConfigured`."""
        return cls(
            url=f"{options['url'].rstrip('/').removesuffix('/api/comment').removesuffix('/comment')}/api/comment",
            fetch=fetch,
            paths=listed_threads(options.get("paths") or "", "paths"),
            site=options.get("site") or "",
            max_pages=min(max(options.get("max_pages", 20), 1), 50),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The comments of the threads, and which comments those threads still have."""
        if self.paths:
            return read_threads(self._page, self._counts(self.paths), cursor, max_pages=self.max_pages)
        known, notes = self._found(cursor)
        # In an order that new comments do not change, so that every thread gets its turn.
        counts = self._counts(sorted(known["found"]))
        batch = read_threads(self._page, counts, cursor, max_pages=self.max_pages, notes=notes)
        return replace(batch, cursor={**batch.cursor, **known})

    def _found(self, cursor: Cursor) -> tuple[Cursor, list[Note]]:
        url = f"{self.url}?{urlencode({'type': 'recent', 'count': RECENT})}"
        answer = _unwrapped(read_json(self.fetch(url), url), url)
        if not isinstance(answer, list):
            raise CollectError(f"{url} 返回的不是评论列表；请检查 url 是不是 Waline 服务端的网址。")
        newest = [
            Sighting(thread=word(comment.get("url")), written=(whole(comment.get("time")) or 0) / 1000)
            for comment in map(table, answer)
        ]
        return find_threads(newest, cursor, full=len(newest) >= RECENT, advice=_LIST_THEM)

    def _counts(self, paths: Sequence[str]) -> dict[str, int | None]:
        """How many comments each thread has, twenty asked at once."""
        found: dict[str, int | None] = {}
        for start in range(0, len(paths), _PATHS_AT_ONCE):
            some = paths[start : start + _PATHS_AT_ONCE]
            # A path that stands alone is taken for a list and split at its commas, so that none is asked for alone.
            query = [("type", "count"), *(("url", path) for path in (*some, some[0]))]
            url = f"{self.url}?{urlencode(query, errors='replace')}"
            counts = rows(_unwrapped(read_json(self.fetch(url), url), url))
            if len(counts) != len(some) + 1:
                raise CollectError(f"{url} 没有给出 {len(some)} 个页面各自的评论数；接口可能改了。")
            found |= dict(zip(some, map(whole, counts), strict=False))
        return found

    def _page(self, path: str, place: int | None) -> CommentPage:
        # Newest first: the engine leaves the other order to chance.
        number = place or 1
        query = {"path": path, "pageSize": PAGE, "page": number, "sortBy": "insertedAt_desc"}
        url = f"{self.url}?{urlencode(query, errors='replace')}"
        response = self.fetch(url)
        answer = table(_unwrapped(read_json(response, url), url))
        comments = answer.get("data")
        if not isinstance(comments, list):
            raise CollectError(f"{url} 的回答里没有评论列表（data）；请检查 url 是不是 Waline 服务端的网址。")
        reading = Reading(moment_of(response.headers, self.clock()), _UTC)
        items, numbers = parse_comments(comments, Thread(path=path, reading=reading, site=self.site))
        further = comments and number < (whole(answer.get("totalPages")) or 0)
        return CommentPage(
            items=items,
            rows=numbers,
            total=whole(answer.get("count")) or 0,
            following=number + 1 if further else None,
        )
