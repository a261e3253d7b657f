"""Reading the past: step by step, stopped and gone on with, and never louder than it should be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from monitor.domain.backfills import BackfillState
from monitor.domain.errors import InvalidAction
from monitor.services import backfilling
from monitor.services.audit import SYSTEM
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import AuditEntry, Backfill, CollectRun, Post, Source
from scrapers.base import Batch, Cursor
from scrapers.errors import CollectError
from tests.fakes import raw

Step = Callable[..., bool]


@dataclass
class Archive:
    """A source with pages of two posts, one a day into the past; fails as often as it is told."""

    now: datetime
    pages: int = 4
    failures: list[Exception] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)

    def collect(self, cursor: Cursor) -> Batch:
        return Batch((), cursor)

    def history(self, cursor: Cursor) -> Batch:
        page = int(cursor.get("page", 0))
        self.asked.append(page)
        if self.failures:
            raise self.failures.pop(0)
        posts = tuple(
            raw(f"{page}-{number}", f"第 {page} 页第 {number} 条", created_at=self.now - timedelta(days=page))
            for number in range(2)
        )
        return Batch(posts, {"page": page + 1, "pages": page + 1}, more=page + 1 < self.pages)


@pytest.fixture
def archive(now: datetime) -> Archive:
    return Archive(now)


@pytest.fixture
def source_id(database: Database) -> int:
    with database.writing.begin() as session:
        source = Source(name="论坛", kind="json", options={}, cursor={"mark": 1}, host="bbs.example.com")
        session.add(source)
        session.flush()
        return source.id


@pytest.fixture
def step(database: Database, archive: Archive, tools: Tools, now: datetime) -> Step:
    """Takes one step, so many minutes later."""

    def go(minutes: int = 0) -> bool:
        def build(_kind: str, _options: Mapping[str, Any]) -> Archive:
            return archive

        return backfilling.step_next(database.writing, build, tools, now + timedelta(minutes=minutes))

    return go


def _start(database: Database, source_id: int, now: datetime, until: datetime | None = None) -> None:
    with database.writing.begin() as session:
        source = session.get_one(Source, source_id)
        backfilling.start(session, source, until=until, reads_history=True, by=SYSTEM, now=now)


def _run(database: Database) -> Backfill:
    with database.reading() as session:
        return session.scalars(select(Backfill)).one()


def _change(database: Database, change: Callable[..., None], now: datetime) -> None:
    with database.writing.begin() as session:
        change(session, session.scalars(select(Backfill)).one(), SYSTEM, now)


def test_the_past_is_read_to_its_beginning(
    database: Database, source_id: int, step: Step, archive: Archive, now: datetime
) -> None:
    _start(database, source_id, now)
    steps = 0
    while step():
        steps += 1
    run = _run(database)
    assert (steps, run.state, run.steps, run.fetched, run.new) == (4, BackfillState.DONE, 4, 8, 8)
    assert run.reached_at == now - timedelta(days=3)
    with database.reading() as session:
        source = session.get_one(Source, source_id)
        assert (source.cursor, source.leased_until) == ({"mark": 1}, None), "its own place is another matter"
        assert session.scalars(select(Post.quiet)).all() == [True] * 8, "nobody is mailed about history"
        runs = session.scalars(select(CollectRun)).all()
    assert {run.occasion for run in runs} == {"backfill"}
    assert all(run.fetched == run.new + run.edited + run.unchanged + run.filtered + run.rejected for run in runs)


def test_it_goes_no_further_than_was_wanted(
    database: Database, source_id: int, step: Step, archive: Archive, now: datetime
) -> None:
    _start(database, source_id, now, until=now - timedelta(hours=30))
    while step():
        pass
    assert (archive.asked, _run(database).state) == ([0, 1, 2], BackfillState.DONE)


def test_it_can_be_stopped_and_gone_on_with(
    database: Database, source_id: int, step: Step, archive: Archive, now: datetime
) -> None:
    _start(database, source_id, now)
    step()
    _change(database, backfilling.pause, now)
    assert not step()
    with pytest.raises(InvalidAction, match="没有在补历史"):
        _change(database, backfilling.pause, now)
    _change(database, backfilling.resume, now)
    while step():
        pass
    assert archive.asked == [0, 1, 2, 3]


def test_a_stop_during_a_step_is_not_undone_by_its_end(
    database: Database, source_id: int, tools: Tools, archive: Archive, now: datetime
) -> None:
    _start(database, source_id, now)

    class Slow(Archive):
        def history(self, cursor: Cursor) -> Batch:
            _change(database, backfilling.pause, now)
            return super().history(cursor)

    backfilling.step_next(database.writing, lambda _kind, _options: Slow(now), tools, now)
    run = _run(database)
    assert (run.state, run.next_run_at, run.cursor["page"]) == (BackfillState.PAUSED, None, 1)


def test_one_source_has_one_run_at_a_time(database: Database, source_id: int, now: datetime) -> None:
    _start(database, source_id, now)
    with pytest.raises(InvalidAction, match="已经在补历史"):
        _start(database, source_id, now)


def test_a_kind_without_a_past_says_so(database: Database, source_id: int, now: datetime) -> None:
    with database.writing.begin() as session:
        source = session.get_one(Source, source_id)
        with pytest.raises(InvalidAction, match="读不到更早的"):
            backfilling.start(session, source, until=None, reads_history=False, by=SYSTEM, now=now)


def test_a_bad_minute_is_waited_out_and_the_place_kept(
    database: Database, source_id: int, step: Step, archive: Archive, now: datetime
) -> None:
    archive.failures = [CollectError("超时"), CollectError("限流", retry_after=600)]
    _start(database, source_id, now)
    assert step()
    assert not step(), "not at once again"
    assert step(1)
    assert not step(10)
    assert step(11)
    assert (archive.asked, _run(database).failures, _run(database).error) == ([0, 0, 0], 0, "")


def test_a_refusal_ends_it_with_the_reason_and_it_can_be_tried_again(
    database: Database, source_id: int, step: Step, archive: Archive, now: datetime
) -> None:
    archive.failures = [CollectError("要登录", permanent=True)]
    _start(database, source_id, now)
    step()
    assert (_run(database).state, _run(database).error) == (BackfillState.FAILED, "要登录")
    assert not step(60)
    _change(database, backfilling.resume, now)
    assert step()
    assert _run(database).steps == 1


def test_it_waits_while_its_site_is_being_visited(
    database: Database, source_id: int, step: Step, now: datetime
) -> None:
    _start(database, source_id, now)
    with database.writing.begin() as session:
        other = Source(name="另一版", kind="json", options={}, cursor={}, host="bbs.example.com")
        other.leased_until = now + timedelta(minutes=5)
        session.add(other)
    assert not step()
    assert step(6)


def test_a_killed_step_is_taken_again_after_its_lease(
    database: Database, source_id: int, step: Step, archive: Archive, now: datetime
) -> None:
    archive.failures = [KeyboardInterrupt()]  # type: ignore[list-item]
    _start(database, source_id, now)
    with pytest.raises(KeyboardInterrupt):
        step()
    assert not step(9)
    assert step(10)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Post)) == 2
        assert session.scalars(select(AuditEntry.action)).all() == ["backfill_started"]
