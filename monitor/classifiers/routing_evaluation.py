"""How good a router is: the same measures for cross-validation and for a file it has not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

NEVER = 1.0
"""The threshold of a router that never reaches the precision asked for: no confidence is as high."""


@dataclass(frozen=True, slots=True)
class RouterEvaluation:
    """How often the right department came first or among three, for each department, and what was taken for what."""

    n: int
    accuracy: float
    macro_f1: float
    top3: float
    per_department: Mapping[str, Mapping[str, float]]
    confusion: Mapping[str, Mapping[str, int]]
    """True department → chosen department → cases; departments that were never chosen are left out."""


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def _figures(name: str, truth: Sequence[str], chosen: Sequence[str]) -> dict[str, float]:
    hits = sum(a == b == name for a, b in zip(truth, chosen, strict=True))
    true, guessed = truth.count(name), chosen.count(name)
    return {
        "precision": _share(hits, guessed),
        "recall": _share(hits, true),
        "f1": _share(2 * hits, true + guessed),
        "n": true,
    }


def _confusion(truth: Sequence[str], chosen: Sequence[str]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {name: {} for name in sorted(set(truth))}
    for true, guessed in sorted(zip(truth, chosen, strict=True)):
        table[true][guessed] = table[true].get(guessed, 0) + 1
    return table


def measured(truth: Sequence[str], ranked: Sequence[Sequence[str]]) -> RouterEvaluation:
    """The measures of suggestions, most likely first; a case without any counts as wrong."""
    truth, chosen = list(truth), [each[0] if each else "" for each in ranked]
    departments = {name: _figures(name, truth, chosen) for name in sorted(set(truth))}
    return RouterEvaluation(
        n=len(truth),
        accuracy=_share(sum(a == b for a, b in zip(truth, chosen, strict=True)), len(truth)),
        macro_f1=_share(sum(each["f1"] for each in departments.values()), len(departments)),
        top3=_share(sum(a in each[:3] for a, each in zip(truth, ranked, strict=True)), len(truth)),
        per_department=departments,
        confusion=_confusion(truth, chosen),
    )


@dataclass(frozen=True, slots=True)
class WorkingPoint:
    """From which confidence on cases are dispatched, how many of those were right, and the share of all they are."""

    dispatch_at: float
    precision: float
    coverage: float


def working_point(confidence: Floats, right: Bools, precision: float) -> WorkingPoint:
    """The smallest confidence at and above which at least this share was right."""
    for level in np.unique(confidence):
        taken = confidence >= level
        share = float(right[taken].mean())
        if share >= precision:
            return WorkingPoint(round(float(level), 4), round(share, 4), round(float(taken.mean()), 4))
    return WorkingPoint(NEVER, 0.0, 0.0)
