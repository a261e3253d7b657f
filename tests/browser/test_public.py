"""A customer in a real browser: from the form to the answer."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from monitor.domain.tickets import Action
from monitor.services.acting import act_on
from monitor.services.audit import doer
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Ticket
from tests.cast import Cast
from tests.fakes import plain_words
from tests.requirements import CHROMIUM, need_chromium

pytestmark = pytest.mark.browser

STORY = "11月2日在城东店提的车，第三天起车门锁死。修了三次都说“正常”。"
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


@pytest.fixture
def tools(tools: Tools) -> Tools:
    """The tools of every test, saying their messages in plain words."""
    return replace(tools, render=plain_words)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application, served on this machine with its form tokens on."""
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    """A phone with and without JavaScript, on which nothing may scroll sideways or complain."""
    need_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        page = browser.new_page(viewport={"width": 390, "height": 844}, java_script_enabled=request.param)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None
        )
        yield page
        assert complaints == []
        browser.close()


def _answer(database: Database, tools: Tools, people: Cast, number: str, now: datetime) -> None:
    """The department takes the case on and answers."""
    steps: list[tuple[Action, Any, dict[str, str]]] = [
        (Action.ACCEPT, people.alice, {"department": "质量技术", "severity": "normal"}),
        (Action.TAKE_ON, people.bob, {}),
        (Action.RESPOND, people.bob, {"outcome": "upheld", "remedy": "repair", "root_cause": "批次", "reached": "电话",
                                      "text": "请来城东店更换门锁总成，费用由我们承担。"}),
    ]  # fmt: skip
    with database.writing.begin() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        for action, member, fields in steps:
            act_on(session, ticket, action, doer(session.merge(member)), fields, tools=tools, now=now)


def test_a_customer_complains_follows_adds_and_rates(
    page: Page, address: str, sqlite: Database, tools: Tools, people: Cast, now: datetime
) -> None:
    page.goto(f"{address}/complain")
    page.get_by_label("发生了什么？").fill(STORY)
    page.get_by_label("邮箱").fill("写错了")
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_role("alert")).to_contain_text("您写的内容都还在")
    expect(page.get_by_label("发生了什么？")).to_have_value(STORY)

    page.get_by_label("邮箱").fill("li@customer.example")
    page.get_by_text("希望怎样解决？").click()
    page.get_by_label("维修", exact=True).check()
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已经收到")
    number, code = page.locator("#number").inner_text(), page.locator("#code").inner_text()

    page.goto(f"{address}/track")
    page.get_by_label("工单号", exact=True).fill(number)
    page.get_by_label("查询码", exact=True).fill(code.lower())
    page.get_by_role("button", name="查看进度").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已收到")

    page.get_by_label("要补充的内容").fill("单据在店里没给我。")
    page.get_by_role("button", name="补充到这件投诉").click()
    expect(page.get_by_role("status")).to_contain_text("已经加进去了")
    expect(page.locator(".words")).to_contain_text("单据在店里没给我。")

    _answer(sqlite, tools, people, number, now)
    page.reload()
    expect(page.locator(".words")).to_contain_text("更换门锁总成")
    page.get_by_label("已解决", exact=True).check()
    page.get_by_role("button", name="提交评价").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("待您评价")
    expect(page.locator(".now")).to_contain_text("您的评价：已解决")


def test_nothing_scrolls_sideways_on_a_small_phone(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{address}/complain")
    page.get_by_label("发生了什么？").fill("很长的英文" + "X" * 300)
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已经收到")
    assert _overflow(page) == 0
    page.get_by_role("link", name="查看进度").click()
    assert _overflow(page) == 0


def _overflow(page: Page) -> int:
    size = page.locator("html").bounding_box()
    body = page.locator("main").bounding_box()
    assert size
    assert body
    return max(0, round(body["width"] - 320), round(size["width"] - 320))


@pytest.mark.parametrize("page", [True], indirect=True, ids=["with scripts"])
def test_a_draft_outlives_a_closed_page_and_is_gone_after_sending(page: Page, address: str) -> None:
    page.goto(f"{address}/complain")
    area = page.get_by_label("发生了什么？")
    area.press_sequentially("写到一半的话")
    expect(page.locator("[data-state]")).to_contain_text("草稿存在这台设备上")
    page.goto(f"{address}/track")
    page.goto(f"{address}/complain")
    expect(area).to_have_value("写到一半的话")
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已经收到")
    page.goto(f"{address}/complain")
    expect(area).to_have_value("")
