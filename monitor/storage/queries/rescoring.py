"""What the page about judging again asks."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from monitor.domain.rescoring import UNFINISHED, Shift
from monitor.storage.models import Post, RescoreChange, RescoreRun

PAGE = 20


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Some changes of a run, and the id after which the next ones come, if there are more."""

    changes: Sequence[RescoreChange]
    next_after: int | None


def recent_runs(session: Session, *, most: int = 8) -> Sequence[RescoreRun]:
    """The newest runs, the newest first."""
    return session.scalars(select(RescoreRun).order_by(RescoreRun.id.desc()).limit(most)).all()


def unfinished_run(session: Session) -> RescoreRun | None:
    """The run that is under way or rests."""
    return session.scalars(select(RescoreRun).where(RescoreRun.state.in_(UNFINISHED))).first()


def runs_of(session: Session, version: str) -> Sequence[RescoreRun]:
    """Every run of a version, the newest first."""
    return session.scalars(select(RescoreRun).where(RescoreRun.version == version).order_by(RescoreRun.id.desc())).all()


def changes_of(session: Session, run_id: int, what: Shift, *, after: int = 0, size: int = PAGE) -> ChangePage:
    """The posts whose flag a run changed in one direction, with all their verdicts."""
    found = session.scalars(
        select(RescoreChange)
        .where(RescoreChange.run_id == run_id, RescoreChange.what == what, RescoreChange.id > after)
        .order_by(RescoreChange.id)
        .limit(size + 1)
        .options(
            joinedload(RescoreChange.post).joinedload(Post.source),
            joinedload(RescoreChange.post).selectinload(Post.assessments),
        )
    ).all()
    return ChangePage(found[:size], found[size - 1].id if len(found) > size else None)
