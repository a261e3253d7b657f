"""Fitting linear heads over hashed features with scikit-learn; only training uses this."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from monitor.classifiers.datasets import NEGATIVE, NEUTRAL, Example
from monitor.classifiers.features import extract
from monitor.classifiers.last_step import EVERY
from monitor.classifiers.model_file import Floats
from monitor.classifiers.reading import Reading
from monitor.classifiers.scoring import STEPS

Bools = NDArray[np.bool_]
Strings = NDArray[np.str_]

BITS = 22
"""Four million buckets: two n-grams of the training texts seldom share one, and only those in use are stored."""
FOLDS = 5
FEWEST = 20
"""A class of a head with fewer rows than this is not learned."""
RARE = 6
"""A bucket that fewer texts touch gets no weight: nothing of a single row is kept."""


@dataclass(frozen=True, slots=True)
class Table:
    """All examples as arrays; the columns of the matrices are the buckets in use."""

    examples: Sequence[Example]
    buckets: NDArray[np.int32]
    touched: Any
    """(rows, buckets) of ones."""
    matrix: Any
    """The same weighted by rarity, each row of length one."""
    rarity: Floats
    source: Strings
    domain: Strings
    polarity: Strings
    expression: Strings
    weight: Floats
    fold: NDArray[np.int64]


def fold_number(text: str, seed: int) -> int:
    """Which of the folds a text belongs to; the same text always lies in the same."""
    return hashlib.sha256(f"{seed}:{text}".encode("utf-8", "replace")).digest()[0] % FOLDS


def _used(ids: NDArray[np.int64], rows: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """The buckets that enough texts touch, for each id its column (-1: none), and how rare each bucket is."""
    buckets, columns, counts = np.unique(ids, return_inverse=True, return_counts=True)
    enough = counts >= min(RARE, max(1, rows // 50))
    renumbered = np.where(enough, np.cumsum(enough) - 1, -1)
    rarity = (np.log((1 + rows) / (1 + counts[enough])) + 1).astype(np.float16).astype(np.float32)
    return buckets[enough], renumbered[columns], rarity


def scaled(touched: Any, rarity: Floats) -> Any:
    """Rows weighted by rarity and brought to length one."""
    weighted = touched @ sp.diags(rarity)
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return (sp.diags((1 / np.maximum(lengths, 1e-6)).astype(np.float32)) @ weighted).tocsr().astype(np.float32)


def table_of(examples: Sequence[Example], readings: Sequence[Reading], seed: int) -> Table:
    """The examples as the rules read them, as arrays."""
    features = extract([reading.folded.text for reading in readings], BITS)
    buckets, columns, rarity = _used(features.ids, len(examples))
    kept = columns >= 0
    ones = np.ones(int(kept.sum()), np.float32)
    cells = (ones, (features.owners[kept], columns[kept]))
    touched = sp.csr_matrix(cells, shape=(len(examples), len(buckets)), dtype=np.float32)
    return Table(
        examples=examples,
        buckets=buckets.astype(np.int32),
        touched=touched,
        matrix=scaled(touched, rarity),
        rarity=rarity,
        source=np.array([each.source for each in examples]),
        domain=np.array([each.domain for each in examples]),
        polarity=np.array([each.polarity for each in examples]),
        expression=np.array([each.expression for each in examples]),
        weight=np.array([each.weight for each in examples], np.float32),
        # A whole thread lies in one fold: what was said in it would be remembered, not judged.
        fold=np.array([fold_number(each.context or each.text, seed) for each in examples]),
    )


@dataclass(frozen=True, slots=True)
class HeadPlan:
    """One question a head answers: over which rows, which of them are meant, and how closely to fit."""

    name: str
    rows: Bools
    wanted: Bools
    strength: float
    naive: bool = False
    """Whether a second fit on naive-Bayes weighted buckets joins in (Wang and Manning 2012)."""


def _enough(rows: Bools, wanted: Bools) -> bool:
    return int((rows & wanted).sum()) >= FEWEST and int((rows & ~wanted).sum()) >= FEWEST


def head_plans(table: Table) -> list[HeadPlan]:
    """The questions that these examples can teach, in a fixed order: opinions by domain first."""
    known, negative, neutral = table.polarity != "", table.polarity == NEGATIVE, table.polarity == NEUTRAL
    opinion = known & ~neutral
    domains = sorted(set(table.domain.tolist()))
    plans = [HeadPlan(f"opinion:{EVERY}", opinion, negative, 8.0, naive=True)]
    plans += [
        HeadPlan(f"opinion:{name}", opinion & (table.domain == name), negative, 20.0, naive=True) for name in domains
    ]
    plans += [
        HeadPlan(f"neutral:{EVERY}", known, neutral, 8.0),
        HeadPlan(f"negative:{EVERY}", known, negative, 8.0),
    ]
    plans += [
        HeadPlan(f"{question}:{name}", known & (table.domain == name), wanted, 6.0)
        for name in domains
        if (neutral & (table.domain == name)).any()
        for question, wanted in (("neutral", neutral), ("negative", negative))
    ]
    told = table.expression != ""
    plans += [
        HeadPlan("negative:told", told, negative, 10.0),
        HeadPlan("neutral:told", told, neutral, 10.0),
        HeadPlan("explicit:told", told, table.expression == "explicit", 10.0),
    ]
    plans += [HeadPlan(f"domain:{name}", np.ones(len(known), np.bool_), table.domain == name, 4.0) for name in domains]
    return [plan for plan in plans if _enough(plan.rows, plan.wanted)]


def _logistic(matrix: Any, wanted: Bools, weight: Floats, strength: float, seed: int) -> Floats:
    """Weights and, last, the bias."""
    model = LogisticRegression(solver="liblinear", C=strength, tol=5e-3, random_state=seed, max_iter=100)
    model.fit(matrix, wanted, sample_weight=weight)
    return np.append(model.coef_[0], model.intercept_[0]).astype(np.float32)


def naive_ratio(touched: Any, wanted: Bools) -> Floats:
    """For each bucket the log ratio of its shares in wanted and other rows, with one added to every count."""
    yes = np.asarray(touched[wanted].sum(axis=0)).ravel() + 1
    no = np.asarray(touched[~wanted].sum(axis=0)).ravel() + 1
    return np.asarray(np.log((yes / yes.sum()) / (no / no.sum())), np.float32)


def fit_head(table: Table, plan: HeadPlan, rows: Bools, seed: int) -> Floats:
    """One head's weights, the bias last, from those of its rows that are given; zeros where one side has none."""
    chosen = rows & plan.rows
    wanted = plan.wanted[chosen]
    if wanted.all() or not wanted.any():
        return np.zeros(table.matrix.shape[1] + 1, np.float32)
    matrix, weight = table.matrix[chosen], table.weight[chosen]
    head = _logistic(matrix, wanted, weight, plan.strength, seed)
    if plan.naive:
        ratio = naive_ratio(table.touched[chosen], wanted)
        second = _logistic(matrix @ sp.diags(ratio), wanted, weight, plan.strength / 4, seed)
        second[:-1] *= ratio
        head = np.asarray((head + second) / 2, np.float32)
    return head


def fit_heads(table: Table, plans: Sequence[HeadPlan], rows: Bools, seed: int) -> Floats:
    """(buckets + 1, heads): every head fitted on the rows given."""
    return np.stack([fit_head(table, plan, rows, seed) for plan in plans], axis=1)


def margins(matrix: Any, weights: Floats) -> Floats:
    """Scores of rows by weights whose last row is the bias."""
    return np.asarray(matrix @ weights[:-1] + weights[-1], np.float32)


MOST_WEIGHTS, MOST_OF_MANY, MANY = 80_000, 160_000, 100_000
"""A head keeps so many weights, twice as many where it was fitted on many rows; what others add cannot be measured."""


_DENSE_FROM = 0.2
"""A bucket that so large a share of the heads knows is stored as a whole row, which is read sooner."""


def head_arrays(table: Table, plans: Sequence[HeadPlan], weights: Floats) -> dict[str, NDArray[Any]]:
    """The arrays of `HashedHeads`: of each head the weights that matter, rounded to one byte."""
    columns = [_kept(table, plan, weights[:-1, place]) for place, plan in enumerate(plans)]
    whole = sp.csr_matrix(sp.hstack([sp.csc_matrix(kept[:, None]) for kept, _ in columns]))
    common = np.diff(whole.indptr) >= _DENSE_FROM * len(plans)
    rare = whole[~common]
    rare.sort_indices()
    order = np.concatenate([np.flatnonzero(common), np.flatnonzero(~common)])
    return {
        "buckets": table.buckets[order],
        "rarity": table.rarity[order].astype(np.float16),
        "dense": whole[common].toarray().astype(np.int8),
        "counts": np.diff(rare.indptr).astype(np.uint8),
        "columns": rare.indices.astype(np.uint8 if len(plans) <= 1 << 8 else np.uint16),
        "weights": rare.data.astype(np.int8),
        "scale": np.array([scale for _, scale in columns], np.float32),
        "bias": weights[-1].astype(np.float32),
    }


def _kept(table: Table, plan: HeadPlan, weights: Floats) -> tuple[Floats, float]:
    """The weights of one head as whole numbers, most of them zero, and what their squares are to be multiplied with.

    A topic hangs on a few heavy weights and an opinion on many light ones: roots keep both exact enough.
    """
    often = np.asarray(table.touched[plan.rows].sum(axis=0)).ravel()
    matters = np.abs(weights) * table.rarity * np.sqrt(often)
    most = MOST_OF_MANY if int(plan.rows.sum()) > MANY else MOST_WEIGHTS
    kept = np.argsort(-matters, kind="stable")[:most]
    largest = max(float(np.abs(weights).max(initial=0)), 1e-6)
    whole = np.zeros_like(weights)
    whole[kept] = np.sign(weights[kept]) * np.round(np.sqrt(np.abs(weights[kept]) / largest) * STEPS)
    return whole, largest / STEPS**2
