"""The rows follow the configuration, and nothing is lost by it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.configuration import Configuration, DepartmentEntry
from monitor.configuration.sources import SourceEntry
from monitor.services.setup import BUILT_IN, sync
from monitor.services.tools import Tools
from monitor.storage.models import AuditEntry, Department, Source, Ticket
from tests.factories import make_ticket

FORUM = SourceEntry("论坛", "feed", {"url": "https://a"}, 600, enabled=True, direct=False, example=False)


def _sync(
    session: Session, configuration: Configuration, now: datetime, *sources: SourceEntry, example: bool = False,
    without: str = "",
) -> None:  # fmt: skip
    departments: tuple[DepartmentEntry, ...] = tuple(d for d in configuration.departments if d.name != without)
    sync(session, departments, sources, with_example=example, now=now)
    session.flush()


def _everything(session: Session) -> list[tuple[Any, ...]]:
    session.expire_all()
    rows = [*session.scalars(select(Department)), *session.scalars(select(Source))]
    return [tuple(getattr(row, column.key) for column in row.__table__.columns) for row in rows]


def _forum(session: Session) -> Source:
    session.expire_all()
    return session.scalars(select(Source).where(Source.name == "论坛")).one()


def test_doing_it_again_changes_nothing(session: Session, configuration: Configuration, now: datetime) -> None:
    _sync(session, configuration, now, FORUM)
    before = _everything(session)
    _sync(session, configuration, now, FORUM)
    assert _everything(session) == before


def test_there_is_one_fallback_and_every_built_in_source(session: Session) -> None:
    assert session.scalars(select(Department.name).where(Department.is_fallback)).all() == ["客服中心"]
    assert set(BUILT_IN) <= set(session.scalars(select(Source.kind)))


def test_the_open_tickets_of_a_dissolved_department_go_to_the_fallback(
    session: Session, configuration: Configuration, tools: Tools, now: datetime
) -> None:
    ticket = make_ticket(session, tools, now, "投诉：异响")
    assert ticket.department.name == "质量技术"
    _sync(session, configuration, now, without="质量技术")
    ticket = session.scalars(select(Ticket)).one()
    assert ticket.department.is_fallback
    assert [(a.department.name, a.until_at is None) for a in ticket.assignments] == [
        ("质量技术", False),
        ("客服中心", True),
    ]
    assert "reassign" in session.scalars(select(AuditEntry.action)).all()
    gone = session.scalars(select(Department).where(Department.name == "质量技术")).one()
    assert not gone.active
    assert make_ticket(session, tools, now, "投诉：又异响").department.is_fallback
    _sync(session, configuration, now)
    assert gone.active


def test_another_department_can_become_the_fallback(
    session: Session, configuration: Configuration, now: datetime
) -> None:
    moved = replace(
        configuration,
        departments=tuple(replace(d, fallback=d.name == "售后服务") for d in configuration.departments),
    )
    _sync(session, moved, now)
    assert session.scalars(select(Department.name).where(Department.is_fallback)).all() == ["售后服务"]


def test_a_source_whose_address_changed_begins_anew(
    session: Session, configuration: Configuration, now: datetime
) -> None:
    _sync(session, configuration, now, FORUM)
    forum = _forum(session)
    forum.cursor, forum.blocked, forum.next_run_at, forum.error = {"page": 9}, True, None, "gone"
    session.flush()
    _sync(session, configuration, now, FORUM)
    assert (_forum(session).cursor, _forum(session).blocked) == ({"page": 9}, True)
    _sync(session, configuration, now, replace(FORUM, options={"url": "https://b"}))
    forum = _forum(session)
    assert (forum.cursor, forum.blocked, forum.error, forum.next_run_at) == ({}, False, "", now)


def test_a_shorter_interval_takes_effect_now(session: Session, configuration: Configuration, now: datetime) -> None:
    _sync(session, configuration, now, FORUM)
    _forum(session).next_run_at = now + timedelta(hours=6)
    session.flush()
    _sync(session, configuration, now, replace(FORUM, interval=60))
    assert _forum(session).next_run_at == now + timedelta(minutes=1)


def test_a_source_gone_from_the_configuration_is_switched_off(
    session: Session, configuration: Configuration, now: datetime
) -> None:
    _sync(session, configuration, now, FORUM)
    _sync(session, configuration, now)
    assert (_forum(session).enabled, _forum(session).next_run_at) == (False, None)


@pytest.mark.parametrize(("example", "enabled"), [(True, True), (False, False)])
def test_an_example_is_on_only_while_examples_are_wanted(
    session: Session, configuration: Configuration, now: datetime, example: bool, enabled: bool
) -> None:
    _sync(session, configuration, now, replace(FORUM, example=True), example=example)
    assert (_forum(session).enabled, _forum(session).next_run_at is not None) == (enabled, enabled)
