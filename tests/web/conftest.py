"""What tests of staff pages share: browsers that are signed in, tickets, and a count of questions to the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Member, Ticket
from tests.cast import PASSWORD, Cast
from tests.factories import make_ticket

SignIn = Callable[[str], FlaskClient]
MakeTicket = Callable[..., str]


@pytest.fixture
def sign_in(app: Flask, people: Cast) -> SignIn:
    """Signs somebody of the cast in, each in a browser of their own."""

    def browser(login: str) -> FlaskClient:
        client = app.test_client()
        response = client.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert response.status_code == 302
        return client

    return browser


@pytest.fixture
def opened(sqlite: Database, tools: Tools, people: Cast, now: datetime) -> MakeTicket:
    """Opens a ticket as `make_ticket` does, committed; gives its number."""

    def make(text: str = "投诉：等了三个月", *, department: str = "", at: datetime = now, **more: Any) -> str:
        with sqlite.writing.begin() as session:
            agent = session.get_one(Member, people.alice.id) if department else None
            ticket = make_ticket(session, tools, at, text, department=department, agent=agent, **more)
            return ticket.number

    return make


@pytest.fixture
def ticket_now(sqlite: Database) -> Callable[[str], Ticket]:
    """A ticket as the database has it now."""

    def read(number: str) -> Ticket:
        with sqlite.reading() as session:
            ticket = session.query(Ticket).filter_by(number=number).one()
            assert ticket.department.name  # read while there is a session
            return ticket

    return read


@pytest.fixture
def questions(sqlite: Database) -> Callable[[], Any]:
    """Counts the statements that the database is asked within a block."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        asked: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            asked.append(statement)

        event.listen(sqlite.engine, "before_cursor_execute", note)
        yield asked
        event.remove(sqlite.engine, "before_cursor_execute", note)

    return counting


def words(response: TestResponse) -> str:
    """The page as text."""
    return response.get_data(as_text=True)
