"""Learning from people: which posts to ask about, which to keep for testing only, and what the answers tell.

Posts to be checked are drawn at random within three strata, so that the answers speak for all posts: those that the
classifier passed over (without them nobody knows what it misses), those it flagged, and those it was unsure about.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from monitor.domain.errors import Invalid
from monitor.domain.verdicts import Expression, Polarity

SEED = 1
"""Freezes and draws the same posts on every run; another one would let frozen posts slip into training."""
FROZEN_SHARE = 0.2
BAND = 0.1
"""How far a probability may lie from the line and still count as uncertain."""
_Z = 1.959963984540054


class CorrectionOrigin(StrEnum):
    """Where a correction was made: in the course of work, or in answer to a spot check."""

    WORK = "work"
    SPOT_CHECK = "spot_check"


class Stratum(StrEnum):
    """Which kind of posts a spot check was drawn from."""

    UNFLAGGED = "unflagged"
    FLAGGED = "flagged"
    UNCERTAIN = "uncertain"


def stratum_of(dissatisfied: float, flagged: bool, flag_at: float) -> Stratum:
    """The stratum of a verdict; `flag_at` is the probability from which on the classifier flags."""
    if abs(dissatisfied - flag_at) <= BAND:
        return Stratum.UNCERTAIN
    return Stratum.FLAGGED if flagged else Stratum.UNFLAGGED


def certainty(dissatisfied: float, flag_at: float) -> float:
    """The sort key of active learning: 0 at the line, where an answer teaches most (Lewis and Gale 1994)."""
    return abs(dissatisfied - flag_at)


def _drawn_number(post_id: int, seed: int, purpose: str) -> float:
    """A number in [0, 1) that is the same for the same post, seed and purpose, and looks random otherwise."""
    digest = hashlib.sha256(f"{purpose}:{seed}:{post_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def is_frozen(post_id: int, seed: int = SEED) -> bool:
    """Whether a post belongs to the audit set, which tests models and never trains one.

    Decided by the number of the post alone, so that it was frozen before anybody looked at it.
    """
    return _drawn_number(post_id, seed, "frozen") < FROZEN_SHARE


def draw_order(post_id: int, seed: int = SEED) -> float:
    """Where a post stands in the random order of drawing."""
    return _drawn_number(post_id, seed, "drawn")


def shares_of(wanted: int, available: dict[Stratum, int]) -> dict[Stratum, int]:
    """How many posts to draw from each stratum: three in five unflagged, the rest by halves.

    What one stratum lacks is taken from the others, the unflagged first.
    """
    fifth = -(-wanted // 5)
    ideal = {Stratum.UNFLAGGED: max(0, wanted - 2 * fifth), Stratum.FLAGGED: fifth, Stratum.UNCERTAIN: fifth}
    left = wanted
    shares = dict.fromkeys(Stratum, 0)
    for cap in (ideal, available):
        for stratum in Stratum:
            more = min(left, available.get(stratum, 0) - shares[stratum], cap.get(stratum, 0) - shares[stratum])
            shares[stratum] += max(0, more)
            left -= max(0, more)
    return shares


@dataclass(frozen=True, slots=True)
class Drawn:
    """One check: the stratum it was drawn from, how many posts it stands for, and what the classifier said."""

    stratum: Stratum
    weight: float
    flagged: bool


@dataclass(frozen=True, slots=True)
class Checked(Drawn):
    """One answered check: what is so."""

    dissatisfied: bool
    polarity_right: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share with its 95 % interval, and the number of answers behind it."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class StratumAccuracy:
    """One stratum: how many posts it stands for, how many were drawn and answered, how often the flag was right."""

    stratum: Stratum
    posts: float
    drawn: int
    answered: int
    accuracy: Estimate | None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How right the classifier is on this installation's own posts; None where the answers do not say yet.

    `accuracy`: dissatisfied or not; `polarity`: negative, neutral or positive; `precision`: flagged posts that are
    dissatisfied; `recall`: dissatisfied posts that were flagged.
    """

    answered: int
    strata: tuple[StratumAccuracy, ...]
    accuracy: Estimate | None
    polarity: Estimate | None
    precision: Estimate | None
    recall: Estimate | None


def wilson(share: float, n: float) -> tuple[float, float]:
    """The 95 % interval of a share seen in n draws (Wilson 1927); from 0 to 1 where there are none."""
    if n <= 0:
        return 0.0, 1.0
    middle = (share + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
    half = _Z * sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n)) / (1 + _Z * _Z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def agreeing(
    polarity: Polarity | None, expression: Expression | None, *, present: Polarity
) -> tuple[Polarity | None, Expression | None]:
    """Polarity and expression of a correction, brought into agreement: dissatisfaction is what shows, and only that.

    `present` is the polarity that counted so far. Raises `Invalid` where the two contradict each other.
    """
    shown = expression in (Expression.EXPLICIT, Expression.IMPLICIT)
    if polarity is None:
        if expression is Expression.NONE and present is Polarity.NEGATIVE:
            raise Invalid("没有不满，请同时选是中性还是满意。", fields={"polarity": "请选中性或满意"})
        return (Polarity.NEGATIVE if shown else None), expression
    if polarity is Polarity.NEGATIVE:
        if expression is Expression.NONE:
            raise Invalid("不满总有表达方式，请选明说或隐性。", fields={"expression": "请选明说或隐性"})
        return polarity, expression
    if shown:
        raise Invalid("只有不满的帖子才分明说和隐性。", fields={"expression": "请选没有不满"})
    return polarity, Expression.NONE


@dataclass(frozen=True, slots=True)
class _Cell:
    """Posts of one stratum whose verdicts say the same: how many they stand for, and the answers about them."""

    flagged: bool
    posts: float
    answers: tuple[Checked, ...]

    def share(self, holds: Callable[[Checked], bool]) -> tuple[float, float, float]:
        """The weighted share of answers for which this holds, with its interval.

        Answers of different weight count as (Σw)²/Σw² equal ones (Kish 1965).
        """
        whole = sum(each.weight for each in self.answers)
        if not whole:
            return 0.5, 0.0, 1.0
        share = sum(each.weight for each in self.answers if holds(each)) / whole
        return share, *wilson(share, whole * whole / sum(each.weight**2 for each in self.answers))


_MOST_UNKNOWN = 0.05
"""The share of posts that may lie in cells without an answer; beyond it nothing is claimed."""


def _combined(
    cells: Sequence[_Cell], holds: Callable[[Checked], bool], formula: Callable[[Sequence[float]], float | None]
) -> Estimate | None:
    """A measure made of the cells' shares, with its 95 % interval.

    The cells are independent samples, so the measure's variance is the sum of what each cell adds (stratified
    sampling, Cochran 1977, section 5.6). What a cell adds is recovered from its own Wilson limits (square and add:
    Newcombe 1998; Zou and Donner 2008), which keeps the interval honest where a cell has few answers or no miss:
    low = θ − √Σ(θ − θ with only this cell at its unfavourable limit)², high likewise.
    """
    known = sum(cell.posts for cell in cells if cell.answers)
    if not known or known < (1 - _MOST_UNKNOWN) * sum(cell.posts for cell in cells):
        return None
    shares = [cell.share(holds) for cell in cells]
    middle = [share for share, _, _ in shares]
    value = formula(middle)
    if value is None:
        return None
    below = above = 0.0
    for place, (_, *limits) in enumerate(shares):
        moved = [formula([*middle[:place], limit, *middle[place + 1 :]]) for limit in limits]
        reached = [value if each is None else each for each in moved]
        below += (value - min(value, *reached)) ** 2
        above += (max(value, *reached) - value) ** 2
    answered = sum(len(cell.answers) for cell in cells)
    return Estimate(value, max(0.0, value - sqrt(below)), min(1.0, value + sqrt(above)), answered)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def estimate_accuracy(drawn: Sequence[Drawn]) -> Accuracy:
    """What the answered among the drawn checks tell about all posts; unanswered ones only say how many posts there are.

    Answers are taken as a random part of their stratum. Uncertain posts are asked about closest to the line first, so
    where not all are answered the hardest ones are, and the estimates err on the low side.
    """
    cells = [_cell(drawn, stratum, flagged) for stratum in Stratum for flagged in (True, False)]
    cells = [cell for cell in cells if cell.posts]
    flagged = [cell for cell in cells if cell.flagged]
    whole = sum(cell.posts for cell in cells)

    def found(shares: Sequence[float], *, flagged: bool) -> float:
        return sum(c.posts * share for c, share in zip(cells, shares, strict=True) if c.flagged is flagged)

    def total(shares: Sequence[float]) -> float | None:
        return _ratio(sum(c.posts * share for c, share in zip(cells, shares, strict=True)), whole)

    def recall(shares: Sequence[float]) -> float | None:
        hits = found(shares, flagged=True)
        return _ratio(hits, hits + found(shares, flagged=False))

    precise = [cell.posts for cell in flagged]
    return Accuracy(
        answered=sum(len(cell.answers) for cell in cells),
        strata=tuple(_stratum_accuracy(drawn, stratum) for stratum in Stratum),
        accuracy=_combined(cells, _flag_right, total),
        polarity=_combined(cells, lambda each: each.polarity_right, total),
        precision=_combined(
            flagged,
            lambda each: each.dissatisfied,
            lambda shares: _ratio(sum(n * s for n, s in zip(precise, shares, strict=True)), sum(precise)),
        ),
        recall=_combined(cells, lambda each: each.dissatisfied, recall),
    )


def _flag_right(each: Checked) -> bool:
    return each.flagged is each.dissatisfied


def _cell(drawn: Sequence[Drawn], stratum: Stratum, flagged: bool) -> _Cell:
    inside = [each for each in drawn if each.stratum is stratum and each.flagged is flagged]
    answers = tuple(each for each in inside if isinstance(each, Checked))
    return _Cell(flagged, sum(each.weight for each in inside), answers)


def _stratum_accuracy(drawn: Sequence[Drawn], stratum: Stratum) -> StratumAccuracy:
    inside = [each for each in drawn if each.stratum is stratum]
    cells = [_cell(drawn, stratum, flagged) for flagged in (True, False)]
    answered = sum(len(cell.answers) for cell in cells)
    posts = sum(each.weight for each in inside)
    kept = [cell for cell in cells if cell.posts]
    right = _combined(
        kept,
        _flag_right,
        lambda shares: _ratio(sum(c.posts * s for c, s in zip(kept, shares, strict=True)), posts),
    )
    return StratumAccuracy(stratum, posts, len(inside), answered, right)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What people said of one post, ready to train on; "" where nobody said anything of the part."""

    text: str
    label: str = ""
    expression: str = ""
    topics: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A post of the audit set with the polarity that people gave it."""

    post_id: int
    text: str
    polarity: Polarity
