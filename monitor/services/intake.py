"""The one door for everything that comes in: collected, pushed, imported or typed into the form."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, Row, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from monitor.domain.text import clean_text, content_hash, fingerprint
from monitor.services import audit, evidence
from monitor.storage.models import Base, Customer, Post, PostRevision, Seal, Source
from scrapers.base import Payload, RawPost, Rejection

_CHUNK = 500

Wanted = Callable[[str, str, str], bool]
"""Whether a post with this title, text and address is wanted."""


def everything(_title: str, _text: str, _url: str) -> bool:
    """Wants every post: a source without a query."""
    return True


@dataclass(slots=True)
class Accepted:
    """What became of a batch; new + edited + unchanged + filtered + rejected is what came in."""

    new: int = 0
    edited: int = 0
    unchanged: int = 0
    filtered: int = 0
    """Not wanted by the source's query, and therefore not kept."""
    rejections: list[Rejection] = field(default_factory=list)
    wordings: list[tuple[str, str]] = field(default_factory=list)
    """Id and content hash of what was new or edited."""
    seal: Seal | None = None
    """Over those wordings, when there were any."""

    @property
    def fetched(self) -> int:
        """Everything that came in."""
        return self.new + self.edited + self.unchanged + self.filtered + len(self.rejections)


def accept_posts(
    session: Session,
    source: Source,
    raws: Iterable[RawPost],
    *,
    pseudonym_key: bytes,
    now: datetime,
    quiet: bool = False,
    wanted: Wanted = everything,
    payloads: Sequence[Payload] = (),
) -> Accepted:
    """Keeps what is new, turns edits into revisions, drops the known, and seals what was kept.

    Identity is (source, external id). What is not `wanted` is counted and not stored, unless it was stored before.
    """
    accepted = Accepted()
    drafts = _drafts(source, raws, accepted, pseudonym_key, now, quiet)
    for start in range(0, len(drafts), _CHUNK):
        _accept_chunk(session, source, drafts[start : start + _CHUNK], accepted, wanted, now)
    if accepted.wordings:
        accepted.seal = evidence.seal(session, source, now=now, posts=accepted.wordings, payloads=payloads)
    return accepted


def _drafts(
    source: Source, raws: Iterable[RawPost], accepted: Accepted, key: bytes, now: datetime, quiet: bool
) -> list[dict[str, Any]]:
    """Cleaned rows, one an external id: when an id comes twice in a batch, the later wording wins."""
    drafts: dict[str, dict[str, Any]] = {}
    for raw in raws:
        refusal = why_refused(raw)
        if refusal:
            accepted.rejections.append(Rejection(clean_text(raw.external_id)[:500], refusal))
            continue
        draft = _draft(source, raw, key, now, quiet)
        accepted.unchanged += draft["external_id"] in drafts
        drafts[draft["external_id"]] = draft
    return list(drafts.values())


def why_refused(raw: RawPost) -> str:
    """Why this post cannot be taken in, or ""."""
    if not clean_text(raw.external_id):
        return "没有编号，认不出是哪一条"
    return "" if clean_text(raw.text) or clean_text(raw.title) else "没有文字"


def _draft(source: Source, raw: RawPost, key: bytes, now: datetime, quiet: bool) -> dict[str, Any]:
    title, text = clean_text(raw.title), clean_text(raw.text)
    return {
        "source_id": source.id,
        "external_id": identity(raw.external_id),
        "thread_id": clean_text(raw.thread_id)[:500],
        "parent_id": clean_text(raw.parent_id)[:500],
        "pseudonym": pseudonym(key, source.id, raw.author) if raw.author else "",
        "url": _web_address(raw.url),
        "title": title,
        "text": text,
        "rating": raw.rating,
        "rating_scale": raw.rating_scale,
        "created_at": raw.created_at,
        "zone_assumed": raw.zone_assumed,
        "first_seen_at": now,
        "edited_at": raw.edited_at,
        "length": len(text),
        "content_hash": content_hash(title, text),
        "fingerprint": fingerprint(text or title),
        "handle_after": now,
        "quiet": quiet,
    }


def identity(external_id: str) -> str:
    """The id as it is kept: a very long one by its beginning and a hash of all of it, so that no two become one."""
    whole = clean_text(external_id)
    return whole if len(whole) <= 500 else f"{whole[:400]}#{hashlib.sha256(whole.encode()).hexdigest()}"


def _web_address(url: str) -> str:
    """Only what a browser may safely follow; a `javascript:` link becomes nothing."""
    address = clean_text(url)[:2000]
    return address if address.lower().startswith(("http://", "https://")) else ""


def pseudonym(key: bytes, source_id: int, author: str) -> str:
    """A keyed name for an author: the same within one source, meaningless outside this installation."""
    return hmac.new(key, f"{source_id}:{author}".encode(errors="replace"), hashlib.sha256).hexdigest()[:32]


def _accept_chunk(
    session: Session,
    source: Source,
    drafts: Sequence[dict[str, Any]],
    accepted: Accepted,
    wanted: Wanted,
    now: datetime,
) -> None:
    ids = [draft["external_id"] for draft in drafts]
    stored = select(Post.external_id, Post.content_hash, Post.gone_at).where(
        Post.source_id == source.id, Post.external_id.in_(ids)
    )
    known = {row.external_id: row for row in session.execute(stored)}
    unknown = [draft for draft in drafts if draft["external_id"] not in known]
    fresh = [draft for draft in unknown if wanted(draft["title"], draft["text"], draft["url"])]
    changed = [d for d in drafts if d["external_id"] in known and _is_changed(d, known[d["external_id"]])]
    written = _insert_posts(session, fresh, now)
    accepted.new += len(written)
    accepted.edited += len(changed)
    accepted.filtered += len(unknown) - len(fresh)
    accepted.unchanged += len(drafts) - len(unknown) + len(fresh) - len(written) - len(changed)
    accepted.wordings += [(d["external_id"], d["content_hash"]) for d in fresh if d["external_id"] in written]
    accepted.wordings += [(d["external_id"], d["content_hash"]) for d in changed]
    _revise(session, source, changed, now)


def _is_changed(draft: dict[str, Any], stored: Row[str, str, datetime | None]) -> bool:
    """Other words than those kept, or a deleted post that is there again."""
    return bool(stored.content_hash != draft["content_hash"] or stored.gone_at is not None)


def _insert_posts(session: Session, drafts: Sequence[dict[str, Any]], now: datetime) -> set[str]:
    """Writes new posts; gives the ids of those that were written."""
    if not drafts:
        return set()
    customers = _customers(session, {d["pseudonym"] for d in drafts if d["pseudonym"]}, now)
    rows = [{**_without_pseudonym(d), "customer_id": customers.get(d["pseudonym"])} for d in drafts]
    # Another process may have taken the same posts in since we looked: those rows are skipped, and counted as known.
    statement = insert_or_skip(session, Post).returning(Post.external_id)
    return set(session.scalars(statement, rows))


def _without_pseudonym(draft: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in draft.items() if key != "pseudonym"}


def insert_or_skip(session: Session, row: type[Base]) -> Insert:
    """An INSERT that leaves rows alone whose unique key exists."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(row).on_conflict_do_nothing()
    return postgresql.insert(row).on_conflict_do_nothing()


def _customers(session: Session, pseudonyms: set[str], now: datetime) -> dict[str, int]:
    """Ids by pseudonym; those not met before are written."""
    if not pseudonyms:
        return {}
    found = _customer_ids(session, pseudonyms)
    missing = pseudonyms - found.keys()
    if missing:
        rows = [
            {"pseudonym": value, "created_at": now, "name": "", "phone": "", "email": ""} for value in sorted(missing)
        ]
        session.execute(insert_or_skip(session, Customer), rows)
        found |= _customer_ids(session, missing)
    return found


def _customer_ids(session: Session, pseudonyms: set[str]) -> dict[str, int]:
    query = select(Customer.pseudonym, Customer.id).where(Customer.pseudonym.in_(pseudonyms))
    return dict(session.execute(query).all())


def _revise(session: Session, source: Source, drafts: Sequence[dict[str, Any]], now: datetime) -> None:
    """Keeps the earlier wording, takes over the new one, and has the post looked at again."""
    if not drafts:
        return
    by_id = {draft["external_id"]: draft for draft in drafts}
    posts = session.scalars(select(Post).where(Post.source_id == source.id, Post.external_id.in_(by_id))).all()
    revisions = [
        {"post_id": p.id, "title": p.title, "text": p.text, "content_hash": p.content_hash, "replaced_at": now}
        for p in posts
        if p.text  # one that was hidden has its wording in a revision already
    ]
    if revisions:
        session.execute(insert(PostRevision), revisions)
    for post in posts:
        draft = by_id[post.external_id]
        post.title, post.text, post.length, post.url = draft["title"], draft["text"], draft["length"], draft["url"]
        post.gone_at, post.gone_how, post.missing_since = None, "", None
        post.content_hash, post.fingerprint = draft["content_hash"], draft["fingerprint"]
        post.edited_at = draft["edited_at"] or now
        post.handle_after = now
    audit.record_all(
        session,
        (audit.entry(audit.SYSTEM, "post_edited", "ticket", p.ticket_id, now, post=p.id) for p in posts if p.ticket_id),
    )
