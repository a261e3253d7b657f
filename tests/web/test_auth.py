"""Signing in and out."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from monitor.domain.people import Role
from monitor.services.members import add_member
from monitor.storage.db import Database
from tests.cast import PASSWORD, Cast
from tests.conftest import NOW

SignIn = Callable[[str], FlaskClient]


def _try(client: FlaskClient, login: str, password: str, **more: str) -> tuple[int, str]:
    response = client.post("/sign-in", data={"login": login, "password": password, **more})
    return response.status_code, response.get_data(as_text=True)


def test_a_member_signs_in_and_lands_in_the_inbox(client: FlaskClient, people: Cast) -> None:
    response = client.post("/sign-in", data={"login": "Alice ", "password": PASSWORD})
    assert (response.status_code, response.location) == (302, "/inbox")
    assert "王小满" in client.get("/inbox").get_data(as_text=True)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient, people: Cast) -> None:
    response = client.post("/sign-in", data={"login": "alice", "password": PASSWORD})
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_every_refusal_reads_the_same(client: FlaskClient, people: Cast) -> None:
    unknown, wrong = _try(client, "nobody", "x"), _try(client, "alice", "x")
    assert unknown[0] == wrong[0] == 401
    assert unknown[1].replace("nobody", "") == wrong[1].replace("alice", "")
    assert "锁住 15 分钟" in wrong[1]


def test_several_failures_lock_the_account_for_a_while(app: Flask, people: Cast) -> None:
    client = app.test_client()
    for _ in range(3):
        _try(client, "alice", "wrong")
    assert _try(client, "alice", PASSWORD)[0] == 401
    app.config["CLOCK"] = lambda: NOW + timedelta(minutes=16)
    assert _try(client, "alice", PASSWORD)[0] == 302


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "https://evil.example/x", "/\\evil.example", "javascript:alert(1)", "\t//evil.example"],
)
def test_a_link_cannot_lead_a_member_to_another_site(client: FlaskClient, people: Cast, address: str) -> None:
    response = client.post("/sign-in", data={"login": "alice", "password": PASSWORD, "next": address})
    assert response.location == "/inbox"


def test_after_signing_in_one_is_where_one_wanted_to_be(client: FlaskClient, people: Cast) -> None:
    asked = client.get("/signals?before=9")
    assert asked.location == "/sign-in?next=/signals?before%3D9"
    response = client.post("/sign-in", data={"login": "alice", "password": PASSWORD, "next": "/signals?before=9"})
    assert response.location == "/signals?before=9"


def test_signing_out_ends_the_session(sign_in: SignIn) -> None:
    alice = sign_in("alice")
    assert alice.post("/sign-out").status_code == 302
    assert alice.get("/inbox").status_code == 302


def test_a_form_sent_after_the_session_ended_says_so(client: FlaskClient, people: Cast) -> None:
    assert client.post("/members", data={}).location == "/sign-in"
    assert "没有提交" in client.get("/sign-in").get_data(as_text=True)


def test_a_temporary_password_must_be_changed_first(app: Flask, sqlite: Database) -> None:
    with sqlite.writing.begin() as session:
        _, password = add_member(session, "new", "新同事", Role.AGENT, now=NOW)
    client = app.test_client()
    _try(client, "new", password)
    assert client.get("/inbox").location == "/account/password"
    wanted = {"old": password, "new": "four words make a pass", "again": "four words make a pass"}
    assert client.post("/account/password", data=wanted).location == "/inbox"
    assert client.get("/inbox").status_code == 200


def test_a_form_without_its_token_is_refused(app: Flask, people: Cast) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    assert _try(client, "alice", PASSWORD)[0] == 400
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
    assert token
    assert _try(client, "alice", PASSWORD, csrf_token=token[1])[0] == 302
