"""A visit: two transactions around the fetch, and what failures lead to."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from monitor.services.collecting import LEASE, collect_next
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import CollectRun, Post, Source
from scrapers.base import Batch, Cursor, Note, Payload, Rejection, Sign
from scrapers.errors import CollectError
from tests.fakes import ScriptedCollector, collectors, raw

Visit = Callable[..., bool]
BATCH = Batch((raw("1"), raw("2")), {"page": 2}, (Rejection("第 3 行", "没有文字"),))


@pytest.fixture
def source_id(database: Database, now: datetime) -> int:
    """A source that is due now."""
    with database.writing.begin() as session:
        source = Source(name="论坛", kind="feed", options={"url": "x"}, cursor={"page": 1}, next_run_at=now)
        session.add(source)
        session.flush()
        return source.id


@pytest.fixture
def visit(database: Database, source_id: int, tools: Tools, now: datetime) -> Visit:
    """Visits what is due, following a script."""

    def go(*script: Any, later: timedelta = timedelta()) -> bool:
        return collect_next(database.writing, collectors(list(script)), tools, now + later)

    return go


def _source(database: Database) -> Source:
    with database.reading() as session:
        return session.scalars(select(Source).where(Source.name == "论坛")).one()


def _count(database: Database, row: Any) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def test_posts_checkpoint_and_counts_are_kept_together(database: Database, visit: Visit, now: datetime) -> None:
    assert visit(BATCH)
    source = _source(database)
    assert (source.cursor, source.next_run_at) == ({"page": 2}, now + timedelta(seconds=900))
    assert (source.last_success_at, source.last_new_at, source.failures) == (now, now, 0)
    with database.reading() as session:
        run = session.scalars(select(CollectRun)).one()
    assert (run.fetched, run.new, run.rejected) == (3, 2, 1)
    assert run.rejections == [{"place": "第 3 行", "reason": "没有文字"}]
    assert not visit(), "nothing is due any more"


def test_the_collector_is_handed_where_it_stood(
    database: Database, source_id: int, tools: Tools, now: datetime
) -> None:
    collector = ScriptedCollector([BATCH])
    collect_next(database.writing, lambda kind, options: collector, tools, now)
    assert collector.seen == [{"page": 1}]


def test_an_error_at_the_commit_leaves_posts_and_checkpoint_undone(
    database: Database, visit: Visit, now: datetime
) -> None:
    commits: list[int] = []

    def refuse_the_second(_: Session) -> None:
        commits.append(1)
        if len(commits) == 2:
            raise OSError("disk full")

    event.listen(Session, "before_commit", refuse_the_second)
    try:
        with pytest.raises(OSError, match="disk full"):
            visit(BATCH)
    finally:
        event.remove(Session, "before_commit", refuse_the_second)
    assert _source(database).cursor == {"page": 1}
    assert _source(database).next_run_at == now + LEASE
    assert _count(database, Post) == 0
    assert not visit(BATCH), "the lease holds"
    assert visit(BATCH, later=LEASE)
    assert (_source(database).cursor, _count(database, Post)) == ({"page": 2}, 2)


def test_more_means_that_the_next_visit_follows_at_once(database: Database, visit: Visit, now: datetime) -> None:
    visit(Batch((raw("1"),), {"page": 2}, more=True))
    assert _source(database).next_run_at == now


def test_a_permanent_refusal_blocks_the_source(database: Database, visit: Visit) -> None:
    visit(CollectError("要登录\x00", permanent=True))
    source = _source(database)
    assert (source.blocked, source.next_run_at, source.error, source.failures) == (True, None, "要登录", 1)
    assert source.cursor == {"page": 1}


def test_passing_trouble_backs_off(database: Database, visit: Visit, now: datetime) -> None:
    later, waits = timedelta(), []
    for _ in range(12):
        assert visit(CollectError("超时"), later=later)
        due = _source(database).next_run_at
        assert due is not None
        waits.append(due - now - later)
        later = due - now
    minutes = [wait.total_seconds() / 60 for wait in waits]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    visit(Batch((), {}), later=later)
    assert (_source(database).failures, _source(database).error) == (0, "")


@pytest.mark.parametrize(("asked", "minutes"), [(5, 1), (600, 10), (10**9, 24 * 60)])
def test_a_site_that_says_when_is_obeyed_within_reason(
    database: Database, visit: Visit, now: datetime, asked: float, minutes: int
) -> None:
    visit(CollectError("429", retry_after=asked))
    assert _source(database).next_run_at == now + timedelta(minutes=minutes)


def test_a_collector_that_breaks_is_a_failed_visit_like_any_other(
    database: Database, visit: Visit, now: datetime
) -> None:
    assert visit(RuntimeError("bug"))
    source = _source(database)
    assert (source.failures, source.next_run_at) == (1, now + timedelta(minutes=1))
    assert "bug" in source.error


@pytest.mark.parametrize(
    ("change", "due", "cursor"),
    [
        ({"next_run_at": None, "enabled": False}, None, {"page": 2}),
        ({"cursor": {}, "leased_until": None}, "lease", {}),  # its options were changed: what we read no longer counts
    ],
)
def test_a_change_made_during_the_visit_is_not_overwritten(
    database: Database, source_id: int, tools: Tools, now: datetime, change: Any, due: str | None, cursor: Any
) -> None:
    class Slow:
        def collect(self, cursor: Cursor) -> Batch:
            with database.writing.begin() as session:  # no transaction is open meanwhile: this does not wait
                session.execute(update(Source).where(Source.id == source_id).values(**change))
            return BATCH

    assert collect_next(database.writing, lambda kind, options: Slow(), tools, now)
    source = _source(database)
    assert (source.next_run_at, source.cursor) == (now + LEASE if due else None, cursor)
    assert _count(database, Post) == 2


def test_two_sources_of_one_host_are_never_visited_at_once(
    database: Database, source_id: int, tools: Tools, now: datetime
) -> None:
    with database.writing.begin() as session:
        session.get_one(Source, source_id).host = "bbs.example.com"
        for name, host in (("同一个网站", "bbs.example.com"), ("别的网站", "other.example.com")):
            session.add(Source(name=name, kind="feed", options={}, cursor={}, host=host, next_run_at=now))
    visited: list[str] = []

    class Busy:
        def collect(self, cursor: Cursor) -> Batch:
            if not visited:
                visited.append("first")
                while collect_next(database.writing, lambda kind, options: Busy(), tools, now):
                    pass
                visited.append("first is done")
            else:
                visited.append("another")
            return Batch((), cursor)

    while collect_next(database.writing, lambda kind, options: Busy(), tools, now):
        pass
    assert visited == ["first", "another", "first is done", "another"]


def test_a_site_that_wants_longer_pauses_gets_them(database: Database, visit: Visit, now: datetime) -> None:
    visit(Batch((), {}, wait=7200))
    assert _source(database).next_run_at == now + timedelta(hours=2)


def test_a_visit_writes_down_what_the_answer_looked_like(database: Database, visit: Visit) -> None:
    pages = (Payload("https://a.example/1", b"wall"), Payload("https://a.example/2", b"wall"))
    note = Note(Sign.GAP, "可能漏帖")
    visit(Batch((raw("1", author="甲"), raw("2")), {}, notes=(note,), payloads=pages))
    with database.reading() as session:
        run = session.scalars(select(CollectRun)).one()
    assert (run.filled["author"], run.filled["text"]) == (1, 2)
    assert (run.pages, run.size, run.repeated) == (2, 8, 1)
    assert run.notes == [{"sign": "gap", "text": "可能漏帖", "link": ""}]
