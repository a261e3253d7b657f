"""What is asked to tell how a source is doing; every answer is bounded, since it is asked after each visit."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.silence import MOST_MOMENTS
from monitor.storage.models import CollectRun, HealthChange, Post, Source

RUNS = 300


class RunMark(NamedTuple):
    """As much of a run as it takes to choose those worth a closer look."""

    id: int
    started_at: datetime
    fetched: int
    filtered: int
    size: int


_MARKS = (CollectRun.id, CollectRun.started_at, CollectRun.fetched, CollectRun.filtered, CollectRun.size)


def run_marks(session: Session, source_id: int, *, before: datetime | None = None, size: int = RUNS) -> list[RunMark]:
    """The newest runs that succeeded among the last `size`, backfills left out, the newest first."""
    statement = select(*_MARKS, CollectRun.error, CollectRun.occasion).where(CollectRun.source_id == source_id)
    if before is not None:
        statement = statement.where(CollectRun.started_at < before)
    rows = session.execute(statement.order_by(CollectRun.id.desc()).limit(size))
    return [RunMark(*row[:5]) for row in rows if not row.error and row.occasion != "backfill"]


def marks_with_rows(session: Session, source_id: int, *, before: datetime | None = None, size: int) -> list[RunMark]:
    """The newest runs that fetched anything, backfills left out; looked for among about a month of frequent visits."""
    last = select(CollectRun.id).where(CollectRun.source_id == source_id)
    if before is not None:
        last = last.where(CollectRun.started_at < before)
    among = last.order_by(CollectRun.id.desc()).limit(10 * RUNS)
    wanted = CollectRun.id.in_(among) & (CollectRun.fetched > 0) & (CollectRun.occasion != "backfill")
    rows = session.execute(select(*_MARKS).where(wanted).order_by(CollectRun.id.desc()).limit(size))
    return [RunMark(*row) for row in rows]


def runs_numbered(session: Session, ids: Collection[int]) -> Sequence[CollectRun]:
    """These runs, the newest first."""
    return session.scalars(select(CollectRun).where(CollectRun.id.in_(ids)).order_by(CollectRun.id.desc())).all()


def watched_since(session: Session, source_id: int) -> datetime | None:
    """When the source was first visited, as far as it is still known."""
    statement = select(CollectRun.started_at).where(CollectRun.source_id == source_id)
    return session.scalars(statement.order_by(CollectRun.id).limit(1)).first()


def newest_moment(session: Session, source_id: int, until: datetime) -> datetime | None:
    """When the newest post was written that says so, up to a moment."""
    statement = select(Post.created_at).where(Post.source_id == source_id, Post.created_at <= until)
    return session.scalars(statement.order_by(Post.created_at.desc()).limit(1)).first()


def post_times(
    session: Session, source_id: int, *, since: datetime, until: datetime
) -> list[tuple[datetime | None, datetime]]:
    """When the newest posts were written and first seen; those that do not say when only if they came by themselves."""
    dated = (
        select(Post.created_at, Post.first_seen_at)
        .where(Post.source_id == source_id, Post.created_at >= since, Post.created_at <= until)
        .order_by(Post.created_at.desc())
        .limit(MOST_MOMENTS)
    )
    undated = (
        select(Post.created_at, Post.first_seen_at)
        .where(Post.source_id == source_id, Post.created_at.is_(None), Post.first_seen_at >= since)
        .where(Post.quiet.is_(False))
        .order_by(Post.first_seen_at.desc())
        .limit(MOST_MOMENTS)
    )
    return [(row[0], row[1]) for statement in (dated, undated) for row in session.execute(statement)]


def changes_of(session: Session, source_id: int, *, size: int = 50) -> Sequence[HealthChange]:
    """The newest changes of a source's state, the newest first."""
    statement = select(HealthChange).where(HealthChange.source_id == source_id)
    return session.scalars(statement.order_by(HealthChange.id.desc()).limit(size)).all()


def runs_since(session: Session, source_id: int, since: datetime, *, size: int = RUNS) -> Sequence[CollectRun]:
    """The newest runs from a moment on that succeeded, backfills left out, the newest first."""
    statement = select(CollectRun).where(CollectRun.source_id == source_id, CollectRun.started_at >= since)
    statement = statement.where(CollectRun.error == "", CollectRun.occasion != "backfill")
    return session.scalars(statement.order_by(CollectRun.id.desc()).limit(size)).all()


def source_ids(session: Session, *, after: int, size: int, without: Collection[str]) -> Sequence[int]:
    """Numbers of the sources that follow `after`, those of the kinds in `without` left out."""
    statement = select(Source.id).where(Source.id > after, Source.kind.not_in(without))
    return session.scalars(statement.order_by(Source.id).limit(size)).all()
