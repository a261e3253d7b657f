"""Stars beside words: a customer who saves the shop's face gives all five and lets the trouble stand in the text."""

from collections.abc import Sequence
from dataclasses import replace

from monitor.domain.verdicts import Cue, Verdict

FAMILY = "rating_contrast"
REASON = "星文不符：给了高分，话里却是不满"
GOOD_FROM = 0.8
"""From this share of the stars on a rating is praise: four of five, eight of ten."""
STRONGEST = ("bare_fact", "waiting", "again", "fallen_expectation", "explicit")
"""The families that contradict praise by themselves, facts before opinions."""


def share_of_stars(rating: float | None, scale: float | None) -> float | None:
    """What part of all stars was given; None without a rating or its scale, and for one that lies beyond its scale."""
    if rating is None or scale is None or not scale > 0 or not 0 <= rating <= scale:
        return None
    return rating / scale


def beside_rating(verdict: Verdict, share: float | None) -> Verdict:
    """The verdict, with a cue that names the contrast where much praise in stars meets dissatisfaction in words.

    Polarity and flag stay what the words say.
    """
    if share is None or not share >= GOOD_FROM or any(cue.family == FAMILY for cue in verdict.cues):
        return verdict
    shown = _shown_by(verdict.cues, flagged=verdict.flagged)
    if shown is None:
        return verdict
    contrast = replace(shown, family=FAMILY, reason=REASON)
    cues = sorted([*verdict.cues, contrast], key=lambda cue: (cue.start, cue.end))
    return replace(verdict, cues=tuple(cues))


def _shown_by(cues: Sequence[Cue], *, flagged: bool) -> Cue | None:
    """The cue that contradicts the stars most; in a flagged text that is any cue, for want of a stronger one."""
    for family in STRONGEST:
        found = next((cue for cue in cues if cue.family == family), None)
        if found is not None:
            return found
    return next(iter(cues), None) if flagged else None
