"""Sources: their state in words, their visits, and adding one by preview."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor import edge
from monitor.domain.errors import Invalid, InvalidAction, MonitorError, NotFound
from monitor.domain.health import Health
from monitor.domain.people import Permission, may
from monitor.domain.queries import explain, parse_query
from monitor.domain.webhooks import secret_text
from monitor.domain.wording import label
from monitor.services import backfilling
from monitor.services import sources as service
from monitor.services.access import require
from monitor.services.audit import Doer
from monitor.services.setup import BUILT_IN, PUSHED
from monitor.storage.models import Source
from monitor.storage.queries.sources import RUNS, all_sources, health_changes_of, new_posts_by_day, runs_of
from monitor.web.signed_in import me, myself, staff_pages
from monitor.wiring import sources as source_wiring
from scrapers.errors import CollectError

pages = staff_pages("sources", Permission.SEE_SOURCES)
_DAYS = 7


@dataclass(frozen=True, slots=True)
class State:
    """A source's state in words, how it looks, and what to do about it."""

    name: str
    look: str
    advice: str = ""
    reason: str = ""


_LOOKS = {
    Health.NEW: "new",
    Health.HEALTHY: "good",
    Health.LATE: "warn",
    Health.SILENT: "warn",
    Health.DEGRADED: "warn",
    Health.BLOCKED: "bad",
    Health.BROKEN: "bad",
    Health.PAUSED: "quiet",
}


_ORDER = {"bad": 0, "warn": 1}
"""What asks for a person stands first in the list."""


def state_of(source: Source) -> State:
    """How a source is doing, as the last look at it found."""
    if source.kind in BUILT_IN:
        return State("内置", "quiet")
    if not source.enabled:
        return State(label(Health.PAUSED), "quiet")
    return State(label(source.health), _LOOKS[source.health], source.health_advice, source.health_reason)


@pages.get("/sources")
def show() -> ResponseReturnValue:
    """All sources, one line each."""
    days = _days()
    counts = new_posts_by_day(edge.session(), days)
    rows = [(source, state_of(source), counts.get(source.id, [0] * _DAYS)) for source in all_sources(edge.session())]
    rows.sort(key=lambda row: _ORDER.get(row[1].look, len(_ORDER)) if row[0].kind not in BUILT_IN else len(_ORDER) + 1)
    troubled = sum(1 for _, state, _ in rows if state.look in _ORDER)
    return render_template("sources/show.html", rows=rows, kinds=_kind_titles(), troubled=troubled)


def _days() -> list[datetime]:
    """The beginnings of the last seven days, and the end of today."""
    today = edge.now().astimezone(edge.tools().zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return [today + timedelta(days=offset) for offset in range(1 - _DAYS, 2)]


def _kind_titles() -> dict[str, str]:
    built_in = {kind: title for kind, (title, _) in BUILT_IN.items()}
    return built_in | {kind: builder.title for kind, builder in source_wiring.kinds().items()}


@pages.get("/sources/<int:source_id>")
def source(source_id: int) -> ResponseReturnValue:
    """One source and its visits."""
    found = service.source_numbered(edge.session(), source_id)
    before = request.args.get("before", "")
    runs = runs_of(edge.session(), source_id, before=int(before) if before.isdecimal() else None)
    return render_template(
        "sources/source.html",
        source=found,
        state=state_of(found),
        runs=runs[:RUNS],
        changes=health_changes_of(edge.session(), source_id),
        backfill=backfilling.newest_of(edge.session(), source_id),
        reads_history=_reads_history(found),
        toml="" if found.kind in BUILT_IN else source_wiring.source_toml(found),
        hook=_hook(found),
        query=_query_in_words(found),
        more=runs[RUNS - 1].id if len(runs) > RUNS else None,
        kinds=_kind_titles(),
        built_in=found.kind in BUILT_IN,
    )


def _reads_history(source: Source) -> bool:
    place = edge.installation()
    if source.kind in BUILT_IN:
        return False
    try:
        return source_wiring.reads_history(place.settings, place.database, source.kind, source.options)
    except CollectError:
        return False  # its options are wrong; the page shows that where it matters


@dataclass(frozen=True, slots=True)
class Hook:
    """What the other side of a pushed source must know."""

    address: str
    secret: str
    """"" for a key of the sender's own."""


def _hook(source: Source) -> Hook | None:
    if source.kind != PUSHED:
        return None
    address = f"{edge.tools().base_url}/api/v1/hooks/{source.id}"
    if source.options.get("secret") or not may(me().role, Permission.EDIT_SOURCES):
        return Hook(address, "")
    return Hook(address, secret_text(source_wiring.hook_key(edge.installation().settings, source)))


def _query_in_words(source: Source) -> str:
    try:
        return explain(parse_query(source.query)) if source.query.strip() else ""
    except Invalid as error:
        return str(error)


@pages.post("/sources/<int:source_id>/backfill")
def backfill(source_id: int) -> ResponseReturnValue:
    """Begins to read the past."""
    require(me(), Permission.EDIT_SOURCES)
    found = service.source_numbered(edge.session(), source_id)
    try:
        until = _day(request.form.get("until", ""))
        able = _reads_history(found)
        backfilling.start(edge.session(), found, until=until, reads_history=able, by=myself(), now=edge.now())
    except InvalidAction as error:
        return _refused(error, source_id)
    flash("开始补历史，一步一步往回读；随时可以停。", "success")
    return redirect(url_for("sources.source", source_id=source_id))


def _day(typed: str) -> datetime | None:
    """The beginning of a day in the office's zone, or nothing. Raises `InvalidAction`."""
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        raise InvalidAction("日期写得不对，应类似 2026-01-01。") from None
    return datetime.combine(day, time(), edge.tools().zone)


@pages.post("/sources/<int:source_id>/backfill/<step>")
def change_backfill(source_id: int, step: str) -> ResponseReturnValue:
    """Stops reading the past, or goes on with it."""
    require(me(), Permission.EDIT_SOURCES)
    run = backfilling.newest_of(edge.session(), source_id)
    changes = {"pause": (backfilling.pause, "已停下，补到哪里记着。"), "resume": (backfilling.resume, "接着补。")}
    if run is None or step not in changes:
        raise NotFound("没有这次补历史的记录。")
    change, said = changes[step]
    try:
        change(edge.session(), run, myself(), edge.now())
    except InvalidAction as error:
        return _refused(error, source_id)
    flash(said, "success")
    return redirect(url_for("sources.source", source_id=source_id))


def _refused(error: MonitorError, source_id: int) -> ResponseReturnValue:
    edge.session().rollback()
    flash(str(error), "danger")
    return redirect(url_for("sources.source", source_id=source_id))


_Change = Callable[[Session, Source, Doer, datetime], None]


@pages.post("/sources/<int:source_id>/pause")
def pause(source_id: int) -> ResponseReturnValue:
    """Visits the source no more."""
    return _change(source_id, service.pause, "已停用，不再采集。")


@pages.post("/sources/<int:source_id>/resume")
def resume(source_id: int) -> ResponseReturnValue:
    """Visits the source again."""
    return _change(source_id, service.resume, "已启用，马上采集一次。")


@pages.post("/sources/<int:source_id>/collect")
def collect(source_id: int) -> ResponseReturnValue:
    """Visits the source now."""
    return _change(source_id, service.collect_now, "已排上，马上采集；稍后刷新看结果。")


def _change(source_id: int, change: _Change, said: str) -> ResponseReturnValue:
    require(me(), Permission.EDIT_SOURCES)
    try:
        change(edge.session(), service.source_numbered(edge.session(), source_id), myself(), edge.now())
    except InvalidAction as error:
        return _refused(error, source_id)
    flash(said, "success")
    return redirect(url_for("sources.source", source_id=source_id))
