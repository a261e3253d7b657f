"""JSON interfaces: where the items are and which field means what, said in JMESPath."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import jmespath
from jmespath.exceptions import JMESPathError

from scrapers.base import Batch, Cursor, Fetch, Option, Rejection
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.markup import is_web_page, to_plain
from scrapers.posts import Item, Reading, fields_of, moment_of, read_zone, shape_post, to_batch, utc_now
from scrapers.visits import (
    EMPTY_PAGES,
    MAX_PAGES,
    OWN_SITE,
    RATING_SCALE,
    TIMEZONE,
    URL,
    Page,
    known_after,
    page_text,
    refuse_wall,
    tell_apart,
    walk,
)

PATHS = ("id", "link", "title", "text", "author", "created", "updated", "rating", "parent", "thread")
"""The options that are paths to a post's fields, inside one item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where things are in a response: compiled paths by option name."""

    items: Any
    fields: Mapping[str, Any]
    next_url: Any = None


def load_json(text: str, place: str) -> Any:
    """The data in a response. Raises `CollectError` that says what came instead."""
    try:
        return json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        if is_web_page(text):
            refuse_wall(text, place)
            raise CollectError(f"{place} 返回的是网页，不是 JSON。请检查接口地址。") from error
        raise CollectError(f"{place} 返回的不是完整的 JSON：“{text[:80].strip()}”") from error


def parse_json(data: Any, layout: Layout, reading: Reading, *, url: str = "") -> list[Item]:
    """The posts in a response's data, and a rejection for each item without words. Raises `CollectError`."""
    found = _search(layout.items, data)
    if not isinstance(found, list):
        keys = "、".join(str(key) for key in list(data)[:12]) if isinstance(data, dict) else type(data).__name__
        raise CollectError(f"{url} 的响应里按 items 路径没有找到列表；最外层有：{keys[:300]}。接口可能改了。")
    return [_post(item, number, layout, reading, url) for number, item in enumerate(found, start=1)]


def _search(path: Any, data: Any) -> Any:
    try:
        return path.search(data) if path is not None else None
    except (JMESPathError, TypeError, ValueError, AttributeError, RecursionError):
        return None


def _words(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(_words(part) for part in value[:1000])
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""


def _post(item: Any, number: int, layout: Layout, reading: Reading, url: str) -> Item:
    words = {name: _words(_search(path, item)) for name, path in layout.fields.items()}
    if not words.get("text", "").strip() and not words.get("title", "").strip():
        return Rejection(f"{url} 第 {number} 条", "按 text 和 title 路径都没有找到文字")
    words["text"] = to_plain(words.get("text", ""))
    words["title"] = to_plain(words.get("title", ""))
    link = words.pop("link", "").strip()
    try:
        words["url"] = urljoin(url, link) if link else ""
    except ValueError:
        words["url"] = ""
    post = shape_post(fields_of(words), reading)
    return post if post.text else Rejection(f"{url} 第 {number} 条", "正文里没有可读的文字")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How the next page's address is made."""

    style: str = "none"
    parameter: str = ""
    first: int = 1
    step: int = 1

    def address(self, url: str, index: int) -> str:
        """The address of page `index`, counted from nought."""
        if self.style not in {"page", "offset"}:
            return url
        value = str(self.first + index * self.step)
        if "{" + self.style + "}" in url:
            return url.replace("{" + self.style + "}", value)
        parts = urlsplit(url)
        query = [(name, old) for name, old in parse_qsl(parts.query, keep_blank_values=True) if name != self.parameter]
        return urlunsplit(parts._replace(query=urlencode([*query, (self.parameter, value)])))


def _compiled(options: Mapping[str, Any], name: str) -> Any:
    path = options.get(name) or ""
    try:
        return jmespath.compile(path) if path else None
    except (JMESPathError, ValueError, RecursionError) as error:
        raise CollectorNotConfigured(
            f"选项 {name} 的值“{path}”不是 JMESPath 路径：{str(error).splitlines()[0]}", option=name
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonApi:
    """Reads a JSON interface page by page, until it meets what it has seen."""

    title = "JSON 接口"
    options = (
        URL,
        Option("items", "帖子列表的 JMESPath 路径；整个响应就是列表时填 @", required=True, placeholder="data.list"),
        Option("text", "正文的路径（在一条帖子内）", required=True, placeholder="content"),
        Option("id", "编号的路径", placeholder="id"),
        Option("link", "链接的路径；相对链接按接口地址补全", placeholder="url"),
        Option("title", "标题的路径"),
        Option("author", "作者的路径", placeholder="user.name"),
        Option("created", "发表时间的路径"),
        Option("updated", "修改时间的路径"),
        Option("rating", "评分的路径"),
        RATING_SCALE,
        Option("parent", "所回复的帖子编号的路径"),
        Option("thread", "主题编号的路径"),
        Option("paging", "翻页方式", default="none", choices=("none", "page", "offset", "next_url")),
        Option("page_param", "页码或偏移的参数名；网址里写了 {page} 或 {offset} 则不用填"),
        Option("first_page", "第一页的页码", type=int, default=1),
        Option("page_size", "每页条数（按偏移翻页时用）", type=int, default=20),
        Option("next_url", "下一页网址的路径（翻页方式为 next_url 时）", placeholder="links.next"),
        MAX_PAGES,
        EMPTY_PAGES,
        TIMEZONE,
        OWN_SITE,
    )

    url: str
    layout: Layout
    paging: Paging
    fetch: Fetch
    zone: tzinfo
    rating_scale: float | None = None
    max_pages: int = 5
    empty_pages: int = 2
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "JsonApi":
        """A collector of the interface at `url`. Raises `CollectorNotConfigured`."""
        fields = {name: path for name in PATHS if (path := _compiled(options, name)) is not None}
        layout = Layout(items=_compiled(options, "items"), fields=fields, next_url=_compiled(options, "next_url"))
        style = options.get("paging") or "none"
        if style == "next_url" and layout.next_url is None:
            raise CollectorNotConfigured("翻页方式为 next_url 时，必须填选项 next_url 的路径。", option="next_url")
        by_offset = style == "offset"
        return cls(
            url=options["url"],
            layout=layout,
            paging=Paging(
                style=style,
                parameter=options.get("page_param") or style,
                first=0 if by_offset else options.get("first_page", 1),
                step=max(options.get("page_size", 20), 1) if by_offset else 1,
            ),
            fetch=fetch,
            zone=read_zone(options.get("timezone") or "Asia/Shanghai"),
            rating_scale=options.get("rating_scale"),
            max_pages=min(max(options.get("max_pages", 5), 1), 50) if style != "none" else 1,
            empty_pages=max(options.get("empty_pages", 2), 1),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The posts on the pages that are new since `cursor`."""
        known = list(cursor.get("known", []))
        found = walk(
            self._reader(),
            self.paging.address(self.url, 0),
            known=frozenset(known),
            max_pages=self.max_pages,
            empty_pages=self.empty_pages,
        )
        items, shared = tell_apart(found.items, cursor.get("shared", {}))
        after = {"known": known_after(items, known) if found.whole else known, "shared": shared}
        return to_batch(items, after, notes=found.notes)

    def _reader(self) -> Callable[[str], Page]:
        index = 0

        def read(url: str) -> Page:
            nonlocal index
            index += 1
            response = self.fetch(url)
            reading = Reading(moment_of(response.headers, self.clock()), self.zone, self.rating_scale)
            data = load_json(page_text(response), url)
            items = parse_json(data, self.layout, reading, url=url)
            return Page(items=items, following=self._following(data, url, index))

        return read

    def _following(self, data: Any, url: str, index: int) -> str:
        if self.paging.style == "next_url":
            found = _search(self.layout.next_url, data)
            try:
                return urljoin(url, found) if isinstance(found, str) and found else ""
            except ValueError:
                return ""
        return self.paging.address(self.url, index) if self.paging.style != "none" else ""
