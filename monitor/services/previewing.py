"""What one visit would bring, shown before anything is stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.text import clean_text, content_hash, fingerprint
from monitor.services.intake import Wanted, everything, identity, why_refused
from monitor.services.runs import FIELDS, filled
from monitor.storage.models import Post
from monitor.storage.queries.posts import known_fingerprints
from scrapers.base import Batch, RawPost

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """A post of a preview, and what would become of it."""

    post: RawPost
    fate: str
    """`new`, `edited`, `known`, `filtered` or `refused`."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a visit gave, and what would be stored of it."""

    seen: Sequence[Seen]
    shares: Sequence[tuple[str, float]]
    """For each field of a post, how often it is filled, from 0 to 1."""
    batch: Batch

    def count(self, fate: str) -> int:
        """How many posts would meet this fate."""
        return sum(1 for each in self.seen if each.fate == fate)


def preview_of(session: Session, batch: Batch, *, source_id: int | None = None, wanted: Wanted = everything) -> Preview:
    """A batch as it would be taken in. For a source not yet stored, wordings seen anywhere count as known."""
    known = _known(session, batch.posts, source_id)
    seen = [Seen(post, _fate(post, known, source_id, wanted)) for post in batch.posts]
    total = len(batch.posts) or 1
    counts = filled(batch.posts)
    return Preview(seen, [(name, counts[name] / total) for name in FIELDS], batch)


def _known(session: Session, posts: Sequence[RawPost], source_id: int | None) -> dict[str, str]:
    """By id, or by fingerprint when the source is not stored yet: the content hash we have, or ""."""
    if source_id is None:
        prints = [_print(post) for post in posts]
        found: set[str] = set()
        for start in range(0, len(prints), _CHUNK):
            found |= known_fingerprints(session, prints[start : start + _CHUNK])
        return dict.fromkeys(found, "")
    ids = [identity(post.external_id) for post in posts]
    stored: dict[str, str] = {}
    for start in range(0, len(ids), _CHUNK):
        part = Post.external_id.in_(ids[start : start + _CHUNK])
        query = select(Post.external_id, Post.content_hash).where(Post.source_id == source_id, part)
        stored |= {row.external_id: row.content_hash for row in session.execute(query)}
    return stored


def _print(post: RawPost) -> str:
    return fingerprint(clean_text(post.text) or clean_text(post.title))


def _fate(post: RawPost, known: dict[str, str], source_id: int | None, wanted: Wanted) -> str:
    if why_refused(post):
        return "refused"
    title, text = clean_text(post.title), clean_text(post.text)
    if source_id is None:
        if _print(post) in known:
            return "known"
    elif (stored := known.get(identity(post.external_id))) is not None:
        return "known" if stored == content_hash(title, text) else "edited"
    return "new" if wanted(title, text, post.url) else "filtered"
