"""Fitting the last step, a domain at a time, on scores that no head gave to a row it had seen."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from monitor.classifiers.datasets import NEGATIVE, NEUTRAL, PLANS, POSITIVE
from monitor.classifiers.fitting import FOLDS, Bools, Table
from monitor.classifiers.last_step import EVERY, chances
from monitor.classifiers.model_file import Floats
from monitor.classifiers.scoring import FACTS, RULE_COLUMNS
from monitor.domain.errors import ConfigError

CLASSES = (NEGATIVE, NEUTRAL, POSITIVE)
_STRENGTH = 0.03
_OUTSIDE, _OUTSIDE_NEUTRAL, _OUTSIDE_ALONE = 0.01, 0.05, 0.1
"""How much rows of other domains count: a little, more where it lacks neutral ones, most where it has one class."""
_FLOORS = dict.fromkeys(FACTS, 0.9) | {"turned": 2.0}
"""What a cue adds at least to the log odds of dissatisfaction: the open sets have few of them, people have many."""
_QUESTION_FLOOR = 1.2
"""What asking adds at least to the log odds of being neutral: reviews hold no questions, forums do."""
_LIGHT, _KEPT = 0.1, 0.15
"""Of the rows that count less than the first, this share is taken, and counts so much more: the same sum, sooner."""


def _row_weights(table: Table, domain: str) -> Floats:
    known = table.polarity != ""
    inside = known & ((table.domain == domain) | (domain == EVERY))
    neutral = table.polarity == NEUTRAL
    trust = np.array([PLANS[name].trust if name in PLANS else 1.0 for name in table.source.tolist()], np.float32)
    own = set(table.polarity[inside].tolist())
    outside = np.where(neutral & (NEUTRAL not in own), _OUTSIDE_NEUTRAL, _OUTSIDE)
    if len(own) < 2:
        outside = np.full(len(known), _OUTSIDE_ALONE)
    return np.where(inside, trust, np.where(known, outside, 0)).astype(np.float32)


def _thinned(weight: Floats, seed: int) -> Floats:
    kept = np.random.default_rng(seed).random(len(weight)) < _KEPT
    return np.where(weight >= _LIGHT, weight, np.where(kept, weight / np.float32(_KEPT), 0)).astype(np.float32)


def _fit(inputs: Floats, table: Table, rows: Bools, domain: str, seed: int) -> Floats:
    """(inputs + 1, 3): one domain's weights, the bias last."""
    weight = _thinned(_row_weights(table, domain), seed)
    chosen = rows & (weight > 0)
    present = sorted(set(table.polarity[chosen].tolist()))
    if len(present) < 2:
        raise ConfigError(f"训练数据只有一种极性（{'、'.join(present) or '无'}），应至少有两种")
    middle, spread = inputs[chosen].mean(axis=0), inputs[chosen].std(axis=0) + 1e-3
    model = LogisticRegression(C=_STRENGTH, max_iter=400)
    model.fit(
        ((inputs[chosen] - middle) / spread).astype(np.float64), table.polarity[chosen], sample_weight=weight[chosen]
    )
    coefficients, bias = model.coef_, model.intercept_
    if len(present) == 2:
        coefficients, bias = np.vstack([-coefficients, coefficients]) / 2, np.append(-bias, bias) / 2
    wide = np.zeros((inputs.shape[1] + 1, len(CLASSES)), np.float32)
    wide[-1] = -20
    for row, name in enumerate(model.classes_):
        column = CLASSES.index(name)
        wide[:-1, column] = coefficients[row] / spread
        wide[-1, column] = bias[row] - float((coefficients[row] / spread) @ middle)
    return wide


def _with_floors(wide: Floats, families: Sequence[str]) -> Floats:
    names = [*families, *RULE_COLUMNS]
    first = len(wide) - 1 - len(names)
    for place, name in enumerate(names, first):
        wide[place] = _at_least(wide[place], 0, _FLOORS.get(name, -np.inf))
        if name == "question":
            wide[place] = _at_least(wide[place], 1, _QUESTION_FLOOR)
    return wide


def _at_least(row: Floats, column: int, floor: float) -> Floats:
    """A row of weights whose one class stands at least so far above the mean of the other two."""
    others = np.delete(row, column)
    missing = floor - float(row[column] - others.mean())
    if missing <= 0:
        return row
    push = np.full(len(row), -missing / 3, np.float32)
    push[column] = missing * 2 / 3
    return row + push


def _fit_all(
    inputs: Floats, table: Table, rows: Bools, domains: Sequence[str], families: Sequence[str], seed: int
) -> Floats:
    fitted = [_with_floors(_fit(inputs, table, rows, domain, seed), families) for domain in domains]
    return np.round(np.hstack(fitted), 4).astype(np.float32)


def blend(
    table: Table, inputs: Floats, shares: Floats, domains: Sequence[str], families: Sequence[str], seed: int
) -> tuple[Floats, Floats]:
    """The last step fitted on all rows (the bias last), and cross-fitted chances for the card."""
    found = np.zeros((len(inputs), len(CLASSES)), np.float32)
    for number in range(FOLDS):
        inside = table.fold == number
        weights = _fit_all(inputs, table, ~inside, domains, families, seed)
        found[inside] = chances(inputs[inside], weights[:-1], weights[-1], shares[inside])
    return _fit_all(inputs, table, np.ones(len(inputs), np.bool_), domains, families, seed), found


def threshold_for(table: Table, dissatisfied: Floats) -> float:
    """The cut that flags at most a fifth of neutral sentences, as long as 86 % of the implicit complaints are found.

    Sentences whose annotators said how dissatisfaction shows decide, where there are any; else all rows do.
    """
    told = table.expression != ""
    rows = told if told.any() else table.polarity != ""
    wanted = rows & (table.polarity == NEGATIVE)
    implicit = wanted & (table.expression == "implicit")
    neutral = dissatisfied[rows & (table.polarity == NEUTRAL)]
    negative = dissatisfied[implicit if implicit.any() else wanted]
    quiet = float(np.quantile(neutral, 0.80)) if len(neutral) else 0.5
    enough = float(np.quantile(negative, 0.14)) if len(negative) else 0.5
    return round(min(max(0.3, min(quiet, enough)), 0.7), 3)


def likeliest(found: Floats) -> NDArray[np.str_]:
    """The name of each row's likeliest class."""
    return np.asarray(np.array(CLASSES)[found.argmax(axis=1)], np.str_)
