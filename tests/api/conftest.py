"""What tests of the API need: machines with tokens, and messages in plain words."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from monitor.services.members import add_token
from monitor.services.tools import Tools
from monitor.storage.db import Database
from tests.fakes import plain_words


@pytest.fixture
def tools(tools: Tools) -> Tools:
    """The tools of every test, saying their messages in plain words."""
    return replace(tools, render=plain_words)


@dataclass
class Machine:
    """A program with a token."""

    client: FlaskClient
    token: str

    def get(self, path: str, **query: Any) -> TestResponse:
        """Reads."""
        return self.client.get(f"/api/v1{path}", query_string=query, headers=self._headers())

    def push(self, *posts: Any, **more: Any) -> TestResponse:
        """Pushes posts."""
        return self.client.post("/api/v1/posts", json={"posts": list(posts), **more}, headers=self._headers())

    def send(self, body: bytes | str, content_type: str = "application/json") -> TestResponse:
        """Pushes these very bytes."""
        return self.client.post("/api/v1/posts", data=body, content_type=content_type, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture
def machine(client: FlaskClient, sqlite: Database, now: datetime) -> Machine:
    """A program that may push and read."""
    with sqlite.writing.begin() as session:
        return Machine(client, add_token(session, "both", may_push=True, may_read=True, now=now))


@pytest.fixture
def pusher(client: FlaskClient, sqlite: Database, now: datetime) -> Machine:
    """A program that may only push."""
    with sqlite.writing.begin() as session:
        return Machine(client, add_token(session, "pusher", may_push=True, now=now))


@pytest.fixture
def reader(client: FlaskClient, sqlite: Database, now: datetime) -> Machine:
    """A program that may only read."""
    with sqlite.writing.begin() as session:
        return Machine(client, add_token(session, "reader", may_push=False, may_read=True, now=now))


@pytest.fixture
def count_queries(sqlite: Database) -> Iterator[list[str]]:
    """The statements sent to the database, as they are sent."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT"):
            sent.append(statement)

    event.listen(sqlite.engine, "before_cursor_execute", note)
    yield sent
    event.remove(sqlite.engine, "before_cursor_execute", note)
