"""Members: adding, one-time passwords, switching off."""

import re
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.storage.db import Database
from monitor.storage.models import AuditEntry
from tests.cast import PASSWORD

SignIn = Callable[[str], FlaskClient]
NEW = {"login": "fang", "name": "方芳", "role": "handler", "department": "质量技术", "email": "fang@example.com"}


def _password(page: str) -> str:
    found = re.search(r"<code>([^<]+)</code>", page)
    assert found
    return found[1]


def test_a_new_member_signs_in_with_the_password_shown_once(app: Flask, sign_in: SignIn) -> None:
    dave = sign_in("dave")
    password = _password(dave.post("/members", data=NEW).get_data(as_text=True))
    page = dave.get("/members").get_data(as_text=True)
    assert "方芳" in page
    assert password not in page
    signed_in = app.test_client().post("/sign-in", data={"login": "fang", "password": password})
    assert signed_in.status_code == 302


def test_what_is_wrong_is_named_and_what_was_typed_is_kept(sign_in: SignIn) -> None:
    response = sign_in("dave").post("/members", data={**NEW, "department": ""})
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "请选择部门" in page
    assert 'value="方芳"' in page


def test_a_new_password_ends_the_members_sessions(sign_in: SignIn, sqlite: Database) -> None:
    alice, dave = sign_in("alice"), sign_in("dave")
    dave.post("/members/alice/reset-password")
    assert alice.get("/inbox").status_code == 302
    with sqlite.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "password_reset")).one()
    assert entry.name == "管理员"


def test_a_member_switched_off_is_out_at_once(app: Flask, sign_in: SignIn) -> None:
    alice, dave = sign_in("alice"), sign_in("dave")
    dave.post("/members/alice/active", data={"active": "no"})
    assert alice.get("/inbox").status_code == 302
    assert app.test_client().post("/sign-in", data={"login": "alice", "password": PASSWORD}).status_code == 401
    dave.post("/members/alice/active", data={"active": "yes"})
    sign_in("alice")


def test_nobody_switches_themselves_off(sign_in: SignIn) -> None:
    dave = sign_in("dave")
    page = dave.post("/members/dave/active", data={"active": "no"}, follow_redirects=True).get_data(as_text=True)
    assert "不能停用自己" in page
