"""What the sources pages ask."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from monitor.storage.models import CollectRun, HealthChange, Source

RUNS = 40


def all_sources(session: Session) -> Sequence[Source]:
    """Every source: visited ones first, then those that nobody visits, each by name."""
    return session.scalars(select(Source).order_by(Source.origin == "built-in", Source.name)).all()


def source_choices(session: Session) -> list[tuple[int, str]]:
    """Id and name of every source, for a filter."""
    return list(session.execute(select(Source.id, Source.name).order_by(Source.name)))


def new_posts_by_day(session: Session, days: Sequence[datetime]) -> dict[int, list[int]]:
    """By source, how many new posts came between each pair of neighbouring moments."""
    buckets = [
        func.sum(case(((CollectRun.started_at >= start) & (CollectRun.started_at < end), CollectRun.new), else_=0))
        for start, end in pairwise(days)
    ]
    statement = select(CollectRun.source_id, *buckets).where(CollectRun.started_at >= days[0])
    return {row[0]: [int(n) for n in row[1:]] for row in session.execute(statement.group_by(CollectRun.source_id))}


def health_changes_of(session: Session, source_id: int, *, size: int = 12) -> Sequence[HealthChange]:
    """How the state of a source changed, the newest first."""
    statement = select(HealthChange).where(HealthChange.source_id == source_id)
    return session.scalars(statement.order_by(HealthChange.id.desc()).limit(size)).all()


def runs_of(session: Session, source_id: int, *, before: int | None = None, size: int = RUNS) -> Sequence[CollectRun]:
    """Visits of a source, the newest first; one more than `size` says that there are more."""
    statement = select(CollectRun).where(CollectRun.source_id == source_id)
    if before is not None:
        statement = statement.where(CollectRun.id < before)
    return session.scalars(statement.order_by(CollectRun.id.desc()).limit(size + 1)).all()
