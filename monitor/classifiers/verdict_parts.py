"""Parts of a verdict that all backends make alike: blank texts, how dissatisfaction shows, cues, topics by keyword."""

from collections.abc import Mapping

from monitor.classifiers.cues import EXPLICIT, EXPLICIT_REASON, MOST_CUES, cue_at
from monitor.classifiers.reading import Reading
from monitor.domain.verdicts import Cue, Expression, Polarity, Scores, Topic, Verdict

MOST_TOPICS = 5
_ONE_WORD, _SEVERAL_WORDS = 0.5, 0.7
"""How sure keywords alone are of a topic that no model knows."""


def blank_verdict(reading: Reading, version: str) -> Verdict:
    """The verdict on a text in which there is nothing to judge."""
    return Verdict(
        polarity=Polarity.NEUTRAL,
        scores=Scores(0.0, 1.0, 0.0),
        dissatisfied=0.0,
        flagged=False,
        expression=Expression.NONE,
        version=version,
        reason=reading.blank,
    )


def expression_of(reading: Reading, *, flagged: bool, outright: bool = False) -> Expression:
    """Explicit when an opinion word, demand or insult stands in a flagged text, or the model hears it said outright."""
    if not flagged:
        return Expression.NONE
    return Expression.EXPLICIT if outright or reading.explicit else Expression.IMPLICIT


def cues_of(reading: Reading, *, flagged: bool, model_words: tuple[Cue, ...] = ()) -> tuple[Cue, ...]:
    """The families' cues, and in a flagged text what is said outright or what the model went by."""
    if not flagged:
        return reading.cues
    outright = [
        cue_at(reading.folded, (start, end), family=EXPLICIT, reason=EXPLICIT_REASON)
        for _, start, end in reading.explicit[:MOST_CUES]
    ]
    return tuple(sorted([*reading.cues, *outright, *model_words], key=lambda cue: (cue.start, cue.end))[:MOST_CUES])


def topics_of(
    chances: Mapping[str, float], otherwise: Polarity, stances: Mapping[str, Polarity] | None = None
) -> tuple[Topic, ...]:
    """The likeliest topics first, each with the stance towards it; `otherwise` where none is known."""
    ranked = sorted(((chance, name) for name, chance in chances.items()), key=lambda pair: (-pair[0], pair[1]))
    told = stances or {}
    return tuple(Topic(name, round(chance, 4), told.get(name, otherwise)) for chance, name in ranked[:MOST_TOPICS])


def keyword_chances(reading: Reading, learned: frozenset[str] = frozenset()) -> dict[str, float]:
    """The topics that keywords show and no model knows."""
    return {name: _ONE_WORD if hits == 1 else _SEVERAL_WORDS for name, hits in reading.topics if name not in learned}
