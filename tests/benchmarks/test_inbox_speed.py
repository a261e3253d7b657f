"""The inbox, its views, its search and one ticket, at the server, with 100,000 tickets on SQLite."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from monitor.app import create_app
from monitor.configuration import Configuration
from monitor.domain.routing import DecidedBy
from monitor.domain.sla import FollowUpKind
from monitor.domain.tickets import Status
from monitor.domain.verdicts import Severity
from monitor.services.setup import built_in_source
from monitor.services.tools import Tools
from monitor.settings import Settings
from monitor.storage.db import Database, open_database
from monitor.storage.models import Assignment, Department, FollowUp, Post, Ticket
from monitor.storage.search import index_tickets
from monitor.wiring import Installation
from tests.benchmarks.conftest import Note
from tests.benchmarks.corpus import made_up_posts
from tests.cast import PASSWORD, assemble
from tests.conftest import NOW, _prepare

pytestmark = pytest.mark.benchmark
TICKETS = 100_000
_STATES = (Status.RECEIVED, Status.ACCEPTED, Status.IN_PROGRESS, Status.CALLBACK_DUE, Status.CLOSED, Status.CLOSED)


def _fill(database: Database) -> None:
    with database.writing.begin() as session:
        source = built_in_source(session, "import")
        departments = list(session.scalars(select(Department.id)))
        raws = made_up_posts(TICKETS)
        for start in range(0, TICKETS, 5_000):
            rows = range(start, start + 5_000)
            session.execute(insert(Ticket), [_ticket(n, raws[n].text, departments, source.id) for n in rows])
            session.execute(insert(Post), [_post(n, raws[n].text, source.id) for n in rows])
            session.execute(insert(Assignment), [_assignment(n, departments) for n in rows])
            session.execute(insert(FollowUp), [_follow_up(n) for n in rows])
            index_tickets(session, [(n + 1, raws[n].text) for n in rows])
        assemble(session, NOW)


def _ticket(number: int, text: str, departments: list[int], source_id: int) -> dict[str, Any]:
    status = _STATES[number % len(_STATES)]
    due = None if status is Status.CLOSED else NOW + timedelta(minutes=number % 20_000 - 500)
    return {
        "id": number + 1,
        "number": f"TS-20261123-{number:06d}-0",
        "status": status,
        "severity": list(Severity)[number % 17 % 3],
        "topic": "服务态度",
        "summary": text[:60],
        "department_id": departments[number % len(departments)],
        "source_id": source_id,
        "created_at": NOW,
        "updated_at": NOW,
        "next_action_at": due,
        "row_version": 1,
    }


def _post(number: int, text: str, source_id: int) -> dict[str, Any]:
    return {
        "source_id": source_id,
        "external_id": str(number),
        "text": text,
        "first_seen_at": NOW,
        "content_hash": "",
        "fingerprint": "",
        "ticket_id": number + 1,
    }


def _assignment(number: int, departments: list[int]) -> dict[str, Any]:
    return {
        "ticket_id": number + 1,
        "department_id": departments[number % len(departments)],
        "decided_by": DecidedBy.RULE,
        "from_at": NOW,
    }


def _follow_up(number: int) -> dict[str, Any]:
    return {"ticket_id": number + 1, "kind": FollowUpKind.RESOLVE, "due_at": NOW + timedelta(minutes=number % 20_000)}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, configuration: Configuration) -> Iterator[Database]:
    """A database with 100,000 tickets."""
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('full') / 'full.db'}")
    _prepare(database, configuration)
    _fill(database)
    yield database
    database.engine.dispose()


@pytest.fixture
def signed_in(full: Database, settings: Settings, configuration: Configuration, tools: Tools) -> FlaskClient:
    """An agent's browser."""
    app = create_app(Installation(settings, configuration, full), tools)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, CLOCK=lambda: NOW)
    client = app.test_client()
    assert client.post("/sign-in", data={"login": "alice", "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize(
    "page",
    [
        "/inbox",
        "/inbox?view=overdue",
        "/inbox?view=closed",
        "/inbox?q=配件",
        "/inbox?severity=critical",
        "/tickets/TS-20261123-000001-0",
    ],
)
def test_a_page_with_100_000_tickets(benchmark: Any, note: Note, signed_in: FlaskClient, page: str) -> None:
    assert signed_in.get(page).status_code == 200
    answer = benchmark.pedantic(lambda: signed_in.get(page), rounds=30, iterations=1)
    note(f"{page}: median {benchmark.stats.stats.median * 1000:.0f} ms, {len(answer.data) / 1024:.0f} kB of HTML")
