"""Reading the past of a source, step by step, so that it can be stopped and gone on with at any moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.domain.backfills import BackfillState
from monitor.domain.errors import InvalidAction
from monitor.domain.text import clean_text
from monitor.services import audit
from monitor.services.audit import Doer
from monitor.services.collecting import LEASE, BuildCollector, is_free, read_safely, take_in, waiting_time
from monitor.services.runs import note_run
from monitor.services.tools import Tools
from monitor.storage import locks
from monitor.storage.models import Backfill, CollectRun, Source
from scrapers.base import Batch, Historian
from scrapers.errors import CollectError

_MOST_FAILURES = 8


def start(
    session: Session, source: Source, *, until: datetime | None, reads_history: bool, by: Doer, now: datetime
) -> Backfill:
    """A run into the past as far as `until`, or to the beginning. Raises `InvalidAction` where it makes no sense."""
    if not reads_history:
        raise InvalidAction("这种来源只给最近的内容，读不到更早的。可以把以前的记录导出成表格，再导入。")
    locks.hold(session, f"backfill {source.id}")
    if running_of(session, source.id) is not None:
        raise InvalidAction("已经在补历史了；可以先停下，再从头开始。")
    run = Backfill(
        source_id=source.id,
        member_id=by.member_id,
        cursor={},
        until=until,
        started_at=now,
        changed_at=now,
        next_run_at=now,
    )
    session.add(run)
    session.flush()
    audit.record(
        session, by, "backfill_started", "source", source.id, now, until=until.date().isoformat() if until else ""
    )
    return run


def running_of(session: Session, source_id: int) -> Backfill | None:
    """The run of a source that is not at its end, if there is one."""
    unfinished = Backfill.state.in_([BackfillState.RUNNING, BackfillState.PAUSED])
    return session.scalars(select(Backfill).where(Backfill.source_id == source_id, unfinished)).first()


def newest_of(session: Session, source_id: int) -> Backfill | None:
    """The latest run of a source, if it ever had one."""
    return session.scalars(
        select(Backfill).where(Backfill.source_id == source_id).order_by(Backfill.id.desc()).limit(1)
    ).first()


def pause(session: Session, run: Backfill, by: Doer, now: datetime) -> None:
    """Stops after the step under way; what was read stays, and the place is kept."""
    if run.state is not BackfillState.RUNNING:
        raise InvalidAction("现在没有在补历史。")
    _change(session, run, BackfillState.PAUSED, by, now)


def resume(session: Session, run: Backfill, by: Doer, now: datetime) -> None:
    """Goes on from where it was stopped or failed."""
    if run.state not in (BackfillState.PAUSED, BackfillState.FAILED):
        raise InvalidAction("这次补历史不用继续：它还在进行，或者已经补完。")
    run.failures, run.error = 0, ""
    _change(session, run, BackfillState.RUNNING, by, now)


def _change(session: Session, run: Backfill, state: BackfillState, by: Doer, now: datetime) -> None:
    run.state, run.changed_at = state, now
    run.next_run_at = now if state is BackfillState.RUNNING else None
    audit.record(session, by, f"backfill_{state.value}", "source", run.source_id, now)


@dataclass(frozen=True, slots=True)
class _Claim:
    run_id: int
    source_id: int
    kind: str
    options: Mapping[str, Any]
    cursor: Mapping[str, Any]
    leased_until: datetime


def step_next(sessions: sessionmaker[Session], build: BuildCollector, tools: Tools, now: datetime) -> bool:
    """Takes one step of one run that is due; says whether there was one."""
    with sessions.begin() as session:
        claim = _claim(session, now)
    if claim is None:
        return False
    result = read_safely(claim.source_id, lambda: _read(build, claim))
    with sessions.begin() as session:
        _finish(session, claim, result, tools, now)
    return True


def _claim(session: Session, now: datetime) -> _Claim | None:
    locks.hold(session, "claims")
    found = session.execute(
        select(Backfill, Source)
        .join(Source, Source.id == Backfill.source_id)
        .where(Backfill.state == BackfillState.RUNNING, Backfill.next_run_at <= now, is_free(now))
        .order_by(Backfill.next_run_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if found is None:
        return None
    run, source = found
    run.next_run_at = source.leased_until = now + LEASE
    return _Claim(run.id, source.id, source.kind, dict(source.options), dict(run.cursor), source.leased_until)


def _read(build: BuildCollector, claim: _Claim) -> Batch:
    collector = build(claim.kind, claim.options)
    if not isinstance(collector, Historian):
        raise CollectError("这种来源读不到更早的内容。", permanent=True)
    return collector.history(claim.cursor)


def _finish(session: Session, claim: _Claim, result: Batch | CollectError, tools: Tools, now: datetime) -> None:
    run, source = session.get_one(Backfill, claim.run_id), session.get_one(Source, claim.source_id)
    if source.leased_until == claim.leased_until:
        source.leased_until = None
    if isinstance(result, CollectError):
        _fail(session, run, result, now)
        return
    accepted, losses = take_in(session, source, result, tools, now, quiet=True)
    note_run(session, source, result, accepted, losses, now, occasion="backfill")
    run.cursor, run.failures, run.error = dict(result.cursor), 0, ""
    run.steps, run.fetched, run.new = run.steps + 1, run.fetched + accepted.fetched, run.new + accepted.new
    run.changed_at = now
    oldest = min((post.created_at for post in result.posts if post.created_at), default=None)
    run.reached_at = min(filter(None, (run.reached_at, oldest)), default=None)
    if not result.more or _is_far_enough(run):
        run.state, run.next_run_at = BackfillState.DONE, None
    elif run.state is BackfillState.RUNNING:
        run.next_run_at = now


def _is_far_enough(run: Backfill) -> bool:
    return run.until is not None and run.reached_at is not None and run.reached_at < run.until


def _fail(session: Session, run: Backfill, error: CollectError, now: datetime) -> None:
    run.failures, run.error, run.changed_at = run.failures + 1, clean_text(str(error))[:1000], now
    session.add(
        CollectRun(
            source_id=run.source_id,
            started_at=now,
            finished_at=now,
            occasion="backfill",
            error=run.error,
            rejections=[],
        )
    )
    if error.permanent or run.failures >= _MOST_FAILURES:
        run.state, run.next_run_at = BackfillState.FAILED, None
    elif run.state is BackfillState.RUNNING:
        run.next_run_at = now + max(waiting_time(run.failures, error), timedelta(minutes=1))
