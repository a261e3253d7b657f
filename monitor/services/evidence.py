"""Sealing what came in, and checking that nothing was altered since."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from monitor.domain.evidence import START, facts_of, seal_of
from monitor.domain.text import content_hash
from monitor.storage import locks
from monitor.storage.models import Post, PostRevision, Seal, SealedPayload, Source
from scrapers.base import Payload

_CHUNK = 1000


def seal(
    session: Session,
    source: Source,
    *,
    now: datetime,
    posts: Iterable[tuple[str, str]] = (),
    payloads: Sequence[Payload] = (),
    gone: Iterable[tuple[str, str]] = (),
) -> Seal:
    """The next link of the source's chain. `posts`: id and content hash; `gone`: id, and how we know."""
    locks.hold(session, f"seals {source.id}")
    last = session.execute(
        select(Seal.number, Seal.seal).where(Seal.source_id == source.id).order_by(Seal.number.desc()).limit(1)
    ).first()
    number, previous = (last.number + 1, last.seal) if last else (1, START)
    facts = facts_of(posts=posts, payloads=((p.url, len(p.body), p.sha256) for p in payloads), gone=gone)
    row = Seal(
        source_id=source.id,
        number=number,
        sealed_at=now,
        facts=facts,
        previous=previous,
        seal=seal_of(previous, source.id, number, now, facts),
    )
    session.add(row)
    session.flush()
    return row


def keep_bodies(session: Session, sealed: Seal, payloads: Sequence[Payload], now: datetime) -> None:
    """Keeps the payloads themselves beside their seal, packed."""
    session.add_all(
        SealedPayload(seal_id=sealed.id, sha256=each.sha256, kept_at=now, body=zlib.compress(each.body))
        for each in payloads
    )


def drop_old_bodies(session: Session, now: datetime, days: int) -> None:
    """Deletes the bodies that are older than `days`; their hashes stay in the chain."""
    session.execute(delete(SealedPayload).where(SealedPayload.kept_at < now - timedelta(days=days)))


def seals_of(session: Session, post: Post) -> list[Seal]:
    """The seals that speak of a post, the oldest first."""
    query = select(Seal).where(Seal.source_id == post.source_id).order_by(Seal.number)
    return [
        row
        for row in session.scalars(query.execution_options(yield_per=_CHUNK))
        if any(each[0] == post.external_id for each in (*row.facts["posts"], *row.facts.get("gone", ())))
    ]


@dataclass(slots=True)
class Report:
    """What checking one source's chain gave; `head` is its last seal, worth writing down elsewhere."""

    source: str
    seals: int = 0
    posts: int = 0
    bodies: int = 0
    unsealed: int = 0
    """Posts that came in before sealing began."""
    head: str = START
    problems: list[str] = field(default_factory=list)


def verify(session: Session, source: Source) -> Report:
    """Checks every seal, every payload still kept and every stored wording of a source. Reads only."""
    report = Report(source.name)
    check = _Check(session, source, report)
    check.chain()
    check.wordings()
    return report


class _Check:
    """One run over a source; remembers by hash what was sealed, so that a million posts fit into memory."""

    def __init__(self, session: Session, source: Source, report: Report) -> None:
        self._session, self._source, self._report = session, source, report
        self._sealed: set[int] = set()
        self._ids: set[int] = set()
        self._since: datetime | None = None

    def chain(self) -> None:
        """Every seal follows from the one before it and from its own facts, and no number is missing."""
        previous, number = START, 0
        query = select(Seal).where(Seal.source_id == self._source.id).order_by(Seal.number)
        for row in self._session.scalars(query.execution_options(yield_per=_CHUNK)):
            number += 1
            self._since = self._since or row.sealed_at
            self._link(row, previous, number)
            self._bodies(row)
            previous, number = row.seal, row.number
            self._remember(row)
        self._report.head = previous

    def _link(self, row: Seal, previous: str, number: int) -> None:
        self._report.seals += 1
        if row.number != number:
            self._say(f"第 {number} 个封条不见了（下一个是第 {row.number} 个）")
        elif row.previous != previous:
            self._say(f"第 {row.number} 个封条接不上前一个")
        if row.seal != seal_of(row.previous, row.source_id, row.number, row.sealed_at, row.facts):
            self._say(f"第 {row.number} 个封条的内容被改过")

    def _bodies(self, row: Seal) -> None:
        wanted = {sha256 for _, _, sha256 in row.facts.get("payloads", [])}
        for body in self._session.scalars(select(SealedPayload).where(SealedPayload.seal_id == row.id)):
            self._report.bodies += 1
            if body.sha256 not in wanted or _digest(body.body) != body.sha256:
                self._say(f"第 {row.number} 个封条的原始页面被改过")

    def _remember(self, row: Seal) -> None:
        for external_id, digest in row.facts["posts"]:
            self._sealed.add(hash((external_id, digest)))
            self._ids.add(hash(external_id))

    def wordings(self) -> None:
        """Every wording that is stored is the one that was sealed, and no sealed post is missing."""
        found: set[int] = set()
        for post in self._posts():
            self._report.posts += 1
            found.add(hash(post.external_id))
            self._wording(post)
        missing = len(self._ids - found)
        if missing:
            self._say(f"有 {missing} 条封存过的帖子不在库里了")

    def _posts(self) -> Iterator[Post]:
        query = select(Post).where(Post.source_id == self._source.id).order_by(Post.id)
        yield from self._session.scalars(query.execution_options(yield_per=_CHUNK))

    def _wording(self, post: Post) -> None:
        if hash((post.external_id, post.content_hash)) not in self._sealed:
            if self._since is None or post.first_seen_at < self._since:
                self._report.unsealed += 1
            else:
                self._say(f"帖子 {post.id} 没有对应的封条")
        hidden = post.gone_at is not None and not post.text
        if not hidden and content_hash(post.title, post.text) != post.content_hash:
            self._say(f"帖子 {post.id} 的文字与收到时不同")
        for revision in self._revisions(post):
            if revision.text and content_hash(revision.title, revision.text) != revision.content_hash:
                self._say(f"帖子 {post.id} 较早的文字被改过")

    def _revisions(self, post: Post) -> Iterable[PostRevision]:
        if post.edited_at is None and post.gone_at is None:
            return ()
        return self._session.scalars(select(PostRevision).where(PostRevision.post_id == post.id))

    def _say(self, problem: str) -> None:
        self._report.problems.append(problem)


def _digest(packed: bytes) -> str:
    try:
        return Payload("", zlib.decompress(packed)).sha256
    except zlib.error:
        return ""
