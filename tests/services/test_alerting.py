"""Rules meet recipients; nobody hears of the same thing twice, and no alert ends nowhere."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from monitor.domain.alerts import AlertRule, Event
from monitor.domain.verdicts import Severity
from monitor.services.alerting import queue_alerts, ticket_alarm
from monitor.services.tools import Tools
from monitor.storage.models import Department, Member, Notification, Ticket
from tests.cast import Cast
from tests.factories import make_ticket


@pytest.fixture
def ticket(session: Session, tools: Tools, now: datetime) -> Ticket:
    """A ticket of 质量技术 of which nobody was told yet."""
    return make_ticket(session, replace(tools, alert_rules=()), now, "投诉：异响")


def _told(
    session: Session, tools: Tools, ticket: Ticket, now: datetime, *rules: AlertRule, times: int = 1
) -> list[str]:
    ready = replace(tools, alert_rules=rules)
    for _ in range(times):
        alarm = ticket_alarm(Event.FOLLOW_UP_OVERDUE, ticket, ready, now, occurrence="overdue 1")
        queue_alerts(session, [alarm], ready, now)
    return sorted(session.scalars(select(Notification.recipient)))


def _rule(*recipients: str, severity: Severity = Severity.NORMAL) -> AlertRule:
    return AlertRule(Event.FOLLOW_UP_OVERDUE, recipients, severity=severity)


@pytest.mark.parametrize(
    ("recipients", "told"),
    [
        (("department",), ["quality@example.com"]),
        (("handler",), ["bob@example.com"]),
        (("supervisors",), ["erin@example.com"]),
        (("administrators",), ["dave@example.com"]),
        (("customer",), []),
        (("boss@example.com",), ["boss@example.com"]),
        (("handler", "boss@example.com", "bob@example.com"), ["bob@example.com", "boss@example.com"]),
    ],
)
def test_each_recipient_is_found(
    *,
    session: Session,
    tools: Tools,
    now: datetime,
    cast: Cast,
    ticket: Ticket,
    recipients: tuple[str, ...],
    told: list[str],
) -> None:
    ticket.handler = cast.bob
    assert _told(session, tools, ticket, now, _rule(*recipients)) == told


def test_the_same_occurrence_is_told_once_however_often_it_is_noticed(
    session: Session, tools: Tools, now: datetime, ticket: Ticket
) -> None:
    rules = (_rule("department"), _rule("department", "quality@example.com"))
    assert _told(session, tools, ticket, now, *rules, times=3) == ["quality@example.com"]


def test_a_department_without_an_address_is_spoken_for_by_the_fallback(
    session: Session, tools: Tools, now: datetime, ticket: Ticket
) -> None:
    ticket.department.email = ""
    assert _told(session, tools, ticket, now, _rule("department")) == ["care@example.com"]


@pytest.mark.parametrize("role", ["supervisors", "administrators"])
def test_a_role_that_nobody_active_holds_is_spoken_for_by_the_fallback(
    session: Session, tools: Tools, now: datetime, cast: Cast, ticket: Ticket, role: str
) -> None:
    session.execute(update(Member).values(active=False))
    assert _told(session, tools, ticket, now, _rule(role)) == ["care@example.com"]


def test_a_rule_for_grave_cases_is_silent_about_others(
    session: Session, tools: Tools, now: datetime, ticket: Ticket
) -> None:
    assert _told(session, tools, ticket, now, _rule("department", severity=Severity.RAISED)) == []


def test_where_no_address_is_known_at_all_there_is_no_error(
    session: Session, tools: Tools, now: datetime, ticket: Ticket
) -> None:
    session.execute(update(Department).values(email=""))
    session.expire(ticket.department)
    assert _told(session, tools, ticket, now, _rule("department", "supervisors", "customer")) == []
