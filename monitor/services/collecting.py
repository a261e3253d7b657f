"""Visiting a source: claim it, fetch with no transaction open, then keep posts and checkpoint together."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.domain.alerts import Event
from monitor.domain.text import clean_text
from monitor.domain.verdicts import Severity
from monitor.services import alerting, audit
from monitor.services.alerting import Alarm
from monitor.services.audit import SYSTEM
from monitor.services.intake import Accepted, accept_posts
from monitor.services.tools import Tools
from monitor.storage.models import CollectRun, Source
from scrapers.base import Batch, Collector
from scrapers.errors import CollectError

_log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)
"""How long a visit may take before another process may try; a killed one is taken up again after this."""

_KEPT_REJECTIONS = 50
_FIRST_RETRY = timedelta(minutes=1)
_LAST_RETRY = timedelta(hours=6)
_TELL_AT = 3  # failures in a row that are worth a mail; one bad minute is not

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
    result = _visit(claim, build)
    with sessions.begin() as session:
        source = session.get_one(Source, claim.source_id)
        if isinstance(result, CollectError):
            _fail(session, source, claim, result, tools, now)
        else:
            _keep(session, source, claim, result, tools, now)
    return True


def _claim(session: Session, now: datetime) -> _Claim | None:
    source = session.scalars(
        select(Source)
        .where(Source.enabled, Source.next_run_at <= now)
        .order_by(Source.next_run_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if source is None:
        return None
    source.next_run_at = now + LEASE
    return _Claim(source.id, source.kind, dict(source.options), dict(source.cursor), source.next_run_at)


def _visit(claim: _Claim, build: BuildCollector) -> Batch | CollectError:
    try:
        return build(claim.kind, claim.options).collect(claim.cursor)
    except CollectError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the boundary to code of any kind
        # Whatever a collector did, its source must say so and wait, instead of being visited again and again.
        _log.exception("collecting from source %s failed", claim.source_id)
        return CollectError(f"采集程序出错：{type(error).__name__}: {error}")


def _keep(session: Session, source: Source, claim: _Claim, batch: Batch, tools: Tools, now: datetime) -> Accepted:
    """Posts and checkpoint in one transaction: a crash before it loses nothing, a crash after it repeats nothing."""
    accepted = accept_posts(session, source, batch.posts, pseudonym_key=tools.pseudonym_key, now=now)
    accepted.rejections.extend(batch.rejections)
    _note_run(session, source, accepted, now)
    source.last_success_at = now
    source.last_new_at = now if accepted.new else source.last_new_at
    source.failures, source.error, source.blocked = 0, "", False
    if source.next_run_at == claim.leased_until:  # else somebody changed or re-claimed it while we were away
        source.cursor = dict(batch.cursor)
        source.next_run_at = now if batch.more else now + timedelta(seconds=source.interval_seconds)
    return accepted


def _note_run(session: Session, source: Source, accepted: Accepted, now: datetime) -> None:
    session.add(
        CollectRun(
            source_id=source.id,
            started_at=now,
            finished_at=now,
            fetched=accepted.fetched,
            new=accepted.new,
            edited=accepted.edited,
            unchanged=accepted.unchanged,
            rejected=len(accepted.rejections),
            rejections=[{"place": r.place, "reason": r.reason} for r in accepted.rejections[:_KEPT_REJECTIONS]],
        )
    )


def _fail(session: Session, source: Source, claim: _Claim, error: CollectError, tools: Tools, now: datetime) -> None:
    source.failures += 1
    source.error = clean_text(str(error))[:1000]
    source.blocked = error.permanent
    session.add(CollectRun(source_id=source.id, started_at=now, finished_at=now, error=source.error, rejections=[]))
    if source.next_run_at == claim.leased_until:
        source.next_run_at = None if error.permanent else now + _wait(source, error)
    if error.permanent or source.failures == _TELL_AT:
        audit.record(session, SYSTEM, "source_failed", "source", source.id, now, reason=source.error)
        alerting.queue_alerts(session, [_alarm(source, error, tools, now)], tools, now)


def _wait(source: Source, error: CollectError) -> timedelta:
    """What the site asked for, or twice as long as last time, up to six hours."""
    if error.retry_after is not None:
        return min(max(timedelta(seconds=error.retry_after), _FIRST_RETRY), timedelta(days=1))
    doubled: timedelta = _FIRST_RETRY * 2 ** min(source.failures - 1, 12)
    return min(doubled, _LAST_RETRY)


def _alarm(source: Source, error: CollectError, tools: Tools, now: datetime) -> Alarm:
    return Alarm(
        event=Event.SOURCE_FAILED,
        severity=Severity.NORMAL,
        occurrence=f"source {source.id} {now.isoformat()}",
        facts={
            "source": source.name,
            "error": str(error),
            "permanent": error.permanent,
            "link": f"{tools.base_url}/sources/{source.id}",
            "company": tools.company,
        },
    )
