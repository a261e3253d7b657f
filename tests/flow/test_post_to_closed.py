"""The whole straight line: a post in a folder becomes a ticket on one desk, a mail, an answer, and a closed case."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.domain.tickets import Status
from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Severity
from monitor.jobs import collect, deliver, followups, handle
from monitor.jobs.context import JobContext
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import AuditEntry, Post, Source, Ticket
from monitor.wiring import build_collectors
from tests.cast import PASSWORD, Cast
from tests.conftest import NOW
from tests.fakes import Outbox

POSTS = [
    {"id": "1", "text": "周末去看了银杏，车里坐着挺舒服。", "author": "甲"},
    {"id": "2", "text": "高速上刹车失灵，4S店说一切正常，我要投诉。", "author": "乙"},
    {"id": "3", "text": "等了俩月还没到货，算了，随它去吧。", "author": "丙"},
]


@pytest.fixture
def context(sqlite: Database, tools: Tools, settings: Any, tmp_path: Path) -> JobContext:
    """Jobs over a folder source with three posts."""
    folder = tmp_path / "posts"
    folder.mkdir()
    lines = [json.dumps(post, ensure_ascii=False) for post in POSTS]
    (folder / "posts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with sqlite.writing.begin() as session:
        options = {"path": str(folder)}
        session.add(Source(name="车友论坛", kind="folder", options=options, cursor={}, next_run_at=NOW))
    return JobContext(sqlite, tools, build_collectors(settings, sqlite), clock=lambda: NOW)


def _tick(context: JobContext) -> None:
    """One round of every job."""
    for job in (collect, handle, followups, deliver):
        job.run(context)


def _browser(app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    client.post("/sign-in", data={"login": login, "password": PASSWORD})
    return client


def test_posts_from_a_source_reach_one_desk_each_and_the_rest_keeps_a_reason(
    context: JobContext, people: Cast, outbox: Outbox
) -> None:
    del people
    _tick(context)
    with context.database.reading() as session:
        outcomes = {post.external_id: post.outcome for post in session.scalars(select(Post))}
        ticket = session.scalars(select(Ticket)).one()
        assert outcomes == {"1": Outcome.IGNORE, "2": Outcome.OPEN, "3": Outcome.SIGNAL}
        assert (ticket.department.name, ticket.severity, ticket.status) == (
            "质量技术",
            Severity.CRITICAL,
            Status.ACCEPTED,
        )
        assert [a.rule for a in ticket.assignments] == ["安全优先"]
    assert {message.recipient for message in outbox.sent} == {"quality@example.com", "erin@example.com"}


def test_a_second_round_changes_nothing(context: JobContext, outbox: Outbox) -> None:
    _tick(context)
    sent = len(outbox.sent)
    with context.database.writing.begin() as session:
        session.scalars(select(Source).where(Source.name == "车友论坛")).one().next_run_at = NOW
    _tick(context)
    with context.database.reading() as session:
        assert len(session.scalars(select(Post)).all()) == 3
        assert len(session.scalars(select(Ticket)).all()) == 1
    assert len(outbox.sent) == sent


def test_a_customer_is_followed_from_the_form_to_a_closed_case(
    app: Flask, context: JobContext, people: Cast, outbox: Outbox
) -> None:
    del people
    number, code = _complain(app)
    handler, agent, customer = _browser(app, "bob"), _browser(app, "alice"), app.test_client()
    _act(handler, number, "take_on")
    answer = {
        "outcome": "upheld",
        "remedy": "repair",
        "root_cause": "助力泵渗油",
        "text": "已更换制动助力泵，试车正常，费用由我们承担。",
        "reached": "电话告知",
    }
    _act(handler, number, "respond", **answer)
    customer.post("/track", data={"number": number, "code": code})
    assert "已更换制动助力泵" in customer.get(f"/track/{number}").text
    rated = customer.post(f"/track/{number}/rating", data={"solved": "yes", "satisfaction": "5"})
    assert rated.status_code == 303, rated.text
    assert "待回访" in agent.get(f"/tickets/{number}").text
    _act(agent, number, "close")
    later = replace(context, clock=lambda: NOW + timedelta(minutes=1))
    _tick(later)
    with context.database.reading() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        actions = list(session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == ticket.id)))
        assert ticket.status is Status.CLOSED
        assert ticket.next_action_at is None
        assert [call.satisfaction for call in ticket.call_backs] == [5]
        assert [a for a in actions if a in _STEPS] == list(_STEPS)
    to_customer = [message.subject for message in outbox.sent if message.recipient == "owner@example.com"]
    assert len(to_customer) == 2
    assert all(number in subject for subject in to_customer)


_STEPS = ("open", "accept", "take_on", "respond", "turn_to_callback", "close")


def _complain(app: Flask) -> tuple[str, str]:
    """Files a complaint through the form; number and code as the thanks page shows them."""
    client = app.test_client()
    once = _after(client.get("/complain").text, 'name="once" value="')
    words = {"text": "高速上刹车失灵，4S店说一切正常，我要投诉。", "name": "李女士", "email": "owner@example.com"}
    answer = client.post("/complain", data={**words, "contact": "leave", "once": once})
    assert answer.status_code in (302, 303), answer.text
    page = client.get(answer.location).text
    return _after(page, 'id="number">', "<"), _after(page, 'id="code">', "<")


def _after(page: str, mark: str, end: str = '"') -> str:
    assert mark in page, page[:2000]
    return page.split(mark, 1)[1].split(end, 1)[0]


def _act(client: FlaskClient, number: str, action: str, **fields: str) -> None:
    """Takes an action through the page, with the version that the page shows."""
    page = client.get(f"/tickets/{number}").text
    version = _after(page, 'name="row_version" value="')
    answer = client.post(f"/tickets/{number}/{action}", data={**fields, "row_version": version})
    assert answer.status_code in (302, 303), answer.text[:3000]
