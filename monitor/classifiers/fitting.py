"""Fitting one model's heads with scikit-learn; only training uses this."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from monitor.classifiers.datasets import BLEND_SETS, NEGATIVE, NEUTRAL, POSITIVE, Example
from monitor.classifiers.features import Features, extract
from monitor.classifiers.model_file import Floats
from monitor.classifiers.scoring import FACTS, POLARITY_HEADS, RULE_COLUMNS, blended
from monitor.domain.errors import ConfigError

Progress = Callable[[str], None]
Bools = NDArray[np.bool_]
Strings = NDArray[np.str_]

BITS, SUBJECT_BITS = 18, 16
FOLDS = 5
FEWEST = 20
"""A topic or department with fewer rows than this is left to the rules."""
CLASSES = (NEGATIVE, NEUTRAL, POSITIVE)
_RARE = 3
"""A bucket that fewer texts touch gets no weight: nothing of a single row is kept."""


@dataclass(frozen=True, slots=True)
class Table:
    """All examples as arrays."""

    examples: Sequence[Example]
    features: Features
    matrix: Any
    idf: Floats
    source: Strings
    polarity: Strings
    weight: Floats
    cars: Bools
    fold: NDArray[np.int64]


def _fold_number(text: str, seed: int) -> int:
    return hashlib.sha256(f"{seed}:{text}".encode("utf-8", "replace")).digest()[0] % FOLDS


def table_of(examples: Sequence[Example], names: NDArray[np.int64], seed: int) -> Table:
    features = extract([each.text for each in examples], BITS)
    counts = np.bincount(features.ids, minlength=1 << BITS)
    idf = (np.log((1 + len(examples)) / (1 + counts)) + 1).astype(np.float16).astype(np.float32)
    idf[counts < min(_RARE, max(1, len(examples) // 50))] = 0
    idf[names] = 0
    matrix = sp.csr_matrix(
        (idf[features.ids], features.ids, features.starts), shape=(len(examples), 1 << BITS), dtype=np.float32
    )
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return Table(
        examples=examples,
        features=features,
        matrix=sp.diags(1 / np.maximum(norms, 1e-6)).dot(matrix).tocsr().astype(np.float32),
        idf=idf,
        source=np.array([each.source for each in examples]),
        polarity=np.array([each.polarity for each in examples]),
        weight=np.array([each.weight for each in examples], np.float32),
        cars=np.array([each.cars for each in examples]),
        fold=np.array([_fold_number(each.text, seed) for each in examples]),
    )


def _fit(matrix: Any, wanted: Bools, weight: Floats, *, strength: float, seed: int) -> Floats:
    """Weights and, last, the bias of one head; all zero where there is only one class."""
    if wanted.all() or not wanted.any():
        return np.zeros(matrix.shape[1] + 1, np.float32)
    model = LogisticRegression(solver="liblinear", C=strength, tol=3e-3, random_state=seed, max_iter=200)
    model.fit(matrix, wanted, sample_weight=weight)
    return np.append(model.coef_[0], model.intercept_[0]).astype(np.float32)


def _head_rows(table: Table, head: str) -> Bools:
    known = table.polarity != ""
    if head.startswith("cars_") and (known & table.cars).any():
        known &= table.cars
    if head.endswith("opinion"):
        known &= table.polarity != NEUTRAL
    return np.asarray(known, np.bool_)


def polarity_heads(table: Table, rows: Bools, seed: int) -> Floats:
    """One column of weights a head, the bias last, fitted on some rows."""
    columns = []
    for head in POLARITY_HEADS:
        chosen = rows & _head_rows(table, head)
        wanted = table.polarity[chosen] == (NEUTRAL if head == "neutral" else NEGATIVE)
        if head == "domain":
            wanted = table.cars[chosen]
        columns.append(_fit(table.matrix[chosen], wanted, table.weight[chosen], strength=6.0, seed=seed))
    return np.stack(columns, axis=1)


def _scores(matrix: Any, weights: Floats) -> Floats:
    return np.asarray(matrix @ weights[:-1] + weights[-1], np.float32)


def crossfitted(table: Table, seed: int, progress: Progress) -> Floats:
    """Every row's head scores from heads that have not seen it."""
    scores = np.zeros((len(table.examples), len(POLARITY_HEADS)), np.float32)
    for number in range(FOLDS):
        inside = table.fold == number
        scores[inside] = _scores(table.matrix[inside], polarity_heads(table, ~inside, seed))
        progress(f"极性：第 {number + 1}/{FOLDS} 折")
    return scores


def _blend_weights(table: Table, *, cars: bool) -> Floats:
    """How much each row counts in one domain's last step; the other domain counts where this one has no rows."""
    inside = (table.cars == cars) & (table.polarity != "")
    if len(set(table.polarity[inside].tolist())) < 2:
        inside = table.polarity != ""
    sets = BLEND_SETS if set(table.source[inside].tolist()) & set(BLEND_SETS) else {}
    weight = np.array([sets.get(name, 0.05 if sets else 1.0) for name in table.source.tolist()], np.float32)
    return np.where(inside, weight, np.float32(0))


def _fit_blends(inputs: Floats, table: Table, rows: Bools, families: Sequence[str]) -> Floats:
    """The last steps for cars and for the rest side by side, the bias last."""
    return np.hstack([_fit_blend(inputs, table, rows, families, cars=cars) for cars in (True, False)])


def _fit_blend(inputs: Floats, table: Table, rows: Bools, families: Sequence[str], *, cars: bool) -> Floats:
    weight = _blend_weights(table, cars=cars)
    chosen = rows & (weight > 0)
    present = set(table.polarity[chosen].tolist())
    wide = np.zeros((inputs.shape[1] + 1, len(CLASSES)), np.float32)
    if len(present) < 2:
        raise ConfigError(f"训练数据只有一种极性（{'、'.join(present) or '无'}），应至少有两种")
    model = LogisticRegression(C=1.0, max_iter=2000)
    model.fit(inputs[chosen].astype(np.float64), table.polarity[chosen], sample_weight=weight[chosen])
    coefficients, bias = model.coef_, model.intercept_
    if len(present) == 2:
        coefficients, bias = np.vstack([-coefficients, coefficients]) / 2, np.append(-bias, bias) / 2
    wide[-1] = -20
    for row, name in enumerate(model.classes_):
        wide[:-1, CLASSES.index(name)] = coefficients[row]
        wide[-1, CLASSES.index(name)] = bias[row]
    return np.round(_with_floors(wide, families), 4).astype(np.float32)


_FLOORS = dict.fromkeys(FACTS, 0.9) | {"turned": 2.0}
"""What a cue adds at least to the log odds of dissatisfaction: the open sets have few of them, people have many."""


def _with_floors(wide: Floats, families: Sequence[str]) -> Floats:
    first = len(POLARITY_HEADS) - 1
    for place, name in enumerate([*families, *RULE_COLUMNS], first):
        row = wide[place]
        missing = _FLOORS.get(name, -np.inf) - (row[0] - (row[1] + row[2]) / 2)
        if missing > 0:
            wide[place] = row + np.array([2, -1, -1], np.float32) * np.float32(missing / 3)
    return wide


def blend(table: Table, inputs: Floats, domain: Floats, families: Sequence[str]) -> tuple[Floats, Floats]:
    """The last steps fitted on all rows, and cross-fitted chances for the card."""
    chances = np.zeros((len(inputs), len(CLASSES)), np.float32)
    for number in range(FOLDS):
        inside = table.fold == number
        weights = _fit_blends(inputs, table, ~inside, families)
        chances[inside] = blended(inputs[inside], weights[:-1], weights[-1], domain[inside])
    return _fit_blends(inputs, table, np.ones(len(inputs), bool), families), chances


def threshold_for(table: Table, dissatisfied: Floats) -> float:
    """The cut that flags at most a fifth of neutral sentences, as long as 86 % of the dissatisfied are found."""
    rows = table.source == "auto_implicit" if (table.source == "auto_implicit").any() else table.polarity != ""
    neutral = dissatisfied[rows & (table.polarity == NEUTRAL)]
    negative = dissatisfied[rows & (table.polarity == NEGATIVE)]
    quiet = float(np.quantile(neutral, 0.80)) if len(neutral) else 0.5
    enough = float(np.quantile(negative, 0.14)) if len(negative) else 0.5
    return round(min(max(0.3, min(quiet, enough)), 0.7), 3)


def subject_matrix(table: Table) -> Any:
    """The same texts with fewer buckets, scaled alike."""
    drop = BITS - SUBJECT_BITS
    values = table.idf[table.features.ids]
    lengths = np.diff(table.features.starts)
    norms = np.sqrt(np.add.reduceat(values * values, table.features.starts[:-1]))
    data = values / np.repeat(np.maximum(norms, 1e-6), lengths)
    shape = (len(table.examples), 1 << SUBJECT_BITS)
    return sp.csr_matrix((data, table.features.ids >> drop, table.features.starts), shape=shape, dtype=np.float32)


def _calibration(scores: Floats, wanted: Bools) -> tuple[float, float]:
    """Platt's slope and shift, from scores of rows the head had not seen."""
    model = LogisticRegression(C=100.0, max_iter=1000).fit(scores.reshape(-1, 1).astype(np.float64), wanted)
    return float(np.round(model.coef_[0, 0], 4)), float(np.round(model.intercept_[0], 4))


def _subject_head(matrix: Any, wanted: Bools, fold: NDArray[np.int64], seed: int) -> tuple[Floats, Floats]:
    """One topic's or department's calibrated weights (bias last), and cross-fitted calibrated scores."""
    ones = np.ones(len(wanted), np.float32)
    scores = np.zeros(len(wanted), np.float32)
    for number in range(FOLDS):
        inside = fold == number
        head = _fit(matrix[~inside], wanted[~inside], ones[~inside], strength=20.0, seed=seed)
        scores[inside] = _scores(matrix[inside], head)
    slope, shift = _calibration(scores, wanted)
    head = _fit(matrix, wanted, ones, strength=20.0, seed=seed) * np.float32(slope)
    head[-1] += shift
    return head, scores * np.float32(slope) + np.float32(shift)


@dataclass(frozen=True, slots=True)
class Subjects:
    """Names, weights (bias last) and cross-fitted scores of topics or departments."""

    names: tuple[str, ...]
    heads: Floats
    scores: Floats


def subjects(matrix: Any, labels: Sequence[Sequence[str]], fold: NDArray[np.int64], seed: int) -> Subjects:
    """The heads of all topics (or departments) with rows enough."""
    counts: dict[str, int] = {}
    for label in (label for each in labels for label in each):
        counts[label] = counts.get(label, 0) + 1
    names = tuple(sorted(name for name, count in counts.items() if FEWEST <= count < len(labels)))
    heads = np.zeros((len(names), matrix.shape[1] + 1), np.float32)
    scores = np.zeros((len(labels), len(names)), np.float32)
    for place, name in enumerate(names):
        wanted = np.array([name in each for each in labels])
        heads[place], scores[:, place] = _subject_head(matrix, wanted, fold, seed)
    return Subjects(names, heads.T, scores)
