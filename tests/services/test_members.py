"""Signing in, locking out, passwords and tokens."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.errors import Forbidden, Invalid, NotFound
from monitor.domain.people import Role
from monitor.services import members
from monitor.services.members import add_member, add_token, change_password, reset_password, sign_in, token_for
from monitor.storage.models import ApiToken, AuditEntry, Member
from tests.cast import PASSWORD, Cast

LOCK = timedelta(minutes=15)


def _try(session: Session, now: datetime, login: str = "alice", password: str = PASSWORD) -> Member | None:
    return sign_in(session, login, password, attempts=3, lock=LOCK, now=now)


def test_login_and_password_open_the_door(session: Session, cast: Cast, now: datetime) -> None:
    assert _try(session, now) is cast.alice
    assert _try(session, now, " ALICE ") is cast.alice
    assert cast.alice.last_seen_at == now


@pytest.mark.parametrize(("login", "password"), [("alice", "wrong"), ("nobody", PASSWORD), ("", ""), ("alice", "")])
def test_everything_else_does_not(session: Session, cast: Cast, now: datetime, login: str, password: str) -> None:
    assert _try(session, now, login, password) is None


def test_an_unknown_login_is_checked_as_thoroughly_as_a_wrong_password(
    session: Session, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def note(password_hash: str, password: str) -> bool:
        checked.append(password_hash)
        return False

    monkeypatch.setattr(members, "_matches", note)
    _try(session, now, "nobody")
    assert len(checked) == 1
    assert "m=19456,t=2,p=1" in checked[0], "the same work as for a real member"


def test_three_wrong_tries_lock_for_a_while_even_the_right_password(
    session: Session, cast: Cast, now: datetime
) -> None:
    for _ in range(3):
        _try(session, now, password="wrong")
    assert _try(session, now + LOCK - timedelta(seconds=1)) is None
    assert _try(session, now + LOCK) is cast.alice
    assert (cast.alice.failed_sign_ins, cast.alice.locked_until) == (0, None)
    assert session.scalars(select(AuditEntry.action)).all() == ["locked"]


def test_a_right_password_in_between_begins_the_count_anew(session: Session, cast: Cast, now: datetime) -> None:
    for password in ("wrong", "wrong", PASSWORD, "wrong", "wrong"):
        _try(session, now, password=password)
    assert _try(session, now) is cast.alice


def test_a_member_switched_off_stays_outside_and_is_signed_out(session: Session, cast: Cast, now: datetime) -> None:
    members.set_active(session, "alice", False, now)
    assert _try(session, now) is None
    assert cast.alice.session_epoch == 1


def test_the_last_administrator_cannot_be_switched_off(session: Session, cast: Cast, now: datetime) -> None:
    with pytest.raises(Invalid, match="最后一位管理员"):
        members.set_active(session, "dave", False, now)


def test_a_new_member_has_a_password_for_once(session: Session, now: datetime) -> None:
    member, password = add_member(session, " New ", "新人", Role.HANDLER, department="质量技术", now=now)
    assert (member.login, member.password_is_temporary) == ("new", True)
    assert password not in member.password_hash
    assert _try(session, now, "new", password) is member
    change_password(session, member, password, "another password", now)
    assert (member.password_is_temporary, member.session_epoch) == (False, 1)
    assert _try(session, now, "new", password) is None
    assert _try(session, now, "new", "another password") is member


@pytest.mark.parametrize(
    ("login", "name", "role", "department", "field"),
    [
        ("", "x", Role.AGENT, "", "login"),
        ("x", " ", Role.AGENT, "", "name"),
        ("Alice", "x", Role.AGENT, "", "login"),
        ("x", "x", Role.HANDLER, "", "department"),
        ("x", "x", Role.HEAD, "没有", "department"),
    ],
)
def test_a_new_member_is_checked_field_by_field(
    *, session: Session, cast: Cast, now: datetime, login: str, name: str, role: Role, department: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        add_member(session, login, name, role, department=department, now=now)
    assert field in refused.value.fields


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("wrong", "long enough x", "old"), (PASSWORD, "short", "new"), (PASSWORD, PASSWORD, "new")],
)
def test_a_new_password_is_checked(session: Session, cast: Cast, now: datetime, old: str, new: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        change_password(session, cast.alice, old, new, now)
    assert field in refused.value.fields


def test_a_reset_unlocks_and_ends_every_session(session: Session, cast: Cast, now: datetime) -> None:
    for _ in range(3):
        _try(session, now, password="wrong")
    password = reset_password(session, "alice", now)
    assert _try(session, now, password=password) is cast.alice
    assert (cast.alice.password_is_temporary, cast.alice.session_epoch) == (True, 1)
    with pytest.raises(NotFound):
        reset_password(session, "nobody", now)


def test_the_first_administrator_is_made_once(session: Session, now: datetime) -> None:
    password = members.ensure_administrator(session, now)
    assert password
    assert members.ensure_administrator(session, now) == ""
    assert _try(session, now, "admin", password)


def test_a_token_opens_until_it_is_revoked_and_is_stored_as_a_hash(session: Session, now: datetime) -> None:
    token = add_token(session, "crm", may_read=True, now=now)
    assert token_for(session, token).name == "crm"
    assert token not in session.scalars(select(ApiToken.token_hash)).one()
    with pytest.raises(Invalid):
        add_token(session, " crm ", now=now)
    members.revoke_token(session, "crm", now)
    for wrong in (token, "", "xw_\ud800"):
        with pytest.raises(Forbidden):
            token_for(session, wrong)
