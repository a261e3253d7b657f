"""What the signals page asks."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.domain.triage import Outcome
from monitor.storage.models import Assessment, Correction, Post

PAGE = 12


def waiting_signals(session: Session, *, before: int | None = None, size: int = PAGE) -> Sequence[Post]:
    """Posts that wait for a person, the newest first, with their verdicts; one more than `size` says there are more."""
    statement = select(Post).where(Post.outcome == Outcome.SIGNAL)
    if before is not None:
        statement = statement.where(Post.id < before)
    return session.scalars(
        statement.order_by(Post.id.desc())
        .limit(size + 1)
        .options(
            joinedload(Post.source),
            selectinload(Post.assessments),
            selectinload(Post.corrections).joinedload(Correction.member),
        )
    ).all()


def count_signals(session: Session, *, most: int = 1000) -> int:
    """How many posts wait for a person; not counted beyond `most`."""
    waiting = select(Post.id).where(Post.outcome == Outcome.SIGNAL).limit(most)
    return session.scalar(select(func.count()).select_from(waiting.subquery())) or 0


def newest_assessment(post: Post) -> Assessment | None:
    """The verdict that counts."""
    return post.assessments[-1] if post.assessments else None


def known_fingerprints(session: Session, fingerprints: Collection[str]) -> set[str]:
    """Which of these wordings came in before, from any source."""
    found = select(Post.fingerprint).where(Post.fingerprint.in_(list(fingerprints)[:500])).distinct()
    return set(session.scalars(found))


def count_posts(session: Session) -> int:
    """How many posts are stored."""
    return session.scalar(select(func.count()).select_from(Post)) or 0


def newest_posts(session: Session, *, before: int | None = None, size: int = 500) -> Sequence[Post]:
    """Stored posts, the newest first; those older than post number `before` when it is given."""
    statement = select(Post).order_by(Post.id.desc()).limit(size)
    return session.scalars(statement if before is None else statement.where(Post.id < before)).all()
