"""People who sign in, and machines that push and read."""

import hashlib
import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.errors import Forbidden, Invalid, NotFound
from monitor.domain.people import DEPARTMENT_ROLES, Role
from monitor.services import audit
from monitor.services.audit import SYSTEM, Doer
from monitor.services.routing import department_named
from monitor.storage.models import ApiToken, Member

MIN_PASSWORD = 10

# OWASP's second Argon2id setting: 19 MiB, two passes. One check takes about 35 ms, which bounds guessing as well.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


def add_member(
    session: Session,
    login: str,
    name: str,
    role: Role,
    *,
    department: str = "",
    email: str = "",
    by: Doer = SYSTEM,
    now: datetime,
) -> tuple[Member, str]:
    """A new member and the one-time password. Raises `Invalid` naming the field."""
    login, name = login.strip().lower(), name.strip()
    if not login or not name:
        raise Invalid("登录名和姓名都要写。", fields={"login": "请填写", "name": "请填写"})
    if session.scalars(select(Member.id).where(Member.login == login)).first():
        raise Invalid(f"登录名“{login}”已经有人用了。", fields={"login": "已经有人用了"})
    if role in DEPARTMENT_ROLES and not department:
        raise Invalid("主办人和部门负责人要写明部门。", fields={"department": "请选择部门"})
    password = secrets.token_urlsafe(9)
    member = Member(
        login=login,
        name=name,
        role=role,
        email=email.strip(),
        department_id=department_named(session, department).id if department else None,
        password_hash=_hasher.hash(password),
        created_at=now,
    )
    session.add(member)
    session.flush()
    audit.record(session, by, "member_added", "member", member.id, now, login=login, role=role.value)
    return member, password


def sign_in(
    session: Session, login: str, password: str, *, attempts: int, lock: timedelta, now: datetime
) -> Member | None:
    """The member when login and password are right and the account is not locked; else None, and the failure counts.

    An unknown login costs the same time as a wrong password, so that nobody learns which logins exist.
    """
    # Held until the end of the transaction, so that guesses made at once are all counted.
    wanted = select(Member).where(Member.login == login.strip().lower()).with_for_update()
    member = session.scalars(wanted).first()
    right = _matches(member.password_hash if member else _NOBODY, password)
    if member is None or not member.active:
        return None
    if member.locked_until is not None and member.locked_until > now:
        return None
    if right:
        member.failed_sign_ins, member.locked_until, member.last_seen_at = 0, None, now
        return member
    member.failed_sign_ins += 1
    if member.failed_sign_ins >= attempts:
        member.failed_sign_ins, member.locked_until = 0, now + lock
        audit.record(session, SYSTEM, "locked", "member", member.id, now, login=member.login)
    return None


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def change_password(session: Session, member: Member, old: str, new: str, now: datetime) -> None:
    """Sets a new password and ends all other sessions. Raises `Invalid` naming the field."""
    if not _matches(member.password_hash, old):
        raise Invalid("原密码不对。", fields={"old": "原密码不对"})
    if len(new) < MIN_PASSWORD or new == old:
        raise Invalid(
            f"新密码至少 {MIN_PASSWORD} 个字符，且与原密码不同。", fields={"new": f"至少 {MIN_PASSWORD} 个字符"}
        )
    member.password_hash = _hasher.hash(new)
    member.password_is_temporary = False
    member.session_epoch += 1
    audit.record(session, audit.doer(member), "password_changed", "member", member.id, now)


def reset_password(session: Session, login: str, now: datetime, *, by: Doer = SYSTEM) -> str:
    """A new one-time password; every session of the member ends. Raises `NotFound`."""
    member = member_named(session, login)
    password = secrets.token_urlsafe(9)
    member.password_hash, member.password_is_temporary = _hasher.hash(password), True
    member.failed_sign_ins, member.locked_until = 0, None
    member.session_epoch += 1
    audit.record(session, by, "password_reset", "member", member.id, now)
    return password


def set_active(session: Session, login: str, active: bool, now: datetime, *, by: Doer = SYSTEM) -> None:
    """Switches a member on or off; off ends every session. Raises `NotFound`; `Invalid` for the last administrator."""
    member = member_named(session, login)
    if not active and member.role is Role.ADMINISTRATOR and _administrators(session) == 1:
        raise Invalid("这是最后一位管理员，停用后就没有人能管理了。")
    member.active = active
    member.session_epoch += 1
    audit.record(session, by, "member_switched", "member", member.id, now, active=active)


def _administrators(session: Session) -> int:
    count = select(func.count()).where(Member.role == Role.ADMINISTRATOR, Member.active)
    return session.scalar(count) or 0


def member_named(session: Session, login: str) -> Member:
    """The member with this login. Raises `NotFound`."""
    member = session.scalars(select(Member).where(Member.login == login.strip().lower())).first()
    if member is None:
        raise NotFound(f"没有登录名为“{login}”的成员。")
    return member


def ensure_administrator(session: Session, now: datetime) -> str:
    """Makes the first administrator; gives the one-time password, or "" when there is one already."""
    if session.scalars(select(Member.id).where(Member.role == Role.ADMINISTRATOR)).first():
        return ""
    _, password = add_member(session, "admin", "管理员", Role.ADMINISTRATOR, now=now)
    return password


def add_token(
    session: Session, name: str, *, may_push: bool = True, may_read: bool = False, by: Doer = SYSTEM, now: datetime
) -> str:
    """A new API token, shown this once. Raises `Invalid` when the name is taken."""
    if not name.strip() or session.scalars(select(ApiToken.id).where(ApiToken.name == name.strip())).first():
        raise Invalid(f"令牌名“{name}”是空的或已经有了。", fields={"name": "请换一个名字"})
    token = f"xw_{secrets.token_urlsafe(32)}"
    row = ApiToken(
        name=name.strip(), token_hash=_token_hash(token), may_push=may_push, may_read=may_read, created_at=now
    )
    session.add(row)
    session.flush()
    audit.record(session, by, "token_added", "token", row.id, now, name=row.name)
    return token


def revoke_token(session: Session, name: str, now: datetime) -> None:
    """Ends a token. Raises `NotFound`."""
    row = session.scalars(select(ApiToken).where(ApiToken.name == name, ApiToken.revoked_at.is_(None))).first()
    if row is None:
        raise NotFound(f"没有名为“{name}”的有效令牌。")
    row.revoked_at = now
    audit.record(session, SYSTEM, "token_revoked", "token", row.id, now, name=name)


def token_for(session: Session, token: str) -> ApiToken:
    """The row of a valid token. Raises `Forbidden`."""
    row = session.scalars(
        select(ApiToken).where(ApiToken.token_hash == _token_hash(token), ApiToken.revoked_at.is_(None))
    ).first()
    if row is None:
        raise Forbidden("令牌无效或已停用。")
    return row


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
