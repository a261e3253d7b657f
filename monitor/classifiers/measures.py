"""Measures of a classifier with their 95 % intervals: pure arithmetic over labels and scores."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.domain.learning import wilson

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_Z = 1.959964
_DRAWS = 400
_SEED = 7


class Measured(NamedTuple):
    """A measure and its 95 % interval."""

    value: float
    low: float
    high: float


def auc(scores: Floats, wanted: Bools) -> float | None:
    """The chance that a wanted row scores above another, ties counted half."""
    found = auc_with_interval(scores, wanted)
    return found.value if found else None


def _placements(scores: Floats, wanted: Bools) -> tuple[Doubles, Doubles]:
    """For each wanted row the share of others below it, for each other the share of wanted rows above it."""
    above, below = np.sort(scores[wanted]), np.sort(scores[~wanted])
    own, others = scores[wanted], scores[~wanted]
    beaten = (np.searchsorted(below, own, "left") + np.searchsorted(below, own, "right")) / (2 * len(below))
    beating = 1 - (np.searchsorted(above, others, "left") + np.searchsorted(above, others, "right")) / (2 * len(above))
    return beaten, beating


def _spread(beaten: Doubles, beating: Doubles) -> float:
    """The standard error of a mean over both sides (DeLong, DeLong, Clarke-Pearson 1988)."""
    return float(np.sqrt(sum(np.var(side, ddof=1) / len(side) for side in (beaten, beating) if len(side) > 1)))


def auc_with_interval(scores: Floats, wanted: Bools) -> Measured | None:
    """Area under the curve with DeLong's interval; None where one side is empty."""
    if not wanted.any() or wanted.all():
        return None
    beaten, beating = _placements(scores, wanted)
    value, error = float(beaten.mean()), _spread(beaten, beating)
    return Measured(value, max(0.0, value - _Z * error), min(1.0, value + _Z * error))


def auc_difference(first: Floats, second: Floats, wanted: Bools) -> Measured | None:
    """How much more area the second scores have on the same rows, with DeLong's paired interval."""
    if not wanted.any() or wanted.all():
        return None
    sides = zip(_placements(second, wanted), _placements(first, wanted), strict=True)
    beaten, beating = (later - earlier for later, earlier in sides)
    value, error = float(beaten.mean()), _spread(beaten, beating)
    return Measured(value, value - _Z * error, value + _Z * error)


def recall_at_false_alarms(scores: Floats, wanted: Bools, share: float = 0.1) -> float | None:
    """The part of wanted rows found where this share of the others is flagged as well."""
    if not wanted.any() or wanted.all():
        return None
    return float((scores[wanted] > np.quantile(scores[~wanted], 1 - share)).mean())


def recall_with_interval(scores: Floats, wanted: Bools, others: Bools, share: float = 0.1) -> Measured | None:
    """The same of `wanted` against `others`; the interval draws both anew, since the line moves with the others."""
    own, rest = scores[wanted], scores[others]
    if not len(own) or not len(rest):
        return None
    draw = np.random.default_rng(_SEED)
    value = float((own > np.quantile(rest, 1 - share)).mean())
    drawn = [
        float((draw.choice(own, len(own)) > np.quantile(draw.choice(rest, len(rest)), 1 - share)).mean())
        for _ in range(_DRAWS)
    ]
    return _between(value, np.array(drawn))


def share_with_interval(hits: int, of: int) -> tuple[float, float, float]:
    """A share and its 95 % interval (Wilson)."""
    if not of:
        return 0.0, 0.0, 1.0
    share = hits / of
    return share, *wilson(share, of)


def share_of(hits: Bools, of: Bools) -> Measured | None:
    """The share of rows `of` that are hits; None where there are none."""
    return Measured(*share_with_interval(int(hits[of].sum()), int(of.sum()))) if of.any() else None


def _cells(chances: Floats, wanted: Bools, bins: int) -> tuple[Ints, Doubles]:
    """For each bin and truth how many rows there are, and the sum of their chances."""
    numbers = np.minimum((chances * bins).astype(np.int64), bins - 1) * 2 + wanted
    counts = np.bincount(numbers, minlength=2 * bins).astype(np.int64)
    return counts, np.bincount(numbers, weights=chances, minlength=2 * bins).astype(np.float64)


def _gap(counts: Doubles, means: Doubles) -> Doubles:
    sums, seen = counts * means, counts[..., 1::2]
    stated = sums[..., ::2] + sums[..., 1::2]
    gaps: Doubles = np.abs(stated - seen).sum(axis=-1) / counts.sum(axis=-1)
    return gaps


def expected_calibration_error(chances: Floats, wanted: Bools, bins: int = 10) -> float:
    """How far stated chances are from what happened, on average over ten bins."""
    return calibration_with_interval(chances, wanted, bins).value


def calibration_with_interval(chances: Floats, wanted: Bools, bins: int = 10) -> Measured:
    """The same with an interval by drawing the bins anew."""
    counts, sums = _cells(chances, wanted, bins)
    means = sums / np.maximum(counts, 1)
    drawn = np.random.default_rng(_SEED).multinomial(len(chances), counts / counts.sum(), size=_DRAWS)
    return _between(float(_gap(counts.astype(float), means)), _gap(drawn.astype(float), means))


def macro_f1(truth: Sequence[str], guessed: Sequence[str]) -> float:
    """The mean of the F1 of the classes that there are."""
    return macro_f1_with_interval(truth, guessed).value


def macro_f1_with_interval(truth: Sequence[str], guessed: Sequence[str]) -> Measured:
    """The same with an interval by drawing the table of truth and guess anew."""
    names = sorted(set(truth))
    every = {name: place for place, name in enumerate([*names, *sorted(set(guessed) - set(names))])}
    if not names:
        return Measured(0.0, 0.0, 1.0)
    pairs = np.array([every[a] * len(every) + every[b] for a, b in zip(truth, guessed, strict=True)])
    table = np.bincount(pairs, minlength=len(every) ** 2)
    drawn = np.random.default_rng(_SEED).multinomial(len(truth), table / table.sum(), size=_DRAWS)
    return _between(float(_macro(table[None], len(every), len(names))[0]), _macro(drawn, len(every), len(names)))


def _macro(tables: Ints, size: int, classes: int) -> Doubles:
    square = tables.reshape(-1, size, size)
    hits = np.diagonal(square, axis1=1, axis2=2)[:, :classes]
    either = (square.sum(axis=2) + square.sum(axis=1))[:, :classes]
    means: Doubles = (2 * hits / np.maximum(either, 1)).mean(axis=1)
    return means


def micro_f1(wanted: Sequence[frozenset[str]], found: Sequence[frozenset[str]]) -> Measured:
    """F1 over all (row, thing) pairs, with an interval by drawing rows anew."""
    both = np.array([len(a & b) for a, b in zip(wanted, found, strict=True)], np.float64)
    either = np.array([len(a) + len(b) for a, b in zip(wanted, found, strict=True)], np.float64)
    draw = np.random.default_rng(_SEED)
    drawn = [_f1(both[rows], either[rows]) for rows in (draw.integers(0, len(both), len(both)) for _ in range(_DRAWS))]
    return _between(_f1(both, either), np.array(drawn))


def _f1(both: Doubles, either: Doubles) -> float:
    return float(2 * both.sum() / max(1.0, either.sum()))


def _between(value: float, drawn: Doubles) -> Measured:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Measured(value, min(value, float(low)), max(value, float(high)))


def mean_of(measured: Sequence[Measured]) -> Measured:
    """The mean over sets, each counted alike; its interval takes the sets to be independent."""
    value = float(np.mean([each.value for each in measured]))
    half = float(np.sqrt(sum(((each.high - each.low) / 2) ** 2 for each in measured)) / len(measured))
    return Measured(value, max(0.0, value - half), min(1.0, value + half))
