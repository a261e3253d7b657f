"""Fitting what tells explicit, implicit and none apart; only training uses this."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from monitor.classifiers.datasets import NEGATIVE
from monitor.classifiers.ensemble import Said
from monitor.classifiers.expressions import KINDS, TOLD_HEADS, kind_inputs, kinds_of
from monitor.classifiers.fitting import FEWEST, FOLDS, Bools, Table
from monitor.classifiers.measures import macro_f1
from monitor.classifiers.model_file import Floats


@dataclass(frozen=True, slots=True)
class Expressions:
    """The line from which dissatisfaction counts as said outright, the weights of the kinds, and how they did."""

    line: float
    weights: Floats
    score: dict[str, Any]


def fit_expressions(table: Table, names: Sequence[str], said: Said) -> Expressions:
    """Fitted on sentences whose annotators told the kinds apart; nothing where there are none."""
    told = table.expression != ""
    known = [int((table.expression[told] == str(kind)).sum()) for kind in KINDS]
    if min(known) < FEWEST or not set(TOLD_HEADS) <= set(names):
        return Expressions(0.0, np.zeros((0, len(KINDS)), np.float32), {})
    heads = [names.index(head) for head in TOLD_HEADS]
    inputs, truth = kind_inputs(said, heads)[told], table.expression[told]
    negative = told & (table.polarity == NEGATIVE)
    line = _best_line(said.score(heads[0])[negative], table.expression[negative] == "explicit")
    guessed = np.empty(len(truth), dtype=truth.dtype)
    for number in range(FOLDS):
        inside = table.fold[told] == number
        if inside.any():
            guessed[inside] = [str(kind) for kind in kinds_of(inputs[inside], _fit(inputs[~inside], truth[~inside]))]
    figure = round(macro_f1(truth.tolist(), guessed.tolist()), 4)
    return Expressions(line, _fit(inputs, truth), {"set": "expression", "n": len(truth), "macro_f1": figure})


def _fit(inputs: Floats, truth: Any) -> Floats:
    model = LogisticRegression(C=1.0, max_iter=1000, class_weight="balanced").fit(inputs.astype(np.float64), truth)
    weights = np.zeros((inputs.shape[1] + 1, len(KINDS)), np.float32)
    for row, name in enumerate(model.classes_):
        column = KINDS.index(name)
        weights[:-1, column], weights[-1, column] = model.coef_[row], model.intercept_[row]
    return np.round(weights, 4).astype(np.float32)


def _best_line(scores: Floats, explicit: Bools) -> float:
    """The cut with the best mean F1 of explicit and implicit, never below the even chance."""
    names = np.where(explicit, "explicit", "implicit").tolist()
    lines = np.round(np.quantile(scores, np.linspace(0.5, 0.99, 50)), 4)
    figures = [macro_f1(names, np.where(scores >= line, "explicit", "implicit").tolist()) for line in lines]
    return max(0.0, float(lines[int(np.argmax(figures))]))
