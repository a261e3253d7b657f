"""Two classifiers on the same labelled sets: how far apart they are, and whether that could be chance."""

from collections.abc import Callable, Mapping
from math import comb, erfc, sqrt
from pathlib import Path

import numpy as np

from monitor.classifiers.datasets import NEGATIVE, NEUTRAL, POSITIVE
from monitor.classifiers.evaluation import (
    Answers,
    EvaluationRow,
    auc_difference,
    guessed_sides,
    judged_sets,
    measure,
    right_sides,
)
from monitor.classifiers.measures import Bools, Ints, Measured
from monitor.domain.verdicts import Classifier

DIFFERENCE = "difference"
_Z = 1.959964
_DRAWS = 400
_SEED = 7


def mcnemar(lost: int, won: int) -> float:
    """How likely rows that only one gets right part so unevenly by chance (McNemar 1947): exact up to 1,000 of them."""
    of = lost + won
    if not of:
        return 1.0
    if of > 1_000:
        return erfc(max(0, abs(won - lost) - 1) / sqrt(2 * of))
    return min(1.0, float(2 * sum(comb(of, each) for each in range(min(lost, won) + 1)) / (1 << of)))


def share_difference(first: Bools, second: Bools) -> Measured | None:
    """How much larger a share is in the second of two answers to the same rows (Newcombe's plain paired interval)."""
    if not len(first):
        return None
    gained, lost = int((second & ~first).sum()), int((first & ~second).sum())
    value = (gained - lost) / len(first)
    half = _Z * float(np.sqrt(max(0.0, gained + lost - (gained - lost) ** 2 / len(first)))) / len(first)
    return Measured(value, value - half, value + half)


def _codes(answers: Answers, known: list[str], rows: Bools) -> tuple[Ints, Ints]:
    truth = np.array([known.index(row.polarity) if row.polarity else -1 for row in answers.rows])
    guessed = np.array([known.index(each) for each in guessed_sides(answers, known)])
    return truth[rows], guessed[rows]


def _macro(truth: Ints, guessed: Ints, size: int) -> float:
    table = np.bincount(truth * size + guessed, minlength=size * size).reshape(size, size)
    return float((2 * np.diagonal(table) / np.maximum(table.sum(0) + table.sum(1), 1)).mean())


def macro_f1_difference(first: Answers, second: Answers) -> Measured | None:
    """The difference of the macro-F1 of polarity, with an interval by drawing the same rows anew for both."""
    known = [name for name in (NEGATIVE, NEUTRAL, POSITIVE) if first.are(name).any()]
    if len(known) < 2:
        return None
    labelled = np.array([bool(row.polarity) for row in first.rows])
    truth, ours = _codes(first, known, labelled)
    _, theirs = _codes(second, known, labelled)
    draw = np.random.default_rng(_SEED)

    def gap(rows: Ints) -> float:
        return _macro(truth[rows], theirs[rows], len(known)) - _macro(truth[rows], ours[rows], len(known))

    drawn = [gap(draw.integers(0, len(truth), len(truth))) for _ in range(_DRAWS)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Measured(gap(np.arange(len(truth))), float(low), float(high))


def difference(first: Answers, second: Answers, name: str) -> EvaluationRow:
    """Second minus first, measure by measure; p is McNemar's over which side of each row is right."""
    sided, right = right_sides(first)
    _, better = right_sides(second)
    negative, labelled = first.are(NEGATIVE), np.array([bool(row.polarity) for row in first.rows])
    found = {
        "accuracy": share_difference(right[sided], better[sided]),
        "macro_f1": macro_f1_difference(first, second),
        "auc": auc_difference(first.dissatisfied[labelled], second.dissatisfied[labelled], negative[labelled]),
        "neutral_flagged": _flag_difference(first, second, first.are(NEUTRAL)),
        "negative_flagged": _flag_difference(first, second, negative),
    }
    lost, won = int((right & ~better & sided).sum()), int((better & ~right & sided).sum())
    measures = {each: value for each, value in found.items() if value is not None}
    return EvaluationRow(name, len(first.rows), DIFFERENCE, measures, p=mcnemar(lost, won))


def _flag_difference(first: Answers, second: Answers, rows: Bools) -> Measured | None:
    return share_difference(first.flagged[rows], second.flagged[rows])


def compare(
    data: Path, pair: Mapping[str, Classifier], *, limit: int | None, progress: Callable[[str], None]
) -> list[EvaluationRow]:
    """For every labelled set of a folder both classifiers, and what the second has more than the first."""
    rows: list[EvaluationRow] = []
    first, second = pair
    for gold, answers in judged_sets(data, pair, limit=limit, progress=progress):
        for who in (first, second):
            seen = gold.name in getattr(pair[who], "learned_from", ())
            rows.append(EvaluationRow(gold.name, len(gold.rows), who, measure(answers[who]), seen))
        rows.append(difference(answers[first], answers[second], gold.name))
    return rows
