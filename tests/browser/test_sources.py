"""Sources in a real browser: found among the kinds, previewed, saved, visited, changed; and a post copied by hand."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from monitor.services.collecting import collect_next
from monitor.services.tools import Tools
from monitor.settings import Settings
from monitor.storage.db import Database
from monitor.storage.models import Capture, Post, Source
from monitor.wiring import build_collectors
from tests.browser.signing_in import sign_in
from tests.conftest import NOW
from tests.fixture_server import Site, say

pytestmark = pytest.mark.browser

FEED = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>车友论坛</title>
<item><guid>1</guid><title>刹车异响</title><description>投诉：去了三次，没人管。</description>
<pubDate>Sat, 21 Nov 2026 10:00:00 +0800</pubDate></item>
<item><guid>2</guid><title>出二手脚垫</title><description>九成新，自提。</description></item></channel></rss>"""


@pytest.fixture
def forum() -> Iterator[Site]:
    """A forum with a feed of two entries."""
    site = Site()
    site.routes["/feed"] = say(FEED.encode(), headers={"Content-Type": "application/rss+xml"})
    yield site
    site.close()


def test_a_source_is_chosen_previewed_saved_and_its_visit_adds_up(
    browser: Browser, address: str, forum: Site, sqlite: Database, tools: Tools, settings: Settings
) -> None:
    page = sign_in(browser, address, "dave")
    page.goto(f"{address}/sources")
    page.click("text=添加来源")
    page.click("text=订阅源")
    page.fill("#source-option_url", f"{forum.address}/feed")
    page.fill("#query", "刹车 -二手")
    page.click("text=更多选项")
    page.check("[name=option_own_site]")
    page.fill("#source-option_own_reason", "公司自己的论坛")
    page.click("text=预览，不保存")
    page.wait_for_selector("text=取到 2 条")
    page.wait_for_selector("text=自有网站")
    assert page.inner_text(".fates").split() == ["1新", "1不合关键词"]
    page.fill("#name", "车友论坛")
    page.click("text=保存并开始采集")
    page.wait_for_selector("text=已保存，马上开始采集")
    while collect_next(sqlite.writing, build_collectors(settings, sqlite), tools, NOW):
        pass
    page.reload()
    headings = page.locator(".runs-table thead th.num").all_inner_texts()
    numbers = page.locator(".runs-table tbody tr").first.locator("td.num").all_inner_texts()
    assert dict(zip(headings, numbers, strict=True)) == {
        "取到": "2", "新": "1", "改动": "0", "没变": "0", "不合关键词": "1", "不合格": "0",
    }  # fmt: skip
    with sqlite.reading() as session:
        assert session.scalars(select(Post.title)).all() == ["刹车异响"]


def test_a_wrong_address_says_what_to_mend_and_keeps_what_was_typed(browser: Browser, address: str) -> None:
    page = sign_in(browser, address, "dave", wide=False)
    page.goto(f"{address}/sources/new?kind=feed")
    page.fill("#name", "论坛")
    page.fill("#source-option_url", "http://10.0.0.8/feed")
    page.click("text=预览，不保存")
    page.wait_for_selector("text=内部网络地址")
    assert page.input_value("#name") == "论坛"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_source_is_written_as_toml_and_pasted_back(browser: Browser, address: str, sqlite: Database) -> None:
    with sqlite.writing.begin() as session:
        options = {"url": "https://bbs.example.com/feed"}
        session.add(Source(name="论坛", kind="feed", options=options, cursor={}, query="刹车 AND 异响"))
    page = sign_in(browser, address, "dave")
    page.goto(f"{address}/sources")
    page.click("a:has-text('论坛') >> nth=-1")
    page.click("text=写成 TOML")
    toml = page.inner_text("pre.code")
    page.goto(f"{address}/sources/toml")
    page.fill("#text", toml.replace("论坛", "论坛二"))
    page.click("text=添加这些来源")
    page.wait_for_selector("text=添加“论坛二”")


def test_a_post_is_copied_by_hand_on_a_phone(browser: Browser, address: str, sqlite: Database) -> None:
    page = sign_in(browser, address, "alice", wide=False)
    page.goto(f"{address}/capture?url=https%3A%2F%2Fweibo.example%2F1&text=%E7%AE%97%E4%BA%86")
    assert page.input_value("#text") == "算了"
    page.fill("#text", "算了，等了俩月，随它去吧。")
    page.click("text=收下这一条")
    page.wait_for_selector("text=已收下")
    with sqlite.reading() as session:
        assert session.scalars(select(Capture.url)).all() == ["https://weibo.example/1"]
