"""Posts that their source deleted: noticed, counted, and hidden as the policy says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from monitor.domain.deletions import DeletedPosts, is_mass_vanishing
from monitor.domain.text import summarize
from monitor.domain.triage import Outcome
from monitor.services import audit, evidence
from monitor.services.intake import identity
from monitor.services.ticketing import search_text
from monitor.storage.models import Post, PostRevision, Source, Ticket
from monitor.storage.queries.posts import all_posts_of
from monitor.storage.search import index_tickets
from scrapers.base import Batch, Census, Note, Sign

_CHUNK = 500
NOT_LISTED = "来源的列表里已经没有它"


@dataclass(slots=True)
class Losses:
    """Posts found to be gone, and what is to be said of the visit."""

    posts: list[Post] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def note_losses(session: Session, source: Source, batch: Batch, policy: DeletedPosts, now: datetime) -> Losses:
    """Marks what the batch says is gone, hides it as the policy says, and seals that it was so."""
    losses = Losses()
    stated = {identity(gone.external_id): gone.how for gone in batch.gone}
    for post in _held(session, source, stated):
        _mark(post, stated[post.external_id], losses, now)
    for census in batch.censuses:
        _compare(session, source, census, losses, now)
    if losses.posts:
        _hide(session, losses.posts, policy, now)
        evidence.seal(session, source, now=now, gone=[(post.external_id, post.gone_how) for post in losses.posts])
    return losses


def _held(session: Session, source: Source, ids: Iterable[str]) -> list[Post]:
    """Posts with these ids that are not yet known to be gone."""
    wanted, found = list(ids), list[Post]()
    for start in range(0, len(wanted), _CHUNK):
        part = Post.external_id.in_(wanted[start : start + _CHUNK])
        found += session.scalars(select(Post).where(Post.source_id == source.id, part, Post.gone_at.is_(None)))
    return found


def _mark(post: Post, how: str, losses: Losses, now: datetime) -> None:
    post.gone_at, post.gone_how, post.missing_since = now, how[:200], None
    losses.posts.append(post)


def _compare(session: Session, source: Source, census: Census, losses: Losses, now: datetime) -> None:
    """Holds what we have of a range against what the source has of it."""
    present = {identity(external_id) for external_id in census.ids}
    held = session.execute(_range(source, census)).all()
    missing = [row.id for row in held if row.external_id not in present]
    back = [row.id for row in held if row.missing_since is not None and row.external_id in present]
    for post in _numbered(session, back):
        post.missing_since = None
    if not census.sure and is_mass_vanishing(len(held), len(missing)):
        said = f"列表里一下子少了 {len(missing)} 条（一共存有 {len(held)} 条），更像是来源出了问题，没有当作删除。"
        losses.notes.append(Note(Sign.DOUBTFUL, said))
        return
    for post in _numbered(session, missing):
        if census.sure or (post.missing_since is not None and post.missing_since < now):
            _mark(post, NOT_LISTED, losses, now)
        else:
            post.missing_since = post.missing_since or now


def _range(source: Source, census: Census) -> Select[int, str, datetime | None]:
    query = select(Post.id, Post.external_id, Post.missing_since).where(
        Post.source_id == source.id, Post.gone_at.is_(None)
    )
    if census.thread_id is not None:
        query = query.where(Post.thread_id == census.thread_id)
    return query if census.since is None else query.where(Post.created_at >= census.since)


def _numbered(session: Session, ids: Sequence[int]) -> list[Post]:
    found: list[Post] = []
    for start in range(0, len(ids), _CHUNK):
        found += session.scalars(select(Post).where(Post.id.in_(ids[start : start + _CHUNK])))
    return found


def _hide(session: Session, posts: Sequence[Post], policy: DeletedPosts, now: datetime) -> None:
    tickets = {post.ticket_id: session.get_one(Ticket, post.ticket_id) for post in posts if post.ticket_id}
    for post in posts:
        ticket = tickets.get(post.ticket_id) if post.ticket_id else None
        if ticket is not None:
            audit.record(session, audit.SYSTEM, "post_gone", "ticket", ticket.id, now, post=post.id, how=post.gone_how)
        if policy is not DeletedPosts.KEEP and post.text:
            _take_text(session, post, ticket, policy, now)
    if policy is not DeletedPosts.KEEP:
        session.flush()
        index_tickets(session, [(t.id, search_text(t, all_posts_of(session, t))) for t in tickets.values()])


def _take_text(session: Session, post: Post, ticket: Ticket | None, policy: DeletedPosts, now: datetime) -> None:
    """The text goes from the post to a hidden revision, or nowhere; its length and hash stay."""
    revisions = session.scalars(select(PostRevision).where(PostRevision.post_id == post.id)).all()
    if policy is DeletedPosts.HIDE:
        kept = PostRevision(
            post_id=post.id, title=post.title, text=post.text, content_hash=post.content_hash, replaced_at=now
        )
        revisions = [*revisions, kept]
        session.add(kept)
    for revision in revisions:
        revision.hidden = True
        if policy is DeletedPosts.ERASE:
            revision.title = revision.text = ""
    if ticket is not None and ticket.summary == summarize(post.title, post.text):
        ticket.summary = f"（原帖已删除）{ticket.topic or post.source.name}"[:120]
    for assessment in post.assessments:
        # The cues quote the post; what they were made of is still in the hidden wording.
        assessment.details = {**assessment.details, "cues": [], "worst": None}
    post.title = post.text = post.url = ""
    post.handle_after = None
    if post.outcome in (None, Outcome.SIGNAL):
        post.outcome, post.outcome_reason = Outcome.IGNORE, "gone"
