"""Web pages: which elements are posts and where their parts are, said in CSS selectors or XPath."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from scrapers.base import Batch, Cursor, Fetch, Option, Response
from scrapers.errors import CollectorNotConfigured
from scrapers.reading.html_rows import FIELDS, Layout, check_alike, parse_page, selector_of
from scrapers.reading.listed_rows import required_of
from scrapers.reading.pages import Page, page_text
from scrapers.reading.posts import Reading, moment_of, read_zone, utc_now
from scrapers.reading.selecting import Selector
from scrapers.visiting.details import LIST_PAGES, MAX_DETAILS, Details, most_details
from scrapers.visiting.html_details import DetailReader
from scrapers.visiting.listings import MAX_AGE, ORDER, WHOLE, Habits, Listing, habits_of
from scrapers.visiting.paging import FIRST_PAGE, PAGE_SIZE, Paging, check_blanks, paging_of
from scrapers.visiting.visits import (
    CHARSET,
    EMPTY_PAGES,
    HISTORY_PAGES,
    MAX_PAGES,
    OWN_SITE,
    RATING_SCALE,
    TIMEZONE,
    charset_option,
)

__all__ = ["HtmlPage", "Layout", "parse_page"]

_INNER = ("deleted", "activity", "detail")
_IN_DETAIL = ("id", "text", "author", "created")
_KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlPage:
    """Reads a list of posts from web pages, and the page of each where that is wanted."""

    title = "网页列表（CSS 选择器或 XPath）"
    options = (
        Option(
            "url",
            "列表的网址；各页网址有规律时，用 {page} 代表页码或用 {offset} 代表偏移",
            required=True,
            placeholder="https://example.com/list-{page}.html",
        ),
        Option(
            "item",
            "每条帖子的选择器：CSS，或以 xpath: 开头的 XPath；以下各项在一条帖子之内，写法要与它相同",
            required=True,
            placeholder="div.post",
        ),
        Option(
            "text",
            "正文的选择器；整条都是正文时填 . 。各项都可在末尾加 @属性 取属性，再加 =~ 正则 只取第一个括号里的内容",
            required=True,
            placeholder=".content",
        ),
        Option("id", "编号的选择器", placeholder=r"a.title@href =~ tid=(\d+)"),
        Option("link", "链接的选择器", placeholder="a.title"),
        Option("title", "标题的选择器", placeholder="a.title"),
        Option("author", "作者的选择器"),
        Option("created", "发表时间的选择器", placeholder="time@datetime"),
        Option("updated", "修改时间的选择器"),
        Option("rating", "评分的选择器", placeholder=r".star@class =~ star(\d)"),
        RATING_SCALE,
        Option("parent", "所回复的帖子编号的选择器"),
        Option("thread", "主题编号的选择器"),
        Option("deleted", "已删除的标志的选择器；一条里有它，这一条算作已删除", placeholder=".deleted"),
        Option("required", "必填项，用逗号隔开；某条缺少则拒收，全都缺少时按改版报错", default="text"),
        Option("next", "下一页链接的选择器；网址里写了 {page} 或 {offset} 则不用填", placeholder="a.next"),
        FIRST_PAGE,
        PAGE_SIZE,
        MAX_PAGES,
        EMPTY_PAGES,
        ORDER,
        MAX_AGE,
        WHOLE,
        Option("sentinel", "登录或验证页面的标志（选择器）；出现即停下", placeholder="#login-form, .captcha"),
        Option("empty", "空列表的标志（选择器）；出现时没有帖子也算正常", placeholder=".no-result"),
        Option("detail", "详情页链接的选择器；只读没读过的，填了它还要填 detail_text", placeholder="a.title"),
        Option("detail_text", "详情页上正文的选择器（填了 detail_item 则在一楼之内）", placeholder=".post-body"),
        Option("detail_item", "详情页上每一楼的选择器；填了它，每一楼都是一条帖子", placeholder="div.floor"),
        Option("detail_id", "详情页上每一楼编号的选择器；不填则按作者和文字辨认，改了字就当新帖", placeholder="@id"),
        Option("detail_author", "详情页上作者的选择器"),
        Option("detail_created", "详情页上发表时间的选择器"),
        Option("detail_next", "详情页上下一页链接的选择器（填了 detail_item 时）"),
        Option("activity", "列表里有新回复就会变的内容的选择器（如回复数）；变了就重读详情页", placeholder=".replies"),
        MAX_DETAILS,
        CHARSET,
        TIMEZONE,
        OWN_SITE,
    )

    url: str
    layout: Layout
    paging: Paging
    fetch: Fetch
    zone: tzinfo
    habits: Habits
    detail_layout: Layout | None = None
    threads: bool = False
    most: int = 20
    rating_scale: float | None = None
    charset: str = ""
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "HtmlPage":
        """A collector of the pages from `url` on. Raises `CollectorNotConfigured`."""
        check_blanks(options["url"], {"page", "offset"})
        layout, detail_layout = _layout(options), _detail_layout(options)
        paging = paging_of(options, options["url"], "none")
        if paging.style != "none" and layout.following is not None:
            raise CollectorNotConfigured("网址里写了页码，就不能再填选项 next；两者只能用一种。", option="next")
        if paging.style == "none" and layout.following is not None:
            paging = replace(paging, style="next_url")
        habits = habits_of(options, paged=paging.style != "none")
        if detail_layout is not None:
            habits = replace(habits, max_pages=min(habits.max_pages, LIST_PAGES))
        if detail_layout is not None and habits.whole:
            raise CollectorNotConfigured("选项 whole 不能与 detail 一起填。", option="whole")
        return cls(
            url=options["url"],
            layout=layout,
            paging=paging,
            fetch=fetch,
            zone=read_zone(options.get("timezone") or "Asia/Shanghai"),
            habits=habits,
            detail_layout=detail_layout,
            threads=bool(options.get("detail_item")),
            most=most_details(options),
            rating_scale=options.get("rating_scale"),
            charset=charset_option(options),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The posts on the pages that are new since `cursor`. Raises `CollectError`."""
        batch = self._listing().visit(cursor, self.clock())
        if self.detail_layout is None:
            return batch
        reader = self._reader(self.detail_layout, cursor)
        done = self._details(reader).complete(batch, cursor)
        return replace(done, cursor={**done.cursor, "lasts": dict(list(reader.lasts.items())[-_KEPT:])})

    def history(self, cursor: Cursor) -> Batch:
        """The next pages into the past. Raises `CollectError`."""
        if self.detail_layout is None:
            return self._listing().step_back(cursor, pages=HISTORY_PAGES)
        batch = self._listing().step_back(cursor, pages=1)
        return self._details(self._reader(self.detail_layout, {})).complete_all(batch)

    def _listing(self) -> Listing:
        return Listing(
            start=self.paging.start,
            address=lambda place: self.paging.address(self.url, place),
            parse=self._parse,
            fetch=self.fetch,
            habits=self.habits,
        )

    def _parse(self, response: Response, place: str) -> Page:
        reading = Reading(moment_of(response.headers, self.clock()), self.zone, self.rating_scale)
        markup, first = page_text(response, self.charset), place == self.paging.start
        page = parse_page(markup, self.layout, reading, url=response.url, first=first)
        return replace(page, following=self.paging.following(place, response.url, {}, page.following))

    def _details(self, reader: DetailReader) -> Details:
        return Details(read=reader.read, most=self.most, threads=self.threads)

    def _reader(self, layout: Layout, cursor: Cursor) -> DetailReader:
        return DetailReader(
            layout=layout,
            threads=self.threads,
            fetch=self.fetch,
            clock=self.clock,
            zone=self.zone,
            charset=self.charset,
            lasts=dict(cursor.get("lasts", {})),
        )


def _layout(options: Mapping[str, Any]) -> Layout:
    item = _needed(options, "item")
    fields = {name: selector for name in FIELDS if (selector := selector_of(options, name)) is not None}
    inner = {name: selector_of(options, name) for name in _INNER}
    check_alike(item, {**fields, **inner})
    if inner["deleted"] is not None and not {"id", "link"} & fields.keys():
        raise CollectorNotConfigured("填了 deleted，就要有编号或链接的选择器。", option="id")
    return Layout(
        item=item,
        fields=fields,
        required=required_of(options, fields, default="text"),
        following=selector_of(options, "next"),
        sentinel=selector_of(options, "sentinel"),
        empty=selector_of(options, "empty"),
        **inner,
    )


def _detail_layout(options: Mapping[str, Any]) -> Layout | None:
    """Where things are on the page of one post; None where those pages are not read."""
    found = {name: selector_of(options, f"detail_{name}") for name in (*_IN_DETAIL, "item", "next")}
    if not options.get("detail"):
        for name, selector in found.items():
            if selector is not None:
                raise CollectorNotConfigured(f"填了选项 detail_{name}，还要填 detail。", option="detail")
        return None
    _needed(options, "detail_text")
    item = found["item"]
    if item is not None:
        check_alike(item, {f"detail_{name}": found[name] for name in _IN_DETAIL})
    return Layout(
        item=item or Selector(),
        fields={name: selector for name in _IN_DETAIL if (selector := found[name]) is not None},
        following=found["next"],
        sentinel=selector_of(options, "sentinel"),
    )


def _needed(options: Mapping[str, Any], name: str) -> Selector:
    selector = selector_of(options, name)
    if selector is None:
        raise CollectorNotConfigured(f"缺少选项 {name} 的选择器。", option=name)
    return selector
