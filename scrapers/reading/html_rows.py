"""Web pages read as posts: which elements are posts, where their parts are, and where the next page is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.reading.listed_rows import Rows
from scrapers.reading.pages import Page, refuse_wall
from scrapers.reading.posts import Reading, next_address
from scrapers.reading.selecting import Document, Selector, holds, link_of, read_selector, words_of

FIELDS = ("id", "link", "title", "text", "author", "created", "updated", "rating", "parent", "thread")
"""The options that are selectors inside one item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where things are on a page."""

    item: Selector
    fields: Mapping[str, Selector]
    required: Sequence[str] = ("text",)
    following: Selector | None = None
    sentinel: Selector | None = None
    empty: Selector | None = None
    deleted: Selector | None = None
    activity: Selector | None = None
    detail: Selector | None = None


def open_page(markup: str, url: str, sentinel: Selector | None) -> Document:
    """The page as a document. Raises `CollectError` for a wall and for what is no page for people."""
    page = Document(markup)
    if not page.is_page:
        raise CollectError(f"{url} 的网页嵌套过深，不是正常的页面，已放弃读取。")
    if sentinel is not None and page.has(sentinel):
        raise CollectError(
            f"{url} 出现了登录或验证标志（{sentinel.shown}）：来源已被拦住，并非没有新帖。请取得授权或改用官方接口。",
            permanent=True,
        )
    return page


def parse_page(markup: str, layout: Layout, reading: Reading, *, url: str = "", first: bool = True) -> Page:
    """The posts on a page and the next page's address.

    Only a page that is not the first may be without posts and not say so. Raises `CollectError` for a wall, and for a
    page that was redesigned: it has no posts, or none has what is required.
    """
    page = open_page(markup, url, layout.sentinel)
    nodes = page.select(layout.item)
    if not nodes:
        _explain_nothing(page, markup, layout, url, first=first)
    rows = Rows(reading, url, layout.required)
    for node in nodes:
        words = {name: words_of(node, selector) for name, selector in layout.fields.items()}
        words["link"] = link_of(node, layout.fields.get("link"))
        rows.take(
            words,
            deleted=holds(node, layout.deleted),
            mark=words_of(node, layout.activity),
            detail=link_of(node, layout.detail),
        )
    if rows.all_lack(1):
        raise CollectError(
            f"{url} 找到 {len(nodes)} 条，但没有一条读得了：{rows.first_reason()}。页面可能改版，请更新选择器。"
        )
    return replace(rows.page(), following=next_address(url, page.link(layout.following)))


def _explain_nothing(page: Document, markup: str, layout: Layout, url: str, *, first: bool) -> None:
    if page.has(layout.empty):
        return
    refuse_wall(markup, url)
    if first:
        raise CollectError(
            f"{url} 上没有元素符合选择器“{layout.item.shown}”，页面可能改版；"
            "若列表确实可能为空，请用 empty 选项指出空列表的标志。"
        )


def selector_of(options: Mapping[str, Any], name: str) -> Selector | None:
    """The selector in an option, or None. Raises `CollectorNotConfigured`."""
    return read_selector(str(options.get(name) or ""), name)


def check_alike(item: Selector, inner: Mapping[str, Selector | None]) -> None:
    """Raises `CollectorNotConfigured` where an item is found in one language and its parts in the other."""
    for name, selector in inner.items():
        if selector is not None and not selector.is_neutral and (selector.xpath is None) != (item.xpath is None):
            one, other = ("CSS", "xpath:") if item.xpath is None else ("xpath:", "CSS")
            raise CollectorNotConfigured(
                f"选项 {name} 写的是 {other} 选择器，而它所在的条目用的是 {one}：同一条目内只能用一种。", option=name
            )
