"""Models of one's own: candidates, what their comparison with the present model found, and which came into force."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FEWEST = 50
"""Audit posts below which a comparison proves nothing: one post then moves a share by more than two points."""
TOLERANCE = 0.02
"""Differences under two points are noise on sets of this size."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of both models on the same posts, with the 95 % intervals of each and of their difference."""

    measure: str
    n: int
    present: float
    present_low: float
    present_high: float
    candidate: float
    candidate_low: float
    candidate_high: float
    difference_low: float
    difference_high: float

    @property
    def difference(self) -> float:
        """How much higher the candidate is."""
        return self.candidate - self.present


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the comparison found. `reasons` names what is worse; empty means that nothing is."""

    n: int
    figures: tuple[Figure, ...]
    lost: int
    """Posts that the present model flags rightly and the candidate does not."""
    won: int
    chance: float
    """The chance of losing so many more than winning if the two were equally good (McNemar, one-sided)."""
    reasons: tuple[str, ...]

    @property
    def enough(self) -> bool:
        """Whether there were enough posts to say anything."""
        return self.n >= FEWEST

    @property
    def passed(self) -> bool:
        """Whether the candidate may be adopted: enough posts, and nothing worse."""
        return self.enough and not self.reasons


@dataclass(frozen=True, slots=True)
class CardFigure:
    """One cross-validated measure of an open set, as the two models' cards have it."""

    set: str
    measure: str
    n: int
    present: float
    candidate: float


@dataclass(frozen=True, slots=True)
class Adoption:
    """One step of the chain: which model came into force, when, by whom, and the figures that spoke for it."""

    version: str
    folder: str
    adopted_at: str
    by: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model of one's own; `comparison` is what was found last, or None. A broken one says why in `trouble`."""

    version: str
    folder: Path
    comparison: Comparison | None = None
    active: bool = False
    trouble: str = ""
