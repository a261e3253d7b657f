"""Sources that people add, pause and visit by hand."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid, InvalidAction, NotFound
from monitor.services import audit
from monitor.services.audit import Doer
from monitor.services.setup import BUILT_IN
from monitor.storage.models import Source

MIN_INTERVAL = 60


def source_numbered(session: Session, source_id: int) -> Source:
    """The source. Raises `NotFound`."""
    source = session.get(Source, source_id)
    if source is None:
        raise NotFound("没有这个来源。")
    return source


def add_source(
    session: Session,
    name: str,
    kind: str,
    options: Mapping[str, Any],
    *,
    interval: int,
    direct: bool,
    by: Doer,
    now: datetime,
) -> Source:
    """A new source, visited at once. Raises `Invalid` naming the field."""
    title = name.strip()
    if not title or len(title) > 120:
        raise Invalid("请给来源起个名字。", fields={"name": "1 到 120 个字"})
    if session.scalars(select(Source.id).where(Source.name == title)).first():
        raise Invalid(f"已经有名为“{title}”的来源了。", fields={"name": "请换一个名字"})
    if interval < MIN_INTERVAL:
        raise Invalid("采集间隔太短。", fields={"interval": f"至少 {MIN_INTERVAL} 秒"})
    source = Source(
        name=title,
        kind=kind,
        options=dict(options),
        cursor={},
        interval_seconds=interval,
        direct=direct,
        origin="page",
        next_run_at=now,
    )
    session.add(source)
    session.flush()
    audit.record(session, by, "source_added", "source", source.id, now, name=title, kind=kind)
    return source


def pause(session: Session, source: Source, by: Doer, now: datetime) -> None:
    """Visits the source no more until it is resumed."""
    _refuse_built_in(source)
    source.enabled, source.next_run_at = False, None
    audit.record(session, by, "source_paused", "source", source.id, now)


def resume(session: Session, source: Source, by: Doer, now: datetime) -> None:
    """Visits the source again, from now on; also one that had refused us."""
    _refuse_built_in(source)
    source.enabled, source.blocked, source.next_run_at = True, False, now
    audit.record(session, by, "source_resumed", "source", source.id, now)


def collect_now(session: Session, source: Source, by: Doer, now: datetime) -> None:
    """Visits the source at the next occasion instead of at its time."""
    _refuse_built_in(source)
    if not source.enabled:
        raise InvalidAction("这个来源已停用，请先启用。")
    source.blocked, source.next_run_at = False, now
    audit.record(session, by, "source_visit_wanted", "source", source.id, now)


def _refuse_built_in(source: Source) -> None:
    if source.kind in BUILT_IN:
        raise InvalidAction("这是内置来源，没有可采集的地址。")
