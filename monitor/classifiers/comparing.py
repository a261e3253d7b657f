"""Is a candidate model worse than the present one? Both judge the same audit posts, and the answer hangs on the pairs.

Noise is told from loss in two ways: the exact test of McNemar (1947) on posts that only one of the two flags rightly,
and a paired bootstrap (Efron 1979) of every measure's difference. Where the audit set is too small for either to be
sure, doubt counts against the candidate: what is lower by more than two points and by more than one standard error of
the difference counts as worse, proven or not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.evaluation import auc, share_with_interval
from monitor.classifiers.model_file import Card
from monitor.domain.candidates import TOLERANCE, CardFigure, Comparison, Figure
from monitor.domain.learning import AuditRow
from monitor.domain.verdicts import Polarity, Verdict

_DRAWS = 1000
_RISK = 0.05
_Z = 1.96

Ints = NDArray[np.int64]
_POLARITIES = tuple(Polarity)


@dataclass(frozen=True, slots=True)
class _Answers:
    """What one model says of the audit posts, as arrays beside the truth."""

    truth: Ints
    guessed: Ints
    flagged: NDArray[np.bool_]
    chances: NDArray[np.float32]

    def at(self, rows: Ints) -> "_Answers":
        return _Answers(self.truth[rows], self.guessed[rows], self.flagged[rows], self.chances[rows])

    @property
    def negative(self) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.truth == _POLARITIES.index(Polarity.NEGATIVE)
        return found

    @property
    def right(self) -> NDArray[np.bool_]:
        """Where the flag says what is so."""
        right: NDArray[np.bool_] = self.flagged == self.negative
        return right


def _macro_f1(answers: _Answers) -> float | None:
    """As `evaluation.macro_f1`, over numbers: the bootstrap asks two thousand times."""
    found = [(answers.truth == each, answers.guessed == each) for each in np.unique(answers.truth)]
    return float(np.mean([2 * (said & so).sum() / (said.sum() + so.sum()) for so, said in found]))


_Measure = Callable[[_Answers], float | None]
_SHARES: Mapping[str, Callable[[_Answers], NDArray[np.bool_]]] = {
    "flag_accuracy": lambda answers: answers.right,
    "accuracy": lambda answers: answers.truth == answers.guessed,
    "recall": lambda answers: answers.flagged[answers.negative],
    "neutral_flagged": lambda answers: answers.flagged[answers.truth == _POLARITIES.index(Polarity.NEUTRAL)],
}
"""Measures that count: the rows they count over, true where it holds."""


def _mean(counted: Callable[[_Answers], NDArray[np.bool_]]) -> _Measure:
    return lambda answers: float(held.mean()) if len(held := counted(answers)) else None


MEASURES: Mapping[str, _Measure] = {
    **{name: _mean(counted) for name, counted in _SHARES.items()},
    "macro_f1": _macro_f1,
    "auc": lambda answers: auc(answers.chances, answers.negative),
}
"""flag_accuracy: dissatisfied or not; accuracy and macro_f1: three polarities; recall: of the dissatisfied."""
LOWER_IS_BETTER = frozenset({"neutral_flagged"})
_STRICT = ("flag_accuracy", "macro_f1", "auc")
"""Measures over all posts: steady enough that two points count. Recall and false alarms rest on a part of them."""


def compare_verdicts(
    rows: Sequence[AuditRow], present: Sequence[Verdict], candidate: Sequence[Verdict], *, seed: int = 7
) -> Comparison:
    """How the candidate does beside the present model on the audit set; the same rows and seed give the same answer."""
    if not rows:
        return Comparison(0, (), 0, 0, 1.0, ())
    ours, theirs = _answers(rows, present), _answers(rows, candidate)
    draws = np.random.default_rng(seed).integers(0, len(rows), (_DRAWS, len(rows)))
    figures = tuple(
        figure for name, measure in MEASURES.items() if (figure := _figure(name, measure, ours, theirs, draws))
    )
    lost, won = int((ours.right & ~theirs.right).sum()), int((~ours.right & theirs.right).sum())
    chance = mcnemar(lost, won)
    return Comparison(len(rows), figures, lost, won, chance, _reasons(figures, chance))


def _answers(rows: Sequence[AuditRow], verdicts: Sequence[Verdict]) -> _Answers:
    return _Answers(
        truth=np.array([_POLARITIES.index(row.polarity) for row in rows]),
        guessed=np.array([_POLARITIES.index(verdict.polarity) for verdict in verdicts]),
        flagged=np.array([verdict.flagged for verdict in verdicts]),
        chances=np.array([verdict.dissatisfied for verdict in verdicts], np.float32),
    )


def _figure(name: str, measure: _Measure, ours: _Answers, theirs: _Answers, draws: Ints) -> Figure | None:
    """One measure of both; None where the posts do not allow it, as recall without a dissatisfied one."""
    present, candidate = measure(ours), measure(theirs)
    if present is None or candidate is None:
        return None
    pairs = [(measure(ours.at(rows)), measure(theirs.at(rows))) for rows in draws]
    drawn = np.array([pair for pair in pairs if None not in pair], np.float64)
    if not len(drawn):
        return None
    (present_low, candidate_low), (present_high, candidate_high) = _limits(name, ours, theirs, drawn)
    gap_low, gap_high = np.quantile(drawn[:, 1] - drawn[:, 0], (0.025, 0.975))
    return Figure(
        measure=name,
        n=len(ours.truth),
        present=present,
        present_low=present_low,
        present_high=present_high,
        candidate=candidate,
        candidate_low=candidate_low,
        candidate_high=candidate_high,
        difference_low=float(gap_low),
        difference_high=float(gap_high),
    )


def _limits(name: str, ours: _Answers, theirs: _Answers, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 95 % limits of both models: Wilson's for shares, which stay honest at 0 and 1; else the bootstrap's."""
    if name not in _SHARES:
        limits: NDArray[np.float64] = np.quantile(drawn, (0.025, 0.975), axis=0)
        return limits
    held = [_SHARES[name](answers) for answers in (ours, theirs)]
    return np.array([share_with_interval(int(each.sum()), len(each))[1:] for each in held]).T


def mcnemar(lost: int, won: int) -> float:
    """The chance of at least so many losses among the posts that only one model gets right, if both were equal."""
    of = lost + won
    return float(sum(comb(of, losses) for losses in range(lost, of + 1)) / 2**of)


def _reasons(figures: Sequence[Figure], chance: float) -> tuple[str, ...]:
    """The names of the measures that are worse by more than noise; `mcnemar` for the paired test."""
    worse = [figure.measure for figure in figures if _is_worse(figure)]
    return (*worse, *(["mcnemar"] if chance < _RISK else []))


def _is_worse(figure: Figure) -> bool:
    sign = -1.0 if figure.measure in LOWER_IS_BETTER else 1.0
    surely = max(sign * figure.difference_low, sign * figure.difference_high) < 0
    noise = max(TOLERANCE, (figure.difference_high - figure.difference_low) / (2 * _Z))
    return surely or (figure.measure in _STRICT and sign * figure.difference < -noise)


_ONE_KIND = ([0.0, 1.0], (0.0, 1.0))
"""The interval of a set with one kind of rows alone, where there was nothing to tell apart."""
_CARD_MEASURES = ("auc", "negative_against_positive", "accuracy", "macro_f1", "micro_f1")


def compare_cards(present: Card, candidate: Card) -> list[CardFigure]:
    """The cross-validated measures that both cards have, for when the audit set is too small to say anything."""
    before, after = _card_shares(present), _card_shares(candidate)
    return [
        CardFigure(name, measure, n, before[name, measure][0], share)
        for (name, measure), (share, n) in after.items()
        if (name, measure) in before
    ]


def _card_shares(card: Card) -> dict[tuple[str, str], tuple[float, int]]:
    """(set, measure) → (value, rows) of a card."""
    return {
        (entry["set"], measure): (entry[measure], int(entry.get("n", 0)))
        for entry in card.scores
        if "set" in entry and entry.get("interval") not in _ONE_KIND
        for measure in _CARD_MEASURES
        if isinstance(entry.get(measure), float)
    }
