"""phpBB boards by their Atom feeds: whole board, topics, one forum or one topic.

Formats: phpBB 3.0 to 3.3, `phpbb/feed/` and `feed.xml.twig`. A feed is a window of the newest posts and has no pages.
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from scrapers.base import Batch, Census, Cursor, Fetch, Note, Option, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.reading.charsets import decode
from scrapers.reading.feeds import read_entries
from scrapers.reading.markup import charset_of
from scrapers.reading.posts import Fields, Item, Reading, moment_of, read_zone, shape_post, to_batch, utc_now
from scrapers.visiting.visits import OWN_SITE, TIMEZONE, conditions, validators

FEEDS = ("overall", "topics", "topics_new", "topics_active", "news", "forum", "topic")
"""The feeds that a board may offer; the last two are of one forum and of one topic."""

_NUMBERED = ("forum", "topic")
# In these feeds every post of the window is listed, wherever it was moved: one that is missing was deleted.
_WHOLE = ("overall", "topics", "topics_new")
_RULE = re.compile(r"\s*<hr\s*/?>\s*\Z")
_QUOTE = re.compile(r"<(/?)blockquote\b[^<>]*>", re.IGNORECASE)
_POST_NUMBER = re.compile(r"[?&;]p=(\d{1,15})\b|#p(\d{1,15})\Z")
_TOPIC_NUMBER = re.compile(r"[?&;]t=(\d{1,15})\b")
_STATISTICS = " — "


def parse_feed(body: bytes, *, reading: Reading, url: str = "", charset: str = "", topic: str = "") -> list[Item]:
    """The posts of a phpBB feed, named by post number. Raises `CollectError`.

    `topic` is the topic's number where the feed is of one topic: its titles bear no forum's name.
    """
    text = _with_own_words(decode(body, charset))
    return [_post(entry, number, reading, url, topic) for number, entry in enumerate(read_entries(text, url), start=1)]


def _with_own_words(feed: str) -> str:
    """The feed, each of its CDATA sections reduced to the author's own words."""
    head, *sections = feed.split("<![CDATA[")
    parts = [section.partition("]]>") for section in sections]
    return head + "".join(f"<![CDATA[{own_words(inner) if end else inner}{end}{rest}" for inner, end, rest in parts)


def own_words(content: str) -> str:
    """An entry's HTML without the line of statistics that the board adds at its end, and without quoted posts.

    The statistics repeat the author's name and change with every view, so that each visit would find an edit.
    """
    bare = _RULE.sub("", content) if "<hr" in content[-40:] else content
    if bare != content and bare.endswith("</p>"):
        start = bare.rfind("<p>")
        # Label and dashes are the same in every language pack: "统计: 发表于 由 某人 — 日期 — 回复总数 3".
        said = bare[start:] if start >= 0 else ""
        bare = bare[:start] if _STATISTICS in said and re.match(r"<p>[^<>]{1,40}?[:：]", said) else bare
    return _unquoted(bare)


def _unquoted(content: str) -> str:
    """The HTML outside quotes; all of it where a quote has no end, for then nobody can tell whose words are whose."""
    depth = at = 0
    kept: list[str] = []
    for found in _QUOTE.finditer(content):
        kept += [content[at : found.start()]] if depth == 0 else []
        depth = max(depth + (-1 if found[1] else 1), 0)
        at = found.end()
    return "".join([*kept, content[at:]]) if depth == 0 else content


def _post(entry: Fields, number: int, reading: Reading, url: str, topic: str) -> Item:
    link = html.unescape(entry.url or entry.id)
    title = entry.title if topic else entry.title.partition(" • ")[2] or entry.title
    place = f"{url} 第 {number} 条"
    if not entry.text.strip() and (not title.strip() or title.startswith("Re:")):
        return Rejection(place, "除了引用没有别的文字")
    name, thread = _POST_NUMBER.search(link), _TOPIC_NUMBER.search(link)
    fields = replace(
        entry,
        # A topic's entry has a new id whenever somebody replies, but the post's own number stays.
        id=(name[1] or name[2]) if name else entry.id,
        title=title,
        url=link,
        author=html.unescape(entry.author),
        thread=thread[1] if thread else topic,
    )
    post = shape_post(fields, reading)
    return post if post.text else Rejection(place, "既没有标题也没有正文")


def paths(feed: str, number: str) -> tuple[str, ...]:
    """Where a board may have this feed, below its root: 3.1 and later, with rewritten addresses, and 3.0."""
    if feed in _NUMBERED:
        return (f"app.php/feed/{feed}/{number}", f"feed/{feed}/{number}", f"feed.php?{feed[0]}={number}")
    if feed == "overall":
        # Without a name the feed is that of the whole board; not every version knows it by the name.
        return ("app.php/feed/overall", "app.php/feed", "feed/overall", "feed.php")
    return (f"app.php/feed/{feed}", f"feed/{feed}", f"feed.php?mode={feed}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhpBb:
    """Reads one feed of a board; asks only for what changed."""

    title = "phpBB 论坛（Atom 订阅）"
    options = (
        Option("url", "论坛首页的网址", required=True, placeholder="https://bbs.example.com/forum/"),
        Option(
            "feed",
            "读哪个订阅：overall 全站新帖；topics_new 新主题；topics_active 近 7 天活跃主题（只有各主题最后一帖）；"
            "news 新闻版块；forum 一个版块；topic 一个主题",
            default="overall",
            choices=FEEDS,
        ),
        Option("number", "版块或主题的编号（选 forum 或 topic 时填）", type=int, placeholder="12"),
        TIMEZONE,
        OWN_SITE,
    )

    root: str
    feed: str
    fetch: Fetch
    zone: tzinfo
    number: str = ""
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "PhpBb":
        """A collector of one feed. Raises `CollectorNotConfigured`."""
        feed, number = options.get("feed") or "overall", options.get("number")
        if feed in _NUMBERED and (number is None or number < 1):
            what = "版块" if feed == "forum" else "主题"
            raise CollectorNotConfigured(f"选了 {feed}，还要在选项 number 里填{what}的编号，如 12。", option="number")
        return cls(
            root=re.sub(r"(?:/(?:index|app|feed)\.php[^/]*)?/*\Z", "", options["url"]),
            feed=feed,
            number=str(number) if feed in _NUMBERED else "",
            fetch=fetch,
            zone=read_zone(options.get("timezone") or "Asia/Shanghai"),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The feed's posts; an empty batch and the same cursor when it has not changed."""
        path, response = self._ask(cursor)
        if response.status == 304:
            return Batch(posts=(), cursor=cursor)
        items = parse_feed(
            response.body,
            reading=Reading(moment_of(response.headers, self.clock()), self.zone),
            url=response.url,
            charset=charset_of(response.headers.get("content-type", "")),
            topic=self.number if self.feed == "topic" else "",
        )
        posts = [item for item in items if isinstance(item, RawPost)]
        newest = int(cursor.get("newest", 0))
        after = {
            **validators(response),
            "path": path,
            "newest": max([newest, *_numbers(posts)]),
            "began": cursor.get("began") or self.clock().isoformat(),
        }
        return to_batch(items, after, notes=_gap(posts, newest), censuses=self._census(posts, items, cursor))

    def _ask(self, cursor: Cursor) -> tuple[str, Response]:
        """The first address that the board knows, and its answer."""
        known = str(cursor.get("path", ""))
        missing: CollectError | None = None
        for path in dict.fromkeys([known, *paths(self.feed, self.number)]):
            try:
                if path:
                    asked = conditions(cursor) if path == known else {}
                    return path, self.fetch(f"{self.root}/{path}", headers=asked)
            except CollectError as error:
                if error.status != 404:
                    raise
                missing = error
        raise CollectError(
            f"{self.root} 没有这个订阅（404）：请检查论坛网址和编号；若没有写错，多半是论坛关闭了 {self.feed} 订阅，"
            "请换一种订阅，或请论坛管理员打开。",
            status=404,
        ) from missing

    def _census(self, posts: Sequence[RawPost], items: Sequence[Item], cursor: Cursor) -> tuple[Census, ...]:
        """What the window holds from its second on; whoever is missing since the first visit was deleted."""
        times = [post.created_at for post in posts if post.created_at]
        if self.feed not in _WHOLE or "began" not in cursor or len(times) < len(items) or not times:
            return ()
        # Of several posts in the oldest second some may have fallen out of the window already.
        since = max(min(times) + timedelta(seconds=1), datetime.fromisoformat(str(cursor["began"])))
        return (Census(frozenset(post.external_id for post in posts), since=since),)


def _numbers(posts: Sequence[RawPost]) -> list[int]:
    return [int(post.external_id) for post in posts if post.external_id.isdecimal()]


def _gap(posts: Sequence[RawPost], newest: int) -> tuple[Note, ...]:
    """A remark when every post is newer than the newest of last time: what came between has fallen out."""
    numbers = _numbers(posts)
    if not newest or not numbers or min(numbers) <= newest:
        return ()
    return (Note(Sign.GAP, "可能漏帖：订阅里最旧的一条也比上次见过的新。请缩短采集间隔，或请论坛调大订阅条数。"),)
