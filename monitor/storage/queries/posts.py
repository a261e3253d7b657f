"""What the signals page asks."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.domain.triage import Outcome
from monitor.storage.models import Assessment, Correction, Post, Ticket

PAGE = 12
_MOST_OF_A_THREAD = 2_000
"""Posts of all threads of a batch that are looked at: a thread of thousands needs no more."""

_PART_OF_A_POST = 500
"""Characters of another post that say enough of what a thread is about."""


class ThreadPost(NamedTuple):
    """A post as part of its thread."""

    id: int
    title: str
    text: str


def has_words() -> ColumnElement[bool]:
    """That the words of a post may be shown: not those of one that its source deleted."""
    return or_(Post.gone_at.is_(None), Post.text != "")


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


def all_posts_of(session: Session, ticket: Ticket) -> list[Post]:
    """The posts that belong to a ticket, the oldest first."""
    return list(session.scalars(select(Post).where(Post.ticket_id == ticket.id).order_by(Post.id)))


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


def posts_of_threads(session: Session, posts: Sequence[Post]) -> dict[tuple[int, str], list[ThreadPost]]:
    """The posts of every thread that some posts belong to, by (source, thread), the oldest first."""
    keys = sorted({(post.source_id, post.thread_id) for post in posts if post.thread_id})
    threads: dict[tuple[int, str], list[ThreadPost]] = {}
    if not keys:
        return threads
    found = select(Post.source_id, Post.thread_id, Post.id, Post.title, func.substr(Post.text, 1, _PART_OF_A_POST))
    wanted = found.where(tuple_(Post.source_id, Post.thread_id).in_(keys)).order_by(Post.id).limit(_MOST_OF_A_THREAD)
    for source, thread, *parts in session.execute(wanted):
        threads.setdefault((source, thread), []).append(ThreadPost(*parts))
    return threads
