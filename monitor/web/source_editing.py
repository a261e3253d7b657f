"""Adding and changing sources: a form from the kind's own options, a preview, and the same as TOML."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitor import edge
from monitor.domain.errors import ConfigError, Invalid, InvalidAction
from monitor.domain.people import Permission
from monitor.domain.queries import Query, explain, parse_query
from monitor.services import sources as service
from monitor.services.filtering import Counted, would_match
from monitor.services.intake import everything
from monitor.services.previewing import Preview, preview_of
from monitor.settings import config_folder
from monitor.storage.models import Source
from monitor.web.signed_in import myself, staff_pages
from monitor.web.source_forms import FATES, PART_NAMES, grouped, intervals, option_fields, typed_of, typed_options
from monitor.wiring import sources as source_wiring
from monitor.wiring.imports import templates_in_force
from monitor.wiring.sources import SourceEntry
from scrapers.base import Batch
from scrapers.errors import CollectError, CollectorNotConfigured

pages = staff_pages("source_editing", Permission.EDIT_SOURCES)
_SHOWN = 20
_LOOKED_AT = 20_000
"""Stored posts that a query is tried on while somebody waits: about a second."""


@pages.get("/sources/new")
def new() -> ResponseReturnValue:
    """The form for a new source; first its kind."""
    kind = request.args.get("kind", "")
    if kind not in source_wiring.kinds():
        return _choose()
    return _form(kind, {}, None)


def _choose() -> str:
    templates = templates_in_force(edge.installation().configuration.folder).values()
    return render_template("sources/choose.html", groups=grouped(source_wiring.kinds()), templates=templates)


@pages.post("/sources/new")
def create() -> ResponseReturnValue:
    """Shows what the source would give, or saves it."""
    kind, typed = request.form.get("kind", ""), dict(request.form.items())
    if kind not in source_wiring.kinds():
        return _choose(), 422
    return _answer(kind, typed, None)


@pages.get("/sources/<int:source_id>/edit")
def edit(source_id: int) -> ResponseReturnValue:
    """The form of a source that is there."""
    source = _editable(source_id)
    return _form(source.kind, typed_of(source), source)


@pages.post("/sources/<int:source_id>/edit")
def change(source_id: int) -> ResponseReturnValue:
    """Shows what the changed source would give, or saves the change."""
    source = _editable(source_id)
    return _answer(source.kind, dict(request.form.items()), source)


def _editable(source_id: int) -> Source:
    source = service.source_numbered(edge.session(), source_id)
    service.refuse_built_in(source)
    return source


def _answer(kind: str, typed: Mapping[str, str], source: Source | None) -> ResponseReturnValue:
    if typed.get("then") == "save":
        return _save(kind, typed, source)
    return _preview(kind, typed, source)


def _preview(kind: str, typed: Mapping[str, str], source: Source | None) -> ResponseReturnValue:
    try:
        query = _query(typed)
        counted = _counted(query, source.id if source else None)
    except Invalid as error:
        return _form(kind, typed, source, errors={"query": str(error)}), 422
    # Nobody may wait for the database while a strange site is slow: the transaction ends before the visit.
    edge.commit()
    options = typed_options(source_wiring.kinds()[kind], typed)
    place = edge.installation()
    try:
        policy = source_wiring.policy_of(place.settings, kind, options)
        batch = source_wiring.preview(place.settings, place.database, kind, options)
    except CollectError as error:
        return _form(kind, typed, source, trouble=error), 422
    seen = _seen(batch, source, query)
    return _form(kind, typed, source, preview=seen, policy=policy, query=query, counted=counted)


def _query(typed: Mapping[str, str]) -> Query | None:
    text = typed.get("query", "")
    return parse_query(text, fold=edge.tools().fold) if text.strip() else None


def _counted(query: Query | None, source_id: int | None) -> Counted | None:
    if query is None:
        return None
    return would_match(edge.session(), query, source_id=source_id, most_posts=_LOOKED_AT)


def _seen(batch: Batch, source: Source | None, query: Query | None) -> Preview:
    wanted = query.matches if query else everything
    return preview_of(edge.session(), batch, source_id=source.id if source else None, wanted=wanted)


def _save(kind: str, typed: Mapping[str, str], source: Source | None) -> ResponseReturnValue:
    options = typed_options(source_wiring.kinds()[kind], typed)
    place, interval = edge.installation(), typed.get("interval", "")
    wish = service.Wish(
        name=typed.get("name", ""),
        kind=kind,
        options=options,
        interval=int(interval) if interval.isdecimal() and len(interval) < 9 else 900,
        direct=typed.get("direct") == "yes",
        query=typed.get("query", ""),
    )
    try:
        wish = source_wiring.checked(place.settings, place.database, wish)
        if source is None:
            saved, said = service.add_source(edge.session(), wish, by=myself(), now=edge.now()), "已保存，马上开始采集"
        else:
            service.change_source(edge.session(), source, wish, by=myself(), now=edge.now())
            saved, said = source, "已改好，下一次采集就用新的设置"
    except CollectorNotConfigured as error:
        edge.session().rollback()
        return _form(kind, typed, source, trouble=error), 422
    except Invalid as error:
        edge.session().rollback()
        return _form(kind, typed, source, errors=error.fields), 422
    except InvalidAction as error:
        edge.session().rollback()
        flash(str(error), "danger")
        return redirect(url_for("sources.show"))
    flash(f"来源“{saved.name}”{said}。{_told(typed, saved)}", "success")
    return redirect(url_for("sources.source", source_id=saved.id))


def _told(typed: Mapping[str, str], saved: Source) -> str:
    """What the query would have made of the posts that are stored, so that nobody is surprised by silence."""
    query = _query(typed)
    counted = _counted(query, saved.id)
    if counted is None or not counted.looked_at:
        return ""
    most = "" if counted.whole else "最近"
    return f"{most}存下的 {counted.looked_at:,} 条里，有 {counted.matched:,} 条合新的关键词。"


def _form(
    kind: str,
    typed: Mapping[str, str],
    source: Source | None,
    *,
    trouble: CollectError | None = None,
    errors: Mapping[str, str] | None = None,
    preview: Preview | None = None,
    policy: Any = None,
    query: Query | None = None,
    counted: Counted | None = None,
) -> str:
    builder = source_wiring.kinds()[kind]
    wrong = dict(errors or {})
    if isinstance(trouble, CollectorNotConfigured) and trouble.option:
        wrong[f"option_{trouble.option}"] = str(trouble)
    return render_template(
        "sources/form.html",
        source=source,
        kind=kind,
        title=builder.title,
        fields=option_fields(builder, typed),
        typed=typed,
        intervals=intervals(typed.get("interval", "")),
        trouble=trouble,
        errors=wrong,
        preview=preview,
        shown=preview.seen[:_SHOWN] if preview else (),
        policy=policy,
        query=explain(query) if query else "",
        doubts=query.doubts if query else (),
        counted=counted,
        fates=FATES,
        part_names=PART_NAMES,
        pushed=kind == "push",
    )


def _put(entry: SourceEntry) -> str:
    return service.put_source(edge.session(), source_wiring.wish_of(entry), by=myself(), now=edge.now())


@pages.get("/sources/toml")
def toml() -> ResponseReturnValue:
    """Where sources are pasted as TOML."""
    return render_template("sources/toml.html", text="", trouble="")


@pages.post("/sources/toml")
def take_toml() -> ResponseReturnValue:
    """Adds or changes the sources in a piece of TOML; all of them, or none."""
    text, place = request.form.get("text", ""), edge.installation()
    try:
        entries = source_wiring.sources_from_toml(place.settings, place.database, text, config_folder())
        done = [f"{_put(entry)}“{entry.name}”" for entry in entries]
    except (ConfigError, Invalid, InvalidAction) as error:
        edge.session().rollback()
        return render_template("sources/toml.html", text=text, trouble=str(error)), 422
    flash(f"{'，'.join(done)}。", "success")
    return redirect(url_for("sources.show"))
