"""How good a router is: the same measures for cross-validation and for a file it has not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.measures import macro_f1_with_interval, micro_f1, share_with_interval

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Names = tuple[str, ...]
Interval = tuple[float, float]

NEVER = 1.0
"""The threshold of a router that never reaches the precision asked for: no confidence is as high."""
SLASH = "/"
"""Stands between division and department in a label."""


@dataclass(frozen=True, slots=True)
class RouterEvaluation:
    """How often the right department came first or among three, for each department, and what was taken for what."""

    n: int
    accuracy: float
    """The share of cases that got just their departments, none missing and none too many."""
    macro_f1: float
    micro_f1: float
    top3: float
    per_department: Mapping[str, Mapping[str, float]]
    confusion: Mapping[str, Mapping[str, int]]
    """True department → chosen department → cases; departments that were never chosen are left out."""
    intervals: Mapping[str, Interval]
    """95 % intervals of accuracy, micro-F1 and top 3; of macro-F1 too, where every case has one department."""
    divisions: Mapping[str, float]
    """Accuracy and macro-F1 of the division alone, where labels name one; else empty."""


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def _figures(name: str, truth: Sequence[Names], chosen: Sequence[Names]) -> dict[str, float]:
    hits = sum(name in a and name in b for a, b in zip(truth, chosen, strict=True))
    true, guessed = (sum(name in each for each in side) for side in (truth, chosen))
    return {
        "precision": _share(hits, guessed),
        "recall": _share(hits, true),
        "f1": _share(2 * hits, true + guessed),
        "n": true,
    }


def _confusion(truth: Sequence[Names], chosen: Sequence[Names]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {name: {} for name in sorted({name for names in truth for name in names})}
    for names, got in sorted(zip(truth, chosen, strict=True)):
        for name in names:
            guessed = name if name in got else next(iter(got), "")
            table[name][guessed] = table[name].get(guessed, 0) + 1
    return table


def _divisions(truth: Sequence[Names], chosen: Sequence[Names]) -> dict[str, float]:
    """The same measures one level up."""
    if not any(SLASH in name for names in truth for name in names):
        return {}
    above = [[tuple(dict.fromkeys(n.partition(SLASH)[0] for n in names)) for names in side] for side in (truth, chosen)]
    figures = [_figures(name, *above) for name in sorted({name for names in above[0] for name in names})]
    right = sum(set(a) == set(b) for a, b in zip(*above, strict=True))
    return {"accuracy": _share(right, len(truth)), "macro_f1": _share(sum(f["f1"] for f in figures), len(figures))}


def _intervals(
    truth: Sequence[Names], chosen: Sequence[Names], right: int, near: int
) -> tuple[float, dict[str, Interval]]:
    """Micro-F1, and the intervals of all measures."""
    micro = micro_f1([frozenset(names) for names in truth], [frozenset(names) for names in chosen])
    found = {
        "accuracy": share_with_interval(right, len(truth)),
        "micro_f1": tuple(micro),
        "top3": share_with_interval(near, len(truth)),
    }
    if all(len(names) == 1 for names in truth):
        found["macro_f1"] = tuple(
            macro_f1_with_interval([names[0] for names in truth], [next(iter(names), "") for names in chosen])
        )
    return round(micro.value, 4), {name: (round(low, 4), round(high, 4)) for name, (_, low, high) in found.items()}


def measured(truth: Sequence[Names], ranked: Sequence[Sequence[str]], chosen: Sequence[Names]) -> RouterEvaluation:
    """The measures of suggestions, most likely first, and of those chosen; a case without any counts as wrong."""
    departments = {name: _figures(name, truth, chosen) for name in sorted({name for names in truth for name in names})}
    right = sum(set(a) == set(b) for a, b in zip(truth, chosen, strict=True))
    near = sum(not set(names).isdisjoint(each[:3]) for names, each in zip(truth, ranked, strict=True))
    micro, intervals = _intervals(truth, chosen, right, near)
    return RouterEvaluation(
        n=len(truth),
        accuracy=_share(right, len(truth)),
        macro_f1=_share(sum(each["f1"] for each in departments.values()), len(departments)),
        micro_f1=micro,
        top3=_share(near, len(truth)),
        per_department=departments,
        confusion=_confusion(truth, chosen),
        intervals=intervals,
        divisions=_divisions(truth, chosen),
    )


@dataclass(frozen=True, slots=True)
class WorkingPoint:
    """From which confidence on cases are dispatched, how many of those were right, and the share of all they are."""

    dispatch_at: float
    precision: float
    coverage: float
    precision_interval: Interval = (0.0, 1.0)


def working_point(confidence: Floats, right: Bools, precision: float) -> WorkingPoint:
    """The smallest confidence at and above which at least this share was right."""
    for level in np.unique(confidence):
        taken = confidence >= level
        if float(right[taken].mean()) >= precision:
            share, low, high = share_with_interval(int(right[taken].sum()), int(taken.sum()))
            interval = (round(low, 4), round(high, 4))
            return WorkingPoint(round(float(level), 4), round(share, 4), round(float(taken.mean()), 4), interval)
    return WorkingPoint(NEVER, 0.0, 0.0)
