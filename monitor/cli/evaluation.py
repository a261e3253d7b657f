"""How evaluations are printed: measures down, classifiers side by side, each with its 95 % interval."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from monitor.cli.output import emit

_MEASURES = {
    "accuracy": "正负准确率",
    "macro_f1": "倾向宏 F1",
    "auc": "不满 AUC",
    "opposed_auc": "负对正 AUC",
    "recall_at_10_false_alarms": "误报 10% 时检出",
    "neutral_flagged": "中性被标",
    "negative_flagged": "不满被标",
    "implicit_flagged": "隐性不满被标",
    "kind_macro_f1": "明说/流露/没有 宏 F1",
    "calibration_error": "校准误差",
    "topics_f1": "话题微 F1",
    "topic_polarity_f1": "话题带倾向 F1",
}
_SETS = {"pooled": "全部合并", "macro": "各集平均"}
_CLASSIFIERS = {"ours": "我们的", "snownlp": "SnowNLP", "majority": "总猜多数", "difference": "差（后减前）"}
_SEEN = "（训练用过）"

Row = Mapping[str, Any]

json_option = click.option("--json", "as_json", is_flag=True, help="输出 JSON，等于 --format json")


def emit_evaluation(rows: Sequence[Row], form: str) -> None:
    """A table of measures with the classifiers side by side, or one flat row per set and classifier."""
    if form != "table":
        keys = dict.fromkeys(key for row in rows for key in row)
        emit(rows, {key: key for key in keys}, form)
        return
    names = list(dict.fromkeys(row["classifier"] for row in rows))
    columns = {"set": "数据集", "measure": "指标", **{name: _CLASSIFIERS.get(name, name) for name in names}}
    emit([line for name in dict.fromkeys(row["set"] for row in rows) for line in _lines(rows, name)], columns, form)


def _lines(rows: Sequence[Row], name: str) -> list[dict[str, str]]:
    """How many rows each classifier was asked, then one line for each measure of a set."""
    own = {row["classifier"]: row for row in rows if row["set"] == name}
    seen = name not in _SETS and any(row["seen"] for row in own.values())
    heading = _SETS.get(name, name) + _SEEN * seen
    counted = "集数" if name == "macro" else "条数"
    lines = [{"set": heading, "measure": counted, **{who: str(row["n"]) for who, row in own.items()}}]
    for measure, title in _MEASURES.items():
        told = {who: _written(row, measure) for who, row in own.items() if row[measure] is not None}
        if told:
            lines.append({"set": "", "measure": title, **told})
    chances = {who: f"{row['p']:.3f}" for who, row in own.items() if row.get("p") is not None}
    return [*lines, {"set": "", "measure": "p（正负准确率）", **chances}] if chances else lines


def _written(row: Row, measure: str) -> str:
    return f"{row[measure]:.3f}（{row[measure + '_low']:.3f}–{row[measure + '_high']:.3f}）"
