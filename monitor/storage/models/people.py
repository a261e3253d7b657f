"""Departments, members, API tokens."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.domain.people import Role
from monitor.storage.models.base import Base


class Department(Base):
    """A unit that can be responsible. Exactly one is the fallback; a department is switched off, never deleted."""

    __tablename__ = "departments"
    __table_args__ = (
        Index(
            "uq_departments_fallback",
            "is_fallback",
            unique=True,
            sqlite_where=text("is_fallback"),
            postgresql_where=text("is_fallback"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    email: Mapped[str] = mapped_column(default="")
    is_fallback: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)


class Member(Base):
    """A person who signs in."""

    __tablename__ = "members"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(default="")
    role: Mapped[Role]
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    password_hash: Mapped[str]
    password_is_temporary: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    session_epoch: Mapped[int] = mapped_column(default=0)
    """Counts up when all sessions of this member must end: a new password, or being switched off."""
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]

    department: Mapped[Department | None] = relationship()


class ApiToken(Base):
    """A machine that may use the API; the token itself is shown once and kept only as a hash."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    may_push: Mapped[bool] = mapped_column(default=True)
    may_read: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
