"""All sources are looked at, also those that nobody visits any more."""

import logging
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from monitor.domain.health import Health
from monitor.jobs import health
from monitor.jobs.context import JobContext
from monitor.services.setup import BUILT_IN
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import HealthChange, Notification, Source
from tests.fakes import collectors


def _run(database: Database, tools: Tools, when: datetime) -> None:
    health.run(JobContext(database, tools, collectors([]), lambda: when))


def _states(database: Database) -> dict[str, Health]:
    with database.reading() as session:
        return {s.name: s.health for s in session.scalars(select(Source).where(Source.kind == "feed"))}


def _add(database: Database, now: datetime, *names: str) -> None:
    with database.writing.begin() as session:
        for name in names:
            source = Source(name=name, kind="feed", options={}, cursor={}, next_run_at=now, last_success_at=now)
            session.add(source)


def test_more_sources_than_a_batch_are_all_found_late_and_told_of(
    database: Database, tools: Tools, now: datetime
) -> None:
    names = [f"来源 {n}" for n in range(health.BATCH + 1)]
    _add(database, now, *names)
    for minutes in (0, 5, 10):
        _run(database, tools, now + timedelta(hours=2, minutes=minutes))
    states = _states(database)
    assert {states[name] for name in names} == {Health.LATE}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Notification)) == len(names)
        kinds = select(Source.kind).join(HealthChange, HealthChange.source_id == Source.id).distinct()
        assert not set(session.scalars(kinds)) & set(BUILT_IN), "built-in sources have no visits to be late with"


def test_one_source_that_cannot_be_looked_at_stops_no_other(
    sqlite: Database, tools: Tools, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    _add(sqlite, now, "好的", "坏的")
    with sqlite.writing.begin() as session:
        bad = session.scalars(select(Source).where(Source.name == "坏的")).one()
        bad.interval_seconds = 10**15  # more than time can hold
    with caplog.at_level(logging.ERROR):
        _run(sqlite, tools, now + timedelta(hours=2))
    assert _states(sqlite)["好的"] is Health.LATE
    assert "cannot be told" in caplog.text
