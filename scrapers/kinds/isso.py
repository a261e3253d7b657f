"""Isso, the comment engine for static sites: threads read page by page, answers to comments with them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from scrapers.base import Batch, Cursor, Fetch, Gone, Note, Option, Rejection, Sign
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

PAGE = 100
LATEST = 1000
_MOST_ANSWER_PAGES = 50
_PUBLISHED, _DELETED = 1, 4  # isso-comments.de/docs/reference/server-api: 2 waits for a moderator
_POST_JSON = {"Content-Type": "application/json"}
_UTC = ZoneInfo("UTC")
_LIST_THEM = "请在选项 threads 里列出页面。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What is the same for all comments of one answer: where they stand and how they are read."""

    uri: str
    reading: Reading
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comments:
    """What a list of comments holds, the answers to them included."""

    items: tuple[Item, ...]
    gone: tuple[Gone, ...]
    rows: frozenset[str]


def comment_name(comment: Mapping[str, Any]) -> str:
    """A comment's name: its number and the moment it was written; "" without a number.

    The number alone will not do: when the newest comment is deleted, Isso gives its number to the next one.
    """
    number, created = whole(comment.get("id")), _seconds(comment.get("created"))
    if number is None:
        return ""
    return f"{number}-{round(created * 1000)}" if created else str(number)


def _seconds(value: Any) -> float:
    """A moment in seconds since 1970, or 0."""
    return float(value) if isinstance(value, (int, float)) and 0 < value < 1e11 else 0.0


def parse_comments(comments: Sequence[Any], thread: Thread, parent: str = "") -> Comments:
    """The posts in a list of comments that answer `parent`, those that are gone, and the number of every row."""
    items: list[Item] = []
    gone: list[Gone] = []
    numbers: set[str] = set()
    for place, comment, above in _flat(comments, parent):
        name = comment_name(comment)
        numbers.add(name or place)
        if whole(comment.get("mode")) == _DELETED:
            gone += [Gone(name, "Isso 标明这条评论已删除")] if name else []
        else:
            items.append(_post(comment, thread, above, f"{thread.uri} {place}"))
    return Comments(items=tuple(items), gone=tuple(gone), rows=frozenset(numbers))


def _flat(comments: Sequence[Any], parent: str) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Every comment with its place in words and the name of the one it answers."""
    waiting = [("", comments, parent)]
    while waiting:
        before, level, above = waiting.pop(0)
        for position, entry in enumerate(level, start=1):
            comment = table(entry)
            place = f"{before}第 {position} 条"
            yield place, comment, above
            if answers := rows(comment.get("replies")):
                waiting.append((f"{place}的回复", answers, comment_name(comment)))


def _post(comment: Mapping[str, Any], thread: Thread, parent: str, place: str) -> Item:
    name = comment_name(comment)
    if not name:
        return Rejection(place, "没有编号（id），认不出是哪一条")
    if whole(comment.get("mode")) not in {None, _PUBLISHED}:
        return Rejection(place, "还没有公开，在等审核")
    fields = Fields(
        id=name,
        text=to_plain(word(comment.get("text"))),
        url=link_to(thread.site, thread.uri, f"isso-{word(comment.get('id'))}"),
        author=word(comment.get("author")),
        created=word(comment.get("created")),
        updated=word(comment.get("modified")),
        parent=parent,
        thread=thread.uri,
    )
    post = shape_post(fields, thread.reading)
    return post if post.text else Rejection(place, "没有文字")


@dataclass(frozen=True, slots=True, kw_only=True)
class Isso:
    """Reads the threads listed, or those that `/latest` leads to, from end to end."""

    title = "Isso 评论"
    options = (
        replace(URL, help="Isso 服务的网址", placeholder="https://comments.example.com"),
        Option(
            "threads",
            "要读的页面（Isso 的 uri），用逗号分开（网址里有逗号就一行一个）；"
            "不填则从 /latest 找出有评论的页面，须网站开启 latest-enabled",
            placeholder="/posts/baoyang/, /about/",
        ),
        SITE,
        MAX_PAGES,
        OWN_SITE,
    )

    url: str
    fetch: Fetch
    threads: tuple[str, ...] = ()
    site: str = ""
    max_pages: int = 20
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "Isso":
        """A collector of the threads of one Isso server. Raises `CollectorNotConfigured`."""
        return cls(
            url=options["url"].rstrip("/"),
            fetch=fetch,
            threads=listed_threads(options.get("threads") or "", "threads"),
            site=options.get("site") or "",
            max_pages=min(max(options.get("max_pages", 20), 1), 50),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The comments of the threads, and which comments those threads still have."""
        if self.threads:
            return read_threads(self._page, self._counts(self.threads), cursor, max_pages=self.max_pages)
        known, notes = self._found(cursor)
        # In an order that new comments do not change, so that every thread gets its turn.
        counts = self._counts(sorted(known["found"]))
        batch = read_threads(self._page, counts, cursor, max_pages=self.max_pages, notes=notes)
        return replace(batch, cursor={**batch.cursor, **known})

    def _found(self, cursor: Cursor) -> tuple[Cursor, list[Note]]:
        url = f"{self.url}/latest?limit={LATEST}"
        try:
            answer = read_json(self.fetch(url), url)
        except CollectError as error:
            if error.status != 404:
                raise
            raise CollectError(
                f"{self.url} 没有开启 /latest（latest-enabled）；{_LIST_THEM}", permanent=True
            ) from error
        if not isinstance(answer, list):
            raise CollectError(f"{url} 返回的不是评论列表；接口可能改了。")
        comments = [table(comment) for comment in answer]
        newest = [Sighting(thread=word(c.get("uri")), written=_seconds(c.get("created"))) for c in comments]
        known, notes = find_threads(newest, cursor, full=False, advice=_LIST_THEM)
        if len(comments) >= LATEST:
            # Isso sorts all answers behind all comments, so that enough answers push new comments off the list.
            notes.append(Note(Sign.GAP, f"全站评论超过 {LATEST} 条，/latest 给不全，可能漏了新页面；{_LIST_THEM}"))
        return known, notes

    def _counts(self, uris: Sequence[str]) -> dict[str, int | None]:
        """How many comments each thread has, asked at once."""
        url = f"{self.url}/count"
        data = json.dumps(list(uris), ensure_ascii=False).encode(errors="replace")
        answer = rows(read_json(self.fetch(url, headers=_POST_JSON, data=data), url)) if uris else []
        if len(answer) != len(uris):
            raise CollectError(f"{url} 没有给出 {len(uris)} 个页面各自的评论数；接口可能改了。")
        return {uri: whole(count) for uri, count in zip(uris, answer, strict=True)}

    def _page(self, uri: str, place: int | None) -> CommentPage:
        """A page of a thread's comments, each with all its answers."""
        offset = place or 0
        top, thread = self._ask(uri, {"offset": offset, "nested_limit": PAGE})
        comments = rows(top.get("replies"))
        parts = [parse_comments(comments, thread)]
        requests, whole_page = 1, True
        for comment in (table(entry) for entry in comments):
            if (whole(comment.get("hidden_replies")) or 0) > 0:
                more, complete = self._answers(uri, comment)
                parts += more
                requests += len(more)
                whole_page = whole_page and complete
        further = (whole(top.get("hidden_replies")) or 0) > 0
        return CommentPage(
            items=[item for part in parts for item in part.items],
            gone=[gone for part in parts for gone in part.gone],
            rows=frozenset().union(*(part.rows for part in parts)),
            total=whole(top.get("total_replies")) or 0,
            following=offset + len(comments) if further and comments else None,
            whole=whole_page,
            requests=requests,
        )

    def _answers(self, uri: str, comment: Mapping[str, Any]) -> tuple[list[Comments], bool]:
        """The answers to one comment beyond those that came with it, and whether these are all."""
        parts: list[Comments] = []
        offset = len(rows(comment.get("replies")))
        for _ in range(_MOST_ANSWER_PAGES):
            top, thread = self._ask(uri, {"offset": offset, "parent": word(comment.get("id"))})
            answers = rows(top.get("replies"))
            parts.append(parse_comments(answers, thread, comment_name(comment)))
            offset += len(answers)
            if not answers or (whole(top.get("hidden_replies")) or 0) <= 0:
                return parts, bool(answers)
        return parts, False

    def _ask(self, uri: str, words: Mapping[str, Any]) -> tuple[Mapping[str, Any], Thread]:
        # Without a limit of their own, answers are paged by the offset of the comments, and most are left out.
        query = urlencode({"uri": uri, "limit": PAGE, "sort": "oldest", **words}, errors="replace")
        url = f"{self.url}/?{query}"
        response = self.fetch(url)
        answer = read_json(response, url)
        if not isinstance(table(answer).get("replies"), list):
            raise CollectError(f"{self.url} 的回答里没有评论列表（replies）；请检查 url 是不是 Isso 服务的网址。")
        reading = Reading(moment_of(response.headers, self.clock()), _UTC)
        return table(answer), Thread(uri=uri, reading=reading, site=self.site)
