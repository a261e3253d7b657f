"""Training the shipped model: linear heads on hashed features, blended with the rules on rows no head has seen."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from monitor.classifiers.datasets import (
    NEGATIVE,
    NEUTRAL,
    PLANS,
    RESEARCH_ONLY,
    Example,
    read_examples,
    rows_of,
    set_files,
)
from monitor.classifiers.evaluation import auc, expected_calibration_error, share_with_interval
from monitor.classifiers.features import extract
from monitor.classifiers.fitting import (
    BITS,
    SUBJECT_BITS,
    Subjects,
    Table,
    blend,
    crossfitted,
    polarity_heads,
    subject_matrix,
    subjects,
    table_of,
    threshold_for,
)
from monitor.classifiers.lexicon import load_lexicon
from monitor.classifiers.model_file import Card, Floats, save_model
from monitor.classifiers.reading import Reader
from monitor.classifiers.scoring import blend_inputs, rule_rows

Progress = Callable[[str], None]

# Names that must not decide; those in the sets' own brand and series columns are added.
_NAMES = (
    "大众 丰田 本田 日产 别克 福特 宝马 奔驰 奥迪 现代 起亚 马自达 雪佛兰 比亚迪 吉利 长安 长城 哈弗 "
    "奇瑞 传祺 荣威 名爵 特斯拉 蔚来 小鹏 理想 领克 红旗 沃尔沃 凯迪拉克 雷克萨斯 斯柯达 标致 雪铁龙 "
    "斯巴鲁 三菱 铃木 捷豹 路虎 保时捷 林肯 英菲尼迪 讴歌 江淮 江铃 东风 北汽 广汽 上汽 一汽 五菱 宝骏 "
    "众泰 海马 猎豹 华泰 力帆 埃安 极氪 深蓝 问界 零跑 哪吒 坦克 欧拉 魏派 捷途 星途 岚图 智己 飞凡 小米 "
    "华为 苹果 三星 联想 戴尔 惠普 华硕 海尔 美的 格力 蒙牛 伊利 京东 淘宝 天猫 顺丰 圆通 申通 中通 韵达"
)


def _name_buckets(data: Path, names: Sequence[str]) -> NDArray[np.int64]:
    """Buckets that names of makers and models fall into."""
    found = set(_NAMES.split())
    for name, path in set_files(data).items():
        if name in names and name in PLANS:
            found |= {row.get(column, "") for row in rows_of(path) for column in ("brand", "series")}
    longer = sorted(each.lower() for each in found if len(each) > 1)
    ids = extract(longer, BITS)
    singles = set(extract(sorted(set("".join(longer))), BITS).ids.tolist())
    return np.array(sorted(set(ids.ids.tolist()) - singles), np.int64)


LIMITS = (
    "模型没有常识，读不懂长篇反讽；反讽只靠线索词表。",
    "中性样本主要来自汽车论坛与微博，其他行业的闲谈误报会多一些，换行业应另行校准。",
    "部门样本只有汽车投诉，客服中心等样本少的部门多靠规则；理赔与三包、经销商管理没有样本。",
    "繁体文字先化为简体再判断，台湾、香港特有的用词没有单独的训练样本。",
    "交叉验证的分数来自训练所用的公开数据集，自己的数据上会低一些。",
)
LEXICON = Path("config/lexicon")


def _set_rows(examples: Sequence[Example], scores: Floats, wanted: Sequence[str]) -> list[dict[str, Any]]:
    """Cross-validated scores a set, with intervals."""
    rows = []
    source = np.array([each.source for each in examples])
    truth = np.array([each.polarity for each in examples])
    for name in wanted:
        inside = (source == name) & (truth != "")
        if not inside.any():
            continue
        chances, negative = scores[inside], truth[inside] == NEGATIVE
        opinion = inside & (truth != NEUTRAL)
        right = (scores[opinion, 0] >= scores[opinion, 2]) == (truth[opinion] == NEGATIVE)
        share, low, high = share_with_interval(int(right.sum()), int(opinion.sum()))
        area = auc(chances[:, 0], negative)
        rows.append(
            {
                "set": name,
                "n": int(inside.sum()),
                "auc": None if area is None else round(area, 4),
                "negative_against_positive": round(share, 4),
                "interval": [round(low, 4), round(high, 4)],
                "calibration_error": round(expected_calibration_error(chances[:, 0], negative), 4),
            }
        )
    return rows


def _working_point(table: Table, dissatisfied: Floats, threshold: float) -> dict[str, Any]:
    """What the threshold does on the hand-annotated sentences."""
    label = np.array([each.label for each in table.examples])
    inside = table.source == "auto_implicit"
    if not inside.any():
        return {}
    flagged = dissatisfied >= threshold
    shares = {
        f"{name}_flagged": round(float(flagged[inside & (label == name)].mean()), 4)
        for name in ("implicit_negative", "explicit_negative", "none", "implicit_positive", "explicit_positive")
        if (inside & (label == name)).any()
    }
    return {"set": "auto_implicit", "threshold": threshold, **shares}


def _subject_scores(name: str, found: Subjects, labels: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Micro-F1 at one half, and how often the first and the first three are right."""
    truth = np.array([[subject in each for subject in found.names] for each in labels])
    if not truth.size:
        return {}
    guessed = found.scores > 0
    order = np.argsort(-found.scores, axis=1)
    first = np.take_along_axis(truth, order[:, :1], axis=1).any(axis=1)
    three = np.take_along_axis(truth, order[:, :3], axis=1).any(axis=1)
    return {
        "set": name,
        "n": len(labels),
        "micro_f1": round(2 * float((truth & guessed).sum()) / max(1.0, float(truth.sum() + guessed.sum())), 4),
        "first_right": round(float(first.mean()), 4),
        "among_three": round(float(three.mean()), 4),
    }


def _known(labels: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    return np.array([place for place, each in enumerate(labels) if each], np.int64)


def _fit_subjects(
    table: Table, matrix: Any, labels: Sequence[Sequence[str]], seed: int
) -> tuple[Subjects, list[Sequence[str]]]:
    rows = _known(labels)
    kept = [labels[int(row)] for row in rows]
    return subjects(matrix[rows] if len(rows) else matrix[:0], kept, table.fold[rows], seed), kept


def _set_card(examples: Sequence[Example]) -> tuple[Mapping[str, Any], ...]:
    counts: dict[str, int] = {}
    for each in examples:
        counts[each.source] = counts.get(each.source, 0) + 1
    licences = {name: plan.licence for name, plan in PLANS.items()}
    return tuple({"name": name, "rows": n, "licence": licences.get(name, "own data")} for name, n in counts.items())


def train(
    data: Path,
    output: Path,
    *,
    only: Sequence[str] = (),
    without: Sequence[str] = (),
    seed: int = 7,
    progress: Progress,
    lexicon: Path = LEXICON,
) -> Card:
    """Trains a model from a folder of labelled sets and writes it; the same files and seed give the same bytes."""
    examples = read_examples(data, only=only, without=without, progress=progress)
    reader = Reader(load_lexicon(lexicon))
    used = sorted({each.source for each in examples})
    with threadpool_limits(limits=1):
        return _train(examples, reader, _name_buckets(data, used), output, seed=seed, progress=progress)


def _train(
    examples: Sequence[Example],
    reader: Reader,
    names: NDArray[np.int64],
    output: Path,
    *,
    seed: int,
    progress: Progress,
) -> Card:
    progress(f"共 {len(examples)} 条，取特征")
    table = table_of(examples, names, seed)
    rules = rule_rows([reader.read(each.text) for each in examples], reader.families)
    scores = crossfitted(table, seed, progress)
    heads = polarity_heads(table, np.ones(len(examples), bool), seed)
    weights, chances = blend(table, blend_inputs(scores, rules), scores[:, -1], reader.families)
    threshold = threshold_for(table, chances[:, 0])
    progress("话题与部门")
    matrix = subject_matrix(table)
    topics, topic_labels = _fit_subjects(table, matrix, [each.topics or () for each in examples], seed)
    desks, desk_labels = _fit_subjects(
        table, matrix, [(each.department,) if each.department else () for each in examples], seed
    )
    both = np.hstack([topics.heads, desks.heads])
    results = [
        *_set_rows(examples, chances, sorted(PLANS)),
        _working_point(table, chances[:, 0], threshold),
        _subject_scores("topics", topics, topic_labels),
        _subject_scores("departments", desks, desk_labels),
    ]
    arrays = {
        "idf": table.idf.astype(np.float16),
        "polarity": heads[:-1].astype(np.float16),
        "polarity_bias": heads[-1].astype(np.float32),
        "subjects": both[:-1].astype(np.float16),
        "subjects_bias": both[-1].astype(np.float32),
        "blend": weights[:-1].astype(np.float32),
        "blend_bias": weights[-1].astype(np.float32),
    }
    card = {
        "bits": BITS,
        "subject_bits": SUBJECT_BITS,
        "seed": seed,
        "threshold": threshold,
        "families": reader.families,
        "topics": topics.names,
        "departments": desks.names,
        "sets": _set_card(examples),
        "scores": tuple(row for row in results if row),
        "limits": LIMITS,
        "settings": {"lexicon": reader.version, "research_only_left_out": list(RESEARCH_ONLY)},
    }
    return save_model(output, arrays, card)
