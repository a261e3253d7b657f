"""How a new model did on rows that none of its parts had seen, set by set: what its card says."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.blending import CLASSES, likeliest
from monitor.classifiers.datasets import NEGATIVE, NEUTRAL
from monitor.classifiers.fitting import FOLDS, Bools, Table
from monitor.classifiers.measures import (
    auc,
    expected_calibration_error,
    macro_f1,
    recall_at_false_alarms,
    share_with_interval,
)
from monitor.classifiers.model_file import Floats
from monitor.classifiers.subject_fitting import fit_stances
from monitor.classifiers.subjects import stances as likeliest_stance

Score = dict[str, Any]
_SURE = 0.5


def _over_folds(table: Table, rows: Bools, measure: Callable[[Bools], float | None]) -> list[float] | None:
    """Mean and standard deviation of a measure over the folds."""
    values = [measure(rows & (table.fold == number)) for number in range(FOLDS)]
    known = [value for value in values if value is not None]
    return [round(float(np.mean(known)), 4), round(float(np.std(known)), 4)] if known else None


def by_set(table: Table, chances: Floats) -> list[Score]:
    """For each set ranking, negative against positive, and calibration, with intervals and the spread over folds."""
    return [
        _of_set(table, chances, name, (table.source == name) & (table.polarity != ""))
        for name in sorted(set(table.source.tolist()))
        if ((table.source == name) & (table.polarity != "")).any()
    ]


def _of_set(table: Table, chances: Floats, name: str, inside: Bools) -> Score:
    negative = table.polarity == NEGATIVE
    opinion = inside & (table.polarity != NEUTRAL)
    right = (chances[:, 0] >= chances[:, 2]) == negative
    score: Score = {"set": name, "n": int(inside.sum())}
    area = auc(chances[inside, 0], negative[inside])
    if area is not None:
        folds = _over_folds(table, inside, lambda rows: auc(chances[rows, 0], negative[rows]))
        score |= {"auc": round(area, 4), "auc_over_folds": folds}
    if len(set(table.polarity[opinion].tolist())) > 1:
        share, low, high = share_with_interval(int(right[opinion].sum()), int(opinion.sum()))
        folds = _over_folds(table, opinion, lambda rows: float(right[rows].mean()) if rows.any() else None)
        score |= {
            "negative_against_positive": round(share, 4),
            "interval": [round(low, 4), round(high, 4)],
            "over_folds": folds,
        }
    if (table.polarity[inside] == NEUTRAL).any():
        score["macro_f1"] = round(macro_f1(table.polarity[inside].tolist(), likeliest(chances[inside]).tolist()), 4)
    score["calibration_error"] = round(expected_calibration_error(chances[inside, 0], negative[inside]), 4)
    return score


def working_point(table: Table, dissatisfied: Floats, threshold: float) -> Score:
    """What the threshold does on sentences whose annotators said how dissatisfaction shows."""
    told = table.expression != ""
    if not told.any():
        return {}
    labels = np.array([each.label for each in table.examples])
    flagged = dissatisfied >= threshold
    implicit = told & (table.polarity == NEGATIVE) & (table.expression == "implicit")
    rest = told & (table.polarity != NEGATIVE)
    score: Score = {"set": "working_point", "n": int(told.sum()), "threshold": threshold}
    for label in sorted(set(labels[told].tolist())):
        score[f"{label}_flagged"] = round(float(flagged[told & (labels == label)].mean()), 4)
    rows = implicit | rest
    found = recall_at_false_alarms(dissatisfied[rows], implicit[rows])
    if found is not None:
        folds = _over_folds(
            table, rows, lambda part: recall_at_false_alarms(dissatisfied[part], implicit[part]) if part.any() else None
        )
        score |= {"recall_at_10_false_alarms": round(found, 4), "recall_over_folds": folds}
    return score


def subjects(name: str, names: Sequence[str], found: Floats, labels: Sequence[Sequence[str]]) -> Score:
    """Micro-F1 at one half, and how often the first and the first three are right, over rows with labels."""
    known = [each for each in labels if each]
    if not known or not names:
        return {}
    truth = np.array([[subject in each for subject in names] for each in known])
    guessed = found >= _SURE
    order = np.argsort(-found, axis=1, kind="stable")
    first = np.take_along_axis(truth, order[:, :1], axis=1).any(axis=1)
    three = np.take_along_axis(truth, order[:, :3], axis=1).any(axis=1)
    return {
        "set": name,
        "n": len(known),
        "micro_f1": round(2 * float((truth & guessed).sum()) / max(1.0, float(truth.sum() + guessed.sum())), 4),
        "first_right": round(float(first.mean()), 4),
        "among_three": round(float(three.mean()), 4),
    }


def topics_by_set(table: Table, names: Sequence[str], found: Floats) -> list[Score]:
    """The topics of each set, among those that the set names."""
    labels = [each.topics for each in table.examples if each.topics]
    source = np.array([each.source for each in table.examples if each.topics])
    scores = []
    for name in sorted(set(source.tolist())):
        rows = np.flatnonzero(source == name)
        own = [labels[row] for row in rows]
        columns = [place for place, topic in enumerate(names) if any(topic in each for each in own)]
        scores.append(subjects(f"topics:{name}", [names[place] for place in columns], found[rows][:, columns], own))
    return scores


def stances(
    table: Table, inputs: Floats, rows: NDArray[np.int64], topic: NDArray[np.int64], truth: Sequence[str], topics: int
) -> Score:
    """How often the likeliest stance towards a named topic was right, cross-fitted."""
    if len(set(truth)) < len(CLASSES):
        return {}
    wanted = np.array(truth)
    guessed = np.empty(len(wanted), dtype=wanted.dtype)
    for number in range(FOLDS):
        inside = table.fold[rows] == number
        weights = fit_stances(inputs[~inside], topic[~inside], topics, wanted[~inside].tolist())
        for row in np.flatnonzero(inside):
            guessed[row] = CLASSES[likeliest_stance(inputs[row], [int(topic[row])], weights)[0]]
    share, low, high = share_with_interval(int((guessed == wanted).sum()), len(wanted))
    return {
        "set": "stances",
        "n": len(wanted),
        "accuracy": round(share, 4),
        "interval": [round(low, 4), round(high, 4)],
        "macro_f1": round(macro_f1(wanted.tolist(), guessed.tolist()), 4),
    }
