"""Finding out how a source is doing: its schedule first, then its silence, then what its visits brought."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from sqlalchemy.orm import Session

from monitor.domain.diagnosis import Diagnosis, Situation, trouble_with_visits
from monitor.domain.faults import Fault, Visit, find_faults
from monitor.domain.health import Health
from monitor.domain.hearing import SHORTEST_SILENCE, Heard, listen, moments_of
from monitor.domain.silence import LONGEST_HISTORY
from monitor.services.setup import BUILT_IN, PUSHED
from monitor.storage.models import CollectRun, Source
from monitor.storage.queries.health import (
    RunMark,
    marks_with_rows,
    newest_moment,
    post_times,
    run_marks,
    runs_numbered,
    watched_since,
)

_LOOKED_AT = 60
"""Visits with something in them that are looked at closely."""
_NEWEST = 12
_CONTAMINATED = 20
"""Visits before a fault was noticed that may have had it already."""
_USUAL_BY_NOW = timedelta(days=14)
"""A fault that lasts so long is how the source is: from then on it is compared with itself as it has become."""


def examine(session: Session, source: Source, zone: tzinfo, now: datetime) -> Diagnosis:
    """How the source is doing now."""
    situation = situation_of(source)
    found = trouble_with_visits(situation, zone, now)
    if found is not None:
        return found
    marks = run_marks(session, source.id)
    heard = _listen(session, source, marks, zone, now)
    faults = _faults(session, source, marks, now)
    found = _with_failures(_joined(heard, faults), source)
    if source.health is Health.DEGRADED and not faults and not _is_measured_by_before(source, now):
        return replace(found, reason=f"两周以来一直这样，从现在起以此为准。{found.reason}")
    return found


def situation_of(source: Source) -> Situation:
    """What the row says of the visits."""
    return Situation(
        enabled=source.enabled,
        blocked=source.blocked,
        failures=source.failures,
        error=source.error,
        interval=timedelta(seconds=source.interval_seconds),
        visited=_is_visited(source),
        next_run_at=source.next_run_at,
        leased_until=source.leased_until,
        last_success_at=source.last_success_at,
        state=source.health,
        since=source.health_since,
    )


def _is_visited(source: Source) -> bool:
    return source.kind != PUSHED and source.kind not in BUILT_IN


def _listen(session: Session, source: Source, marks: Sequence[RunMark], zone: tzinfo, now: datetime) -> Diagnosis:
    if "path" in source.options:
        # People fill a folder when they have something; that they do not is no fault of the source.
        return Diagnosis(Health.HEALTHY, "采集正常。文件夹由人放文件，多久没有新的不作判断。")
    newest = newest_moment(session, source.id, now)
    if source.health is not Health.SILENT and newest is not None and now - newest < SHORTEST_SILENCE:
        return Diagnosis(Health.HEALTHY, "一切正常，刚有新帖。")
    visited = _is_visited(source)
    begin = watched_since(session, source.id) or now
    times = post_times(session, source.id, since=(source.last_new_at or now) - LONGEST_HISTORY, until=now)
    interval = timedelta(seconds=source.interval_seconds)
    moments, late = moments_of(times, watched_since=begin, interval=interval, zone=zone)
    known_until = source.last_success_at - late if visited and source.last_success_at else now
    since = moments[-1] if moments else begin
    visits = [
        Visit(at=mark.started_at, fetched=mark.fetched, filtered=mark.filtered)
        for mark in marks
        if mark.started_at > since
    ]
    heard = Heard(
        moments=moments,
        watched_since=begin,
        until=known_until,
        visits=visits,
        visited=visited,
        selective=bool(source.query),
    )
    return _held(source, listen(heard, zone))


def _held(source: Source, found: Diagnosis) -> Diagnosis:
    """A silence ends when something new comes, not when the habit it broke is forgotten."""
    since = source.health_since
    if source.health is not Health.SILENT or since is None or found.state is Health.SILENT:
        return found
    if source.last_new_at is not None and source.last_new_at > since:
        return found
    return Diagnosis(Health.SILENT, source.health_reason, source.health_advice)


def _faults(session: Session, source: Source, marks: Sequence[RunMark], now: datetime) -> list[Fault]:
    near = [*marks[:_NEWEST], *_telling(session, source, marks)]
    far: list[RunMark] = []
    if source.health is Health.DEGRADED and _is_measured_by_before(source, now):
        since = source.health_since
        far = _telling(session, source, run_marks(session, source.id, before=since), before=since)
        far = far[min(_CONTAMINATED, len(far) // 4) :]
    rows = {run.id: visit_of(run) for run in runs_numbered(session, {mark.id for mark in (*near, *far)})}
    newest, before = (sorted({mark.id for mark in each}, reverse=True) for each in (near, far))
    return find_faults([rows[number] for number in newest], [rows[number] for number in before])


def _telling(
    session: Session, source: Source, marks: Sequence[RunMark], *, before: datetime | None = None
) -> list[RunMark]:
    """Runs worth a closer look: those that fetched something, and those to which at least a page was given."""
    full = marks_with_rows(session, source.id, before=before, size=_LOOKED_AT)
    return sorted({*full, *[mark for mark in marks if mark.size][:_LOOKED_AT]}, reverse=True)


def _is_measured_by_before(source: Source, now: datetime) -> bool:
    return source.health_since is not None and now - source.health_since <= _USUAL_BY_NOW


def visit_of(run: CollectRun) -> Visit:
    """A stored run in numbers."""
    return Visit(
        at=run.started_at,
        fetched=run.fetched,
        new=run.new,
        edited=run.edited,
        unchanged=run.unchanged,
        filtered=run.filtered,
        rejected=run.rejected,
        filled=run.filled,
        pages=run.pages,
        size=run.size,
        repeated=run.repeated,
        garbled=run.garbled,
        notes=run.notes,
        refusal=str(run.rejections[0].get("reason", "")) if run.rejections else "",
    )


def _joined(heard: Diagnosis, faults: Sequence[Fault]) -> Diagnosis:
    """One diagnosis of both: silence is the graver one, and a fault may well be its cause."""
    if not faults:
        return heard
    told = "".join(fault.text for fault in faults[:3])
    figures = {**heard.figures, **{name: value for fault in faults for name, value in fault.figures.items()}}
    if heard.state is Health.SILENT:
        return replace(heard, reason=f"{heard.reason}另外：{told}", figures=figures)
    return Diagnosis(Health.DEGRADED, told, faults[0].advice, figures)


def _with_failures(found: Diagnosis, source: Source) -> Diagnosis:
    if not source.failures:
        return found
    times = "最近一次" if source.failures == 1 else f"最近 {source.failures} 次"
    return replace(found, reason=f"{found.reason}{times}没有成功，会自动再试：{source.error}")
