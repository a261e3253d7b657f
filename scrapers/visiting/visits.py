"""What every visit to a web source shares: its common options, conditional requests, and walking from page to page."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import dropwhile, islice
from typing import Any

from scrapers.base import Cursor, Gone, Note, Option, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.reading.charsets import named_charset
from scrapers.reading.pages import Page, ids_of
from scrapers.reading.posts import Item, digest, web_address

URL = Option("url", "要采集的网址", required=True, placeholder="https://example.com/…")
TIMEZONE = Option("timezone", "网站未写明时区的时间按哪个时区理解", default="Asia/Shanghai")
OWN_SITE = Option(
    "own_site", "这是自己的网站：不查 robots.txt，可以访问内网地址（要写 own_reason）", type=bool, default=False
)
MAX_PAGES = Option("max_pages", "每次最多翻几页（1–50）", type=int, default=5)
EMPTY_PAGES = Option("empty_pages", "连续多少个空页算到了尽头", type=int, default=2)
CHARSET = Option("charset", "网页或接口的编码；不填则自动识别", placeholder="gb18030")
RATING_SCALE = Option("rating_scale", "评分满分是多少", type=float, placeholder="5")

_KEPT = 500
_KEPT_LETTERS = 16_000


def conditions(cursor: Cursor) -> dict[str, str]:
    """The headers that ask for a page only if it changed since the visit that left this cursor."""
    wanted = {"If-None-Match": cursor.get("etag"), "If-Modified-Since": cursor.get("last_modified")}
    return {name: str(value) for name, value in wanted.items() if value}


def validators(response: Response) -> dict[str, str]:
    """What the next visit needs for `conditions`."""
    found = {"etag": response.headers.get("etag", ""), "last_modified": response.headers.get("last-modified", "")}
    return {name: value for name, value in found.items() if value and len(value) < 500}


def charset_option(options: Mapping[str, Any]) -> str:
    """The codec that the option `charset` names, or "". Raises `CollectorNotConfigured`."""
    name = str(options.get("charset") or "")
    if name and not named_charset(name):
        raise CollectorNotConfigured(f"选项 charset 的值“{name}”不是已知的编码，应类似 gb18030。", option="charset")
    return named_charset(name) if name else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What a walk over pages brought home."""

    items: tuple[Item, ...]
    gone: tuple[Gone, ...] = ()
    names: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    whole: bool = True
    """False when a later page failed, so that the next visit must come here again."""
    ended: bool = False
    """The listing was read to its very end, so that nothing else is in it."""
    following: str = ""
    """The place that would have been next, when the walk stopped at its limit or a page failed."""
    pages: int = 0
    """How many pages were read."""
    last: str = ""
    """The place of the last page that had rows."""
    fill: tuple[int, int, int] = (0, 0, 0)
    """How many pages at the end had no rows, how many rows the fullest page had, and the last that had any."""

    @property
    def is_cut(self) -> bool:
        """Whether the limit was met in the middle of rows."""
        return self.whole and bool(self.following) and not self.fill[0]


_MORE_BLANKS = 2
"""Blank pages borne beyond `empty_pages` where a listing breaks off: sites have holes."""


@dataclass(slots=True)
class _Taken:
    """What a walk holds so far, and how full its pages were."""

    items: list[Item] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    before: Sequence[str] = ()
    pages: int = 0
    empty: int = 0
    fullest: int = 0
    size: int = 0
    last: str = ""

    def take(self, page: Page, place: str) -> bool:
        """Adds a page; says whether it is anything but the page before it once more."""
        self.pages += 1
        names = page.known_by()
        if names and names == self.before:
            return False
        size = len(page.items) + len(page.gone)
        self.empty = 0 if size else self.empty + 1
        self.fullest, self.before = max(self.fullest, size), names
        if size:
            self.size, self.last = size, place
        self.items += page.items
        self.gone += page.gone
        self.names += names
        self.refused += page.refused
        return True

    def is_over(self, empty_pages: int, known: Collection[str]) -> bool:
        """Whether the blank pages prove the end: a listing that breaks off is read on over a few more."""
        breaks_off = bool(known) or (self.fullest > 0 and self.size == self.fullest)
        return self.empty >= empty_pages + (_MORE_BLANKS if breaks_off else 0)

    def home(self, **named: Any) -> Walk:
        """The walk that ends here."""
        return Walk(
            items=tuple(self.items),
            gone=tuple(self.gone),
            names=tuple(self.names),
            refused=tuple(self.refused),
            pages=self.pages,
            last=self.last,
            fill=(self.empty, self.fullest, self.size),
            **named,
        )


def walk(
    read: Callable[[str], Page],
    first: str,
    *,
    known: Collection[str],
    max_pages: int,
    empty_pages: int,
    oldest: datetime | None = None,
    fill: tuple[int, int, int] = (0, 0, 0),
) -> Walk:
    """Reads page after page until it meets what the last visit saw, the end, or the limit.

    A place is an address or whatever else `read` understands. A listing breaks off where blank pages follow a page as
    full as any, or come before anything known: it is read on over two blank pages more. Elsewhere `empty_pages` blank
    ones in a row prove the end, and so does a page without a next one. A page that is the one before it once more ends
    the walk without proving anything. Where `oldest` is given, a page of nothing newer ends it too. `fill` is that of
    an earlier walk which this one goes on with.
    """
    taken = _Taken(empty=fill[0], fullest=fill[1], size=fill[2])
    place, met = first, {first}
    for number in range(1, max_pages + 1):
        try:
            page = read(place)
        except CollectError as error:
            if number == 1 or error.permanent:
                raise
            note = Note(Sign.PAGE_FAILED, f"第 {number} 页没有读到：{error}", web_address(place))
            return taken.home(notes=(note,), whole=False, following=place)
        if not taken.take(page, place):
            return taken.home(notes=_gap(f"第 {number} 页与上一页相同，翻页似乎无效", place, known))
        place = page.following
        if not place or place in met or taken.is_over(empty_pages, known):
            return taken.home(ended=True)
        if _reached(page.known_by(), known) or _is_older(page.items, oldest):
            return taken.home()
        met.add(place)
    why = f"翻了 {max_pages} 页仍未遇到上次见过的帖子"
    return taken.home(notes=_gap(why, place, known), following=place)


def _gap(why: str, place: str, known: Collection[str]) -> tuple[Note, ...]:
    if not known:
        return ()
    return (Note(Sign.GAP, f"{why}，可能漏帖；可调大 max_pages 或缩短采集间隔。", web_address(place)),)


HISTORY_PAGES = 5
"""Pages read in one step into the past: few enough that a step ends soon, and a stopped backfill loses little."""


def walk_back(
    read: Callable[[str], Page], first: str, cursor: Cursor, *, empty_pages: int, pages: int = HISTORY_PAGES
) -> tuple[Walk, dict[str, Any], bool]:
    """One step of a walk into the past: what it brought, the cursor after it, and whether there is more.

    Where a page fails, the next step begins there. Raises `CollectError` when it is the first one of a step.
    """
    empty, fullest, size = cursor.get("fill", (0, 0, 0))
    found = walk(
        read,
        str(cursor.get("next") or first),
        known=(),
        max_pages=pages,
        empty_pages=empty_pages,
        fill=(empty, fullest, size),
    )
    trace = digest(*found.names)
    if found.names and trace == cursor.get("trace"):
        # Some sites answer any page number with their last page.
        found = replace(found, items=(), gone=(), following="")
    pages = int(cursor.get("pages", 0)) + found.pages
    after = {"next": found.following, "pages": pages, "trace": trace, "fill": list(found.fill)}
    return found, after, bool(found.following)


def _reached(names: Sequence[str], known: Collection[str]) -> bool:
    """Whether a page has come to what is known; a row pinned to the top is known on every visit and does not count."""
    if not names or not known:
        return False
    rest = list(dropwhile(lambda name: name in known, names))
    return names[-1] in known or 2 * sum(name in known for name in rest) >= len(rest)


def _is_older(items: Sequence[Item], oldest: datetime | None) -> bool:
    """Whether nothing on a page was written since `oldest`; posts without a time prove nothing."""
    times = [item.created_at for item in items if isinstance(item, RawPost) and item.created_at]
    return oldest is not None and bool(times) and max(times) < oldest


def remember(names: Iterable[str], before: Iterable[str] = ()) -> list[str]:
    """The names that the next visit takes for known, newest first; no more than a cursor should hold."""
    kept: list[str] = []
    room = _KEPT_LETTERS
    for name in islice(dict.fromkeys([*names, *before]), _KEPT):
        room -= len(name)
        if room < 0:
            break
        kept.append(name)
    return kept


def known_after(items: Sequence[Item], before: Sequence[str]) -> list[str]:
    """The ids that the next visit takes for known, newest first."""
    return remember(ids_of(items), before)


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
