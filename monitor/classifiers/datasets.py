"""Labelled sets for training: what each known set's labels mean, and how rows are read from a folder."""

import csv
import gzip
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monitor.classifiers.model_file import RESEARCH_LICENCE
from monitor.classifiers.tokens import fold
from monitor.domain.errors import ConfigError

Row = Mapping[str, str]

NEGATIVE, NEUTRAL, POSITIVE = "negative", "neutral", "positive"
RESEARCH_ONLY = ("ecisa",)
"""Sets whose terms forbid other use: who names one trains a model for measuring, which no installation puts to work."""

_WEIBO = {"angry": NEGATIVE, "sad": NEGATIVE, "fear": NEGATIVE, "happy": POSITIVE, "neutral": NEUTRAL}
_NEWS = {"happiness": POSITIVE, "anger": NEGATIVE, "sadness": NEGATIVE, "fear": NEGATIVE, "disgust": NEGATIVE}
_FIGURES = {"乐": POSITIVE, "好": POSITIVE, "怒": NEGATIVE, "哀": NEGATIVE, "惧": NEGATIVE, "恶": NEGATIVE}
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
    domain: str = "own"
    """What kind of texts these are: each domain has weights of its own beside those that all share."""
    trust: float = 1.0
    """How much a row counts in the last step: where somebody read each sentence, labels that a page gave count less."""
    every: str = ""
    """The polarity of all rows, where the set's label is about something else."""
    topics: Mapping[str, str] = field(default_factory=dict)
    topic_column: str = "label"
    departments: Mapping[str, str] = field(default_factory=dict)
    licence: str = "none stated"


PLANS: Mapping[str, SetPlan] = {
    "auto_implicit": SetPlan(_IMPLICIT, 3.0, domain="cars"),
    "auto_koubei": SetPlan(_PLAIN, domain="cars", trust=0.1),
    "auto_topics": SetPlan(_PLAIN, domain="forum", topics=_FORUM_TOPICS, topic_column="topics"),
    "car_complaints": SetPlan(
        every=NEGATIVE,
        trust=0.3,
        domain="complaints",
        topics=_COMPLAINT_TOPICS,
        departments=DEPARTMENTS,
        licence="stated MIT by the repository",
    ),
    "car_complaint_titles": SetPlan(
        every=NEGATIVE,
        trust=0.3,
        domain="complaints",
        topics=_TITLE_TOPICS,
        topic_column="groups",
        departments=_TITLE_DEPARTMENTS,
    ),
    "waimai": SetPlan(_PLAIN, domain="food"),
    "hotel": SetPlan(_PLAIN, domain="hotel"),
    "online_shopping": SetPlan(_PLAIN, domain="shop"),
    "nlpcc14_sc": SetPlan(_PLAIN, domain="products"),
    "ewect_usual": SetPlan(_WEIBO, domain="weibo"),
    "ewect_virus": SetPlan(_WEIBO, domain="weibo"),
    "tw_news": SetPlan(_NEWS | {"none": NEUTRAL}, domain="news"),
    "chat_xs": SetPlan(_PLAIN, domain="chat"),
    "metaphor_emotion": SetPlan(_FIGURES, 0.5, domain="figures"),
    "ecisa": SetPlan(_PLAIN, domain="implied", licence=RESEARCH_LICENCE),
}
# Sarcasm and messages to an office are not opinions about a product: these teach nothing here.
IGNORED = ("unlabelled", "tosarcasm", "gov_routing")


@dataclass(frozen=True, slots=True)
class Example:
    """One row as the trainer sees it: the folded text and what is known of it."""

    source: str
    text: str
    label: str
    polarity: str = ""
    weight: float = 1.0
    domain: str = "own"
    topics: tuple[str, ...] = ()
    """Empty: this row says nothing about topics."""
    stances: Mapping[str, str] = field(default_factory=dict)
    """The polarity towards each topic, where it is known."""
    department: str = ""
    expression: str = ""
    """explicit, implicit or none, where somebody said so."""
    context: str = ""
    """The rest of the thread, folded."""


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


_KINDS = {"explicit": "explicit", "implicit": "implicit", "none": "none"}
_CONTEXT = 2_000
"""Characters of a thread that are read at most."""


def plan_for(name: str, rows: Sequence[Row]) -> SetPlan | None:
    """How a set of this name teaches; a set of one's own needs labels of polarity, None where it has none."""
    if name in PLANS:
        return PLANS[name]
    labels = {row["label"] for row in rows}
    return SetPlan({**_IMPLICIT, **_PLAIN}, 2.0, licence="own data") if labels & {*_PLAIN, *_IMPLICIT} else None


def _topics_of(row: Row, plan: SetPlan) -> tuple[str, ...]:
    named = row.get(plan.topic_column if plan.topics else "topics", "").split("|")
    known = (plan.topics.get(name, "") if plan.topics else name for name in named)
    return tuple(dict.fromkeys(name for name in known if name))


def _stances_of(row: Row, plan: SetPlan) -> dict[str, str]:
    """Topic by topic the polarity of a column such as 价格:negative|空间:neutral."""
    pairs = (pair.rpartition(":") for pair in row.get("topic_polarity", "").split("|") if ":" in pair)
    return {plan.topics.get(name, name): _PLAIN[polarity] for name, _, polarity in pairs if polarity in _PLAIN}


def _expression_of(row: Row, plan: SetPlan) -> str:
    """From a column of its own, or from a label such as implicit_negative; none counts in sets of such labels only."""
    named = row.get("expression") or row.get("kind")
    if not named and "implicit_negative" in plan.polarity:
        named = row["label"].partition("_")[0]
    return _KINDS.get(named or "", "")


def _example(name: str, row: Row, plan: SetPlan) -> Example:
    return Example(
        source=name,
        text=fold(row["text"]).text,
        label=row["label"],
        polarity=plan.every or plan.polarity.get(row["label"], ""),
        weight=plan.weight,
        domain=plan.domain,
        topics=_topics_of(row, plan),
        stances=_stances_of(row, plan),
        department=row.get("department") or plan.departments.get(row["label"], ""),
        expression=_expression_of(row, plan),
        context=fold(row.get("context", "")[:_CONTEXT]).text,
    )


def read_examples(
    folder: Path, *, only: Sequence[str] = (), without: Sequence[str] = (), progress: Callable[[str], None]
) -> list[Example]:
    """All rows that teach something, in a fixed order; research-only sets are left out unless asked for by name."""
    examples: list[Example] = []
    for name, path in set_files(folder, only=only, without=without).items():
        left_out = name in IGNORED or (name in RESEARCH_ONLY and name not in only)
        rows = [] if left_out else rows_of(path)
        plan = plan_for(name, rows) if rows else None
        if plan is None:
            progress(f"{name}: 不用于训练")
            continue
        examples += [_example(name, row, plan) for row in rows if row["text"].strip()]
        progress(f"{name}: {len(rows)} 条")
    return examples
