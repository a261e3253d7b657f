"""Reviews in Apple's App Store, storefront by storefront: the 500 newest of each, as the public feed gives them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scrapers.base import Batch, Cursor, Fetch, Note, Option, RawPost, Rejection, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.fetching.interfaces import base_address, interface_at
from scrapers.reading.answers import read_json, table, word
from scrapers.reading.markup import clean_text, html_to_text
from scrapers.reading.pages import Page
from scrapers.reading.posts import Fields, Item, Reading, moment_of, shape_post, to_batch, utc_now
from scrapers.reading.stamps import stamp_of, told_as_edit
from scrapers.visiting.visits import OWN_SITE, Walk, walk, walk_back

PAGES = 10
"""Pages that the feed has, 50 reviews each; Apple gives no more."""

_SITE = "https://itunes.apple.com"
_KEPT = 300
_FEWEST_KEPT = 60
_BLANK_PAGES = 2
# What describes the app itself; older feeds put such an entry before the reviews.
_OF_THE_APP = ("im:name", "im:artist", "im:image", "im:price")
_REVIEWER = re.compile(r"/id(\d{1,20})(?:\?|$)")


def parse_reviews(data: Any, reading: Reading, place: str) -> list[Item]:
    """The reviews in a feed, in its order. Raises `CollectError` when it is none."""
    feed = table(data).get("feed")
    entries = table(feed).get("entry", [])
    # Apple writes no list where there is one review, and nothing at all where there is none.
    entries = [entries] if isinstance(entries, dict) else entries
    if not isinstance(feed, dict) or not isinstance(entries, list):
        raise CollectError(f"{place} 返回的不是评论列表，接口可能改了。")
    return [
        _review(entry, reading, f"{place} 第 {number} 条")
        for number, entry in enumerate(entries, start=1)
        if not _is_of_the_app(entry)
    ]


def _is_of_the_app(entry: Any) -> bool:
    return "im:rating" not in table(entry) and any(name in table(entry) for name in _OF_THE_APP)


def _leaf(entry: Any, *path: str) -> str:
    for name in (*path, "label"):
        entry = table(entry).get(name)
    return word(entry)


def _review(entry: Any, reading: Reading, place: str) -> Item:
    text = _leaf(entry, "content")
    is_html = word(table(table(table(entry).get("content")).get("attributes")).get("type")) == "html"
    fields = Fields(
        id=_leaf(entry, "id"),
        title=_leaf(entry, "title"),
        text=html_to_text(text) if is_html else clean_text(text),
        url=_link(table(entry).get("link")),
        author=_author(entry),
        created=_leaf(entry, "updated"),
        rating=_leaf(entry, "im:rating"),
    )
    if not fields.id:
        return Rejection(place, "不是评论（没有编号）")
    post = shape_post(fields, reading)
    return post if post.text else Rejection(place, "评论里没有文字")


def _link(link: Any) -> str:
    first = link[0] if isinstance(link, list) and link else link
    return word(table(table(first).get("attributes")).get("href"))


def _author(entry: Any) -> str:
    """The account's number where its address tells it: the name shown may belong to many."""
    found = _REVIEWER.search(_leaf(entry, "author", "uri"))
    return f"id{found[1]}" if found else _leaf(entry, "author", "name")


@dataclass(frozen=True, slots=True)
class _Visited:
    """One storefront after a visit: what was found, and when each of the newest reviews was last changed."""

    items: list[Item]
    notes: list[Note]
    stamps: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStore:
    """Reads the reviews of one app. A review's id is the same in all storefronts and stays when it is edited."""

    title = "App Store 评论"
    options = (
        Option("app", "应用的数字编号：App Store 网页地址里 id 后面的数字", required=True, placeholder="1234567890"),
        Option("countries", "哪些地区的商店，两个字母的代码，用逗号隔开", default="cn", placeholder="cn,hk,us"),
        interface_at(_SITE),
        OWN_SITE,
    )

    app: str
    countries: tuple[str, ...]
    url: str
    fetch: Fetch
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "AppStore":
        """A collector of the reviews of `app`. Raises `CollectorNotConfigured`."""
        app = options["app"].removeprefix("id")
        if not re.fullmatch(r"[0-9]{1,20}", app):
            raise CollectorNotConfigured(f"选项 app 的值“{app}”应是数字编号，如 1234567890。", option="app")
        words = re.split(r"[\s,，、;；]+", (options.get("countries") or "cn").lower().strip())
        countries = tuple(dict.fromkeys(filter(None, words)))
        wrong = [country for country in countries if not re.fullmatch(r"[a-z]{2}", country)]
        if wrong or not countries:
            raise CollectorNotConfigured(
                f"选项 countries 里的“{'、'.join(wrong)}”应是两个字母的地区代码，如 cn。", option="countries"
            )
        return cls(app=app, countries=countries, url=base_address(options["url"]), fetch=fetch)

    def collect(self, cursor: Cursor) -> Batch:
        """The reviews written or edited since `cursor` in every storefront; one that fails does not stop the others."""
        items: list[Item] = []
        notes: list[Note] = []
        after: dict[str, Any] = {}
        errors: list[CollectError] = []
        for country in self.countries:
            stamps = table(table(cursor.get("storefronts")).get(country))
            try:
                visited = self._visit(country, stamps)
            except CollectError as error:
                errors.append(error)
                notes.append(Note(Sign.PAGE_FAILED, f"{country} 区没有读到：{error}"))
                after[country] = dict(stamps)
                continue
            items += visited.items
            notes += visited.notes
            after[country] = visited.stamps
        if len(errors) == len(self.countries):
            raise errors[0]
        return to_batch(items, {"storefronts": after}, notes=notes)

    def history(self, cursor: Cursor) -> Batch:
        """The next pages further back, storefront after storefront. Raises `CollectError`."""
        index = min(max(int(cursor.get("storefront", 0)), 0), len(self.countries) - 1)
        country = self.countries[index]
        found, after, more = walk_back(
            self._reader(country, {}, set()), self._address(country, 1), cursor, empty_pages=_BLANK_PAGES
        )
        if not more:
            index += 1
        done = index + (self._page_of(found.following) - 1) / PAGES if more else float(index)
        return to_batch(
            found.items,
            {**after, "storefront": index, "progress": round(done / len(self.countries), 3)},
            more=index < len(self.countries),
        )

    def _visit(self, country: str, stamps: Mapping[str, int]) -> _Visited:
        known = set(stamps)
        # The first visit takes the newest page; what is older is for `history`.
        found = walk(
            self._reader(country, stamps, known),
            self._address(country, 1),
            known=known,
            max_pages=PAGES if stamps else 1,
            empty_pages=_BLANK_PAGES,
        )
        fresh = {item.external_id: stamp_of(item) for item in found.items if isinstance(item, RawPost)}
        kept = dict(list({**fresh, **stamps, **fresh}.items())[: max(_KEPT // len(self.countries), _FEWEST_KEPT)])
        # The feed tells only when a review was last changed.
        items = [
            told_as_edit(item, stamps.get(item.external_id, 0)) if isinstance(item, RawPost) else item
            for item in found.items
        ]
        notes = [*found.notes, *_doubts(country, found, known, stamps)]
        return _Visited(items, notes, kept if found.whole else dict(stamps))

    def _reader(self, country: str, stamps: Mapping[str, int], known: set[str]) -> Callable[[str], Page]:
        """Reads a page; a review that was edited since the last visit is taken out of `known`."""

        def read(url: str) -> Page:
            response = self.fetch(url)
            reading = Reading(moment_of(response.headers, self.clock()), UTC, 5)
            number = self._page_of(url)
            items = parse_reviews(read_json(response, url), reading, f"{country} 区第 {number} 页")
            for post in items:
                if isinstance(post, RawPost) and stamps.get(post.external_id) != stamp_of(post):
                    known.discard(post.external_id)
            return Page(items=items, following=self._address(country, number + 1) if number < PAGES else "")

        return read

    def _address(self, country: str, page: int) -> str:
        return f"{self.url}/{country}/rss/customerreviews/page={page}/id={self.app}/sortby=mostrecent/json"

    @staticmethod
    def _page_of(url: str) -> int:
        found = re.search(r"/page=(\d{1,3})/", url)
        return int(found[1]) if found else PAGES


def _doubts(country: str, found: Walk, known: set[str], stamps: Mapping[str, int]) -> list[Note]:
    """Remarks on a storefront that was full and is empty, and on one whose 500 newest hold nothing known."""
    if not stamps or not found.whole:
        return []
    if not found.items:
        return [Note(Sign.DOUBTFUL, f"{country} 区上次有评论，这次一条也没有。苹果的接口有时会这样，下次再看。")]
    if found.ended and not any(item.external_id in known for item in found.items if isinstance(item, RawPost)):
        return [Note(Sign.GAP, f"{country} 区可能漏评：最新的 500 条里没有一条是上次见过的。请缩短采集间隔。")]
    return []
