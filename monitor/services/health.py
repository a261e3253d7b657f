"""How a source is doing, looked at after every visit and by a job of its own; changes are kept and told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.alerts import Event
from monitor.domain.diagnosis import Diagnosis
from monitor.domain.health import Health
from monitor.domain.verdicts import Severity
from monitor.domain.wording import label, say_moment, say_span
from monitor.services import alerting, audit
from monitor.services.alerting import Alarm
from monitor.services.audit import SYSTEM
from monitor.services.examining import examine
from monitor.services.setup import BUILT_IN
from monitor.services.tools import Tools
from monitor.storage.models import CollectRun, HealthChange, Source
from monitor.storage.queries.health import changes_of, runs_since, source_ids

REMIND_EVERY = timedelta(hours=24)
CALM = timedelta(hours=3)
"""A source that is now well and now ill tells of the same illness no more often than this."""
PATIENCE = timedelta(minutes=10)
"""When the program starts after a stop, everything is late at first; only what stays so is worth a mail."""


def watched_sources(session: Session, *, after: int = 0, size: int = 50) -> Sequence[int]:
    """Numbers of the next sources to look at, those behind `after`; nobody visits the built-in ones."""
    return source_ids(session, after=after, size=size, without=BUILT_IN)


def review_numbered(session: Session, source_id: int, tools: Tools, now: datetime) -> Diagnosis | None:
    """Looks at one source; None when it is gone, or a visit is just being written down and looks by itself."""
    row = select(Source).where(Source.id == source_id).with_for_update(skip_locked=True)
    source = session.scalars(row).first()
    return None if source is None else review(session, source, tools, now)


def review(session: Session, source: Source, tools: Tools, now: datetime) -> Diagnosis:
    """Looks at a source, keeps what is found, and tells people when it turned bad, lasts for a day, or recovered."""
    diagnosis = examine(session, source, tools.zone, now)
    before = source.health
    source.health_reason, source.health_advice = diagnosis.reason, diagnosis.advice
    if diagnosis.state is not before:
        _change(session, source, diagnosis, now)
    if before.is_bad or diagnosis.state.is_bad:
        _tell_if_due(session, source, diagnosis, before, tools, now)
    return diagnosis


def _change(session: Session, source: Source, diagnosis: Diagnosis, now: datetime) -> None:
    before, after, reason = source.health, diagnosis.state, diagnosis.reason
    session.add(HealthChange(source_id=source.id, changed_at=now, before=before, after=after, reason=reason))
    told = {"before": before.value, "after": after.value}
    audit.record(session, SYSTEM, "source_health", "source", source.id, now, reason=reason, **told)
    source.health, source.health_since = after, now


@dataclass(frozen=True, slots=True)
class _Episode:
    """Bad health without a good day in between, the newest one."""

    began_at: datetime
    told: bool
    again: int
    """The how many-th within a day this is."""
    same_before: bool
    """Whether the one before it began with the same state."""


def _episode(changes: Sequence[HealthChange], told_at: datetime | None, now: datetime) -> _Episode | None:
    begins = [change for change in changes if change.after.is_bad and not change.before.is_bad]
    if not begins:
        return None
    return _Episode(
        began_at=begins[0].changed_at,
        told=told_at is not None and told_at >= begins[0].changed_at,
        again=max(sum(now - change.changed_at <= REMIND_EVERY for change in begins), 1),
        same_before=len(begins) > 1 and begins[0].after is begins[1].after,
    )


def _tell_if_due(
    session: Session, source: Source, diagnosis: Diagnosis, before: Health, tools: Tools, now: datetime
) -> None:
    session.flush()
    episode = _episode(changes_of(session, source.id), source.health_told_at, now)
    if episode is None:
        return
    turn = _turn(source, diagnosis.state, before, episode, now)
    if turn:
        missing = _what_is_missing(session, source, before, episode) if turn == "well" else ""
        facts = _facts(source, diagnosis, before, episode, tools, now) | {"turn": turn, "missing": missing}
        occurrence = f"source {source.id} {turn} {now.isoformat()}"
        alarm = Alarm(Event.SOURCE_HEALTH, Severity.NORMAL, occurrence, facts)
        alerting.queue_alerts(session, [alarm], tools, now)
        source.health_told_at = now


def _turn(source: Source, state: Health, before: Health, episode: _Episode, now: datetime) -> str:
    """What is to be told now: `bad`, `still`, `well`, or nothing."""
    if state is Health.PAUSED:
        return ""
    if not state.is_bad:
        return "well" if episode.told else ""
    if state is Health.LATE and now - episode.began_at < PATIENCE:
        return ""
    calm = source.health_told_at is None or now - source.health_told_at >= CALM
    if not episode.told:
        return "bad" if calm or not episode.same_before or state is Health.BLOCKED else ""
    if state.gravity > before.gravity > 0:
        return "bad"
    return "still" if source.health_told_at is not None and now - source.health_told_at >= REMIND_EVERY else ""


def _facts(
    source: Source, diagnosis: Diagnosis, before: Health, episode: _Episode, tools: Tools, now: datetime
) -> dict[str, Any]:
    return {
        "source": source.name,
        "state": label(diagnosis.state),
        "before": label(before),
        "reason": diagnosis.reason,
        "advice": diagnosis.advice,
        "since": say_moment(episode.began_at, tools.zone, now=now),
        "lasted": say_span(now - episode.began_at),
        "again": episode.again,
        "link": f"{tools.base_url}/sources/{source.id}",
        "company": tools.company,
    }


_LOSS_SIGNS = ("gap", "running_out", "page_failed")


def _what_is_missing(session: Session, source: Source, before: Health, episode: _Episode) -> str:
    """What became of the posts of the bad time, as far as one can tell."""
    runs = runs_since(session, source.id, episode.began_at)
    lost = next((note for run in runs for note in run.notes if note.get("sign") in _LOSS_SIGNS), None)
    if lost is not None:
        return f"可能漏了一些：{lost['text']}漏掉的可以补历史。"
    if before is Health.DEGRADED:
        count = sum(run.new for run in runs)
        return f"期间收下的 {count} 条可能缺内容；补历史会把它们重新取一遍。" if count else "期间没有收下新帖。"
    if before is not Health.SILENT and runs and _is_cut_off(runs[0]):
        return f"恢复后取到的 {runs[0].new} 条全是新帖，与之前接不上，中间可能漏了一些；可以补历史。"
    return f"恢复后取到 {sum(run.new for run in runs)} 条新帖，没有发现漏帖。"


def _is_cut_off(run: CollectRun) -> bool:
    return run.fetched >= 5 and run.new == run.fetched
