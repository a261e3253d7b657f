"""What learning from people asks: posts to draw from, open checks, and what was answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from monitor.domain.tickets import Status
from monitor.domain.triage import Outcome
from monitor.storage.models import Assessment, Correction, Department, Post, Source, SpotCheck, Ticket
from monitor.storage.queries.posts import has_words


class Candidate(NamedTuple):
    """A post that may be drawn, and what its newest verdict says."""

    post_id: int
    dissatisfied: float
    flagged: bool


def _newest() -> ColumnElement[bool]:
    """The condition on assessments that there is no newer one of the same post."""
    any_of_them = aliased(Assessment)
    newest = select(func.max(any_of_them.id)).where(any_of_them.post_id == Assessment.post_id)
    return Assessment.id == newest.scalar_subquery()


def undrawn_posts(session: Session, since: datetime) -> list[Candidate]:
    """Posts that came in since then, were judged, and were never drawn.

    What was addressed to us is left out: it becomes a ticket whatever the classifier says.
    """
    rows = session.execute(
        select(Post.id, Assessment.dissatisfied, Assessment.flagged)
        .join(Assessment, Assessment.post_id == Post.id)
        .join(Source, Post.source_id == Source.id)
        .where(
            Post.first_seen_at >= since,
            Source.direct.is_(False),
            has_words(),
            Post.outcome_reason != "cannot-tell",
            ~exists().where(SpotCheck.post_id == Post.id),
            _newest(),
        )
        .order_by(Post.id)
    )
    return [Candidate(*row) for row in rows]


def _open() -> tuple[ColumnElement[bool], ...]:
    return SpotCheck.checked_at.is_(None), SpotCheck.skipped.is_(False)


def count_open_checks(session: Session) -> int:
    """How many posts wait to be checked."""
    return session.scalar(select(func.count()).select_from(SpotCheck).where(*_open())) or 0


def count_answered_checks(session: Session) -> int:
    """How many were checked."""
    return session.scalar(select(func.count()).select_from(SpotCheck).where(SpotCheck.checked_at.is_not(None))) or 0


def last_drawn_at(session: Session) -> datetime | None:
    """When posts were drawn for the last time."""
    return session.scalar(select(func.max(SpotCheck.drawn_at)))


def open_checks(session: Session) -> list[tuple[SpotCheck, float]]:
    """Every open check with the newest probability of its post."""
    rows = session.execute(
        select(SpotCheck, Assessment.dissatisfied)
        .join(Post, SpotCheck.post_id == Post.id)
        .join(Assessment, Assessment.post_id == Post.id)
        .where(*_open(), _newest())
    )
    return [(check, chance) for check, chance in rows]


def _with_all(statement: Select[SpotCheck]) -> Select[SpotCheck]:
    post = joinedload(SpotCheck.post)
    return statement.options(post.selectinload(Post.assessments), post.selectinload(Post.corrections))


def drawn_checks(session: Session, *, since: datetime | None = None) -> Sequence[SpotCheck]:
    """Every check, in the order of drawing, with post, verdicts and corrections."""
    statement = select(SpotCheck).order_by(SpotCheck.id)
    if since is not None:
        statement = statement.where(SpotCheck.drawn_at >= since)
    return session.scalars(_with_all(statement)).all()


def frozen_checks(session: Session) -> Sequence[SpotCheck]:
    """The answered checks of the audit set."""
    answered = select(SpotCheck).where(SpotCheck.frozen, SpotCheck.checked_at.is_not(None))
    return session.scalars(_with_all(answered.order_by(SpotCheck.id))).all()


def taught_posts(session: Session) -> Sequence[Post]:
    """Posts that people corrected, or decided about as signals, with their corrections."""
    corrected = exists().where(Correction.post_id == Post.id)
    decided = or_(
        Post.outcome == Outcome.DISMISSED,
        and_(Post.outcome == Outcome.OPEN, Post.outcome_reason == "accepted"),
    )
    statement = select(Post).where(or_(corrected, decided), has_words()).order_by(Post.id)
    return session.scalars(statement.options(selectinload(Post.corrections))).all()


def closed_cases(session: Session) -> list[tuple[Post, str]]:
    """The first post of every closed case with the department that was responsible in the end."""
    first = select(func.min(Post.id)).where(Post.ticket_id.is_not(None)).group_by(Post.ticket_id)
    rows = session.execute(
        select(Post, Department.name)
        .join(Ticket, Post.ticket_id == Ticket.id)
        .join(Department, Ticket.department_id == Department.id)
        .where(Post.id.in_(first), Ticket.status == Status.CLOSED, Department.active, has_words())
        .order_by(Post.id)
    )
    return [(post, name) for post, name in rows]
