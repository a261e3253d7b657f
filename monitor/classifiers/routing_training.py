"""Training a company's own router: linear classifiers on hashed n-grams and words, cross-validated throughout."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from monitor.classifiers.measures import expected_calibration_error
from monitor.classifiers.routing_evaluation import (
    NEVER,
    Bools,
    Floats,
    Names,
    RouterEvaluation,
    measured,
    working_point,
)
from monitor.classifiers.routing_fitting import ONE, SEVERAL, Fitted, Strengths, fit
from monitor.classifiers.routing_model import BITS, Places, RouterCard, chances, counted, read, save_router
from monitor.classifiers.routing_rows import FEWEST, Rows, learnable, read_rows
from monitor.domain.errors import ConfigError

Progress = Callable[[str], None]
Ints = NDArray[np.int64]

FOLDS = 5
_RARE = 3
"""A bucket that fewer texts touch gets no weight: nothing of a single row is kept."""
_SMALL_HELPED = 0.15
"""By so much of the logarithm of its share a small department is helped: it gains more than the large ones lose."""


@dataclass(frozen=True, slots=True)
class Cases:
    """All rows as a matrix of counts whose columns are the buckets `ids`, and whose cases they are."""

    matrix: Any
    ids: Ints
    wanted: Bools
    folds: Ints
    departments: tuple[str, ...]
    several: bool

    @property
    def strengths(self) -> Strengths:
        """How closely the classifiers follow such cases."""
        return SEVERAL if self.several else ONE


@dataclass(frozen=True, slots=True)
class Calibration:
    """How scores become confidence, and what is added to a department's score beforehand."""

    temperature: float
    offset: float
    help: Floats

    def chances(self, scores: Floats, several: bool) -> Floats:
        """Confidence for helped scores."""
        return chances(scores, self.temperature, self.offset, several)


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


def _cases(rows: Rows, seed: int, places: Places | None) -> Cases:
    texts = [read(text) for text in rows.texts]
    departments = tuple(sorted({name for names in rows.labels for name in names}))
    wanted = np.array([[name in names for name in departments] for names in rows.labels])
    counts = counted(texts, BITS, places)
    ids, columns, touched = np.unique(counts.ids, return_inverse=True, return_counts=True)
    matrix = sp.csr_matrix((counts.values, columns, counts.starts), shape=(len(texts), len(ids)), dtype=np.float32)
    enough = touched >= min(_RARE, max(1, len(texts) // 50))
    folds = _folds(texts, wanted.argmax(axis=1), seed)
    return Cases(matrix[:, enough].tocsr(), ids[enough], wanted, folds, departments, rows.several)


def crossfitted(cases: Cases, seed: int, progress: Progress) -> Floats:
    """Every row's scores from a classifier that has not seen it."""
    scores = np.zeros(cases.wanted.shape, np.float32)
    for number in range(FOLDS):
        inside = cases.folds == number
        if inside.any():
            fitted = fit(cases.matrix[~inside], cases.wanted[~inside], cases.strengths, seed)
            scores[inside] = fitted.scores(cases.matrix[inside])
        progress(f"第 {number + 1}/{FOLDS} 折")
    return scores


def _loss(scores: Floats, wanted: Bools, temperature: float, offset: float, several: bool) -> float:
    sure = np.clip(chances(scores, temperature, offset, several), 1e-4, 1 - 1e-4).astype(np.float64)
    if several:
        return -float(np.log(np.where(wanted, sure, 1 - sure)).mean())
    return -float(np.log(sure[wanted]).mean())


def _likeliest(scores: Floats, wanted: Bools, several: bool) -> tuple[float, float]:
    """How sharply scores become confidence: what makes the right departments likeliest on rows not seen."""
    offsets = np.round(np.linspace(-2, 2, 21), 2) if several else np.zeros(1)
    grid = np.round(np.geomspace(0.2, 20, 60 if several else 120), 4)
    tries = [(float(t), float(offset)) for t in grid for offset in offsets]
    return min(tries, key=lambda each: _loss(scores, wanted, each[0], each[1], several))


def _calibration(cases: Cases, scores: Floats) -> Calibration:
    """Measured on rows not seen; small departments are helped only where a case has just one."""
    helped = np.zeros(scores.shape[1], np.float32)
    temperature, offset = _likeliest(scores, cases.wanted, cases.several)
    if not cases.several:
        helped = (-_SMALL_HELPED / temperature * np.log(cases.wanted.mean(axis=0))).astype(np.float32)
        temperature, offset = _likeliest(scores + helped, cases.wanted, several=False)
    return Calibration(temperature, offset, helped)


def _chosen_at(sure: Floats, wanted: Bools) -> float:
    """From which confidence on a further department is chosen, so that micro-F1 is best; the first always is."""
    first = np.zeros_like(wanted)
    first[np.arange(len(sure)), sure.argmax(axis=1)] = True

    def micro(level: float) -> float:
        chosen = first | (sure >= level)
        return float(2 * (chosen & wanted).sum() / (chosen.sum() + wanted.sum()))

    return max((percent / 100 for percent in range(10, 90)), key=micro)


def _evaluated(cases: Cases, sure: Floats, scores: Floats, chosen_at: float, rows: Bools) -> RouterEvaluation:
    truth, ranked, chosen = [], [], []
    for wanted, chances_of, scores_of in zip(cases.wanted[rows], sure[rows], scores[rows], strict=True):
        order = np.argsort(-scores_of, kind="stable")
        truth.append(_named(cases, np.flatnonzero(wanted)))
        ranked.append(_named(cases, order))
        chosen.append(_named(cases, [c for place, c in enumerate(order) if not place or chances_of[c] >= chosen_at]))
    return measured(truth, ranked, chosen)


def _named(cases: Cases, columns: Sequence[int] | Ints) -> Names:
    return tuple(cases.departments[column] for column in columns)


def _spread(folds: Sequence[RouterEvaluation]) -> dict[str, float]:
    return {
        name: round(float(np.std([getattr(each, name) for each in folds])), 4)
        for name in ("accuracy", "macro_f1", "micro_f1")
    }


def _announce(rows: Rows, progress: Progress) -> None:
    progress(
        f"{len(rows.texts)} 条，{len({name for names in rows.labels for name in names})} 个部门"
        + ("，一条可以有几个部门" if rows.several else "")
        + (f"，跳过 {rows.skipped} 条空的" if rows.skipped else "")
    )
    for name, count in rows.rare.items():
        progress(f"部门“{name}”只有 {count} 条，不足 {FEWEST} 条，没有学；请在 routing.toml 里用规则派给它")


def _card(
    cases: Cases, rows: Rows, scores: Floats, calibration: Calibration, precision: float, seed: int
) -> dict[str, Any]:
    sure = calibration.chances(scores, cases.several)
    first = scores.argmax(axis=1)
    right = cases.wanted[np.arange(len(scores)), first]
    highest = sure[np.arange(len(scores)), first]
    point = working_point(highest, right, precision)
    chosen_at = _chosen_at(sure, cases.wanted) if cases.several else NEVER
    folds = [_evaluated(cases, sure, scores, chosen_at, cases.folds == number) for number in np.unique(cases.folds)]
    return {
        "bits": BITS,
        "seed": seed,
        "temperature": calibration.temperature,
        "offset": calibration.offset,
        "several": cases.several,
        "chosen_at": chosen_at,
        "departments": cases.departments,
        "rows": len(rows.texts),
        "skipped": rows.skipped,
        "rare": dict(rows.rare),
        "wanted_precision": precision,
        "dispatch_at": point.dispatch_at,
        "precision": point.precision,
        "precision_interval": point.precision_interval,
        "coverage": point.coverage,
        "calibration_error": round(expected_calibration_error(highest, right), 4),
        "spread": _spread(folds),
        "figures": asdict(_evaluated(cases, sure, scores, chosen_at, np.ones(len(scores), bool))),
        "settings": {"folds": FOLDS, "fewest": FEWEST, "small_helped": _SMALL_HELPED, **asdict(cases.strengths)},
    }


def _arrays(cases: Cases, fitted: Fitted, calibration: Calibration) -> dict[str, NDArray[Any]]:
    return {
        "ids": cases.ids.astype(np.int32),
        "idf": fitted.idf.astype(np.float16),
        "weights": fitted.weights.astype(np.float16),
        "bias": (fitted.bias + calibration.help).astype(np.float32),
    }


def train_router(
    file: Path,
    output: Path,
    *,
    text: str = "text",
    label: str = "",
    several: bool = False,
    precision: float = 0.95,
    seed: int = 7,
    places: Places | None = None,
    progress: Progress,
) -> RouterCard:
    """Trains a router from a file of cases and writes it; the same file and seed give the same bytes."""
    if not 0 < precision <= 1:
        raise ConfigError(f"要求的准确率应在 0 和 1 之间，给的是 {precision}")
    rows = learnable(read_rows(file, text=text, label=label, several=several), file)
    _announce(rows, progress)
    cases = _cases(rows, seed, places)
    scores = crossfitted(cases, seed, progress)
    calibration = _calibration(cases, scores)
    fitted = fit(cases.matrix, cases.wanted, cases.strengths, seed)
    card = _card(cases, rows, scores + calibration.help, calibration, precision, seed)
    return save_router(output, _arrays(cases, fitted, calibration), card)
