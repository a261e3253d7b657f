"""Training a model: linear heads and a small network on the same questions, joined by a last step on unseen rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from monitor.classifiers import model_scores, network_training
from monitor.classifiers.blending import blend, threshold_for
from monitor.classifiers.context_fitting import ContextHeads, context_heads
from monitor.classifiers.datasets import PLANS, RESEARCH_ONLY, Example, read_examples
from monitor.classifiers.ensemble import Said, opinion_names
from monitor.classifiers.expression_fitting import fit_expressions
from monitor.classifiers.fitting import BITS, Table, head_arrays, head_plans, table_of
from monitor.classifiers.last_step import Layout
from monitor.classifiers.lexicon import load_lexicon
from monitor.classifiers.model_file import Card, Floats, save_model
from monitor.classifiers.opinions import Answers, Schooling, learn, schooling_of
from monitor.classifiers.reading import Reader, Reading
from monitor.classifiers.scoring import rule_rows
from monitor.classifiers.subject_fitting import (
    DEPARTMENT,
    TOPIC,
    SubjectScores,
    calibrated,
    calibration_rows,
    fit_stances,
    labels_of,
    rows_with,
    stance_rows,
    subject_plans,
)
from monitor.classifiers.subjects import Subjects, keyword_counts, stance_columns, stance_inputs

Progress = Callable[[str], None]

LIMITS = (
    "模型没有常识，读不懂长篇反讽；反讽只靠线索词表。",
    "中性样本主要来自汽车论坛与微博，其他行业的闲谈误报会多一些，换行业应另行校准。",
    "部门样本只有汽车投诉，客服中心等样本少的部门多靠规则；理赔与三包、经销商管理没有样本。",
    "繁体文字先化为简体再判断，台湾、香港特有的用词没有单独的训练样本。",
    "交叉验证的分数来自训练所用的公开数据集，自己的数据上会低一些。",
)
LEXICON = Path("config/lexicon")


@dataclass(frozen=True, slots=True)
class _Whole:
    """What is known of all rows once heads and network have answered."""

    table: Table
    readings: Sequence[Reading]
    names: tuple[str, ...]
    answers: Answers
    layout: Layout
    shares: Floats

    @property
    def opinion_columns(self) -> list[int]:
        """The heads that are neither topics nor departments."""
        return [place for place, name in enumerate(self.names) if name.split(":")[0] not in {TOPIC, DEPARTMENT}]


def train(
    data: Path,
    output: Path,
    *,
    only: Sequence[str] = (),
    without: Sequence[str] = (),
    extra: Path | None = None,
    seed: int = 7,
    progress: Progress,
    lexicon: Path = LEXICON,
) -> Card:
    """Trains a model from a folder of labelled sets and writes it; the same files and seed give the same bytes.

    `extra` is a further folder, such as one's own corrections. Sets for research only are left out unless `only` names
    them; a model made from one says so, and no installation puts it to work.
    """
    examples = read_examples(data, only=only, without=without, progress=progress)
    if extra is not None:
        examples += read_examples(extra, progress=progress)
    reader = Reader(load_lexicon(lexicon))
    pairs = [(each, reader.read(each.text)) for each in examples]
    judged = [(each, reading) for each, reading in pairs if not reading.blank]
    progress(f"共 {len(judged)} 条，取特征")
    with threadpool_limits(limits=1):
        return _train([each for each, _ in judged], [reading for _, reading in judged], reader, output, seed, progress)


def _train(
    examples: Sequence[Example],
    readings: Sequence[Reading],
    reader: Reader,
    output: Path,
    seed: int,
    progress: Progress,
) -> Card:
    table = table_of(examples, readings, seed)
    plans = [*head_plans(table), *subject_plans(table)]
    schooling = schooling_of(table, [reading.folded.text for reading in readings], plans, seed)
    answers, linear, network = learn(schooling, progress)
    names = tuple(plan.name for plan in plans)
    layout = Layout.of(opinion_names(names))
    whole = _Whole(table, readings, names, answers, layout, layout.domain_shares(answers.linear))
    context = context_heads(examples, reader, seed)
    rules = rule_rows(readings, reader.families)
    inputs = _last_inputs(whole, rules, context)
    weights, chances = blend(table, inputs, whole.shares, layout.domains, reader.families, seed)
    progress("话题与部门")
    topics, topic_chances = _subjects(whole, TOPIC)
    departments, department_chances = _subjects(whole, DEPARTMENT)
    stances, stance_scores = _stances(whole, topics, chances)
    said = Said(answers.linear, answers.network, whole.shares, chances)
    expressions = fit_expressions(table, names, said)
    threshold = threshold_for(table, chances[:, 0])
    arrays: dict[str, NDArray[Any]] = {
        **head_arrays(table, plans, linear),
        "blend": weights,
        "subjects": np.vstack([calibration_rows(topics), calibration_rows(departments)]),
        "stances": stances,
        "expressions": expressions.weights,
        **context.arrays,
        **_network_arrays(network, schooling),
    }
    scores = [
        *model_scores.by_set(table, chances),
        model_scores.working_point(table, chances[:, 0], threshold),
        expressions.score,
        *model_scores.topics_by_set(table, topics.names, topic_chances),
        stance_scores,
        model_scores.subjects("departments", departments.names, department_chances, labels_of(table, DEPARTMENT)),
    ]
    card = {
        "bits": BITS,
        "seed": seed,
        "threshold": threshold,
        "explicit_from": expressions.line,
        "families": reader.families,
        "heads": names,
        "network": names if network is not None else (),
        "context": context.names,
        "topics": topics.names,
        "departments": departments.names,
        "sets": _set_card(examples),
        "scores": tuple(row for row in scores if row),
        "limits": LIMITS,
        "settings": {"lexicon": reader.version, "research_only_left_out": list(RESEARCH_ONLY)},
    }
    return save_model(output, arrays, card)


def _last_inputs(whole: _Whole, rules: Floats, context: ContextHeads) -> Floats:
    columns = whole.opinion_columns
    network = whole.answers.network
    second = network[:, columns] if network is not None else None
    return whole.layout.inputs(whole.answers.linear[:, columns], second, whole.shares, rules, context.answers)


def _subjects(whole: _Whole, kind: str) -> tuple[Subjects, Floats]:
    """Calibrated topics or departments, and their chances for the rows whose own somebody named."""
    bare = Subjects.of(whole.names, whole.layout.domains, (kind,))
    words = keyword_counts([reading.topics for reading in whole.readings], bare.names)
    scores = SubjectScores(whole.answers.linear, whole.answers.network, whole.shares, words)
    labels = labels_of(whole.table, kind)
    places = {name: place for place, name in enumerate(whole.layout.domains)}
    domain = np.array([places.get(name, 0) for name in whole.table.domain.tolist()])
    told = calibrated(bare, scores, labels, domain)
    return told, scores.chances(told)[rows_with(labels)]


def _stances(whole: _Whole, topics: Subjects, chances: Floats) -> tuple[Floats, dict[str, Any]]:
    """Weights of the stance towards each topic, and how often the likeliest one was right on rows not seen."""
    columns = stance_columns(whole.names)
    inputs = stance_inputs(chances, whole.answers.linear, whole.answers.network, columns)
    rows, topic, truth = stance_rows(whole.table, topics.names)
    weights = fit_stances(inputs[rows], topic, len(topics.names), truth)
    score = model_scores.stances(whole.table, inputs[rows], rows, topic, truth, len(topics.names))
    return weights, score


def _network_arrays(network: network_training.Weights | None, schooling: Schooling) -> dict[str, NDArray[Any]]:
    if network is None:
        return {}
    return network_training.as_arrays(network, schooling.characters, range(len(schooling.plans)))


def _set_card(examples: Sequence[Example]) -> tuple[dict[str, Any], ...]:
    counts: dict[str, int] = {}
    for each in examples:
        counts[each.source] = counts.get(each.source, 0) + 1
    licences = {name: plan.licence for name, plan in PLANS.items()}
    return tuple({"name": name, "rows": n, "licence": licences.get(name, "own data")} for name, n in counts.items())
