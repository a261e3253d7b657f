"""Sources: their state in words, their visits, and adding one by preview."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from monitor import edge, wiring
from monitor.domain.errors import Invalid, InvalidAction
from monitor.domain.people import Permission
from monitor.services import sources as service
from monitor.services.access import require
from monitor.services.audit import Doer
from monitor.services.setup import BUILT_IN
from monitor.storage.models import Source
from monitor.storage.queries.sources import RUNS, all_sources, new_posts_by_day, runs_of
from monitor.web.signed_in import me, myself, staff_pages
from monitor.web.source_forms import INTERVALS, Preview, option_fields, preview_of, typed_options
from scrapers.errors import CollectError, CollectorNotConfigured

pages = staff_pages("sources", Permission.SEE_SOURCES)
_DAYS = 7


@dataclass(frozen=True, slots=True)
class State:
    """A source's state in words, how it looks, and what to do about it."""

    name: str
    look: str
    advice: str = ""


def state_of(source: Source) -> State:
    """How a source is doing."""
    if source.kind in BUILT_IN:
        return State("内置", "quiet")
    if not source.enabled:
        return State("停用", "quiet")
    if source.blocked:
        return State("被拒绝", "bad", "不会自动再试。按上面的说明处理好以后，点“现在采集”。")
    if source.failures:
        return State("出错", "warn", f"已连续失败 {source.failures} 次，会自动再试。")
    if source.last_success_at is None:
        return State("新", "new", "还没有采集过，马上开始。")
    return State("正常", "good")


@pages.get("/sources")
def show() -> ResponseReturnValue:
    """All sources, one line each."""
    days = _days()
    counts = new_posts_by_day(edge.session(), days)
    rows = [(source, state_of(source), counts.get(source.id, [0] * _DAYS)) for source in all_sources(edge.session())]
    return render_template("sources/show.html", rows=rows, kinds=_kind_titles())


def _days() -> list[datetime]:
    """The beginnings of the last seven days, and the end of today."""
    today = edge.now().astimezone(edge.tools().zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return [today + timedelta(days=offset) for offset in range(1 - _DAYS, 2)]


def _kind_titles() -> dict[str, str]:
    built_in = {kind: title for kind, (title, _) in BUILT_IN.items()}
    return built_in | {kind: builder.title for kind, builder in wiring.source_kinds().items()}


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
        more=runs[RUNS - 1].id if len(runs) > RUNS else None,
        kinds=_kind_titles(),
        built_in=found.kind in BUILT_IN,
    )


@pages.get("/sources/new")
def new() -> ResponseReturnValue:
    """The form for a new source; first its kind."""
    require(me(), Permission.EDIT_SOURCES)
    return _form(request.args.get("kind", ""), {})


@pages.post("/sources/new")
def create() -> ResponseReturnValue:
    """Shows what the source would give, or saves it."""
    require(me(), Permission.EDIT_SOURCES)
    kind, typed = request.form.get("kind", ""), dict(request.form.items())
    if kind not in wiring.source_kinds():
        return _form("", typed), 422
    if request.form.get("then") != "save":
        return _preview(kind, typed)
    return _save(kind, typed)


def _preview(kind: str, typed: Mapping[str, str]) -> ResponseReturnValue:
    # Nobody may wait for the database while a strange site is slow: the transaction ends before the visit.
    edge.commit()
    options = typed_options(wiring.source_kinds()[kind], typed)
    try:
        batch = wiring.preview_source(edge.installation(), kind, options)
    except CollectError as error:
        return _form(kind, typed, trouble=error), 422
    return _form(kind, typed, preview=preview_of(edge.session(), batch))


def _save(kind: str, typed: Mapping[str, str]) -> ResponseReturnValue:
    options = typed_options(wiring.source_kinds()[kind], typed)
    interval = typed.get("interval", "")
    try:
        place = edge.installation()
        wiring.build_collectors(place.settings, place.database)(kind, options)
        wish = service.Wish(
            name=typed.get("name", ""),
            kind=kind,
            options=options,
            interval=int(interval) if interval.isdecimal() else 900,
            direct=typed.get("direct") == "yes",
        )
        made = service.add_source(edge.session(), wish, by=myself(), now=edge.now())
    except CollectorNotConfigured as error:
        return _form(kind, typed, trouble=error), 422
    except Invalid as error:
        return _form(kind, typed, errors=error.fields), 422
    flash(f"来源“{made.name}”已保存，马上开始第一次采集。", "success")
    return redirect(url_for("sources.source", source_id=made.id))


def _form(
    kind: str,
    typed: Mapping[str, str],
    *,
    trouble: CollectError | None = None,
    preview: Preview | None = None,
    errors: Mapping[str, str] | None = None,
) -> str:
    builder = wiring.source_kinds().get(kind)
    wrong = dict(errors or {})
    if isinstance(trouble, CollectorNotConfigured) and trouble.option:
        wrong[f"option_{trouble.option}"] = str(trouble)
    return render_template(
        "sources/new.html",
        kinds=wiring.source_kinds(),
        kind=kind if builder else "",
        fields=option_fields(builder, typed) if builder else [],
        typed=typed,
        intervals=INTERVALS,
        trouble=trouble,
        preview=preview,
        errors=wrong,
    )


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
        edge.session().rollback()
        flash(str(error), "danger")
        return redirect(url_for("sources.source", source_id=source_id))
    flash(said, "success")
    return redirect(url_for("sources.source", source_id=source_id))
