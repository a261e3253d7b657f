"""What the spot-check page asks besides which post comes next."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from monitor.storage.models import Post, SpotCheck


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the slice of a day is: posts drawn, and those that were answered or skipped."""

    drawn: int
    done: int


def progress_since(session: Session, since: datetime) -> Progress:
    """The progress of what was drawn from a moment on."""
    dealt_with = func.count().filter(or_(SpotCheck.checked_at.is_not(None), SpotCheck.skipped))
    row = session.execute(select(func.count(), dealt_with).where(SpotCheck.drawn_at >= since)).one()
    return Progress(*row)


def check_with_post(session: Session, check_id: int) -> SpotCheck | None:
    """A check with everything that its page shows."""
    return session.scalars(
        select(SpotCheck)
        .where(SpotCheck.id == check_id)
        .options(
            joinedload(SpotCheck.member),
            joinedload(SpotCheck.post).joinedload(Post.source),
            joinedload(SpotCheck.post).selectinload(Post.assessments),
        )
    ).one_or_none()
