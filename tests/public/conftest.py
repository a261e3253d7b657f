"""What tests of the public pages need: a customer's browser, and messages in plain words."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Ticket
from tests.fakes import plain_words

STORY = "车在4S店修了三次，方向盘还是抖，没有人给个说法。"


@pytest.fixture
def tools(tools: Tools) -> Tools:
    """The tools of every test, saying their messages in plain words."""
    return replace(tools, render=plain_words)


@dataclass
class Visitor:
    """A customer with a browser: opens pages, fills forms in, keeps the last answer."""

    client: FlaskClient
    number: str = ""
    code: str = ""
    shown: str = field(default="", repr=False)

    def open(self, path: str) -> TestResponse:
        """Opens a page."""
        return self._seen(self.client.get(path, follow_redirects=True))

    def send(self, path: str, **fields: Any) -> TestResponse:
        """Sends a form, and follows to the page it leads to."""
        return self._seen(self.client.post(path, data=fields, follow_redirects=True))

    def once(self) -> str:
        """The one-time value of a newly opened complaint form."""
        self.open("/complain")
        found = re.search(r'name="once" value="([^"]+)"', self.shown)
        assert found
        return found.group(1)

    def complain(self, text: str = STORY, **fields: Any) -> TestResponse:
        """Fills the form in and sends it; remembers number and code."""
        answer = self.send("/complain", **{"text": text, "once": self.once(), **fields})
        self.number = self._first(r"TS-\d{8}-\w{6}-\w")
        self.code = self._first(r"\b\w{4}-\w{4}-\w{4}\b")
        return answer

    def look_up(self) -> TestResponse:
        """Asks with number and code."""
        return self.send("/track", number=self.number, code=self.code)

    def page(self, part: str = "") -> str:
        """The address of this visitor's complaint."""
        return f"/track/{self.number}" + (f"/{part}" if part else "")

    def _seen(self, answer: TestResponse) -> TestResponse:
        self.shown = answer.text
        return answer

    def _first(self, pattern: str) -> str:
        found = re.search(pattern, self.shown)
        return found.group() if found else ""


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    """A customer."""
    return Visitor(client)


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    """Somebody else with another browser."""
    return Visitor(app.test_client())


def ticket_numbers(database: Database) -> list[str]:
    """The numbers of all tickets there are."""
    with database.reading() as session:
        return list(session.scalars(select(Ticket.number)))
