"""The pages on which people teach the classifier, in a real browser: by keyboard, on a phone, while a run goes on."""

from dataclasses import replace
from datetime import datetime

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from monitor.domain.verdicts import Expression, Polarity, TwoPassJudge
from monitor.services.audit import SYSTEM
from monitor.services.pipeline import handle_posts
from monitor.services.rescoring import advance, start
from monitor.services.spot_checks import draw
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Correction, SpotCheck
from tests.browser.signing_in import sign_in
from tests.cast import Cast
from tests.factories import make_post, make_ticket
from tests.fakes import FixedSuggester, SharperClassifier

pytestmark = pytest.mark.browser


@pytest.fixture
def number(sqlite: Database, tools: Tools, people: Cast, now: datetime) -> str:
    """A ticket; beside it three posts judged, and drawn for checking."""
    with sqlite.writing.begin() as session:
        posts = [make_post(session, tools, now, text) for text in ("随它去吧", "今天天气不错", "路上有点堵")]
        handle_posts(session, posts, tools, now)
        draw(session, now, wanted=3)
        return make_ticket(session, tools, now, "投诉：没有人管，一个月了").number


def _answers(sqlite: Database) -> list[tuple[Polarity | None, Expression | None]]:
    with sqlite.reading() as session:
        return [(c.polarity, c.expression) for c in session.scalars(select(Correction).order_by(Correction.id))]


def test_checks_are_answered_from_the_keyboard(browser: Browser, address: str, number: str, sqlite: Database) -> None:
    page = sign_in(browser, address, "alice")
    page.goto(f"{address}/spot-checks")
    assert not page.is_visible("fieldset.how"), "asked of the dissatisfied only"
    page.keyboard.press("1")
    assert page.is_visible("fieldset.how")
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=记下了")
    page.wait_for_load_state("load")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=今天抽的看了 2 / 3 条")
    page.wait_for_load_state("load")
    page.keyboard.press("s")
    page.wait_for_selector("text=今天的抽查都看完了")
    assert _answers(sqlite) == [(Polarity.NEGATIVE, Expression.IMPLICIT), (Polarity.NEUTRAL, Expression.NONE)]
    with sqlite.reading() as session:
        assert session.scalars(select(SpotCheck.skipped).where(SpotCheck.checked_at.is_(None))).all() == [True]


def test_checks_and_corrections_work_without_scripts(
    browser: Browser, address: str, number: str, sqlite: Database
) -> None:
    page = sign_in(browser, address, "alice", script=False)
    page.goto(f"{address}/spot-checks")
    page.check("input[value=positive]")
    page.click("text=记下，看下一条")
    assert "记下了" in page.inner_text("main")
    page.goto(f"{address}/tickets/{number}")
    page.click("text=判断有误？")
    page.select_option(".correct [name=expression]", "implicit")
    page.fill(".correct [name=topic]", "制动")
    page.click("text=更正判断")
    assert "已由 王小满 更正：不满，隐性，话题 制动" in page.inner_text(".corrected")


def test_a_run_is_watched_without_touching_the_page(
    browser: Browser, address: str, number: str, sqlite: Database, tools: Tools, now: datetime
) -> None:
    sharper = replace(tools, judge=TwoPassJudge(SharperClassifier(), FixedSuggester()))
    with sqlite.writing.begin() as session:
        start(session, sharper, SYSTEM, now)
    page = sign_in(browser, address, "erin")
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.goto(f"{address}/model/rescoring")
    assert "0 / 4 条" in page.inner_text("#run")
    for limit, seen in ((1, "text=1 / 4 条"), (3, "text=4 / 4 条"), (1, "text=以往各次")):
        with sqlite.writing.begin() as session:
            advance(session, sharper, now, limit=limit)
        page.wait_for_selector(seen)
    page.wait_for_selector("#run:not([data-live])")
    assert "随它去" in page.inner_text(".changes mark")
    assert troubles == []


def test_a_phone_scrolls_in_one_direction_only(browser: Browser, address: str, number: str) -> None:
    page = sign_in(browser, address, "dave", wide=False)
    for path in (f"/tickets/{number}", "/spot-checks", "/model", "/model/accuracy", "/model/rescoring"):
        page.goto(address + path)
        if page.locator(".correct summary").count():
            page.click(".correct summary")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        fields = (
            "[...document.querySelectorAll('input:not([type=hidden],[type=checkbox],[type=radio]), select, textarea')]"
        )
        sizes = page.evaluate(f"{fields}.map(e => parseFloat(getComputedStyle(e).fontSize))")
        assert all(size >= 16 for size in sizes), path
