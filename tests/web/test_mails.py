"""Every message, rendered with the facts that the services give."""

from typing import Any

import pytest

from monitor.domain.alerts import Event
from monitor.rendering import MailRenderer
from monitor.services.alerting import ticket_facts
from monitor.services.tools import Tools
from monitor.settings import resource_folder
from monitor.storage.db import Database
from monitor.storage.models import Customer
from tests.conftest import NOW
from tests.factories import make_ticket

TEXT = "投诉：刹车异响，请打 13800001234"
PER_EVENT: dict[Event, dict[str, Any]] = {
    Event.TICKET_OPENED: {"quote": "原话", "cues": "“算了”"},
    Event.TICKET_DISPATCHED: {"quote": "", "cues": ""},
    Event.TICKET_REASSIGNED: {"quote": "归他们管", "cues": ""},
    Event.SEVERITY_RAISED: {"quote": "后来刹车失灵了", "cues": ""},
    Event.FOLLOW_UP_OVERDUE: {"clock": "受理", "clock_text": "", "was_due": "11月23日 周一 10:00"},
    Event.CUSTOMER_MESSAGE: {"quote": "怎么还没有消息"},
    Event.APPROVAL_WANTED: {"asked": "作废", "asked_by": "王小满", "reason": "说的是别家"},
    Event.SOURCE_HEALTH: {},
    Event.RECEIPT: {},
    Event.QUESTION: {"quote": "是冷车还是热车？", "cues": ""},
    Event.ANSWER: {"quote": "我们给您换新的。", "cues": ""},
}
SOURCE = {
    "source": "论坛",
    "turn": "still",
    "state": "异常安静",
    "before": "异常安静",
    "reason": "平日这个时段每小时约 3.2 条，已经 7 小时没有新帖。",
    "advice": "请打开网址看看。",
    "since": "11月23日 周一 03:00",
    "lasted": "7时",
    "missing": "没有发现漏帖。",
    "again": 2,
    "link": "https://care.example.com/sources/1",
    "company": "栎川汽车",
}
TO_CUSTOMERS = (Event.RECEIPT, Event.QUESTION, Event.ANSWER)


@pytest.fixture
def facts(sqlite: Database, tools: Tools) -> dict[str, Any]:
    """What every mail about a ticket may say."""
    with sqlite.writing() as session:
        ticket = make_ticket(session, tools, NOW, TEXT)
        ticket.customer = Customer(
            pseudonym="p", name="欧阳", phone="13800001234", email="o@example.com", created_at=NOW
        )
        return ticket_facts(ticket, tools, NOW)


def _facts(event: Event, facts: dict[str, Any]) -> dict[str, Any]:
    return SOURCE if event is Event.SOURCE_HEALTH else {**facts, **PER_EVENT[event]}


@pytest.mark.parametrize("event", list(Event))
def test_every_event_has_words(event: Event, facts: dict[str, Any]) -> None:
    rendered = MailRenderer(resource_folder("templates"))(event.value, _facts(event, facts))
    assert rendered.subject
    assert "https://care.example.com/" in rendered.text
    assert rendered.html.count("<a ") == 1
    assert "\n\n\n" not in rendered.text
    assert "{{" not in rendered.text + rendered.html
    assert "欧阳" not in rendered.text + rendered.html
    assert "13800001234" not in rendered.subject + rendered.text + rendered.html
    assert "o@example.com" not in rendered.text + rendered.html


@pytest.mark.parametrize("event", TO_CUSTOMERS)
def test_a_mail_to_a_customer_repeats_nothing_they_wrote(event: Event, facts: dict[str, Any]) -> None:
    rendered = MailRenderer(resource_folder("templates"))(event.value, _facts(event, facts))
    assert "刹车" not in rendered.subject + rendered.text + rendered.html
    assert facts["number"] in rendered.text
    assert "您" in rendered.text


def test_an_alert_says_at_once_how_grave_and_how_urgent(facts: dict[str, Any]) -> None:
    subject = MailRenderer(resource_folder("templates"))(
        "ticket_dispatched", _facts(Event.TICKET_DISPATCHED, facts)
    ).subject
    assert subject.startswith("[一般·派单] 质量技术 剩5时：投诉：刹车异响，请打 〔联系方式〕")


def test_markup_in_a_fact_is_shown_as_text(facts: dict[str, Any]) -> None:
    hostile = {**facts, "quote": "<script>alert(1)</script>", "cues": ""}
    rendered = MailRenderer(resource_folder("templates"))("ticket_opened", hostile)
    assert "&lt;script&gt;" in rendered.html
    assert "<script>" not in rendered.html


@pytest.mark.parametrize(
    ("turn", "subject"),
    [
        ("bad", "[来源异常] 论坛：异常安静"),
        ("still", "[来源仍异常] 论坛：异常安静，已 7时"),
        ("well", "[来源恢复] 论坛：异常安静 7时后恢复"),
    ],
)
def test_a_mail_about_a_source_says_how_it_turned(turn: str, subject: str) -> None:
    rendered = MailRenderer(resource_folder("templates"))("source_health", {**SOURCE, "turn": turn})
    assert rendered.subject == subject
    assert "没有发现漏帖" in rendered.text
    assert "没有发现漏帖" in rendered.html
