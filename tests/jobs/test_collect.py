"""Several sources visited at a time, and a slow one that keeps nobody waiting."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from monitor.jobs import collect
from monitor.jobs.context import JobContext
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import CollectRun, Source
from scrapers.base import Batch, Cursor
from tests.fakes import raw


@dataclass
class Meeting:
    """A collector that waits until as many others are at their sites too."""

    barrier: threading.Barrier

    def collect(self, cursor: Cursor) -> Batch:
        self.barrier.wait(20)
        return Batch((raw("1"),), {"seen": 1})


def _add(database: Database, now: datetime, *hosts: str) -> None:
    with database.writing.begin() as session:
        for host in hosts:
            session.add(Source(name=f"来源 {host}", kind="feed", options={}, cursor={}, host=host, next_run_at=now))


def _visited(database: Database) -> list[str]:
    with database.reading() as session:
        query = select(Source.host).join(CollectRun, CollectRun.source_id == Source.id).order_by(Source.host)
        return list(session.scalars(query))


def test_sources_of_different_hosts_are_visited_at_the_same_time(
    database: Database, tools: Tools, now: datetime
) -> None:
    _add(database, now, "a.example", "b.example", "c.example")
    meeting = Meeting(threading.Barrier(3))
    collect.run(JobContext(database, tools, lambda _kind, _options: meeting, lambda: now, workers=4))
    assert _visited(database) == ["a.example", "b.example", "c.example"]


def test_one_worker_visits_one_after_the_other(sqlite: Database, tools: Tools, now: datetime) -> None:
    _add(sqlite, now, "a.example", "b.example")
    meeting = Meeting(threading.Barrier(1))
    collect.run(JobContext(sqlite, tools, lambda _kind, _options: meeting, lambda: now))
    assert _visited(sqlite) == ["a.example", "b.example"]


def test_a_slow_source_keeps_no_other_waiting_that_becomes_due(
    sqlite: Database, tools: Tools, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "LOOK_AGAIN", 0.02)
    came, other_came = threading.Event(), threading.Event()

    class Slow:
        def collect(self, cursor: Cursor) -> Batch:
            came.set()
            assert other_came.wait(20), "nobody visited the other source meanwhile"
            return Batch((), cursor)

    class Quick:
        def collect(self, cursor: Cursor) -> Batch:
            other_came.set()
            return Batch((), cursor)

    def build(_kind: str, options: Mapping[str, Any]) -> Slow | Quick:
        return Slow() if not options else Quick()

    _add(sqlite, now, "slow.example")
    job = threading.Thread(
        target=collect.run, args=(JobContext(sqlite, tools, build, lambda: now, workers=2),), daemon=True
    )
    job.start()
    assert came.wait(20)
    with sqlite.writing.begin() as session:
        session.add(
            Source(name="快的", kind="feed", options={"url": "x"}, cursor={}, host="quick.example", next_run_at=now)
        )
    job.join(20)
    assert not job.is_alive()
    assert _visited(sqlite) == ["quick.example", "slow.example"]
    with sqlite.reading() as session:
        assert not session.scalars(select(CollectRun.error).where(CollectRun.error != "")).all()


def test_an_error_of_ours_ends_the_round_and_is_heard(sqlite: Database, tools: Tools, now: datetime) -> None:
    def broken_clock() -> datetime:
        raise RuntimeError("bug")

    meeting = Meeting(threading.Barrier(1))
    with pytest.raises(RuntimeError, match="bug"):
        collect.run(JobContext(sqlite, tools, lambda _kind, _options: meeting, broken_clock, workers=2))
