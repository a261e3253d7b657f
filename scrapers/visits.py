"""What every visit to a web source shares: its common options, conditional requests, and walking from page to page."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scrapers.base import Cursor, Note, Option, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError
from scrapers.markup import charset_of, decode, looks_blocked
from scrapers.posts import Item, digest

URL = Option("url", "要采集的网址", required=True, placeholder="https://example.com/…")
TIMEZONE = Option("timezone", "网站未写明时区的时间按哪个时区理解", default="Asia/Shanghai")
OWN_SITE = Option("own_site", "这是自己的网站：不查 robots.txt，可以访问内网地址", type=bool, default=False)
MAX_PAGES = Option("max_pages", "每次最多翻几页（1–50）", type=int, default=5)
EMPTY_PAGES = Option("empty_pages", "连续多少个空页算到了尽头", type=int, default=2)
RATING_SCALE = Option("rating_scale", "评分满分是多少", type=float, placeholder="5")

_KEPT = 500


def conditions(cursor: Cursor) -> dict[str, str]:
    """The headers that ask for a page only if it changed since the visit that left this cursor."""
    wanted = {"If-None-Match": cursor.get("etag"), "If-Modified-Since": cursor.get("last_modified")}
    return {name: str(value) for name, value in wanted.items() if value}


def validators(response: Response) -> dict[str, str]:
    """What the next visit needs for `conditions`."""
    found = {"etag": response.headers.get("etag", ""), "last_modified": response.headers.get("last-modified", "")}
    return {name: value for name, value in found.items() if value and len(value) < 500}


def page_text(response: Response, charset: str = "") -> str:
    """A response's text, read as `charset` or as the header or the page itself says."""
    return decode(response.body, charset or charset_of(response.headers.get("content-type", "")))


def refuse_wall(page: str, url: str) -> None:
    """Raises a permanent `CollectError` for a page that asks to sign in instead of showing anything."""
    if looks_blocked(page):
        raise CollectError(
            f"{url} 给出的是登录或验证页面，不是内容：来源已被拦住，并非没有新帖。"
            "请改用官方接口、订阅源或导出文件，或取得授权。",
            permanent=True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page's items, and the address of the next page or nothing."""

    items: Sequence[Item]
    following: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What a walk over pages brought home."""

    items: tuple[Item, ...]
    notes: tuple[Note, ...] = ()
    whole: bool = True
    """False when a later page failed, so that the next visit must come here again."""
    ended: bool = False
    """The listing was read to its very end, so that nothing else is in it."""
    following: str = ""
    """The page that would have been next, when the walk stopped at its limit."""


_MORE_BLANKS = 2
"""Blank pages borne beyond `empty_pages` when a listing breaks off after a full page: sites have holes."""


def walk(read: Callable[[str], Page], first: str, *, known: Collection[str], max_pages: int, empty_pages: int) -> Walk:
    """Reads page after page until it meets what the last visit saw, the end, or the limit.

    A listing whose last page is shorter than its fullest has ended, and `empty_pages` blank ones in a row prove it.
    One that breaks off after a full page is read on over two blank pages more.
    """
    items: list[Item] = []
    url, met, empty, fullest, last = first, {first}, 0, 0, 0
    for number in range(max_pages):
        try:
            page = read(url)
        except CollectError as error:
            if number == 0 or error.permanent:
                raise
            note = Note(Sign.PAGE_FAILED, f"第 {number + 1} 页没有读到：{error}", url)
            return Walk(items=tuple(items), notes=(note,), whole=False)
        items += page.items
        empty = 0 if page.items else empty + 1
        fullest, last = max(fullest, len(page.items)), len(page.items) or last
        url = page.following
        over = empty >= empty_pages + (_MORE_BLANKS if fullest and last == fullest else 0)
        if not url or url in met or over:
            return Walk(items=tuple(items), ended=True)
        if _reached(page.items, known):
            return Walk(items=tuple(items))
        met.add(url)
    note = Note(
        Sign.GAP, f"翻了 {max_pages} 页仍未遇到上次见过的帖子，可能漏帖；可调大 max_pages 或缩短采集间隔。", url
    )
    return Walk(items=tuple(items), notes=(note,) if known else (), following=url)


HISTORY_PAGES = 5
"""Pages read in one step into the past: few enough that a step ends soon, and a stopped backfill loses little."""


def walk_back(
    read: Callable[[str], Page], first: str, cursor: Cursor, *, empty_pages: int, pages: int = HISTORY_PAGES
) -> tuple[Walk, dict[str, Any], bool]:
    """One step of a walk into the past: what it brought, the cursor after it, and whether there is more."""
    found = walk(read, str(cursor.get("next") or first), known=(), max_pages=pages, empty_pages=empty_pages)
    if not found.whole:
        raise CollectError(found.notes[0].text)
    return found, {"next": found.following, "pages": int(cursor.get("pages", 0)) + pages}, bool(found.following)


def _reached(items: Sequence[Item], known: Collection[str]) -> bool:
    """Whether a page has come to what is known; a post pinned to the top is known on every visit and does not count."""
    ids = [item.external_id.partition("~")[0] for item in items if isinstance(item, RawPost)]
    if not ids or not known:
        return False
    return ids[-1] in known or 2 * sum(name in known for name in ids) >= len(ids)


def known_after(items: Sequence[Item], before: Sequence[str]) -> list[str]:
    """The ids that the next visit takes for known, newest first."""
    ids = [item.external_id.partition("~")[0] for item in items if isinstance(item, RawPost)]
    return list(dict.fromkeys([*ids, *before]))[:_KEPT]


def tell_apart(items: Sequence[Item], shared: Mapping[str, int]) -> tuple[list[Item], dict[str, int]]:
    """The items, those that share an id given names of their own; a true repeat is given once.

    `shared` remembers what it took to tell the posts of one id apart, so that the next visit names them the same.
    """
    groups: dict[str, dict[str, RawPost]] = defaultdict(dict)
    for post in (item for item in items if isinstance(item, RawPost)):
        groups[post.external_id].setdefault(_mark(post, 3), post)
    levels = dict(shared)
    for name, group in groups.items():
        level = max(_level(list(group.values())), shared.get(name, 0))
        if level:
            levels[name] = level
    named: list[Item] = [item for item in items if isinstance(item, Rejection)]
    named += [_renamed(post, levels.get(name, 0)) for name, group in groups.items() for post in group.values()]
    return named, dict(list(levels.items())[-_KEPT:])


def _mark(post: RawPost, level: int) -> str:
    words = (post.url, post.author, post.title, post.text) if level > 1 else (post.url,)
    return digest(*words, str(post.created_at) if level > 2 else "")


def _level(group: Sequence[RawPost]) -> int:
    if len(group) == 1:
        return 0
    return next((level for level in (1, 2) if len({_mark(post, level) for post in group}) == len(group)), 3)


def _renamed(post: RawPost, level: int) -> RawPost:
    return replace(post, external_id=f"{post.external_id}~{_mark(post, level)}") if level else post
