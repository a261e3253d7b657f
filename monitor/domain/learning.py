"""Learning from people: which posts to ask about, which to keep for testing only, and what the answers tell.

Posts to be checked are drawn at random within three strata, so that the answers speak for all posts: those that the
classifier passed over (without them nobody knows what it misses), those it flagged, and those it was unsure about.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

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
class Checked:
    """One answered check: what it stands for (`weight` posts of its stratum), what was said and what is so."""

    stratum: Stratum
    weight: float
    flagged: bool
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
