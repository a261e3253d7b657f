"""Web pages: which elements are posts and where their parts are, said in CSS selectors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from scrapers.base import Batch, Cursor, Fetch, Option, Rejection
from scrapers.charsets import named_charset
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.markup import parse_html, text_of
from scrapers.posts import Item, Reading, fields_of, moment_of, read_zone, shape_post, to_batch, utc_now
from scrapers.visits import (
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

FIELDS = ("id", "link", "title", "text", "author", "created", "updated", "rating", "parent")
"""The options that are selectors inside one item, each optionally ending in `@attribute`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where things are on a page."""

    item: str
    fields: Mapping[str, str]
    required: Sequence[str] = ("text",)
    following: str = ""
    sentinel: str = ""
    empty: str = ""


def parse_page(markup: str, layout: Layout, reading: Reading, *, url: str = "") -> Page:
    """The posts on a page and the next page's address. Raises `CollectError` for a wall or a redesign."""
    tree = parse_html(markup)
    if tree is None:
        raise CollectError(f"{url} 的网页嵌套过深，不是正常的页面，已放弃读取。")
    if layout.sentinel and tree.css_first(layout.sentinel) is not None:
        raise CollectError(
            f"{url} 出现了登录或验证标志（{layout.sentinel}）：来源已被拦住，并非没有新帖。请取得授权或改用官方接口。",
            permanent=True,
        )
    following = _absolute(url, _part(tree.root, layout.following)) if layout.following else ""
    nodes = tree.css(layout.item)
    if not nodes:
        _explain_nothing(tree, markup, layout, url)
    items = [_post(node, number, layout, reading, url) for number, node in enumerate(nodes, start=1)]
    if nodes and all(isinstance(item, Rejection) for item in items):
        raise CollectError(f"{url} 找到 {len(nodes)} 条，但每条都缺少必填项：{items[0]}。页面可能改版，请更新选择器。")
    return Page(items=items, following=following)


def _explain_nothing(tree: LexborHTMLParser, markup: str, layout: Layout, url: str) -> None:
    if layout.empty and tree.css_first(layout.empty) is not None:
        return
    refuse_wall(markup, url)
    raise CollectError(
        f"{url} 上没有元素符合 item 选择器“{layout.item}”，页面可能改版；"
        "若列表确实可能为空，请用 empty 选项指出空列表的标志。"
    )


def _part(node: LexborNode | None, selector: str) -> str:
    """The text or attribute that a selector names; `@attr` alone means the item's own."""
    if node is None or not selector:
        return ""
    path, _, attribute = selector.partition("@")
    found = node.css_first(path.strip()) if path.strip() not in {"", "."} else node
    if found is None:
        return ""
    if attribute:
        return (found.attributes.get(attribute.strip().lower()) or "").strip()
    return text_of(found)


def _absolute(base: str, link: str) -> str:
    try:
        return urljoin(base, link) if link else ""
    except ValueError:
        return ""


def _post(node: LexborNode, number: int, layout: Layout, reading: Reading, url: str) -> Item:
    # Attributes first: reading text changes the tree, and may drop what an attribute is read from.
    order = sorted(layout.fields.items(), key=lambda field: "@" not in field[1])
    words = {name: _part(node, selector) for name, selector in order}
    missing = [name for name in layout.required if not words.get(name)]
    if missing:
        return Rejection(f"{url} 第 {number} 条", f"缺少必填项 {'、'.join(missing)}")
    words["url"] = _absolute(url, words.pop("link", ""))
    post = shape_post(fields_of(words), reading)
    return post if post.text else Rejection(f"{url} 第 {number} 条", "正文里没有可读的文字")


def _checked(options: Mapping[str, Any], name: str) -> str:
    """An option's selector, tried once. Raises `CollectorNotConfigured`."""
    selector = str(options.get(name) or "")
    path = selector.partition("@")[0].strip()
    try:
        if path not in {"", "."}:
            LexborHTMLParser("<p>").css(path)
    except SelectolaxError as error:
        raise CollectorNotConfigured(f"选项 {name} 的值“{selector}”不是有效的 CSS 选择器。", option=name) from error
    return selector


def _required(options: Mapping[str, Any], fields: Mapping[str, str]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in str(options.get("required") or "text").split(",") if name.strip())
    for name in names:
        if name not in fields:
            raise CollectorNotConfigured(
                f"选项 required 里的“{name}”没有对应的选择器；已填的有：{'、'.join(fields)}。", option="required"
            )
    return names


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlPage:
    """Reads a list of posts from web pages."""

    title = "网页列表（CSS 选择器）"
    options = (
        URL,
        Option("item", "每条帖子的 CSS 选择器", required=True, placeholder="div.post"),
        Option("text", "正文的选择器（在一条帖子内）；整条都是正文时填 .", required=True, placeholder=".content"),
        Option("id", "编号的选择器，可用 @属性", placeholder="@data-id"),
        Option("link", "链接的选择器", placeholder="a.title@href"),
        Option("title", "标题的选择器", placeholder="a.title"),
        Option("author", "作者的选择器"),
        Option("created", "发表时间的选择器", placeholder="time@datetime"),
        Option("updated", "修改时间的选择器"),
        Option("rating", "评分的选择器"),
        RATING_SCALE,
        Option("parent", "所回复的帖子编号的选择器"),
        Option("required", "必填项，用逗号隔开；全都缺少时按改版报错", default="text"),
        Option("next", "下一页链接的选择器", placeholder="a.next@href"),
        MAX_PAGES,
        Option("sentinel", "登录或验证页面的标志（选择器）；出现即停下", placeholder="#login-form, .captcha"),
        Option("empty", "空列表的标志（选择器）；出现时没有帖子也算正常", placeholder=".no-result"),
        Option("charset", "网页编码；不填则自动识别", placeholder="gb18030"),
        TIMEZONE,
        OWN_SITE,
    )

    url: str
    layout: Layout
    fetch: Fetch
    zone: tzinfo
    rating_scale: float | None = None
    max_pages: int = 5
    charset: str = ""
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "HtmlPage":
        """A collector of the pages from `url` on. Raises `CollectorNotConfigured`."""
        fields = {name: selector for name in FIELDS if (selector := _checked(options, name))}
        charset, following = str(options.get("charset") or ""), _checked(options, "next")
        if charset and not named_charset(charset):
            wrong = f"选项 charset 的值“{charset}”不是已知的编码，应类似 gb18030。"
            raise CollectorNotConfigured(wrong, option="charset")
        return cls(
            url=options["url"],
            layout=Layout(
                item=_checked(options, "item"),
                fields=fields,
                required=_required(options, fields),
                following=following if "@" in following or not following else f"{following}@href",
                sentinel=_checked(options, "sentinel"),
                empty=_checked(options, "empty"),
            ),
            fetch=fetch,
            zone=read_zone(options.get("timezone") or "Asia/Shanghai"),
            rating_scale=options.get("rating_scale"),
            max_pages=min(max(options.get("max_pages", 5), 1), 50) if options.get("next") else 1,
            charset=charset,
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The posts on the pages that are new since `cursor`."""
        known = list(cursor.get("known", []))
        found = walk(self._read, self.url, known=frozenset(known), max_pages=self.max_pages, empty_pages=2)
        items, shared = tell_apart(found.items, cursor.get("shared", {}))
        after = {"known": known_after(items, known) if found.whole else known, "shared": shared}
        return to_batch(items, after, notes=found.notes)

    def _read(self, url: str) -> Page:
        response = self.fetch(url)
        reading = Reading(moment_of(response.headers, self.clock()), self.zone, self.rating_scale)
        # The override goes before everything, even before bytes that happen to be valid in another encoding.
        markup = response.body.decode(self.charset, "replace") if self.charset else page_text(response)
        return parse_page(markup, self.layout, reading, url=response.url)
