"""Posts on the command line: importing a file, all the way to tickets."""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

import click
from sqlalchemy import func, select

from monitor.cli.import_templates import templates
from monitor.cli.opening import existing
from monitor.cli.output import defused, emit, format_option, remark
from monitor.clock import utc_now
from monitor.configuration.import_templates import ImportTemplate, template_named
from monitor.domain.errors import MonitorError
from monitor.domain.learning import Lesson
from monitor.jobs.context import JobContext
from monitor.jobs.handle import handle_batch
from monitor.services.intake import Accepted, accept_posts
from monitor.services.setup import built_in_source
from monitor.services.teaching import department_rows, lessons
from monitor.services.tools import Tools
from monitor.storage.models import Department, Post, Source, Ticket
from monitor.wiring import Installation, build_collectors, build_tools, export_lessons, read_posts
from monitor.wiring.imports import read_by_template, templates_in_force
from scrapers.base import RawPost, Rejection
from scrapers.errors import CollectError

_CHUNK = 1000


@click.group()
def posts() -> None:
    """帖子。"""


posts.add_command(templates)


@posts.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapping", multiple=True, metavar="字段=列名", help="例如 --map text=内容 --map id=编号；可多次")
@click.option(
    "--template", "template_name", default="", metavar="模板", help="平台后台导出的表，如 weibo；见 posts templates"
)
@click.option("--source", "name", default="", help="记在哪个来源名下；不写则为“文件导入”或模板的平台")
@click.option("--complaints", is_flag=True, help="文件里每一行都是向我们提出的投诉，一律建工单")
@click.option("--quiet", is_flag=True, help="历史数据：照常建工单，但不给任何人发通知")
@format_option
def import_posts(
    file: Path, *, mapping: tuple[str, ...], template_name: str, name: str, complaints: bool, quiet: bool, form: str
) -> None:
    """导入 CSV、XLSX 或 JSON Lines 文件 FILE（也可以是 .gz），一直处理到工单。

    再导入一次同样的文件不会多出帖子；读不了的行会指出行号，其余照常导入。
    """
    place = existing()
    template = _template(place, template_name)
    items = _read(file, template, _mapping(mapping))
    tools = build_tools(place.settings, place.configuration)
    source_id = _source_id(place, complaints, name, template)
    started = time.monotonic()
    accepted = _take_in(place, tools, source_id, items, quiet)
    handled = _handle(place, tools)
    _report(accepted, handled, time.monotonic() - started)
    emit(_outcome(place, source_id), {"what": "结果", "count": "条数"}, form)


@posts.command("export-corrections")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_corrections(file: Path) -> None:
    """把同事们的更正导出成 CSV 文件 FILE，列为 text、label、expression、topics、department，可直接用来训练。

    联系方式已隐去；核对集只用来检验模型，不在其中。
    """
    with existing().database.reading() as session:
        rows = lessons(session)
    export_lessons(file, [replace(row, text=str(defused(row.text))) for row in rows])
    remark(f"导出了 {len(rows)} 条更正到 {file}")


@posts.command("export-departments")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_departments(file: Path) -> None:
    """把已结案工单最后的主办部门和同事们对部门的更正导出成 CSV 文件 FILE，用来训练派单模型。

    接着运行 monitor routing train FILE --label department --output 文件夹。联系方式已隐去，核对集不在其中。
    """
    with existing().database.reading() as session:
        rows = department_rows(session)
    export_lessons(file, [Lesson(str(defused(text)), department=name) for text, name in rows])
    remark(f"导出了 {len(rows)} 条派单记录到 {file}")


def _report(accepted: Accepted, handled: int, seconds: float) -> None:
    for rejection in accepted.rejections[:20]:
        remark(f"  {rejection.place}：{rejection.reason}")
    remark(
        f"读到 {accepted.fetched} 行 = 新 {accepted.new} + 改 {accepted.edited} + 已有 {accepted.unchanged}"
        f" + 不能用 {len(accepted.rejections)}"
    )
    remark(f"处理了 {handled} 条，{seconds:.1f} 秒，每秒 {handled / max(seconds, 0.001):.0f} 条")


def _mapping(pairs: Iterable[str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for pair in pairs:
        field, sign, column = pair.partition("=")
        if not sign or not column:
            raise click.BadParameter(f"应写成 字段=列名，给的是 {pair!r}", param_hint="--map")
        mapping[field.strip()] = column.strip()
    return mapping


def _template(place: Installation, name: str) -> ImportTemplate | None:
    return template_named(templates_in_force(place.configuration.folder), name) if name else None


def _read(file: Path, template: ImportTemplate | None, mapping: Mapping[str, str]) -> Iterator[RawPost | Rejection]:
    if template is None:
        return read_posts(file, mapping)
    reading = read_by_template(file, template, mapping)
    for words in reading.remarks:
        remark(words)
    return reading.items


def _source_id(place: Installation, complaints: bool, name: str, template: ImportTemplate | None) -> int:
    # Ids are unique within one platform only, so that each gets a source of its own.
    if template is not None and not name:
        name = f"{'导入投诉' if complaints else '导入'}：{template.title}"
    with place.database.writing.begin() as session:
        return built_in_source(session, "import-complaints" if complaints else "import", name=name).id


def _take_in(
    place: Installation, tools: Tools, source_id: int, items: Iterator[RawPost | Rejection], quiet: bool
) -> Accepted:
    """Takes the file in, a thousand rows a transaction; what was taken in before a fault stays."""
    total = Accepted()
    try:
        for chunk in _chunks(items):
            _accept(place, tools, source_id, chunk, total, quiet)
    except CollectError as error:
        raise MonitorError(str(error)) from error
    return total


def _chunks(items: Iterator[RawPost | Rejection]) -> Iterator[list[RawPost | Rejection]]:
    while chunk := list(islice(items, _CHUNK)):
        yield chunk


def _accept(
    place: Installation, tools: Tools, source_id: int, chunk: list[RawPost | Rejection], total: Accepted, quiet: bool
) -> None:
    raws = [item for item in chunk if isinstance(item, RawPost)]
    total.rejections.extend(item for item in chunk if isinstance(item, Rejection))
    with place.database.writing.begin() as session:
        source = session.get_one(Source, source_id)
        part = accept_posts(session, source, raws, pseudonym_key=tools.pseudonym_key, now=utc_now(), quiet=quiet)
    total.new += part.new
    total.edited += part.edited
    total.unchanged += part.unchanged
    total.rejections.extend(part.rejections)


def _handle(place: Installation, tools: Tools) -> int:
    """Handles everything that waits, with progress on standard error; gives how many posts this process handled."""
    context = JobContext(place.database, tools, build_collectors(place.settings, place.database))
    handled = 0
    with click.progressbar(length=_waiting(place), label="处理", file=sys.stderr) as bar:
        while (done := handle_batch(context)) or _waiting(place):
            handled += done
            bar.update(done)
            if not done:
                time.sleep(0.2)  # a running `monitor serve` has the rest in hand
    return handled


def _waiting(place: Installation) -> int:
    with place.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Post).where(Post.handle_after <= utc_now())) or 0


def _outcome(place: Installation, source_id: int) -> list[dict[str, object]]:
    """How many posts of this source went where, and the tickets by department."""
    counts: Counter[str] = Counter()
    with place.database.reading() as session:
        by_outcome = select(Post.outcome, func.count()).where(Post.source_id == source_id).group_by(Post.outcome)
        for outcome, count in session.execute(by_outcome):
            counts[f"帖子 {outcome.value if outcome else '待处理'}"] = count
        by_department = (
            select(Department.name, func.count())
            .join(Ticket, Ticket.department_id == Department.id)
            .where(Ticket.source_id == source_id)
            .group_by(Department.name)
        )
        for department, count in session.execute(by_department):
            counts[f"工单 {department}"] = count
    return [{"what": what, "count": count} for what, count in counts.most_common()]
