"""Judging stored posts again after the model or the word lists changed."""

import sys
from collections import Counter

import click

from monitor.cli.opening import existing
from monitor.cli.output import emit, format_option
from monitor.clock import utc_now
from monitor.services.rescoring import count_outdated, rescore_some, tally, undo
from monitor.services.tools import Tools
from monitor.wiring import Installation, build_tools

_KINDS = {"newly_flagged": "新听出不满", "no_longer_flagged": "不再认为不满", "same": "判断不变"}


@click.command()
@format_option
def rescore(form: str) -> None:
    """用现在的模型和词表重新判断存下的帖子；可以中断，再运行就接着做。

    以前看不出不满、现在听出来的，会成为信号等人判断；已有的工单不动。
    """
    place = existing()
    tools = build_tools(place.settings, place.configuration)
    counts = _rescore(place, tools)
    rows = [{"what": name, "count": counts[kind], "version": tools.judge.version} for kind, name in _KINDS.items()]
    emit(rows, {"what": "变化", "count": "帖子", "version": "版本"}, form)


def _rescore(place: Installation, tools: Tools) -> Counter[str]:
    counts: Counter[str] = Counter()
    with place.database.reading() as session:
        waiting = count_outdated(session, tools.judge.version)
    with click.progressbar(length=waiting, label="重新判断", file=sys.stderr) as bar:
        while True:
            with place.database.writing.begin() as session:
                changes = rescore_some(session, tools, utc_now())
            if not changes:
                return counts
            counts += tally(changes)
            bar.update(len(changes))


@click.command("undo-rescore")
@click.argument("version")
def undo_rescore(version: str) -> None:
    """收回 VERSION 这个版本的重新判断，回到之前的判断。"""
    with existing().database.writing.begin() as session:
        count = undo(session, version, utc_now())
    click.echo(f"收回了 {count} 条判断。")
