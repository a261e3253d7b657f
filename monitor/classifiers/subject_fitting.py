"""Fitting topics, departments and stances; only training uses this."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from monitor.classifiers.blending import CLASSES
from monitor.classifiers.fitting import FEWEST, Bools, HeadPlan, Table
from monitor.classifiers.model_file import Floats
from monitor.classifiers.subjects import Subjects, squashed

_STRENGTH = 12.0
_WORD_FLOORS = (1.2, 0.8)
"""What one keyword, and several, add at least to the log odds of a topic: people chose them, the sets know few."""
TOPIC, DEPARTMENT = "topic", "department"


def subject_plans(table: Table) -> list[HeadPlan]:
    """One head for each topic and department in each domain that teaches it."""
    plans: list[HeadPlan] = []
    for kind in (TOPIC, DEPARTMENT):
        labels = labels_of(table, kind)
        known = np.array([bool(each) for each in labels])
        for domain in sorted(set(table.domain[known].tolist())):
            rows = known & (table.domain == domain)
            names = sorted(
                {name for each, inside in zip(labels, rows.tolist(), strict=True) if inside for name in each}
            )
            for name in names:
                wanted = np.array([name in each for each in labels])
                plan = HeadPlan(f"{kind}:{name}@{domain}", rows, wanted, _STRENGTH)
                if FEWEST <= int((rows & wanted).sum()) < int(rows.sum()):
                    plans.append(plan)
    return plans


def labels_of(table: Table, kind: str) -> list[tuple[str, ...]]:
    """For each row its topics, or its department; empty where nobody said."""
    if kind == TOPIC:
        return [each.topics for each in table.examples]
    return [(each.department,) if each.department else () for each in table.examples]


@dataclass(frozen=True, slots=True)
class SubjectScores:
    """What heads that had not seen a row say of it, and what else calibration looks at."""

    margins: Floats
    network: Floats | None
    shares: Floats
    words: Floats

    def chances(self, subjects: Subjects) -> Floats:
        """The subjects' chances in every row."""
        return subjects.chances(self.margins, self.network, self.shares, self.words)


def calibrated(
    subjects: Subjects, scores: SubjectScores, labels: Sequence[Sequence[str]], domain: NDArray[np.int64]
) -> Subjects:
    """The same subjects with chances that came true on rows of each head's domain, which no head had seen."""
    weights = subjects.calibration.copy()
    known = rows_with(labels)
    for place, name in enumerate(subjects.names):
        wanted = np.array([name in each for each in labels])
        for column in np.flatnonzero(subjects.counted[place]).tolist():
            rows = known & (domain == subjects.domains[place, column])
            inputs = _calibration_inputs(scores, int(subjects.heads[place, column]), place, rows)
            model = LogisticRegression(C=1.0, max_iter=500).fit(inputs, wanted[rows])
            weights[place, column] = [*model.coef_[0], model.intercept_[0]]
    weights[..., 2:4] = np.maximum(weights[..., 2:4], _WORD_FLOORS)
    return replace(subjects, calibration=np.round(weights, 4).astype(np.float32))


def _calibration_inputs(scores: SubjectScores, head: int, subject: int, rows: Bools) -> NDArray[np.float64]:
    words = scores.words[rows, subject]
    network = squashed(scores.network[rows, head]) if scores.network is not None else np.zeros_like(words)
    return np.column_stack([squashed(scores.margins[rows, head]), network, words > 0, words > 1]).astype(np.float64)


def calibration_rows(subjects: Subjects) -> Floats:
    """(heads, columns): the calibrations as they are stored, subject by subject."""
    return np.asarray(subjects.calibration[subjects.counted > 0], np.float32)


def stance_rows(table: Table, topics: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
    """(row, topic, polarity) of every stance that the examples name."""
    triples = [
        (row, topics.index(topic), polarity)
        for row, each in enumerate(table.examples)
        for topic, polarity in each.stances.items()
        if topic in topics
    ]
    rows = np.array([row for row, _, _ in triples], np.int64)
    return rows, np.array([topic for _, topic, _ in triples], np.int64), [polarity for _, _, polarity in triples]


def fit_stances(inputs: Floats, topic: NDArray[np.int64], topics: int, truth: Sequence[str]) -> Floats:
    """(inputs + topics + 1, 3): weights of the stance towards a topic; zeros where nothing teaches it."""
    weights = np.zeros((inputs.shape[1] + topics + 1, len(CLASSES)), np.float32)
    if len(set(truth)) < len(CLASSES):
        return weights
    middle, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-3
    told: Any = np.hstack([(inputs - middle) / spread, np.eye(topics, dtype=np.float32)[topic]])
    model = LogisticRegression(C=0.3, max_iter=500).fit(told.astype(np.float64), truth)
    for row, name in enumerate(model.classes_):
        column = CLASSES.index(name)
        own = model.coef_[row, : inputs.shape[1]] / spread
        weights[: inputs.shape[1], column] = own
        weights[inputs.shape[1] : -1, column] = model.coef_[row, inputs.shape[1] :]
        weights[-1, column] = model.intercept_[row] - float(own @ middle)
    return np.round(weights, 4).astype(np.float32)


def rows_with(labels: Sequence[Sequence[str]]) -> Bools:
    """Which rows have labels at all."""
    return np.array([bool(each) for each in labels])
