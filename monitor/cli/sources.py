"""Sources on the command line."""

import sys
import time
from collections.abc import Sequence
from datetime import date, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from monitor.cli.opening import existing
from monitor.cli.output import emit, format_option, remark
from monitor.clock import utc_now
from monitor.domain.backfills import BackfillState
from monitor.domain.errors import MonitorError
from monitor.domain.health import Health
from monitor.domain.text import summarize
from monitor.domain.wording import label
from monitor.services import backfilling
from monitor.services import sources as service
from monitor.services.audit import SYSTEM
from monitor.services.collecting import collect_next
from monitor.services.filtering import wanted_by
from monitor.services.previewing import Preview, Seen, preview_of
from monitor.services.setup import BUILT_IN
from monitor.storage.models import Backfill, CollectRun, Source
from monitor.wiring import Installation, build_collectors, build_tools
from monitor.wiring.sources import check_source, reads_history, source_entry, source_toml, sources_from_toml, wish_of
from monitor.wiring.sources import preview as preview_page
from scrapers.errors import CollectError

_FATES = {"new": "新", "edited": "改动", "known": "已有", "filtered": "不合关键词", "refused": "不能用"}
_POST_COLUMNS = {"fate": "去向", "external_id": "编号", "created_at": "时间", "title": "标题", "text": "正文"}


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
        "state_name": "状态",
        "last_success_at": "上次成功",
        "last_new_at": "上次有新帖",
        "reason": "原因",
    }
    emit(rows, columns, form)


def _row(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "enabled": source.enabled,
        "state": source.health.value,
        "state_name": _state_name(source),
        "reason": source.health_reason or source.error,
        "advice": source.health_advice,
        "origin": source.origin,
        "interval_seconds": source.interval_seconds,
        "query": source.query,
        "next_run_at": source.next_run_at,
        "last_success_at": source.last_success_at,
        "last_new_at": source.last_new_at,
        "failures": source.failures,
        "blocked": source.blocked,
        "error": source.error,
    }


def _state_name(source: Source) -> str:
    if source.kind in BUILT_IN:
        return "内置"
    return label(source.health if source.enabled else Health.PAUSED)


@sources.command()
@click.argument("name")
@click.option("--limit", default=20, show_default=True, help="最多显示几条")
@format_option
def preview(name: str, limit: int, form: str) -> None:
    """取一次来源 NAME，只看不存。"""
    place = existing()
    seen = _preview(place, name)
    emit([_post(each) for each in seen.seen[:limit]], _POST_COLUMNS, form)
    counts = "、".join(f"{_FATES[fate]} {count}" for fate in _FATES if (count := seen.count(fate)))
    remark(f"取到 {len(seen.seen)} 条（{counts or '没有帖子'}），什么也没有保存。")
    remark("各项有内容的：" + "，".join(f"{name} {share:.0%}" for name, share in seen.shares))
    for rejection in seen.batch.rejections[:10]:
        remark(f"  不能用 {rejection.place}：{rejection.reason}")
    for note in seen.batch.notes:
        remark(f"  {note.text}")


def _preview(place: Installation, name: str) -> Preview:
    with place.database.reading() as session:
        source = service.source_called(session, name)
        wanted = wanted_by(source, build_tools(place.settings, place.configuration))
        service.refuse_built_in(source)
        kind, options = source.kind, dict(source.options)
    try:
        batch = preview_page(place.settings, place.database, kind, options)
    except CollectError as error:
        raise MonitorError(str(error)) from error
    with place.database.reading() as session:
        return preview_of(session, batch, source_id=source.id, wanted=wanted)


def _post(each: Seen) -> dict[str, Any]:
    return {
        "fate": _FATES[each.fate],
        "external_id": each.post.external_id,
        "created_at": each.post.created_at,
        "title": each.post.title,
        "text": summarize("", each.post.text, length=80),
        "url": each.post.url,
        "rating": each.post.rating,
    }


@sources.command()
@click.argument("names", nargs=-1)
@click.option("--offline", is_flag=True, help="只看写得对不对，不访问网站")
@format_option
def check(names: Sequence[str], offline: bool, form: str) -> None:
    """检查来源 NAMES（不写就是全部）：选项和关键词对不对，网站让不让采、采得到吗；有不行的，退出码为 1。"""
    place = existing()
    with place.database.reading() as session:
        every = select(Source).where(Source.origin != "built-in").order_by(Source.id)
        wanted = [service.source_called(session, name) for name in names] or session.scalars(every).all()
    rows = [_checked(place, source, offline=offline) for source in wanted]
    emit(rows, {"name": "名称", "ok": "可用", "posts": "取到", "result": "结果"}, form)
    bad = sum(1 for row in rows if not row["ok"])
    if bad:
        raise MonitorError(f"有 {bad} 个来源不能用，见上面的“结果”。")


def _checked(place: Installation, source: Source, *, offline: bool) -> dict[str, Any]:
    try:
        check_source(place.settings, place.database, source_entry(source))
        if offline:
            return {"name": source.name, "ok": True, "posts": None, "result": "写得没有问题"}
        batch = preview_page(place.settings, place.database, source.kind, source.options)
    except (CollectError, MonitorError) as error:
        return {"name": source.name, "ok": False, "posts": None, "result": str(error)}
    said = "；".join(note.text for note in batch.notes)
    return {"name": source.name, "ok": True, "posts": len(batch.posts), "result": said or "采得到"}


@sources.command()
@click.argument("names", nargs=-1)
def export(names: Sequence[str]) -> None:
    """把来源 NAMES（不写就是全部）写成 sources.toml 的样子；密钥只写引用，不写值。"""
    with existing().database.reading() as session:
        every = select(Source).where(Source.origin != "built-in").order_by(Source.id)
        wanted = [service.source_called(session, name) for name in names] or session.scalars(every).all()
    click.echo("\n".join(source_toml(source) for source in wanted), nl=False)


@sources.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_sources(file: Path) -> None:
    """从 FILE（TOML）添加来源；同名的改成文件里写的样子。"""
    place = existing()
    entries = sources_from_toml(place.settings, place.database, file.read_text(encoding="utf-8"), file.parent)
    with place.database.writing.begin() as session:
        for entry in entries:
            done = service.put_source(session, wish_of(entry), by=SYSTEM, now=utc_now())
            click.echo(f"{done}：{entry.name}")


@sources.command()
@click.argument("name", required=False)
def collect(name: str | None) -> None:
    """马上采集来源 NAME；不写名字就采集所有到期的来源。"""
    place = existing()
    now = utc_now()
    if name:
        with place.database.writing.begin() as session:
            service.collect_now(session, service.source_called(session, name), SYSTEM, now)
    tools = build_tools(place.settings, place.configuration)
    with place.database.reading() as session:
        last = session.scalars(select(CollectRun.id).order_by(CollectRun.id.desc())).first() or 0
    collectors = build_collectors(place.settings, place.database)
    while collect_next(place.database.writing, collectors, tools, now):
        pass
    _report(place, last)


def _report(place: Installation, after: int) -> None:
    with place.database.reading() as session:
        runs = session.execute(
            select(CollectRun, Source.name).join(Source, Source.id == CollectRun.source_id).where(CollectRun.id > after)
        )
        for run, name in runs:
            click.echo(f"{name}：{run.error or _counts(run)}")


def _counts(run: CollectRun) -> str:
    parts = f"新 {run.new} + 改 {run.edited} + 已有 {run.unchanged} + 不合关键词 {run.filtered} + 不能用 {run.rejected}"
    return f"取到 {run.fetched} = {parts}" + (f"；来源删掉了 {run.gone} 条" if run.gone else "")


@sources.command()
@click.argument("name")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="补到哪一天为止，例如 2026-01-01；不写就补到头")
@click.option("--stop", is_flag=True, help="停下，记住补到哪里")
@click.option("--status", "only_status", is_flag=True, help="只看补到哪里了")
def backfill(name: str, until: datetime | None, stop: bool, only_status: bool) -> None:
    """补来源 NAME 以前的帖子；随时可以按 Ctrl-C 停下，再运行一次就接着补。

    补来的帖子照常判断和建工单，但不发通知。
    """
    place = existing()
    with place.database.reading() as session:
        source_id = service.source_called(session, name).id
    if only_status:
        click.echo(_progress(_latest(place, source_id)))
        return
    if stop:
        _stop(place, source_id)
        return
    run_id = _begin_or_resume(place, source_id, until)
    try:
        _walk(place, run_id)
    except KeyboardInterrupt:
        _stop(place, source_id)


def _latest(place: Installation, source_id: int) -> Backfill | None:
    with place.database.reading() as session:
        return backfilling.newest_of(session, source_id)


def _progress(run: Backfill | None) -> str:
    if run is None:
        return "还没有补过历史。"
    states = {
        BackfillState.RUNNING: "正在补",
        BackfillState.PAUSED: "停下了",
        BackfillState.DONE: "补完了",
        BackfillState.FAILED: "没补成",
    }
    reached = f"，补到 {run.reached_at:%Y-%m-%d}" if run.reached_at else ""
    why = f"；{run.error}" if run.error else ""
    return f"{states[run.state]}：{run.steps} 步，取到 {run.fetched} 条，新 {run.new} 条{reached}{why}"


def _stop(place: Installation, source_id: int) -> None:
    with place.database.writing.begin() as session:
        run = backfilling.running_of(session, source_id)
        if run is not None and run.state is BackfillState.RUNNING:
            backfilling.pause(session, run, SYSTEM, utc_now())
    remark(_progress(_latest(place, source_id)))


def _begin_or_resume(place: Installation, source_id: int, until: datetime | None) -> int:
    with place.database.writing.begin() as session:
        source = session.get_one(Source, source_id)
        run = backfilling.newest_of(session, source_id)
        if run is not None and run.state in (BackfillState.PAUSED, BackfillState.FAILED) and until is None:
            backfilling.resume(session, run, SYSTEM, utc_now())
        elif run is None or run.state is not BackfillState.RUNNING:
            far = _midnight(until, place) if until else None
            able = reads_history(place.settings, place.database, source.kind, source.options)
            run = backfilling.start(session, source, until=far, reads_history=able, by=SYSTEM, now=utc_now())
        return run.id


def _midnight(day: datetime, place: Installation) -> datetime:
    return datetime.combine(date(day.year, day.month, day.day), clock_time(), place.settings.zone)


def _walk(place: Installation, run_id: int) -> None:
    """Takes steps until the run is over, here or in a running `monitor serve`; tells on each where it stands."""
    tools = build_tools(place.settings, place.configuration)
    collectors = build_collectors(place.settings, place.database)
    told = ""
    while True:
        worked = backfilling.step_next(place.database.writing, collectors, tools, utc_now())
        with place.database.reading() as session:
            run = session.get_one(Backfill, run_id)
        if (line := _progress(run)) != told:
            click.echo(line, file=sys.stderr)
            told = line
        if run.state is not BackfillState.RUNNING:
            break
        if not worked:
            time.sleep(1)
    if run.state is BackfillState.FAILED:
        raise MonitorError(f"没有补完：{run.error} 处理好以后再运行一次，会接着补。")
