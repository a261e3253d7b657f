"""A post's own web page: its whole words, or the thread of posts on it, over as many pages as that has."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from scrapers.base import Census, Fetch, Note, RawPost, Response, Sign
from scrapers.errors import CollectError
from scrapers.reading.dates import read_date
from scrapers.reading.html_rows import Layout, open_page, parse_page
from scrapers.reading.listed_rows import LINK
from scrapers.reading.pages import Page, page_text
from scrapers.reading.posts import MAX_ID, Item, Reading, moment_of, one_line
from scrapers.visiting.threads import Thread
from scrapers.visiting.visits import Walk, tell_apart, walk

PAGES = 10
"""Pages of one thread read at a time; a longer one is gone on with on the next visit."""

_UNFINISHED = "unfinished"
"""The mark of a thread of which there is more to read."""


@dataclass(slots=True, kw_only=True)
class DetailReader:
    """Reads the pages behind the posts of a listing. `lasts` remembers where long threads ended, by their ids."""

    layout: Layout
    threads: bool
    fetch: Fetch
    clock: Callable[[], datetime]
    zone: tzinfo
    charset: str = ""
    lasts: dict[str, str] = field(default_factory=dict)

    def read(self, post: RawPost) -> Thread:
        """What a post's own page gives. Raises `CollectError`."""
        url = post.extra.get(LINK) or post.url
        if not url:
            raise CollectError(f"“{post.title or post.external_id}”没有详情页的链接，请检查 detail 选择器。")
        return self._thread(post, url) if self.threads else Thread(items=[self._whole(post, url)])

    def _reading(self, response: Response) -> Reading:
        return Reading(moment_of(response.headers, self.clock()), self.zone)

    def _whole(self, post: RawPost, url: str) -> RawPost:
        response = self.fetch(url)
        page = open_page(page_text(response, self.charset), url, self.layout.sentinel)
        words = {name: page.words(selector) for name, selector in self.layout.fields.items()}
        if not words.get("text"):
            raise CollectError(f"{url} 上没有元素符合 detail_text 选择器。")
        now = self._reading(response).now
        created, assumed = read_date(words.get("created", ""), now, self.zone)
        return replace(
            post,
            text=words["text"],
            author=one_line(words.get("author", ""), 200) or post.author,
            created_at=created or post.created_at,
            zone_assumed=assumed if created else post.zone_assumed,
        )

    def _thread(self, topic: RawPost, url: str) -> Thread:
        name = topic.external_id
        start = self.lasts.pop(name, url)
        try:
            found = self._walk(start)
        except CollectError as error:
            # A thread from which posts were deleted may have fewer pages than it had.
            if start == url or error.permanent:
                raise
            start, found = url, self._walk(url)
        items, _ = tell_apart(found.items, {})
        named = [_named(item, topic, url) for item in items]
        posts = [item for item in named if isinstance(item, RawPost)]
        if start == url and posts:
            named = [replace(item, title=topic.title) if item is posts[0] else item for item in named]
        if (last := found.following or found.last) not in {"", url}:
            self.lasts[name] = last
        ids = [*(post.external_id for post in posts), *(_within(name, refused) for refused in found.refused)]
        whole = found.ended and start == url and "id" in self.layout.fields
        return Thread(
            items=named,
            census=Census(frozenset(ids), thread_id=name) if whole else None,
            notes=_unread(found, url),
            mark=_UNFINISHED if found.following else "",
        )

    def _walk(self, start: str) -> Walk:
        def read(url: str) -> Page:
            response = self.fetch(url)
            markup = page_text(response, self.charset)
            return parse_page(markup, self.layout, self._reading(response), url=url, first=url == start)

        return walk(read, start, known=(), max_pages=PAGES, empty_pages=1)


def _named(item: Item, topic: RawPost, url: str) -> Item:
    if not isinstance(item, RawPost):
        return item
    name = _within(topic.external_id, item.external_id)
    return replace(item, external_id=name, thread_id=topic.external_id, url=item.url or url)


def _within(thread: str, name: str) -> str:
    """A post's name within its thread: floors and places are counted anew in every thread."""
    return f"{thread}/{name}"[:MAX_ID]


def _unread(found: Walk, url: str) -> tuple[Note, ...]:
    failed = tuple(note for note in found.notes if note.sign is Sign.PAGE_FAILED)
    return failed or (
        (Note(Sign.OTHER, f"{url} 的回复太多，这次读了前 {PAGES} 页，下次接着读。", url),) if found.following else ()
    )
