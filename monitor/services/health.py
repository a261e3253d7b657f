"""How a source is doing, looked at after every visit and by a job of its own; changes are kept and told."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from monitor.domain.alerts import Event
from monitor.domain.diagnosis import Diagnosis, Situation, trouble_with_visits
from monitor.domain.health import Health
from monitor.domain.verdicts import Severity
from monitor.domain.wording import label, say_moment, say_span
from monitor.services import alerting, audit
from monitor.services.alerting import Alarm
from monitor.services.audit import SYSTEM
from monitor.services.tools import Tools
from monitor.storage.models import HealthChange, Source

REMIND_EVERY = timedelta(hours=24)


def review(session: Session, source: Source, tools: Tools, now: datetime) -> Diagnosis:
    """Looks at a source, keeps what is found, and tells people of a change, or again after a day."""
    diagnosis = _diagnose(source, tools, now)
    source.health_reason, source.health_advice = diagnosis.reason, diagnosis.advice
    if diagnosis.state is not source.health:
        _change(session, source, diagnosis, tools, now)
    elif diagnosis.state.is_bad and _is_time_to_remind(source, now):
        _tell(session, source, diagnosis, tools, now, turn="still")
    return diagnosis


def _diagnose(source: Source, tools: Tools, now: datetime) -> Diagnosis:
    found = trouble_with_visits(situation_of(source), tools.zone, now)
    return found or Diagnosis(Health.HEALTHY, "采集正常。")


def situation_of(source: Source) -> Situation:
    """What the row says of the visits."""
    return Situation(
        enabled=source.enabled,
        blocked=source.blocked,
        failures=source.failures,
        error=source.error,
        interval=timedelta(seconds=source.interval_seconds),
        visited=source.next_run_at is not None or source.failures > 0,
        next_run_at=source.next_run_at,
        leased_until=source.leased_until,
        last_success_at=source.last_success_at,
        state=source.health,
        since=source.health_since,
    )


def _change(session: Session, source: Source, diagnosis: Diagnosis, tools: Tools, now: datetime) -> None:
    before, after = source.health, diagnosis.state
    session.add(HealthChange(source_id=source.id, changed_at=now, before=before, after=after, reason=diagnosis.reason))
    audit.record(
        session,
        SYSTEM,
        "source_health",
        "source",
        source.id,
        now,
        before=before.value,
        after=after.value,
        reason=diagnosis.reason,
    )
    source.health, source.health_since = after, now
    if after.is_bad and after.gravity > before.gravity:
        _tell(session, source, diagnosis, tools, now, turn="bad")


def _is_time_to_remind(source: Source, now: datetime) -> bool:
    return source.health_told_at is not None and now - source.health_told_at >= REMIND_EVERY


def _tell(session: Session, source: Source, diagnosis: Diagnosis, tools: Tools, now: datetime, *, turn: str) -> None:
    source.health_told_at = now
    since = source.health_since or now
    alarm = Alarm(
        event=Event.SOURCE_HEALTH,
        severity=Severity.NORMAL,
        occurrence=f"source {source.id} {turn} {now.isoformat()}",
        facts={
            "source": source.name,
            "turn": turn,
            "state": label(diagnosis.state),
            "before": "",
            "reason": diagnosis.reason,
            "advice": diagnosis.advice,
            "since": say_moment(since, tools.zone, now=now),
            "lasted": say_span(now - since),
            "missing": "",
            "again": 1,
            "link": f"{tools.base_url}/sources/{source.id}",
            "company": tools.company,
        },
    )
    alerting.queue_alerts(session, [alarm], tools, now)
