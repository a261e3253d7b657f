"""Routing on the command line."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor.cli.output import emit, format_option, remark
from monitor.configuration import Configuration, load_configuration
from monitor.domain.routing import RoutingDecision
from monitor.domain.verdicts import Suggestion
from monitor.domain.wording import label
from monitor.services.routing import route
from monitor.settings import config_folder, load_settings
from monitor.wiring import build_tools, evaluate_own_router, train_own_router

_F = TypeVar("_F", bound=Callable[..., Any])
_FIGURES = {"department": "部门", "n": "条数", "precision": "准确", "recall": "找到", "f1": "F1"}
_MEASURES = {"accuracy": "准确率", "macro_f1": "宏 F1", "micro_f1": "微 F1", "top3": "前三个里有"}
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DEPARTMENT = {"name": "部门", "parent": "事业部", "email": "邮箱", "fallback": "兜底"}
_NONE = "（无）"


def _columns(function: _F) -> _F:
    """Adds --text, --label and --multi to a command."""
    function = click.option("--multi", "several", is_flag=True, help="一条可以有几个部门；部门列里有 | 时自动打开")(
        function
    )
    function = click.option("--label", default="", help="部门在哪一列；不写就用 label，没有再用 department")(function)
    return click.option("--text", default="text", show_default=True, help="内容在哪一列")(function)


@click.group()
def routing() -> None:
    """派单：哪个部门主办，为什么。"""


@routing.command()
@click.argument("text")
@click.option(
    "--model",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="建议由哪个模型文件夹给；默认用设置里的",
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def explain(text: str, model: Path | None, as_json: bool) -> None:
    """说明 TEXT 会派给哪个部门、依据是什么。"""
    folder = config_folder()
    overrides: dict[str, Any] = {"router": str(model)} if model else {}
    settings = load_settings(folder, **overrides)
    configuration = load_configuration(folder, settings.zone)
    tools = build_tools(settings, configuration)
    verdict, suggestions = tools.judge.judge([text])[0]
    decision = route(text, "", verdict, suggestions, tools)
    if as_json:
        click.echo(json.dumps(_as_data(decision, configuration), ensure_ascii=False))
        return
    click.echo(f"主办部门：{_placed(decision.department, configuration)}")
    rule = f"“{decision.rule}”" if decision.rule else ""
    click.echo(f"依据：{label(decision.decided_by)}{rule}，把握 {decision.confidence:.0%}")
    if decision.words:
        click.echo(f"起作用的词：{'、'.join(decision.words)}")
    _tell_suggestions(suggestions)
    click.echo(f"地区：{'、'.join(decision.regions) or '没提到'}；经销商：{'、'.join(decision.dealers) or '没提到'}")
    click.echo(f"话题：{'、'.join(topic.name for topic in verdict.topics) or '看不出'}")
    click.echo(f"严重程度：{label(verdict.severity)} {verdict.severity_reason}".rstrip())


def _tell_suggestions(suggestions: Sequence[Suggestion]) -> None:
    click.echo("模型的建议：" + ("，".join(f"{s.department} {s.confidence:.0%}" for s in suggestions[:3]) or "没有"))
    if suggestions and suggestions[0].words:
        click.echo(f"模型看的词：{'、'.join(suggestions[0].words)}")


def _as_data(decision: RoutingDecision, configuration: Configuration) -> dict[str, Any]:
    return {
        "department": decision.department,
        "division": configuration.division(decision.department),
        "decided_by": decision.decided_by.value,
        "rule": decision.rule,
        "confidence": round(decision.confidence, 4),
        "words": list(decision.words),
        "regions": list(decision.regions),
        "dealers": list(decision.dealers),
        "suggestions": [
            {"department": s.department, "confidence": round(s.confidence, 4), "words": list(s.words)}
            for s in decision.suggestions
        ],
    }


def _placed(department: str, configuration: Configuration) -> str:
    """The department behind its division, where it has one."""
    division = configuration.division(department)
    return f"{division} › {department}" if division else department


@routing.command()
@format_option
def departments(form: str) -> None:
    """列出部门、所属事业部和值班邮箱。"""
    folder = config_folder()
    entries = load_configuration(folder, load_settings(folder).zone).departments
    rows = [{"name": e.name, "parent": e.parent, "email": e.email, "fallback": e.fallback} for e in entries]
    shown = [{**row, "fallback": "是" if row["fallback"] else ""} for row in rows]
    emit(rows if form == "json" else shown, _DEPARTMENT, form)


@routing.command()
@click.argument("file", type=_FILE)
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="模型写到哪个文件夹")
@_columns
@click.option("--precision", default=0.95, show_default=True, help="自动派单至少要有多大比例是对的")
@click.option("--seed", default=7, show_default=True, help="随机种子；同样的数据和种子得到逐字节相同的模型")
def train(file: Path, output: Path, **options: Any) -> None:
    """用自己的派单记录 FILE（CSV，可以是 .gz）训练；训练好后把设置 router 指向它。"""
    card = train_own_router(_configuration(), file, output, progress=remark, **options)
    click.echo("没见过的数据上的成绩（五折交叉验证）：")
    _show(card.figures)
    spread = card.spread
    click.echo(
        f"各折之间的标准差：准确率 {spread['accuracy']:.3f}，宏 F1 {spread['macro_f1']:.3f}，"
        f"微 F1 {spread['micro_f1']:.3f}"
    )
    click.echo(f"把握的校准误差：{card.calibration_error:.3f}")
    if card.coverage:
        click.echo(
            f"自动派单线 {card.dispatch_at:.4f}：{card.coverage:.1%} 的来件自动派，其中 {card.precision:.1%} 是对的"
            f"（95% 区间 {_span(card.precision_interval)}）"
        )
    else:
        click.echo(f"没有一条线能让自动派单至少 {card.wanted_precision:.0%} 是对的：都由兜底部门先接，建议留在工单上")
    click.echo(f'模型 {card.version} 已写到 {output}；启用它：在 settings.toml 里写 router = "{output}"')


@routing.command()
@click.argument("file", type=_FILE)
@click.option(
    "--model", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, help="哪个模型文件夹"
)
@_columns
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def evaluate(file: Path, model: Path, as_json: bool, **columns: Any) -> None:
    """在没有用来训练的 FILE 上看派得有多准。"""
    found = asdict(evaluate_own_router(_configuration(), file, model, **columns))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    _show(found)


def _configuration() -> Configuration:
    folder = config_folder()
    return load_configuration(folder, load_settings(folder).zone)


def _span(interval: Sequence[float]) -> str:
    return f"{interval[0]:.1%}–{interval[1]:.1%}"


def _show(figures: Mapping[str, Any]) -> None:
    said = [
        f"{name} {figures[key]:.3f}"
        + (f"（{_span(figures['intervals'][key])}）" if key in figures["intervals"] else "")
        for key, name in _MEASURES.items()
    ]
    click.echo(f"{figures['n']} 条，" + "，".join(said) + "（括号里是 95% 区间）")
    if figures["divisions"]:
        above = figures["divisions"]
        click.echo(f"只看事业部：准确率 {above['accuracy']:.3f}，宏 F1 {above['macro_f1']:.3f}")
    emit([{"department": name, **row} for name, row in figures["per_department"].items()], _FIGURES, "table")
    confusion = figures["confusion"]
    chosen = sorted({name for row in confusion.values() for name in row})
    click.echo("\n行是应派的部门，列是派去的部门：")
    emit(
        [{"": truth, **{name: row.get(name, 0) for name in chosen}} for truth, row in confusion.items()],
        {"": "", **{name: name or _NONE for name in chosen if name}},
        "table",
    )
    click.echo("最常见的错派：")
    for count, truth, name in _mistakes(confusion):
        click.echo(f"  {truth} → {name or _NONE}：{count} 条")


def _mistakes(confusion: Mapping[str, Mapping[str, int]]) -> list[tuple[int, str, str]]:
    wrong = [(n, truth, name) for truth, row in confusion.items() for name, n in row.items() if name != truth]
    return sorted(wrong, key=lambda each: (-each[0], each[1], each[2]))[:5]
