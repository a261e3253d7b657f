"""The classifier on the command line: training, measuring, what the present one was made of."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from monitor.cli.evaluation import emit_evaluation, json_option
from monitor.cli.learning import adopt, candidates, data_option, rollback, train
from monitor.cli.measuring import tell_if_for_research
from monitor.cli.output import format_option, remark
from monitor.cli.rescoring import rescore, undo_rescore
from monitor.configuration import load_configuration
from monitor.domain.wording import label
from monitor.settings import config_folder, load_settings
from monitor.wiring import build_tools, compare_models, evaluate_classifiers, model_card, model_in_force


@click.group()
def classifier() -> None:
    """分类器：训练、评测、查看。"""


classifier.add_command(rescore)
classifier.add_command(undo_rescore)
for learned in (train, adopt, rollback, candidates):
    classifier.add_command(learned)


@classifier.command()
@data_option
@click.option("--limit", type=click.IntRange(min=1), help="每个数据集最多用多少条")
@click.option(
    "--model", type=click.Path(exists=True, file_okay=False, path_type=Path), help="评测哪个模型；不写则是现用的"
)
@format_option
@json_option
def evaluate(data: Path, limit: int | None, model: Path | None, form: str, as_json: bool) -> None:
    """在每个数据集上比较：我们的、SnowNLP、总猜多数，最后是全部合并与各集平均，都带 95% 区间。

    自带模型用过的数据集，在这里是它见过的，只能说明它没有学坏；没见过的成绩是交叉验证的，见 monitor classifier info。
    """
    measured = model or _model_in_force()
    tell_if_for_research(measured)
    rows = evaluate_classifiers(config_folder() / "lexicon", measured, data, limit=limit, progress=remark)
    emit_evaluation(rows, "json" if as_json else form)


@classifier.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def info(as_json: bool) -> None:
    """现用模型的说明书：用了哪些数据、许可、交叉验证的成绩、做不到的事。"""
    model = _model_in_force()
    tell_if_for_research(model)
    card = model_card(model)
    if as_json:
        click.echo(json.dumps(asdict(card), ensure_ascii=False, indent=1))
        return
    click.echo(f"版本 {card.version}，SHA-256 {card.sha256[:16]}…，种子 {card.seed}，标记线 {card.threshold:.3f}")
    click.echo(f"话题：{'、'.join(card.topics)}")
    click.echo(f"部门：{'、'.join(card.departments)}")
    click.echo("\n训练用的公开数据集（名称、条数、来源所写的许可）：")
    for entry in card.sets:
        click.echo(f"  {entry['name']}  {entry['rows']} 条  {entry['licence']}")
    click.echo("\n没见过的数据上的成绩（交叉验证）：")
    for entry in card.scores:
        click.echo("  " + _measures(entry))
    click.echo("\n做不到的事：")
    for limit in card.limits:
        click.echo(f"  {limit}")


def _measures(entry: Any) -> str:
    return "  ".join(f"{name}={_say(name, value)}" for name, value in entry.items())


def _say(name: str, value: Any) -> str:
    """Three decimals; an interval from–to, what the folds gave as mean±standard deviation."""
    if isinstance(value, (list, tuple)):
        return ("±" if name.endswith("over_folds") else "–").join(_say("", each) for each in value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)


@classifier.command()
@data_option
@click.argument("first", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("second", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--limit", type=click.IntRange(min=1), help="每个数据集最多用多少条")
@format_option
@json_option
def compare(data: Path, first: Path, second: Path, limit: int | None, form: str, as_json: bool) -> None:
    """在每个数据集上比较两个模型文件夹 FIRST 与 SECOND；差是后者减前者，p 由 McNemar 配对检验得出。"""
    models = {first.name or "first": first, second.name or "second": second}
    if len(models) < 2:
        models = {str(first): first, f"{second}（后）" if second == first else str(second): second}
    tell_if_for_research(first, second)
    rows = compare_models(config_folder() / "lexicon", models, data, limit=limit, progress=remark)
    emit_evaluation(rows, "json" if as_json else form)


@classifier.command()
@click.argument("text")
def explain(text: str) -> None:
    """说明 TEXT 是怎么判断的：哪些词、什么话题、多严重、凭什么。"""
    folder = config_folder()
    settings = load_settings(folder)
    if settings.classifier == "trained":
        tell_if_for_research(model_in_force(settings))
    verdict, _ = build_tools(settings, load_configuration(folder, settings.zone)).judge.judge([text])[0]
    scores = verdict.scores
    chances = f"负 {scores.negative:.0%}，中 {scores.neutral:.0%}，正 {scores.positive:.0%}"
    click.echo(f"倾向：{label(verdict.polarity)}（{chances}）")
    flagged = "标出来" if verdict.flagged else "不标"
    click.echo(f"不满：{verdict.dissatisfied:.0%}，{flagged}；{label(verdict.expression)}")
    for cue in verdict.cues:
        click.echo(f"  “{cue.text}”（第 {cue.start + 1} 到 {cue.end} 字）：{cue.reason}")
    topics = "、".join(f"{topic.name} {topic.score:.0%}" for topic in verdict.topics)
    click.echo(f"话题：{topics or '看不出'}")
    click.echo(f"严重程度：{label(verdict.severity)} {verdict.severity_reason}".rstrip())
    click.echo(f"想要：{label(verdict.intent) or '看不出'}；像广告：{verdict.spam:.0%}；{verdict.reason}".rstrip("；"))
    click.echo(f"版本：{verdict.version}")


def _model_in_force() -> Path | None:
    return model_in_force(load_settings(config_folder()))
