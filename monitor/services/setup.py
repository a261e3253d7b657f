"""Bringing the database in step with `config/`: departments and sources are added, changed and switched off by it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from monitor.domain.tickets import OPEN_STATES
from monitor.services import audit, routing
from monitor.services.audit import SYSTEM
from monitor.storage.models import Department, Source, Ticket

BUILT_IN = {
    "form": ("公开投诉表单", True),
    "api": ("接口推送", False),
    "api-complaints": ("接口推送（均为投诉）", True),
    "capture": ("人工摘录", False),
    "import": ("文件导入", False),
    "import-complaints": ("文件导入（均为投诉）", True),
}
"""Sources that nobody visits: kind → name for people, and whether what comes from there is always a complaint."""


class DepartmentEntry(Protocol):
    """A department as configured."""

    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def fallback(self) -> bool: ...


class SourceEntry(Protocol):
    """A source as configured."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def options(self) -> Any: ...
    @property
    def interval(self) -> int: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def direct(self) -> bool: ...
    @property
    def example(self) -> bool: ...
    @property
    def query(self) -> str: ...


def sync(
    session: Session,
    departments: Sequence[DepartmentEntry],
    sources: Sequence[SourceEntry],
    *,
    with_example: bool,
    now: datetime,
) -> None:
    """Makes the rows say what the configuration says. Nothing is deleted: what is gone from it is switched off."""
    _sync_departments(session, departments, now)
    _sync_sources(session, sources, with_example, now)
    for kind in BUILT_IN:
        built_in_source(session, kind)


def _sync_departments(session: Session, entries: Sequence[DepartmentEntry], now: datetime) -> None:
    # First nobody is the fallback, then exactly one: the database allows one at a time.
    session.execute(update(Department).values(is_fallback=False))
    rows = {row.name: row for row in session.scalars(select(Department))}
    for entry in entries:
        row = rows.pop(entry.name, None) or Department(name=entry.name)
        row.email, row.is_fallback, row.active = entry.email, entry.fallback, True
        session.add(row)
    session.flush()
    for gone in rows.values():
        if gone.active:
            _dissolve(session, gone, now)


def _dissolve(session: Session, department: Department, now: datetime) -> None:
    """Switches a department off; its open tickets go to the fallback in the same moment."""
    fallback = session.scalars(select(Department).where(Department.is_fallback)).one()
    department.active = False
    held = select(Ticket).where(Ticket.department_id == department.id, Ticket.status.in_(OPEN_STATES))
    for ticket in session.scalars(held):
        routing.reassign(ticket, fallback, SYSTEM, f"{department.name}已撤销", now)
        audit.record(
            session,
            SYSTEM,
            "reassign",
            "ticket",
            ticket.id,
            now,
            department=fallback.name,
            reason=f"{department.name}已撤销",
        )


def _sync_sources(session: Session, entries: Sequence[SourceEntry], with_example: bool, now: datetime) -> None:
    rows = {row.name: row for row in session.scalars(select(Source))}
    for entry in entries:
        row = rows.pop(entry.name, None)
        if row is None:
            row = Source(name=entry.name, kind=entry.kind, options={}, cursor={}, enabled=False)
            session.add(row)
        row.origin = "config"
        _take_over(row, entry, enabled=entry.enabled and (with_example or not entry.example), now=now)
    for gone in rows.values():
        if gone.origin == "config":
            gone.enabled, gone.next_run_at = False, None


def _take_over(row: Source, entry: SourceEntry, *, enabled: bool, now: datetime) -> None:
    changed = (row.kind, row.options) != (entry.kind, dict(entry.options))
    if changed:
        row.kind, row.options, row.cursor = entry.kind, dict(entry.options), {}
        row.host, row.leased_until = visited_host(entry.kind, entry.options), None
        row.blocked, row.error, row.failures = False, "", 0
    row.interval_seconds, row.direct, row.query = entry.interval, entry.direct, entry.query
    if not enabled:
        row.enabled, row.next_run_at = False, None
        return
    if changed or not row.enabled:
        row.next_run_at = None if entry.kind == PUSHED else now
    row.enabled = True
    if row.next_run_at is not None:  # a shorter interval takes effect now, not after the long one
        row.next_run_at = min(row.next_run_at, now + timedelta(seconds=entry.interval))


PUSHED = "push"
"""The kind whose posts are sent to us: configured like the others, and never visited."""


def visited_host(kind: str, options: Mapping[str, Any]) -> str:
    """Which host a source's visits go to; the kind itself stands for the one site it always reads. "" for none."""
    if kind == PUSHED or "path" in options:
        return ""
    address = str(options.get("url", ""))
    try:
        named = urlsplit(address).hostname or str(options.get("host", ""))
    except ValueError:
        named = ""
    return (named or kind).lower()[:255]


def built_in_source(session: Session, kind: str, *, name: str = "") -> Source:
    """The source of that kind that nobody visits; made when it is missing. Imports may have a name of their own."""
    title, direct = BUILT_IN[kind]
    wanted = name or title
    row = session.scalars(select(Source).where(Source.name == wanted)).first()
    if row is None:
        row = Source(name=wanted, kind=kind, options={}, origin="built-in", direct=direct, cursor={}, next_run_at=None)
        session.add(row)
        session.flush()
    return row
