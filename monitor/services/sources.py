"""Sources that people add, pause and visit by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid, InvalidAction, NotFound
from monitor.domain.queries import parse_query
from monitor.services import audit
from monitor.services.audit import Doer
from monitor.services.setup import BUILT_IN, PUSHED, visited_host
from monitor.storage.models import Source

MIN_INTERVAL = 60
LAST_ID = 2**31 - 1
"""What a row's number can be on every database."""


def source_numbered(session: Session, source_id: int) -> Source:
    """The source. Raises `NotFound`."""
    source = session.get(Source, source_id) if source_id <= LAST_ID else None
    if source is None:
        raise NotFound("没有这个来源。")
    return source


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A source as a person wants it; its options were checked by its kind already."""

    name: str
    kind: str
    options: Mapping[str, Any]
    interval: int = 900
    direct: bool = False
    query: str = ""


def add_source(session: Session, wish: Wish, *, by: Doer, now: datetime) -> Source:
    """A new source, visited at once. Raises `Invalid` naming the field."""
    _check(session, wish, None)
    source = Source(
        name=wish.name.strip(),
        kind=wish.kind,
        options=dict(wish.options),
        cursor={},
        interval_seconds=wish.interval,
        direct=wish.direct,
        query=wish.query.strip(),
        host=visited_host(wish.kind, wish.options),
        origin="page",
        next_run_at=None if wish.kind == PUSHED else now,
    )
    session.add(source)
    session.flush()
    audit.record(session, by, "source_added", "source", source.id, now, name=source.name, kind=source.kind)
    return source


def change_source(session: Session, source: Source, wish: Wish, *, by: Doer, now: datetime) -> None:
    """Makes the source what the wish says; other options make the next visit begin anew. Raises `Invalid`.

    Beginning anew doubles nothing: a post is known by its id, whichever visit brings it.
    """
    refuse_built_in(source)
    if source.origin == "config":
        raise InvalidAction("这个来源写在 config/sources.toml 里，请在那里改；网页上改了，下次启动又会变回去。")
    if wish.kind != source.kind:
        raise Invalid("来源的类型不能改，请另加一个来源。", fields={"kind": "不能改"})
    _check(session, wish, source)
    changed = _differences(source, wish)
    source.name, source.interval_seconds, source.direct = wish.name.strip(), wish.interval, wish.direct
    source.query = wish.query.strip()
    if dict(source.options) != dict(wish.options):
        source.options, source.cursor = dict(wish.options), {}
        source.host, source.leased_until = visited_host(wish.kind, wish.options), None
        source.blocked, source.error, source.failures = False, "", 0
    if source.enabled and source.kind != PUSHED:
        source.next_run_at = now
    if changed:
        audit.record(session, by, "source_changed", "source", source.id, now, changed=changed)


def put_source(session: Session, wish: Wish, *, by: Doer, now: datetime) -> str:
    """Adds the source, or makes the one of that name what the wish says; "添加" or "更改". Raises `Invalid`."""
    known = session.scalars(select(Source).where(Source.name == wish.name.strip())).first()
    if known is None:
        add_source(session, wish, by=by, now=now)
        return "添加"
    change_source(session, known, wish, by=by, now=now)
    return "更改"


def _differences(source: Source, wish: Wish) -> list[str]:
    """The names of what the wish changes; the values may be addresses with secrets and are not written down."""
    plain = {"name": source.name, "interval": source.interval_seconds, "direct": source.direct, "query": source.query}
    wanted = {"name": wish.name.strip(), "interval": wish.interval, "direct": wish.direct, "query": wish.query.strip()}
    changed = [name for name, value in plain.items() if value != wanted[name]]
    names = sorted({*source.options, *wish.options})
    return changed + [name for name in names if source.options.get(name) != wish.options.get(name)]


def _check(session: Session, wish: Wish, source: Source | None) -> None:
    title = wish.name.strip()
    if not title or len(title) > 120:
        raise Invalid("请给来源起个名字。", fields={"name": "1 到 120 个字"})
    same = session.scalars(select(Source.id).where(Source.name == title)).first()
    if same is not None and (source is None or same != source.id):
        raise Invalid(f"已经有名为“{title}”的来源了。", fields={"name": "请换一个名字"})
    if wish.interval < MIN_INTERVAL:
        raise Invalid("采集间隔太短。", fields={"interval": f"至少 {MIN_INTERVAL} 秒"})
    if wish.query.strip():
        try:
            parse_query(wish.query)
        except Invalid as error:
            raise Invalid(str(error), fields={"query": str(error)}) from error


def source_called(session: Session, name: str) -> Source:
    """The source of this name. Raises `NotFound` naming those there are."""
    source = session.scalars(select(Source).where(Source.name == name)).first()
    if source is None:
        known = "、".join(session.scalars(select(Source.name).order_by(Source.id)))
        raise NotFound(f"没有名为“{name}”的来源；有的是：{known}")
    return source


def pause(session: Session, source: Source, by: Doer, now: datetime) -> None:
    """Visits the source no more until it is resumed."""
    refuse_built_in(source)
    source.enabled, source.next_run_at = False, None
    audit.record(session, by, "source_paused", "source", source.id, now)


def resume(session: Session, source: Source, by: Doer, now: datetime) -> None:
    """Visits the source again, from now on; also one that had refused us."""
    refuse_built_in(source)
    source.enabled, source.blocked = True, False
    source.next_run_at = None if source.kind == PUSHED else now
    audit.record(session, by, "source_resumed", "source", source.id, now)


def collect_now(session: Session, source: Source, by: Doer, now: datetime) -> None:
    """Visits the source at the next occasion instead of at its time."""
    refuse_built_in(source)
    if source.kind == PUSHED:
        raise InvalidAction("这个来源由对方推送，不用采集。")
    if not source.enabled:
        raise InvalidAction("这个来源已停用，请先启用。")
    source.blocked, source.next_run_at = False, now
    audit.record(session, by, "source_visit_wanted", "source", source.id, now)


def refuse_built_in(source: Source) -> None:
    """Raises `InvalidAction` for a source that nobody visits."""
    if source.kind in BUILT_IN:
        raise InvalidAction("这是内置来源，没有可采集的地址。")
