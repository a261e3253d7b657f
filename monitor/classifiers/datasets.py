"""Labelled sets for training: what each known set's labels mean, and how rows are read from a folder."""

import csv
import gzip
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monitor.classifiers.tokens import fold
from monitor.domain.errors import ConfigError

Row = Mapping[str, str]

NEGATIVE, NEUTRAL, POSITIVE = "negative", "neutral", "positive"
RESEARCH_ONLY = ("ecisa",)
"""Sets whose terms forbid other use: they may measure a model, never train one."""

_WEIBO = {"angry": NEGATIVE, "sad": NEGATIVE, "fear": NEGATIVE, "happy": POSITIVE, "neutral": NEUTRAL}
_IMPLICIT = {
    "implicit_negative": NEGATIVE,
    "explicit_negative": NEGATIVE,
    "implicit_positive": POSITIVE,
    "explicit_positive": POSITIVE,
    "none": NEUTRAL,
}
_PLAIN = {NEGATIVE: NEGATIVE, NEUTRAL: NEUTRAL, POSITIVE: POSITIVE, "mixed": NEGATIVE, "dissatisfied": NEGATIVE}

_SYSTEMS = (
    "发动机 传动系 制动系 转向系 悬架系 轮胎和车轮 气囊和安全带 电力驱动系统 动力电池及电源管理系统 车身 附加设备"
)
DEPARTMENTS = {
    **dict.fromkeys(_SYSTEMS.split(), "质量技术"),
    "电气设备": "数字产品",
    "服务态度": "售后服务",
    "人员技术": "售后服务",
    "销售欺诈": "销售与交付",
    "承诺不兑现": "销售与交付",
    "配件争议": "配件物流",
    "服务收费": "财务与金融",
    "其他原因": "客服中心",
}
_COMPLAINT_TOPICS = {
    "发动机": "动力",
    "传动系": "动力",
    "制动系": "制动",
    "转向系": "操控",
    "悬架系": "操控",
    "轮胎和车轮": "质量与可靠性",
    "气囊和安全带": "安全",
    "电力驱动系统": "动力",
    "动力电池及电源管理系统": "油耗与续航",
    "车身": "质量与可靠性",
    "附加设备": "配置",
    "电气设备": "智能座舱与车机",
    "服务态度": "服务态度",
    "人员技术": "维修与保养",
    "销售欺诈": "承诺与欺诈",
    "承诺不兑现": "承诺与欺诈",
    "配件争议": "配件",
    "服务收费": "金融与费用",
}
_FORUM_TOPICS = {"油耗": "油耗与续航", "安全性": "安全", "舒适性": "舒适与异响"} | {
    name: name for name in ("动力", "价格", "内饰", "配置", "外观", "操控", "空间")
}
_TITLE_TOPICS = {"A": "动力", "B": "动力", "C": "动力", "D": "操控", "E": "制动", "F": "质量与可靠性", "G": "操控"} | {
    "H": "质量与可靠性",
    "I": "服务态度",
    "J": "维修与保养",
    "K": "金融与费用",
    "L": "承诺与欺诈",
    "N": "配件",
}
_TITLE_DEPARTMENTS = dict.fromkeys("ABCDEFG", "质量技术") | {
    "I": "售后服务",
    "J": "售后服务",
    "K": "财务与金融",
    "L": "销售与交付",
    "M": "销售与交付",
    "N": "配件物流",
}


@dataclass(frozen=True, slots=True)
class SetPlan:
    """How a known set teaches: what its labels mean for polarity, and how much a row weighs."""

    polarity: Mapping[str, str] = field(default_factory=dict)
    weight: float = 1.0
    cars: bool = False
    every: str = ""
    """The polarity of all rows, where the set's label is about something else."""
    topics: Mapping[str, str] = field(default_factory=dict)
    topic_column: str = "label"
    departments: Mapping[str, str] = field(default_factory=dict)
    licence: str = "none stated"


PLANS: Mapping[str, SetPlan] = {
    "auto_implicit": SetPlan(_IMPLICIT, 3.0, cars=True),
    "auto_koubei": SetPlan(_PLAIN, 1.5, cars=True),
    "auto_topics": SetPlan(_PLAIN, 1.0, cars=True, topics=_FORUM_TOPICS, topic_column="topics"),
    "car_complaints": SetPlan(
        every=NEGATIVE,
        weight=0.5,
        cars=True,
        topics=_COMPLAINT_TOPICS,
        departments=DEPARTMENTS,
        licence="stated MIT by the repository",
    ),
    "car_complaint_titles": SetPlan(
        every=NEGATIVE,
        weight=0.3,
        cars=True,
        topics=_TITLE_TOPICS,
        topic_column="groups",
        departments=_TITLE_DEPARTMENTS,
    ),
    "waimai": SetPlan(_PLAIN),
    "hotel": SetPlan(_PLAIN),
    "online_shopping": SetPlan(_PLAIN),
    "nlpcc14_sc": SetPlan(_PLAIN),
    "ewect_usual": SetPlan(_WEIBO, 0.4),
    "ewect_virus": SetPlan({"neutral": NEUTRAL}, 0.4),
    "tw_news": SetPlan({"none": NEUTRAL}, 0.5),
}
# Emotions, sarcasm and chat are not opinions about a product: these teach nothing here.
IGNORED = ("ecisa", "unlabelled", "tosarcasm", "chat_xs", "metaphor_emotion", "gov_routing")


BLEND_SETS = {
    "auto_implicit": 1.0,
    "auto_topics": 0.12,
    "auto_koubei": 0.05,
    "ewect_usual": 0.3,
    "ewect_virus": 0.3,
    "tw_news": 1.0,
    "waimai": 0.5,
    "hotel": 1.0,
    "online_shopping": 0.2,
    "nlpcc14_sc": 0.5,
}
"""How much a row counts in the last step: hand-annotated car sentences lead among car posts."""


@dataclass(frozen=True, slots=True)
class Example:
    """One row as the trainer sees it: the folded text and what is known of it."""

    source: str
    text: str
    label: str
    polarity: str = ""
    weight: float = 1.0
    cars: bool = False
    topics: tuple[str, ...] | None = None
    """None: this set says nothing about topics."""
    department: str = ""


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, packed or not."""
    csv.field_size_limit(sys.maxsize)
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if not {"text", "label"} <= set(reader.fieldnames or ()):
        raise ConfigError(f"{path.name}: 应有 text 与 label 两列，实有 {'、'.join(reader.fieldnames or ['空'])}")
    return [{key: value or "" for key, value in row.items() if key} for row in reader]


def set_name(path: Path) -> str:
    """waimai for waimai.csv.gz."""
    return path.name.removesuffix(".gz").removesuffix(".csv")


def set_files(folder: Path, *, only: Sequence[str] = (), without: Sequence[str] = ()) -> dict[str, Path]:
    """The sets of a folder by name, in order of name; a wanted set that is missing is an error."""
    found = {set_name(path): path for path in sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")])}
    if not found:
        raise ConfigError(f"{folder}: 没有 *.csv 或 *.csv.gz")
    for name in [*only, *without]:
        if name not in found:
            raise ConfigError(f"没有名为 {name} 的数据集，现有：{'、'.join(found)}")
    return {name: path for name, path in found.items() if (not only or name in only) and name not in without}


def plan_for(name: str, rows: Sequence[Row]) -> SetPlan | None:
    """How a set of this name teaches; a set of one's own needs labels of polarity, None where it has none."""
    if name in PLANS:
        return PLANS[name]
    labels = {row["label"] for row in rows}
    return (
        SetPlan({**_IMPLICIT, **_PLAIN}, 1.0, cars=True, licence="own data") if labels & {*_PLAIN, *_IMPLICIT} else None
    )


def _topics_of(row: Row, plan: SetPlan) -> tuple[str, ...] | None:
    if not plan.topics:
        return None
    named = row.get(plan.topic_column, "").split("|")
    topics = tuple(dict.fromkeys(plan.topics[name] for name in named if name in plan.topics))
    return topics or None


def _example(name: str, row: Row, plan: SetPlan) -> Example:
    return Example(
        source=name,
        text=fold(row["text"]).text,
        label=row["label"],
        polarity=plan.every or plan.polarity.get(row["label"], ""),
        weight=plan.weight,
        cars=plan.cars,
        topics=_topics_of(row, plan),
        department=row.get("department") or plan.departments.get(row["label"], ""),
    )


def read_examples(
    folder: Path, *, only: Sequence[str] = (), without: Sequence[str] = (), progress: Callable[[str], None]
) -> list[Example]:
    """All rows that teach something, in a fixed order; research-only sets are refused when asked for by name."""
    for name in only:
        if name in RESEARCH_ONLY:
            raise ConfigError(f"数据集 {name} 只许用于研究，不能用来训练随产品发布的模型")
    examples: list[Example] = []
    for name, path in set_files(folder, only=only, without=without).items():
        rows = [] if name in IGNORED else rows_of(path)
        plan = plan_for(name, rows) if rows else None
        if plan is None:
            progress(f"{name}: 不用于训练")
            continue
        examples += [_example(name, row, plan) for row in rows if row["text"].strip()]
        progress(f"{name}: {len(rows)} 条")
    return examples
