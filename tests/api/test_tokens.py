"""Who may call."""

from datetime import datetime

import pytest
from flask import Flask

from monitor.services.members import revoke_token
from monitor.storage.db import Database
from tests.api.conftest import Machine

POST = {"external_id": "1", "text": "投诉：等了三个月"}


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", "Basic eHg6eHg=", "Bearer \ud800".encode(errors="replace").decode()]
)
def test_without_a_valid_token_nothing_is_told(machine: Machine, header: str) -> None:
    answer = machine.client.get("/api/v1/tickets", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json is not None
    assert answer.json["code"] == "unauthorized"


def test_a_token_that_may_only_push_cannot_read(pusher: Machine) -> None:
    assert pusher.push(POST).status_code == 200
    for path in ("/tickets", "/tickets/TS-20261122-AAAAAA-1", "/departments"):
        assert pusher.get(path).status_code == 403


def test_a_token_that_may_only_read_cannot_push(reader: Machine) -> None:
    assert reader.get("/departments").status_code == 200
    answer = reader.push(POST)
    assert answer.status_code == 403
    assert answer.json == {"code": "forbidden", "message": "这个令牌不能推送帖子。"}


def test_a_revoked_token_is_worth_nothing(machine: Machine, sqlite: Database, now: datetime) -> None:
    with sqlite.writing.begin() as session:
        revoke_token(session, "both", now)
    assert machine.get("/departments").status_code == 401


def test_the_rights_are_asked_before_the_body_is_looked_at(reader: Machine) -> None:
    assert reader.send("{").status_code == 403


def test_pushing_needs_no_form_token(app: Flask, machine: Machine) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert machine.push(POST).status_code == 200
