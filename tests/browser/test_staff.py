"""The way a person walks through the staff pages, in a real browser."""

from datetime import datetime

import pytest
from playwright.sync_api import Browser

from monitor.services.pipeline import handle_posts
from monitor.services.tools import Tools
from monitor.storage.db import Database
from tests.browser.signing_in import sign_in
from tests.cast import Cast
from tests.factories import make_post, make_ticket

pytestmark = pytest.mark.browser


@pytest.fixture
def complaints(browser: Browser, sqlite: Database, tools: Tools, people: Cast, now: datetime) -> dict[str, str]:
    """A ticket that nobody took, one of 质量技术 with a hostile text, and two signals."""
    hostile = '投诉：漏油<script>document.title="run"</script>' + "很长的一句话，" * 90
    with sqlite.writing.begin() as session:
        waiting = make_ticket(session, tools, now, "投诉：没有人管，一个月了")
        quality = make_ticket(session, tools, now, hostile)
        posts = [make_post(session, tools, now, text) for text in ("算了，不说了", "还能怎样，算了")]
        handle_posts(session, posts, tools, now)
        return {"waiting": waiting.number, "quality": quality.number}


def test_an_agent_sends_a_ticket_to_a_desk(browser: Browser, address: str, complaints: dict[str, str]) -> None:
    page = sign_in(browser, address, "alice")
    page.click(f"a[href='/tickets/{complaints['waiting']}']")
    # A click on a link does not wait for the scripts of the page it leads to, as a person's next move would.
    page.wait_for_url(f"**/tickets/{complaints['waiting']}", wait_until="load")
    page.select_option("#accept-department", "质量技术")
    assert page.inner_text("#do-accept button") == "受理并派给质量技术"
    page.click("#do-accept button")
    assert "“受理并派单”已完成" in page.inner_text("main")
    assert "等质量技术签收" in page.inner_text("main")


def test_every_step_works_without_scripts(browser: Browser, address: str, complaints: dict[str, str]) -> None:
    page = sign_in(browser, address, "bob", script=False)
    page.goto(f"{address}/tickets/{complaints['quality']}")
    page.click("#do-take_on button")
    page.select_option("#respond-outcome", "upheld")
    page.select_option("#respond-remedy", "repair")
    page.fill("#respond-root_cause", "油封批次")
    page.fill("#respond-text", "我们给您换新的油封。")
    page.select_option("#respond-reached", "电话")
    page.click("#do-respond button")
    assert "已答复" in page.inner_text(".facts")


def test_a_hostile_post_runs_nothing(browser: Browser, address: str, complaints: dict[str, str]) -> None:
    page = sign_in(browser, address, "bob")
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.goto(f"{address}/tickets/{complaints['quality']}")
    assert page.title() != "run"
    assert "<script>" in page.inner_text(".words")
    assert troubles == []


def test_signals_are_decided_from_the_keyboard(browser: Browser, address: str, complaints: dict[str, str]) -> None:
    page = sign_in(browser, address, "alice")
    page.goto(f"{address}/signals")
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.wait_for_selector("text=已建工单")
    page.wait_for_load_state("load")
    assert page.locator(".signal").count() == 1
    page.keyboard.press("d")
    assert page.evaluate("document.activeElement.name") == "reason"


def test_the_slash_key_leads_to_the_search(browser: Browser, address: str, complaints: dict[str, str]) -> None:
    page = sign_in(browser, address, "alice")
    page.keyboard.press("/")
    page.keyboard.type("漏油")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=搜索结果")
    assert page.locator(".ticket").count() == 1


def test_a_phone_scrolls_in_one_direction_only(browser: Browser, address: str, complaints: dict[str, str]) -> None:
    page = sign_in(browser, address, "dave", wide=False)
    paths = ["/inbox?view=open", f"/tickets/{complaints['quality']}", "/signals", "/sources", "/sources/new?kind=html",
             "/outbox", "/members", "/account/password"]  # fmt: skip
    for path in paths:
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        small = "[...document.querySelectorAll('input:not([type=hidden],[type=checkbox]), select, textarea')]"
        sizes = page.evaluate(f"{small}.map(e => parseFloat(getComputedStyle(e).fontSize))")
        assert all(size >= 16 for size in sizes), path


def test_the_dark_theme_is_chosen_from_the_menu(browser: Browser, address: str, complaints: dict[str, str]) -> None:
    page = sign_in(browser, address, "alice")
    page.click(".bar .menu summary")
    page.click("button[value=dark]")
    assert page.get_attribute("html", "data-bs-theme") == "dark"


def test_nothing_comes_from_another_host(browser: Browser, address: str, complaints: dict[str, str]) -> None:
    page = sign_in(browser, address, "dave")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/inbox", "/signals", "/sources", "/outbox", "/members"):
        page.goto(address + path)
    assert asked
    assert all(url.startswith((address, "data:")) for url in asked)
