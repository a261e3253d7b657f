"""Visiting a source: claim it, fetch with no transaction open, then keep posts and checkpoint together."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, aliased, sessionmaker

from monitor.domain.text import clean_text
from monitor.services import evidence, health
from monitor.services.deletions import Losses, note_losses
from monitor.services.filtering import wanted_by
from monitor.services.intake import Accepted, accept_posts
from monitor.services.runs import note_run
from monitor.services.tools import Tools
from monitor.storage import locks
from monitor.storage.models import CollectRun, Source
from scrapers.base import Batch, Collector
from scrapers.errors import CollectError

_log = logging.getLogger(__name__)
LEASE = timedelta(minutes=10)
"""How long a visit may take before another process may try; a killed one is taken up again after this."""

_FIRST_RETRY = timedelta(minutes=1)
_LAST_RETRY = timedelta(hours=6)

BuildCollector = Callable[[str, Mapping[str, Any]], Collector]
"""Makes a collector of a kind and its options. Raises `CollectorNotConfigured`."""


@dataclass(frozen=True, slots=True)
class _Claim:
    source_id: int
    kind: str
    options: Mapping[str, Any]
    cursor: Mapping[str, Any]
    leased_until: datetime


def collect_next(sessions: sessionmaker[Session], build: BuildCollector, tools: Tools, now: datetime) -> bool:
    """Visits one due source; says whether there was one."""
    with sessions.begin() as session:
        claim = _claim(session, now)
    if claim is None:
        return False
    result = read_safely(claim.source_id, lambda: build(claim.kind, claim.options).collect(claim.cursor))
    with sessions.begin() as session:
        source = session.get_one(Source, claim.source_id)
        if isinstance(result, CollectError):
            _fail(session, source, claim, result, now)
        else:
            _keep(session, source, claim, result, tools, now)
        health.review(session, source, tools, now)
    return True


def _claim(session: Session, now: datetime) -> _Claim | None:
    locks.hold(session, "claims")  # or two processes could take two sources of one host in the same moment
    source = session.scalars(
        select(Source)
        .where(Source.enabled, Source.next_run_at <= now, is_free(now))
        .order_by(Source.next_run_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if source is None:
        return None
    source.next_run_at = source.leased_until = now + LEASE
    return _Claim(source.id, source.kind, dict(source.options), dict(source.cursor), source.leased_until)


def is_free(now: datetime) -> ColumnElement[bool]:
    """That nobody is at the source now, nor at another one of its host: a site has one visitor of ours at a time."""
    other = aliased(Source)
    neighbour = exists().where(other.host == Source.host, other.host != "", other.leased_until > now)
    return or_(Source.leased_until.is_(None), Source.leased_until <= now) & ~neighbour


def read_safely(source_id: int, read: Callable[[], Batch]) -> Batch | CollectError:
    """What a collector gave, or why it failed; whatever it does, nothing else comes out of it."""
    try:
        return read()
    except CollectError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the boundary to code of any kind
        # Whatever a collector did, its source must say so and wait, instead of being visited again and again.
        _log.exception("collecting from source %s failed", source_id)
        return CollectError(f"采集程序出错：{type(error).__name__}: {error}")


def _keep(session: Session, source: Source, claim: _Claim, batch: Batch, tools: Tools, now: datetime) -> None:
    """Posts and checkpoint in one transaction: a crash before it loses nothing, a crash after it repeats nothing."""
    accepted, losses = take_in(session, source, batch, tools, now)
    note_run(session, source, batch, accepted, losses, now)
    source.last_success_at = now
    source.last_new_at = now if accepted.new else source.last_new_at
    source.failures, source.error, source.blocked = 0, "", False
    if not _let_go(source, claim):
        return
    source.cursor = dict(batch.cursor)
    if source.next_run_at == claim.leased_until:  # else somebody wants it visited sooner
        pause = timedelta(seconds=max(source.interval_seconds, min(batch.wait, _LONGEST_PAUSE)))
        source.next_run_at = now if batch.more else now + pause


_LONGEST_PAUSE = 24 * 3600.0
"""The longest pause between visits that a site's own wish can bring about: a feed may say a year."""


def take_in(
    session: Session, source: Source, batch: Batch, tools: Tools, now: datetime, *, quiet: bool = False
) -> tuple[Accepted, Losses]:
    """Keeps what a batch brought, and notices what is gone."""
    accepted = accept_posts(
        session,
        source,
        batch.posts,
        pseudonym_key=tools.pseudonym_key,
        now=now,
        quiet=quiet,
        wanted=wanted_by(source, tools),
        payloads=batch.payloads,
    )
    accepted.rejections.extend(batch.rejections)
    if accepted.seal is not None and tools.payload_days:
        evidence.keep_bodies(session, accepted.seal, batch.payloads, now)
    session.flush()
    return accepted, note_losses(session, source, batch, tools.deleted_posts, now)


def _let_go(source: Source, claim: _Claim) -> bool:
    """Ends the lease; False when it is no longer ours, because the source was changed or taken over meanwhile."""
    if source.leased_until != claim.leased_until:
        return False
    source.leased_until = None
    return True


def _fail(session: Session, source: Source, claim: _Claim, error: CollectError, now: datetime) -> None:
    source.failures += 1
    source.error = clean_text(str(error))[:1000]
    source.blocked = error.permanent
    session.add(CollectRun(source_id=source.id, started_at=now, finished_at=now, error=source.error, rejections=[]))
    if _let_go(source, claim) and source.next_run_at == claim.leased_until:
        source.next_run_at = None if error.permanent else now + waiting_time(source.failures, error)


def waiting_time(failures: int, error: CollectError) -> timedelta:
    """What the site asked for, or twice as long as last time, up to six hours."""
    if error.retry_after is not None:
        return min(max(timedelta(seconds=error.retry_after), _FIRST_RETRY), timedelta(days=1))
    doubled: timedelta = _FIRST_RETRY * 2 ** min(failures - 1, 12)
    return min(doubled, _LAST_RETRY)
