"""How fast what was fetched becomes posts: a feed of 100 entries, a web page of 100 kB, pages of JSON."""

import json
from datetime import timedelta
from email.utils import format_datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scrapers.kinds.feed import parse_feed
from scrapers.reading.answers import load_json
from scrapers.reading.html_rows import FIELDS, Layout, parse_page, selector_of
from scrapers.reading.json_rows import Layout as JsonLayout
from scrapers.reading.json_rows import compiled, parse_json
from scrapers.reading.posts import Reading
from tests.benchmarks.conftest import Note
from tests.benchmarks.corpus import made_up_posts
from tests.conftest import NOW

pytestmark = pytest.mark.benchmark
ZONE = ZoneInfo("Asia/Shanghai")
READING = Reading(NOW, ZONE)
URL = "https://forum.example/list"
SELECTORS = {
    "item": "div.post",
    "id": r"@id =~ post_(\d+)",
    "link": "a.title",
    "title": "a.title",
    "text": ".body",
    "author": ".who",
    "created": "time@datetime",
    "rating": ".score",
}


def texts(count: int, least: int) -> list[str]:
    """Invented posts of at least so many letters, each two paragraphs of HTML."""
    posts = iter(made_up_posts(20_000))
    found = []
    for _ in range(count):
        words = next(posts).text
        while len(words) < least:
            words += next(posts).text
        half = len(words) // 2
        found.append(f"<p>{escape(words[:half])}<br><b>{escape(words[half:])}</b></p><p>补充 &amp; 说明</p>")
    return found


def feed_of(count: int) -> bytes:
    items = "".join(
        f"<item><guid isPermaLink='false'>post-{number}</guid><link>{URL}/{number}</link>"
        f"<title>第 {number} 次进店</title><description>{escape(text)}</description>"
        f"<dc:creator>用户{number}</dc:creator>"
        f"<pubDate>{format_datetime(NOW - timedelta(minutes=number))}</pubDate></item>"
        for number, text in enumerate(texts(count, 200))
    )
    dublin = "http://purl.org/dc/elements/1.1/"
    return f"<rss version='2.0' xmlns:dc='{dublin}'><channel><title>售后</title>{items}</channel></rss>".encode()


def page_of(size: int) -> str:
    """A list page of so many bytes: a menu, posts, and under each the buttons that such pages have."""
    menu = "".join(f"<li><a href='/board/{number}'>版块 {number}</a></li>" for number in range(60))
    buttons = "".join(f"<a class='act' href='#{word}'><i class='icon'></i>{word}</a>" for word in "赞踩回复收藏")
    parts = [f"<html><head><title>口碑</title><style>{'a{color:red}' * 200}</style></head><body><ul>{menu}</ul>"]
    for number, text in enumerate(texts(size // 500, 250)):
        parts.append(
            f"<div class='post' id='post_{number}'><a class='title' href='/k/{number}'>开了半年 {number}</a>"
            f"<span class='who'>车主{number}</span><time datetime='2026-08-21T10:00:00+08:00'>昨天</time>"
            f"<div class='body'>{text}<img src='/s/1.gif' alt='[怒]'></div>"
            f"<span class='score'>3.5/5</span>{buttons}</div>"
        )
        if sum(len(part.encode()) for part in parts) >= size:
            break
    return "".join(parts)


def test_feeds_of_100_entries_a_second(benchmark: Any, note: Note) -> None:
    body = feed_of(100)
    items = benchmark(lambda: parse_feed(body, now=NOW, zone=ZONE, url=URL))
    assert len(items) == 100
    note(f"feed of 100 entries, {len(body) / 1000:.0f} kB: {1 / benchmark.stats.stats.median:,.0f} a second (≥ 50)")


@pytest.mark.parametrize("language", ["CSS", "XPath"])
def test_pages_of_100_kilobytes_a_second(benchmark: Any, note: Note, language: str) -> None:
    chosen = SELECTORS if language == "CSS" else _in_xpath()
    fields = {name: found for name in FIELDS if (found := selector_of(chosen, name)) is not None}
    item = selector_of(chosen, "item")
    assert item is not None
    layout, markup = Layout(item=item, fields=fields), page_of(100_000)
    page = benchmark(lambda: parse_page(markup, layout, READING, url=URL))
    assert len(page.items) > 50
    note(
        f"page of {len(markup.encode()) / 1000:.0f} kB with {len(page.items)} posts, by {language}: "
        f"{1 / benchmark.stats.stats.median:,.0f} a second" + (" (≥ 100)" if language == "CSS" else "")
    )


def _in_xpath() -> dict[str, str]:
    return {
        "item": "xpath://div[@class='post']",
        "id": r"@id =~ post_(\d+)",
        "link": "xpath:a[@class='title']",
        "title": "xpath:a[@class='title']",
        "text": "xpath:div[@class='body']",
        "author": "xpath:span[@class='who']",
        "created": "xpath:time/@datetime",
        "rating": "xpath:span[@class='score']",
    }


def test_rows_of_json_a_second(benchmark: Any, note: Note) -> None:
    rows = [
        {"id": number, "content": text, "user": {"name": f"车主{number}"}, "time": 1787270400000, "star": 2}
        for number, text in enumerate(texts(1000, 200))
    ]
    body = json.dumps({"code": 0, "data": {"list": rows}})
    paths = {"items": "data.list", "id": "id", "text": "content", "author": "user.name", "created": "time"}
    fields = {name: compiled(paths, name) for name in paths if name != "items"}
    layout = JsonLayout(items=compiled(paths, "items"), fields=fields)
    page = benchmark(lambda: parse_json(load_json(body, URL), layout, READING, url=URL))
    assert len(page.items) == 1000
    note(f"JSON: {1000 / benchmark.stats.stats.median:,.0f} rows a second")
