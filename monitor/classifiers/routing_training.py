"""Training a company's own router: one linear classifier on hashed n-grams and words, cross-validated throughout."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.svm import LinearSVC

from monitor.classifiers.evaluation import expected_calibration_error
from monitor.classifiers.routing_evaluation import Floats, RouterEvaluation, WorkingPoint, measured, working_point
from monitor.classifiers.routing_model import BITS, RouterCard, chances, counted, read, save_router
from monitor.classifiers.routing_rows import FEWEST, Rows, learnable, read_rows
from monitor.classifiers.scoring import softmax
from monitor.domain.errors import ConfigError

Progress = Callable[[str], None]
Ints = NDArray[np.int64]

FOLDS = 5
_STRENGTH = 1.0
_RARE = 3
"""A bucket that fewer texts touch gets no weight: nothing of a single row is kept."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights of one linear classifier over the columns of the matrix; `idf` is zero for columns left out."""

    idf: Floats
    weights: Floats
    bias: Floats

    def scores(self, matrix: Any) -> Floats:
        """For each row of a matrix of counts the score of every department."""
        return np.asarray(_scaled(matrix, self.idf) @ self.weights + self.bias, np.float32)


@dataclass(frozen=True, slots=True)
class Cases:
    """All rows as a matrix of counts whose columns are the buckets `ids`."""

    matrix: Any
    ids: Ints
    labels: Ints
    folds: Ints
    departments: tuple[str, ...]


def _scaled(matrix: Any, idf: Floats) -> Any:
    """Rows weighted by rarity and brought to length one."""
    weighted = matrix @ sp.diags(idf)
    norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return (sp.diags((1 / np.maximum(norms, 1e-6)).astype(np.float32)) @ weighted).tocsr()


def _digest(text: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{text}".encode("utf-8", "replace")).hexdigest()


def _folds(texts: Sequence[str], labels: Ints, seed: int) -> Ints:
    """Each department spread evenly; the same text twice lies in one fold, or it would be recognised, not judged."""
    places: dict[str, int] = {}
    turn: dict[int, int] = {}
    pairs = sorted(zip(texts, labels.tolist(), strict=True), key=lambda pair: _digest(pair[0], seed))
    for text, label in pairs:
        if text not in places:
            places[text] = turn[label] = (turn.get(label, label - 1) + 1) % FOLDS
    return np.array([places[text] for text in texts])


def _cases(rows: Rows, seed: int) -> Cases:
    texts = [read(text) for text in rows.texts]
    departments = tuple(sorted(set(rows.labels)))
    labels = np.array([departments.index(name) for name in rows.labels])
    counts = counted(texts, BITS)
    ids, columns, touched = np.unique(counts.ids, return_inverse=True, return_counts=True)
    matrix = sp.csr_matrix((counts.values, columns, counts.starts), shape=(len(texts), len(ids)), dtype=np.float32)
    enough = touched >= min(_RARE, max(1, len(texts) // 50))
    return Cases(matrix[:, enough].tocsr(), ids[enough], labels, _folds(texts, labels, seed), departments)


def _fit(cases: Cases, rows: NDArray[np.bool_], seed: int) -> Fitted:
    """A classifier from some of the rows alone: how rare a bucket is, too, is counted in these."""
    matrix = cases.matrix[rows]
    touched = np.bincount(matrix.indices, minlength=matrix.shape[1])
    idf = np.where(touched > 0, np.log((1 + matrix.shape[0]) / (1 + touched)) + 1, 0).astype(np.float16)
    model = LinearSVC(C=_STRENGTH, class_weight="balanced", tol=1e-3, random_state=seed)
    model.fit(_scaled(matrix, idf.astype(np.float32)), cases.labels[rows])
    coefficients, bias = model.coef_, model.intercept_
    if len(coefficients) == 1:  # of two departments the library keeps one side only
        coefficients, bias = np.vstack([-coefficients, coefficients]), np.append(-bias, bias)
    return Fitted(idf.astype(np.float32), coefficients.T.astype(np.float32), bias.astype(np.float32))


def crossfitted(cases: Cases, seed: int, progress: Progress) -> Floats:
    """Every row's scores from a classifier that has not seen it."""
    scores = np.zeros((len(cases.labels), len(cases.departments)), np.float32)
    for number in range(FOLDS):
        inside = cases.folds == number
        if inside.any():
            scores[inside] = _fit(cases, ~inside, seed).scores(cases.matrix[inside])
        progress(f"第 {number + 1}/{FOLDS} 折")
    return scores


def _temperature(scores: Floats, labels: Ints) -> float:
    """How sharply scores become confidence: what makes the right departments likeliest on rows not seen."""
    rows = np.arange(len(labels))
    grid = np.round(np.geomspace(0.2, 20, 120), 4)
    losses = [
        -float(np.log(np.maximum(softmax(scores * np.float32(each))[rows, labels], 1e-9)).mean()) for each in grid
    ]
    return float(grid[int(np.argmin(losses))])


def _ranked(scores: Floats, departments: Sequence[str]) -> list[list[str]]:
    return [[departments[column] for column in row] for row in np.argsort(-scores, axis=1, kind="stable")]


def _evaluated(cases: Cases, scores: Floats, rows: NDArray[np.bool_]) -> RouterEvaluation:
    truth = [cases.departments[label] for label in cases.labels[rows]]
    return measured(truth, _ranked(scores[rows], cases.departments))


def _spread(cases: Cases, scores: Floats) -> dict[str, float]:
    folds = [_evaluated(cases, scores, cases.folds == number) for number in np.unique(cases.folds)]
    return {
        "accuracy": round(float(np.std([each.accuracy for each in folds])), 4),
        "macro_f1": round(float(np.std([each.macro_f1 for each in folds])), 4),
    }


def _announce(rows: Rows, progress: Progress) -> None:
    progress(
        f"{len(rows.texts)} 条，{len(set(rows.labels))} 个部门"
        + (f"，跳过 {rows.skipped} 条空的" if rows.skipped else "")
    )
    for name, count in rows.rare.items():
        progress(f"部门“{name}”只有 {count} 条，不足 {FEWEST} 条，没有学；请在 routing.toml 里用规则派给它")


def _card(cases: Cases, rows: Rows, scores: Floats, precision: float, seed: int) -> dict[str, Any]:
    temperature = _temperature(scores, cases.labels)
    sure = chances(scores, temperature).max(axis=1)
    right = scores.argmax(axis=1) == cases.labels
    point: WorkingPoint = working_point(sure, right, precision)
    return {
        "bits": BITS,
        "seed": seed,
        "temperature": temperature,
        "departments": cases.departments,
        "rows": len(rows.texts),
        "skipped": rows.skipped,
        "rare": dict(rows.rare),
        "wanted_precision": precision,
        "dispatch_at": point.dispatch_at,
        "precision": point.precision,
        "coverage": point.coverage,
        "calibration_error": round(expected_calibration_error(sure, right), 4),
        "spread": _spread(cases, scores),
        "figures": asdict(_evaluated(cases, scores, np.ones(len(scores), bool))),
        "settings": {"folds": FOLDS, "strength": _STRENGTH, "fewest": FEWEST},
    }


def train_router(
    file: Path,
    output: Path,
    *,
    text: str = "text",
    label: str = "label",
    precision: float = 0.95,
    seed: int = 7,
    progress: Progress,
) -> RouterCard:
    """Trains a router from a file of cases and writes it; the same file and seed give the same bytes."""
    if not 0 < precision <= 1:
        raise ConfigError(f"要求的准确率应在 0 和 1 之间，给的是 {precision}")
    rows = learnable(read_rows(file, text=text, label=label), file)
    _announce(rows, progress)
    cases = _cases(rows, seed)
    scores = crossfitted(cases, seed, progress)
    fitted = _fit(cases, np.ones(len(cases.labels), bool), seed)
    arrays: dict[str, NDArray[Any]] = {
        "ids": cases.ids.astype(np.int32),
        "idf": fitted.idf.astype(np.float16),
        "weights": fitted.weights.astype(np.float16),
        "bias": fitted.bias,
    }
    return save_router(output, arrays, _card(cases, rows, scores, precision, seed))
