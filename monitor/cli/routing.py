"""Routing on the command line."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor.cli.output import emit, remark
from monitor.configuration import load_configuration
from monitor.domain.wording import label
from monitor.services.routing import route
from monitor.settings import config_folder, load_settings
from monitor.wiring import build_tools, evaluate_own_router, train_own_router

_F = TypeVar("_F", bound=Callable[..., Any])
_FIGURES = {"department": "部门", "n": "条数", "precision": "准确", "recall": "找到", "f1": "F1"}
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NONE = "（无）"


def _columns(function: _F) -> _F:
    """Adds --text and --label to a command."""
    function = click.option("--label", default="label", show_default=True, help="部门在哪一列")(function)
    return click.option("--text", default="text", show_default=True, help="内容在哪一列")(function)


@click.group()
def routing() -> None:
    """派单：哪个部门主办，为什么。"""


@routing.command()
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def explain(text: str, as_json: bool) -> None:
    """说明 TEXT 会派给哪个部门、依据是什么。"""
    folder = config_folder()
    settings = load_settings(folder)
    tools = build_tools(settings, load_configuration(folder, settings.zone))
    verdict, suggestions = tools.judge.judge([text])[0]
    decision = route(text, "", verdict, suggestions, tools)
    if as_json:
        answer = {
            "department": decision.department,
            "decided_by": decision.decided_by.value,
            "rule": decision.rule,
            "confidence": round(decision.confidence, 4),
            "words": list(decision.words),
            "suggestions": [
                {"department": s.department, "confidence": round(s.confidence, 4)} for s in suggestions[:3]
            ],
        }
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    click.echo(f"主办部门：{decision.department}")
    rule = f"“{decision.rule}”" if decision.rule else ""
    click.echo(f"依据：{label(decision.decided_by)}{rule}，把握 {decision.confidence:.0%}")
    if decision.words:
        click.echo(f"起作用的词：{'、'.join(decision.words)}")
    click.echo("模型的建议：" + "，".join(f"{s.department} {s.confidence:.0%}" for s in suggestions[:3]))
    click.echo(f"话题：{'、'.join(topic.name for topic in verdict.topics) or '看不出'}")
    click.echo(f"严重程度：{label(verdict.severity)} {verdict.severity_reason}".rstrip())


@routing.command()
@click.argument("file", type=_FILE)
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="模型写到哪个文件夹")
@_columns
@click.option("--precision", default=0.95, show_default=True, help="自动派单至少要有多大比例是对的")
@click.option("--seed", default=7, show_default=True, help="随机种子；同样的数据和种子得到逐字节相同的模型")
def train(file: Path, output: Path, text: str, label: str, precision: float, seed: int) -> None:
    """用自己的派单记录 FILE（CSV，可以是 .gz）训练；训练好后把设置 router 指向它。"""
    card = train_own_router(file, output, text=text, label=label, precision=precision, seed=seed, progress=remark)
    click.echo("没见过的数据上的成绩（五折交叉验证）：")
    _show(card.figures)
    click.echo(f"各折之间的标准差：准确率 {card.spread['accuracy']:.3f}，宏 F1 {card.spread['macro_f1']:.3f}")
    click.echo(f"把握的校准误差：{card.calibration_error:.3f}")
    if card.coverage:
        click.echo(
            f"自动派单线 {card.dispatch_at:.4f}：{card.coverage:.1%} 的来件自动派，其中 {card.precision:.1%} 是对的"
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
def evaluate(file: Path, model: Path, text: str, label: str, as_json: bool) -> None:
    """在没有用来训练的 FILE 上看派得有多准。"""
    found = asdict(evaluate_own_router(file, model, text=text, label=label))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    _show(found)


def _show(figures: Mapping[str, Any]) -> None:
    click.echo(
        f"{figures['n']} 条，准确率 {figures['accuracy']:.3f}，宏 F1 {figures['macro_f1']:.3f}，"
        f"前三个里有 {figures['top3']:.3f}"
    )
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
