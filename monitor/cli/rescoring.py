"""Judging stored posts again after the model, the router or the word lists changed."""

import sys

import click

from monitor.cli.opening import existing
from monitor.cli.output import emit, format_option
from monitor.clock import utc_now
from monitor.domain.rescoring import RunState
from monitor.jobs.context import JobContext
from monitor.jobs.rescore import advance_batch
from monitor.services import rescoring
from monitor.services.audit import SYSTEM
from monitor.storage.models import RescoreRun
from monitor.storage.queries.rescoring import runs_of, unfinished_run
from monitor.wiring import build_collectors, build_tools

_KINDS = {"newly_flagged": "新听出不满", "no_longer_flagged": "不再认为不满", "same": "判断不变", "failed": "无法判断"}


@click.command()
@format_option
def rescore(form: str) -> None:
    """用现在的模型、词表和派单模型重新判断存下的帖子；可以中断，再运行就接着做。

    以前看不出不满、现在听出来的，会成为信号等人判断；已有的工单不动。进度和变化也在网页“分类器 → 重新判断”里。
    """
    place = existing()
    tools = build_tools(place.settings, place.configuration)
    context = JobContext(place.database, tools, build_collectors(place.settings, place.database))
    run_id = _begin_or_go_on(context)
    if run_id is not None:
        _work(context, run_id)
    with place.database.reading() as session:
        run = session.get(RescoreRun, run_id) if run_id is not None else None
        counts = {kind: getattr(run, kind) if run else 0 for kind in _KINDS}
    rows = [{"what": name, "count": counts[kind], "version": tools.judge.version} for kind, name in _KINDS.items()]
    emit(rows, {"what": "变化", "count": "帖子", "version": "版本"}, form)


def _begin_or_go_on(context: JobContext) -> int | None:
    """The run to work on: the unfinished one of this version, else a new one; None when nothing is outdated."""
    tools, now = context.tools, utc_now()
    with context.database.writing.begin() as session:
        run = unfinished_run(session)
        if run is None or not rescoring.is_of_this_version(run, tools):
            return rescoring.start(session, tools, SYSTEM, now).id if rescoring.count_outdated(session, tools) else None
        if run.state is RunState.PAUSED:
            rescoring.resume(session, run, tools, SYSTEM, now)
        return run.id


def _work(context: JobContext, run_id: int) -> None:
    """Works until the run is done. The jobs of a running installation may be at it as well: the bar counts all."""
    with context.database.reading() as session:
        run = session.get_one(RescoreRun, run_id)
    with click.progressbar(length=max(run.total - run.done, 0), label="重新判断", file=sys.stderr) as bar:
        shown = run.done
        while advance_batch(context):
            with context.database.reading() as session:
                done = session.get_one(RescoreRun, run_id).done
            bar.update(done - shown)
            shown = done


@click.command("undo-rescore")
@click.argument("version")
def undo_rescore(version: str) -> None:
    """收回 VERSION 这个版本的重新判断，回到之前的判断。"""
    count = 0
    with existing().database.writing.begin() as session:
        for run in runs_of(session, version):
            if run.state is not RunState.UNDONE:
                count += rescoring.undo(session, rescoring.run_to_change(session, run.id), SYSTEM, utc_now())
    click.echo(f"收回了 {count} 条判断。")
