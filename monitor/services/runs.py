"""The record of one visit: what came, what became of it, and what the answer looked like."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from monitor.domain.garbling import garbled_share
from monitor.services.deletions import Losses
from monitor.services.intake import Accepted
from monitor.storage.models import CollectRun, Source
from scrapers.base import Batch, Payload, RawPost

FIELDS = ("title", "text", "url", "author", "created_at", "rating", "thread_id")
"""The parts of a post whose share of filled ones is watched."""

_KEPT_REJECTIONS = 50
_KEPT_NOTES = 20
_LOOKED_AT = 20_000
"""Characters in which garbled ones are looked for: enough for a share, whatever the size of the batch."""


def note_run(
    session: Session,
    source: Source,
    batch: Batch,
    accepted: Accepted,
    losses: Losses,
    now: datetime,
    *,
    occasion: str = "visit",
) -> CollectRun:
    """Writes the run down; fetched = new + edited + unchanged + filtered + rejected."""
    run = CollectRun(
        source_id=source.id,
        started_at=now,
        finished_at=now,
        occasion=occasion,
        fetched=accepted.fetched,
        new=accepted.new,
        edited=accepted.edited,
        unchanged=accepted.unchanged,
        filtered=accepted.filtered,
        rejected=len(accepted.rejections),
        gone=len(losses.posts),
        rejections=[{"place": r.place, "reason": r.reason} for r in accepted.rejections[:_KEPT_REJECTIONS]],
        notes=[
            {"sign": note.sign.value, "text": note.text[:500], "link": note.link[:500]}
            for note in (*batch.notes, *losses.notes)[:_KEPT_NOTES]
        ],
        filled=filled(batch.posts),
        pages=len(batch.payloads),
        size=sum(len(payload.body) for payload in batch.payloads),
        repeated=repeated(batch.payloads),
        garbled=garbled_share("".join(post.text[:500] for post in batch.posts)[:_LOOKED_AT]),
    )
    session.add(run)
    return run


def filled(posts: Sequence[RawPost]) -> dict[str, int]:
    """How many of the posts have each part."""
    return {name: sum(1 for post in posts if getattr(post, name) not in (None, "")) for name in FIELDS}


def repeated(payloads: Sequence[Payload]) -> int:
    """How many pages have the body of another page: sites show the same wall at every address."""
    addresses = {payload.url: payload.sha256 for payload in payloads}
    return sum(count - 1 for count in Counter(addresses.values()).values())
