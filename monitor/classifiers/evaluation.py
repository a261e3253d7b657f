"""How good a classifier is on labelled sets: the same measures for ours, SnowNLP and always guessing the majority."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.datasets import (
    IGNORED,
    NEGATIVE,
    NEUTRAL,
    PLANS,
    POSITIVE,
    RESEARCH_ONLY,
    SetPlan,
    rows_of,
    set_files,
)
from monitor.domain.verdicts import Classifier, Verdict

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

_BATCH = 500
MAJORITY = "majority"
_SLOW = {"snownlp": 1000}
"""Rows a set at most for a classifier that judges 75 posts a second."""
_ECISA = SetPlan({NEGATIVE: NEGATIVE, NEUTRAL: NEUTRAL, POSITIVE: POSITIVE})


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """One classifier on one set; None where a measure does not apply."""

    set: str
    n: int
    classifier: str
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    macro_f1: float
    auc: float | None = None
    recall_at_10_false_alarms: float | None = None
    calibration_error: float | None = None
    neutral_flagged: float | None = None
    negative_flagged: float | None = None
    seen: bool = False
    """Whether the classifier was trained on this very set: then these figures flatter, and the card's count."""


def auc(scores: Floats, wanted: Bools) -> float | None:
    """The chance that a wanted row scores above another, ties counted half."""
    positives, negatives = int(wanted.sum()), int((~wanted).sum())
    if not positives or not negatives:
        return None
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return float((ranks[wanted].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def recall_at_false_alarms(scores: Floats, wanted: Bools, share: float = 0.1) -> float | None:
    """The part of wanted rows found where this share of the others is flagged as well."""
    if not wanted.any() or wanted.all():
        return None
    return float((scores[wanted] > np.quantile(scores[~wanted], 1 - share)).mean())


def expected_calibration_error(chances: Floats, wanted: Bools, bins: int = 10) -> float:
    """How far stated chances are from what happened, on average over ten bins."""
    numbers = np.minimum((chances * bins).astype(int), bins - 1)
    gaps = [
        inside.mean() * abs(float(chances[inside].mean()) - float(wanted[inside].mean()))
        for inside in (numbers == number for number in range(bins))
        if inside.any()
    ]
    return float(sum(gaps))


def share_with_interval(hits: int, of: int) -> tuple[float, float, float]:
    """A share and its 95 % interval (Wilson)."""
    if not of:
        return 0.0, 0.0, 1.0
    share, z = hits / of, 1.96
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * ((share * (1 - share) / of + z * z / (4 * of * of)) ** 0.5) / (1 + z * z / of)
    return share, middle - half, middle + half


def macro_f1(truth: Sequence[str], guessed: Sequence[str]) -> float:
    """The mean of the classes' F1."""
    scores = []
    for name in sorted(set(truth)):
        hits = sum(a == b == name for a, b in zip(truth, guessed, strict=True))
        scores.append(2 * hits / max(1, sum(a == name for a in truth) + sum(b == name for b in guessed)))
    return sum(scores) / max(1, len(scores))


def _polarity_of(verdict: Verdict, truth: set[str]) -> str:
    """The likeliest of the polarities that the set knows."""
    chances = {
        NEGATIVE: verdict.scores.negative,
        NEUTRAL: verdict.scores.neutral,
        POSITIVE: verdict.scores.positive,
    }
    return max((name for name in chances if name in truth), key=lambda name: chances[name])


def _verdicts(classifier: Classifier, texts: Sequence[str]) -> list[Verdict]:
    return [
        verdict
        for start in range(0, len(texts), _BATCH)
        for verdict in classifier.classify(texts[start : start + _BATCH])
    ]


def _measure(name: str, who: str, truth: Sequence[str], verdicts: Sequence[Verdict]) -> EvaluationRow:
    known = set(truth)
    guessed = [_polarity_of(verdict, known) for verdict in verdicts]
    chances = np.array([verdict.dissatisfied for verdict in verdicts], np.float32)
    wanted = np.array([each == NEGATIVE for each in truth])
    flagged = np.array([verdict.flagged for verdict in verdicts])
    neutral = np.array([each == NEUTRAL for each in truth])
    share, low, high = share_with_interval(sum(a == b for a, b in zip(truth, guessed, strict=True)), len(truth))
    return EvaluationRow(
        set=name,
        n=len(truth),
        classifier=who,
        accuracy=share,
        accuracy_low=low,
        accuracy_high=high,
        macro_f1=macro_f1(truth, guessed),
        auc=auc(chances, wanted),
        recall_at_10_false_alarms=recall_at_false_alarms(chances, wanted),
        calibration_error=expected_calibration_error(chances, wanted),
        neutral_flagged=float(flagged[neutral].mean()) if neutral.any() else None,
        negative_flagged=float(flagged[wanted].mean()) if wanted.any() else None,
    )


def _majority(name: str, truth: Sequence[str]) -> EvaluationRow:
    commonest, count = Counter(truth).most_common(1)[0]
    share, low, high = share_with_interval(count, len(truth))
    return EvaluationRow(name, len(truth), MAJORITY, share, low, high, macro_f1(truth, [commonest] * len(truth)))


def _labelled(data: Path, limit: int | None) -> Iterator[tuple[str, list[str], list[str]]]:
    """(set, texts, polarities) of every set that has polarities; a limit takes rows spread over the whole set."""
    for name, path in set_files(data).items():
        if name in IGNORED and name not in RESEARCH_ONLY:
            continue
        rows = rows_of(path)
        plan = _ECISA if name == "ecisa" else PLANS.get(name, _ECISA)
        pairs = [(row["text"], plan.every or plan.polarity.get(row["label"], "")) for row in rows]
        known = [pair for pair in pairs if pair[1]]
        if known:
            taken = known[:: -(-len(known) // limit)] if limit else known
            yield name, [text for text, _ in taken], [polarity for _, polarity in taken]


def evaluate(
    data: Path, classifiers: Mapping[str, Classifier], *, limit: int | None, progress: Callable[[str], None]
) -> list[EvaluationRow]:
    """Every classifier, and the majority guess, on every labelled set of a folder."""
    rows: list[EvaluationRow] = []
    for name, texts, truth in _labelled(data, limit):
        for who, classifier in classifiers.items():
            step = -(-len(texts) // _SLOW[who]) if who in _SLOW else 1
            progress(f"{name}: {who}")
            row = _measure(name, who, truth[::step], _verdicts(classifier, texts[::step]))
            rows.append(replace(row, seen=name in getattr(classifier, "learned_from", ())))
        rows.append(_majority(name, truth))
    return rows
