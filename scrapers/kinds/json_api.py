"""JSON interfaces: where the posts are and which field means what, said in JMESPath."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from scrapers.base import Batch, Cursor, Fetch, Option, RawPost, Response
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.fetching.credentials import HEADERS, TOKEN, credentialed
from scrapers.reading.answers import load_json
from scrapers.reading.json_rows import PATHS, Layout, compiled, is_set, parse_json, search, words_of
from scrapers.reading.listed_rows import required_of
from scrapers.reading.markup import clean_text, to_plain
from scrapers.reading.pages import Page, page_text
from scrapers.reading.posts import Reading, moment_of, read_zone, utc_now
from scrapers.visiting.details import LIST_PAGES, MAX_DETAILS, Details, most_details
from scrapers.visiting.listings import MAX_AGE, MOST_PAGES, ORDER, WHOLE, Habits, Listing, habits_of
from scrapers.visiting.paging import FIRST_PAGE, PAGE_SIZE, STYLES, Paging, blanks_in, check_blanks, fill, paging_of
from scrapers.visiting.threads import Thread
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
from scrapers.visiting.windows import (
    FIRST_DAYS,
    OVERLAP,
    SINCE_FORMAT,
    Times,
    Window,
    since_back,
    times_of,
    visit_since,
    visit_window,
    window_back,
)

__all__ = ["JsonApi", "load_json", "parse_json"]

_LONGEST_PLACE = 2000
_BLANKS = {"page", "offset", "cursor", "since", "until"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """Where a response names its next page: compiled paths."""

    cursor: Any = None
    address: Any = None
    more: Any = None

    def goes_on(self, data: Any) -> bool:
        """Whether there is a next page, as far as the response says."""
        return self.more is None or is_set(search(self.more, data))

    def named(self, data: Any, style: str) -> str:
        """The cursor or address of the next page, or "" where there is none."""
        found = search(self.cursor if style == "cursor" else self.address, data)
        words = clean_text(words_of(found)) if is_set(found) else ""
        return words if len(words) <= _LONGEST_PLACE else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonApi:
    """Reads a JSON interface page by page, until it meets what it has seen."""

    title = "JSON 接口"
    options = (
        Option(
            "url",
            "接口的网址；可写 {page} {offset} {cursor} 供翻页，{since} {until} 供按时间取",
            required=True,
            placeholder="https://example.com/api?after={since}",
        ),
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
        Option("deleted", "表示已删除的值的路径；有值且不为 0、false 时，这一条算作已删除", placeholder="is_deleted"),
        Option("required", "必填项，用逗号隔开；某条缺少则拒收，全都缺少时按接口改动报错", placeholder="id,text"),
        Option("ok", "响应正常的 JMESPath 条件；不成立则按失败处理", placeholder="code == `0`"),
        Option("paging", "翻页方式；网址里写了 {page}、{offset} 或 {cursor} 则不用填", default="none", choices=STYLES),
        Option("page_param", "页码、偏移或游标的参数名；网址里写了 {…} 则不用填"),
        FIRST_PAGE,
        PAGE_SIZE,
        Option("cursor_path", "下一页游标的路径（翻页方式为 cursor 时）", placeholder="data.next_cursor"),
        Option("next_url", "下一页网址的路径（翻页方式为 next_url 时）", placeholder="links.next"),
        Option("has_more", "还有下一页的标志的路径；为假则不再翻页", placeholder="data.has_more"),
        MAX_PAGES,
        EMPTY_PAGES,
        ORDER,
        MAX_AGE,
        SINCE_FORMAT,
        FIRST_DAYS,
        OVERLAP,
        WHOLE,
        Option("detail_url", "每条另有详情接口时的网址，用 {id} 代表编号", placeholder="https://example.com/api/post/{id}"),
        Option("detail_text", "详情响应里正文的路径", placeholder="data.content"),
        Option("activity", "列表里有新内容就会变的值的路径（如回复数）；变了就重读详情", placeholder="reply_count"),
        MAX_DETAILS,
        TOKEN,
        HEADERS,
        CHARSET,
        TIMEZONE,
        OWN_SITE,
    )  # fmt: skip

    url: str
    layout: Layout
    paging: Paging
    following: Following
    fetch: Fetch
    zone: tzinfo
    times: Times
    habits: Habits
    rating_scale: float | None = None
    charset: str = ""
    detail_url: str = ""
    detail_text: Any = None
    most: int = 20
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "JsonApi":
        """A collector of the interface at `url`. Raises `CollectorNotConfigured`."""
        check_blanks(options["url"], _BLANKS)
        zone = read_zone(options.get("timezone") or "Asia/Shanghai")
        paging = paging_of(options, options["url"], options.get("paging") or "none")
        following = Following(
            cursor=compiled(options, "cursor_path"),
            address=compiled(options, "next_url"),
            more=compiled(options, "has_more"),
        )
        collector = cls(
            url=options["url"],
            layout=_layout(options),
            paging=paging,
            following=following,
            fetch=credentialed(fetch, options["url"], options),
            zone=zone,
            times=times_of(options, zone, full=0 if paging.style != "none" else options.get("page_size", 20)),
            habits=habits_of(options, paged=paging.style != "none"),
            rating_scale=options.get("rating_scale"),
            charset=charset_option(options),
            detail_url=options.get("detail_url") or "",
            detail_text=compiled(options, "detail_text"),
            most=most_details(options),
        )
        _check(collector)
        return replace(collector, habits=_bounded(collector))

    def collect(self, cursor: Cursor) -> Batch:
        """The posts that are new since `cursor`. Raises `CollectError`."""
        now, blanks = self.clock(), blanks_in(self.url)
        pages = LIST_PAGES if self.detail_url else MOST_PAGES
        if "until" in blanks:
            batch = visit_window(self._listing, self.times, cursor, now, pages=pages)
        elif "since" in blanks:
            batch = visit_since(self._listing, self.times, cursor, now)
        else:
            batch = self._listing().visit(cursor, now)
        return self._details().complete(batch, cursor) if self.detail_url else batch

    def history(self, cursor: Cursor) -> Batch:
        """The next pages into the past. Raises `CollectError`."""
        now, blanks = self.clock(), blanks_in(self.url)
        pages = 1 if self.detail_url else HISTORY_PAGES
        if "until" in blanks:
            batch = window_back(self._listing, self.times, cursor, now, pages=pages)
        elif "since" in blanks:
            batch = since_back(self._listing, cursor, now, pages=pages)
        else:
            batch = self._listing().step_back(cursor, pages=pages)
        return self._details().complete_all(batch) if self.detail_url else batch

    def _listing(self, window: Window | None = None) -> Listing:
        """The pages of the interface; those of a span of time where the address asks for one."""
        url = fill(self.url, self.times.words(window)) if window else self.url
        return Listing(
            start=self.paging.start,
            address=lambda place: self.paging.address(url, place),
            parse=self._parse,
            fetch=self.fetch,
            habits=self.habits,
        )

    def _parse(self, response: Response, place: str) -> Page:
        data = load_json(page_text(response, self.charset), response.url)
        reading = Reading(moment_of(response.headers, self.clock()), self.zone, self.rating_scale)
        first = place == self.paging.start
        page = parse_json(data, self.layout, reading, url=response.url, first=first)
        if not self.following.goes_on(data):
            return page
        named = self.following.named(data, self.paging.style)
        return replace(page, following=self.paging.following(place, response.url, response.headers, named))

    def _details(self) -> Details:
        return Details(read=self._read_detail, most=self.most)

    def _read_detail(self, post: RawPost) -> Thread:
        url = fill(self.detail_url, {"id": post.external_id.partition("~")[0]})
        response = self.fetch(url)
        text = to_plain(words_of(search(self.detail_text, load_json(page_text(response, self.charset), url))))
        if not text:
            raise CollectError(f"{url} 的响应里按 detail_text 路径没有找到正文。")
        return Thread(items=[replace(post, text=text)])


def _layout(options: Mapping[str, Any]) -> Layout:
    fields = {name: path for name in PATHS if (path := compiled(options, name)) is not None}
    return Layout(
        items=compiled(options, "items"),
        fields=fields,
        required=required_of(options, fields),
        deleted=compiled(options, "deleted"),
        activity=compiled(options, "activity"),
        fine=compiled(options, "ok"),
    )


def _check(api: JsonApi) -> None:
    """Raises `CollectorNotConfigured` for options that do not fit together."""
    blanks, style, fields = blanks_in(api.url), api.paging.style, api.layout.fields
    wrong = [
        (style == "next_url" and api.following.address is None, "next_url", "翻页方式为 next_url 时，必须填它"),
        (style == "cursor" and api.following.cursor is None, "cursor_path", "翻页方式为 cursor 时，必须填它"),
        ("until" in blanks and "since" not in blanks, "url", "网址里写了 {until}，还要写 {since}"),
        (bool(blanks & {"since"}) and api.habits.whole, "whole", "网址里有 {since} 时列表不是全部帖子，不能填它"),
        (bool(blanks & {"since"}) and api.habits.oldest_first, "order", "网址里有 {since} 时不用填它"),
        (api.layout.deleted is not None and "id" not in fields, "id", "填了 deleted，就要有编号的路径"),
        (bool(api.detail_url) != (api.detail_text is not None), "detail_text", "要与 detail_url 一起填"),
        (bool(api.detail_url) and "{id}" not in api.detail_url, "detail_url", "网址里要用 {id} 代表编号"),
        (bool(api.detail_url) and "id" not in fields, "id", "填了 detail_url，就要有编号的路径"),
        (bool(api.detail_url) and api.habits.whole, "whole", "不能与 detail_url 一起填"),
    ]
    for is_wrong, option, reason in wrong:
        if is_wrong:
            raise CollectorNotConfigured(f"选项 {option} 不对：{reason}。", option=option)


def _bounded(api: JsonApi) -> Habits:
    """The habits, with as many pages as the way of reading needs or bears."""
    habits = api.habits
    if api.detail_url:
        return replace(habits, max_pages=min(habits.max_pages, LIST_PAGES))
    if "until" in blanks_in(api.url) and not habits.single:
        # Fewer would cut a listing at the blank pages that prove its end, and halve it for ever.
        return replace(habits, max_pages=max(habits.max_pages, habits.empty_pages + 3))
    return habits
