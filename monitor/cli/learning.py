"""Learning from people on the command line: training, with what they said or without, and changing models safely."""

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from monitor.cli.opening import existing
from monitor.cli.output import emit, format_option, remark
from monitor.clock import utc_now
from monitor.domain.candidates import FEWEST, Candidate, Comparison
from monitor.domain.errors import MonitorError
from monitor.services import audit
from monitor.services.audit import SYSTEM
from monitor.services.teaching import audit_rows, lessons
from monitor.settings import config_folder
from monitor.wiring import (
    Installation,
    compare_cards_with_present,
    compare_with_present,
    model_shelf,
    train_candidate,
    train_model,
)

data_option = click.option(
    "--data",
    envvar="MONITOR_DATASETS",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="放有标注数据集（*.csv 或 *.csv.gz，含 text 与 label 两列）的文件夹；也可以用环境变量 MONITOR_DATASETS",
)
MEASURES = {
    "flag_accuracy": "不满与否判对",
    "accuracy": "倾向判对",
    "macro_f1": "宏 F1",
    "auc": "不满 AUC",
    "recall": "不满被标出",
    "neutral_flagged": "中性被误标",
    "negative_against_positive": "正负判对",
    "micro_f1": "微 F1",
    "mcnemar": "逐条对比（麦克尼马尔检验）",
}
_FIGURES = {
    "measure": "指标",
    "n": "条数",
    "present": "现用",
    "present_interval": "95% 区间",
    "candidate": "候选",
    "candidate_interval": "95% 区间",
    "difference": "相差",
    "difference_interval": "95% 区间",
}
_CARDS = {"set": "公开数据集", "measure": "指标", "n": "条数", "present": "现用", "candidate": "候选"}


@click.command()
@data_option
@click.option("--output", type=click.Path(path_type=Path), help="模型写到哪个文件夹；加了 --with-corrections 时不用写")
@click.option("--only", default="", help="只用这些数据集，逗号分隔")
@click.option("--without", default="", help="不用这些数据集，逗号分隔")
@click.option("--seed", default=7, show_default=True, help="随机种子；同样的数据和种子得到逐字节相同的模型")
@click.option("--with-corrections", is_flag=True, help="加上同事们的更正，训练一个候选模型，并与现用的比较")
@format_option
def train(data: Path, output: Path | None, with_corrections: bool, form: str, **options: Any) -> None:
    """用标注数据训练一个模型。

    加 --with-corrections：候选模型放进数据文件夹，和现用的在核对集上比较；更差就不许启用（退出码 1），模型仍然留着。
    """
    choice: dict[str, Any] = {name: _names(options[name]) for name in ("only", "without")}
    choice |= {"seed": options["seed"], "progress": remark}
    if with_corrections:
        if output is not None:
            raise click.UsageError("候选模型按版本号放在数据文件夹里，--with-corrections 不与 --output 同用")
        _train_candidate(existing(), data, choice, form)
        return
    if output is None:
        raise click.UsageError("请用 --output 写明模型放到哪个文件夹")
    card = train_model(config_folder() / "lexicon", data, output, **choice)
    click.echo(f"模型 {card.version} 已写到 {output}；{_next_step(card.research_only, output)}")


def _next_step(research_only: Sequence[str], output: Path) -> str:
    """What may be done with a model: one that learned from research sets is for measuring."""
    if research_only:
        names = "、".join(research_only)
        return f"{names} 只许研究，这个模型只能用来评测：monitor classifier evaluate --model {output}"
    return f"启用它：monitor classifier adopt {output}"


def _names(text: str) -> Sequence[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _train_candidate(place: Installation, data: Path, choice: Mapping[str, Any], form: str) -> None:
    with place.database.reading() as session:
        rows = lessons(session)
    if not rows:
        raise MonitorError("还没有可学的更正。请先在信号、帖子或抽查里改正一些判断，再来训练。")
    remark(f"同事们的更正和判断 {len(rows)} 条")
    folder = train_candidate(place.settings, _lexicon(place), data, rows, **choice)
    comparison = _compare(place, folder, form)
    refusal = _refusal(comparison)
    if refusal:
        raise MonitorError(f"候选模型 {folder.name} 没有启用：{refusal}它还在 {folder}。")
    remark(f"候选模型不比现用的差。启用它：monitor classifier adopt {folder.name}")


def _lexicon(place: Installation) -> Path:
    return place.configuration.folder / "lexicon"


def _compare(place: Installation, folder: Path, form: str) -> Comparison:
    """Compares a model with the one in force on the audit set, and prints the table."""
    with place.database.reading() as session:
        rows = audit_rows(session)
    comparison = compare_with_present(place.settings, _lexicon(place), folder, rows)
    remark(f"核对集 {comparison.n} 条，训练时都没有用过")
    remark(f"其中现用的判对而候选判错 {comparison.lost} 条，反过来 {comparison.won} 条")
    figures = [_figure_row(asdict(each) | {"difference": each.difference}) for each in comparison.figures]
    emit([_said(row, form) for row in figures], _FIGURES, form)
    if not comparison.enough and form == "table":
        remark(f"核对集不到 {FEWEST} 条，说明不了问题。下面是公开数据集上交叉验证的成绩，供参考：")
        emit([_said(asdict(each), form) for each in compare_cards_with_present(place.settings, folder)], _CARDS, form)
    return comparison


def _figure_row(row: dict[str, Any]) -> dict[str, Any]:
    for name in ("present", "candidate", "difference"):
        row[f"{name}_interval"] = f"{row[f'{name}_low']:.3f}–{row[f'{name}_high']:.3f}"
    return row


def _said(row: dict[str, Any], form: str) -> dict[str, Any]:
    """The row as people read it; programs get the codes and all digits."""
    if form != "table":
        return row
    words = {key: f"{value:.3f}" if isinstance(value, float) else value for key, value in row.items()}
    return words | {"measure": MEASURES.get(row["measure"], row["measure"])}


def _refusal(comparison: Comparison) -> str:
    """Why the model may not be adopted, as a sentence; "" when it may."""
    if not comparison.enough:
        return f"核对集只有 {comparison.n} 条，至少要 {FEWEST} 条才看得出好坏；请多做些抽查，或加 --force 启用。"
    worse = "、".join(MEASURES.get(reason, reason) for reason in comparison.reasons)
    return f"它在核对集上更差（{worse}）。" if worse else ""


@click.command()
@click.argument("model")
@click.option("--force", is_flag=True, help="更差或者核对集太小也启用")
@format_option
def adopt(model: str, force: bool, form: str) -> None:
    """启用一个模型 MODEL（候选模型的版本号，或模型文件夹）；先与现用的比较，更差就拒绝。"""
    place = existing()
    folder = model_shelf(place.settings).find(model)
    comparison = _compare(place, folder, form)
    refusal = _refusal(comparison)
    if refusal and not force:
        raise MonitorError(f"没有启用 {model}：{refusal}")
    now, account = utc_now(), _account()
    shelf = model_shelf(place.settings)
    adoption = shelf.adopt(folder, by=account, at=now, comparison=comparison, forced=bool(refusal))
    facts = {"version": adoption.version, "figures": dict(adoption.figures), "forced": adoption.forced}
    _note(place, "model_adopted", now, account=account, **facts)
    remark(f"已启用模型 {adoption.version}。")
    _say_what_next(place)


def _note(place: Installation, action: str, now: datetime, **facts: Any) -> None:
    with place.database.writing.begin() as session:
        audit.record(session, SYSTEM, action, "classifier", None, now, **facts)


def _account() -> str:
    """The name of the account that runs the command, for the history."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _say_what_next(place: Installation) -> None:
    if place.settings.model:
        remark(f"注意：设置 model 指定了 {place.settings.model}，它优先；去掉这一项才会用上面的模型。")
    remark("重启正在运行的 monitor serve（或 web 与 jobs），再运行 monitor classifier rescore 重新判断存下的帖子。")


@click.command()
def rollback() -> None:
    """退回上一个模型；一直退，就退回自带模型。"""
    place = existing()
    taken, present = model_shelf(place.settings).roll_back()
    facts = {"version": taken.version, "back_to": present.version if present else ""}
    _note(place, "model_rolled_back", utc_now(), account=_account(), **facts)
    remark(f"已停用模型 {taken.version}，现在用的是{f'模型 {present.version}' if present else '自带模型'}。")
    _say_what_next(place)


@click.command()
@format_option
def candidates(form: str) -> None:
    """列出自己训练的模型，和它们与现用模型比较的结果。"""
    rows = [_candidate_row(candidate) for candidate in model_shelf(existing().settings).candidates()]
    columns = {"version": "版本", "state": "状态", "n": "核对集", "accuracy": "倾向判对", "result": "比较结果"}
    emit(rows, columns | {"folder": "文件夹"}, form)


def _candidate_row(candidate: Candidate) -> dict[str, Any]:
    found = candidate.comparison
    shares = {figure.measure: figure.candidate for figure in found.figures} if found else {}
    return {
        "version": candidate.version,
        "state": "现用" if candidate.active else "",
        "n": found.n if found else "",
        "accuracy": f"{shares['accuracy']:.3f}" if shares else "",
        "result": candidate.trouble or _result(found),
        "folder": str(candidate.folder),
    }


def _result(found: Comparison | None) -> str:
    if found is None:
        return "还没有比较过"
    return _refusal(found).rstrip("。") or "不比当时现用的差"
