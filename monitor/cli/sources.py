"""Sources on the command line."""

from typing import Any

import click
from sqlalchemy import select

from monitor.cli.opening import existing
from monitor.cli.output import emit, format_option, remark
from monitor.clock import utc_now
from monitor.domain.errors import MonitorError, NotFound
from monitor.domain.text import summarize
from monitor.services.collecting import collect_next
from monitor.storage.models import CollectRun, Source
from monitor.wiring import Installation, build_collectors, build_tools
from scrapers.base import RawPost
from scrapers.errors import CollectError

_POST_COLUMNS = {"external_id": "编号", "created_at": "时间", "title": "标题", "text": "正文"}


@click.group()
def sources() -> None:
    """来源：从哪里收帖子。"""


@sources.command("list")
@format_option
def list_sources(form: str) -> None:
    """列出来源和最近的情况。"""
    with existing().database.reading() as session:
        rows = [_row(source) for source in session.scalars(select(Source).order_by(Source.id))]
    columns = {
        "name": "名称",
        "kind": "类型",
        "enabled": "启用",
        "last_success_at": "上次成功",
        "last_new_at": "上次有新帖",
        "failures": "连续失败",
        "error": "原因",
    }
    emit(rows, columns, form)


def _row(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "enabled": source.enabled,
        "origin": source.origin,
        "interval_seconds": source.interval_seconds,
        "next_run_at": source.next_run_at,
        "last_success_at": source.last_success_at,
        "last_new_at": source.last_new_at,
        "failures": source.failures,
        "blocked": source.blocked,
        "error": source.error,
    }


@sources.command()
@click.argument("name")
@click.option("--limit", default=20, show_default=True, help="最多显示几条")
@format_option
def preview(name: str, limit: int, form: str) -> None:
    """取一次来源 NAME，只看不存。"""
    place = existing()
    with place.database.reading() as session:
        source = _source(place, name)
        kind, options = source.kind, dict(source.options)
        session.rollback()
    try:
        batch = build_collectors(place.settings, place.database)(kind, options).collect({})
    except CollectError as error:
        raise MonitorError(str(error)) from error
    emit([_post(raw) for raw in batch.posts[:limit]], _POST_COLUMNS, form)
    remark(f"取到 {len(batch.posts)} 条，{len(batch.rejections)} 条不能用；什么也没有保存。")
    for rejection in batch.rejections[:10]:
        remark(f"  {rejection.place}：{rejection.reason}")


def _source(place: Installation, name: str) -> Source:
    with place.database.reading() as session:
        source = session.scalars(select(Source).where(Source.name == name)).first()
        if source is None:
            known = "、".join(session.scalars(select(Source.name).order_by(Source.id)))
            raise NotFound(f"没有名为“{name}”的来源；有的是：{known}")
        return source


def _post(raw: RawPost) -> dict[str, Any]:
    return {
        "external_id": raw.external_id,
        "created_at": raw.created_at,
        "title": raw.title,
        "text": summarize("", raw.text, length=80),
        "url": raw.url,
        "rating": raw.rating,
    }


@sources.command()
@click.argument("name", required=False)
def collect(name: str | None) -> None:
    """马上采集来源 NAME；不写名字就采集所有到期的来源。"""
    place = existing()
    now = utc_now()
    if name:
        source_id = _source(place, name).id
        with place.database.writing.begin() as session:
            row = session.get_one(Source, source_id)
            row.next_run_at, row.blocked = now, False
    tools = build_tools(place.settings, place.configuration)
    with place.database.reading() as session:
        last = session.scalars(select(CollectRun.id).order_by(CollectRun.id.desc())).first() or 0
    build = build_collectors(place.settings, place.database)
    while collect_next(place.database.writing, build, tools, now):
        pass
    _report(place, last)


def _report(place: Installation, after: int) -> None:
    with place.database.reading() as session:
        runs = session.execute(
            select(CollectRun, Source.name).join(Source, Source.id == CollectRun.source_id).where(CollectRun.id > after)
        )
        for run, name in runs:
            if run.error:
                click.echo(f"{name}：{run.error}")
                continue
            parts = f"新 {run.new} + 改 {run.edited} + 已有 {run.unchanged} + 不能用 {run.rejected}"
            click.echo(f"{name}：取到 {run.fetched} = {parts}")
