"""Advertisements and paid posts: named signs add up, what only a customer says takes away, and anger ends it."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from monitor.classifiers.lexicon import SpamSign
from monitor.classifiers.sieve import Sieve, Sifted
from monitor.classifiers.triggers import alternatives
from monitor.classifiers.wording import Wording, worth

ANGRY_AT_MOST = 0.5
"""However much an angry customer, or one who tells a story, quotes from an advertisement: the post stays below."""
WORDING = "广告腔"
"""The name of the learned sign."""
_WORDED = 0.3
_ALONE = 0.75
"""What wording counts where no sign bears it out."""
_TOLD = 2
"""So many phrases of a customer's own story make it one."""
_DEMAND_TAKES = 0.3
_FACTS_TAKE = 0.2
FACTS = frozenset({"waiting", "again", "bare_fact", "leaving", "fallen_expectation", "resignation", "fate"})
"""Cue families that tell what happened to a customer; an advertisement has nothing to tell."""

_LINK = re.compile(r"https?://|www\.|\[网址\]|\[链接\]")
_CLAUSE = re.compile(r"(?<![\[@])[^,。!?;:~…\s@#\[\]]{2,40}")
_TIMES = 3
_MANY_MARKS = 6
_SHORT = 40
"""An advertisement is dense: in a longer text the same few signs count less."""

Outright = Sequence[tuple[str, int, int]]


def _has_link(text: str) -> bool:
    return _LINK.search(text) is not None


def _has_many_marks(text: str) -> bool:
    """Whether the text is full of pictures, stars, brackets and calls."""
    marks = sum(char in "!【】★☆◆●▲" or 0x2600 <= ord(char) < 0x27C0 or ord(char) >= 0x1F300 for char in text)
    return marks >= _MANY_MARKS and marks * 10 >= len(text)


def _repeats(text: str) -> bool:
    clauses = _CLAUSE.findall(text)
    return len(clauses) >= _TIMES and len(clauses) - len(set(clauses)) >= _TIMES - 1


SHAPES: Mapping[str, Callable[[str], bool]] = {"link": _has_link, "marks": _has_many_marks, "repeat": _repeats}
"""Signs that are no words; spam.toml gives each its name and weight."""

Span = tuple[int, int]


_MOST_PLACES = 40
_MOST_OUTRIGHT = 200
"""Who has not shown anger in so many outright words is not angry; a pasted megabyte has a hundred thousand."""


def _apart(spans: Iterable[Span]) -> list[Span]:
    """The first of spans that overlap, so that one phrase counts once."""
    kept: list[Span] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept[:_MOST_PLACES]


class _Words:
    """The words of some signs."""

    def __init__(self, signs: Sequence[SpamSign], sieve: Sieve) -> None:
        # Each alternative has triggers of its own, so most of them need not be tried on a text.
        rows = [(sign, part) for sign in signs for pattern in sign.patterns for part in alternatives(pattern)]
        self._finds = sieve.add(part for _, part in rows)
        self._sign_of = [sign for sign, _ in rows]

    def find(self, text: str, sifted: Sifted) -> dict[SpamSign, list[Span]]:
        spans: dict[SpamSign, list[Span]] = {}
        for number, start, end in self._finds.matches(text, sifted):
            spans.setdefault(self._sign_of[number], []).append((start, end))
        return {sign: _apart(places) for sign, places in spans.items()}


class SpamSigns:
    """Scores folded texts by the signs of a lexicon."""

    def __init__(self, signs: Sequence[SpamSign], wording: Wording, sieve: Sieve) -> None:
        self._wording = wording
        self._raising = _Words([sign for sign in signs if not sign.lowers], sieve)
        self._lowering = _Words([sign for sign in signs if sign.lowers], sieve)
        self._shapes = [(sign, SHAPES[sign.shape]) for sign in signs if sign.shape]

    def find(self, text: str, sifted: Sifted, *, worded: bool = False) -> dict[SpamSign, list[Span]]:
        """Each sign with the places of its words.

        Shapes and what only a customer says are looked for beside an advertisement's words, or where the whole is
        worded like one.
        """
        found = self._raising.find(text, sifted)
        if not found and not worded:
            return {}
        shapes: dict[SpamSign, list[Span]] = {sign: [] for sign, shape in self._shapes if found and shape(text)}
        return found | shapes | self._lowering.find(text, sifted)

    def places(self, text: str, sifted: Sifted) -> dict[str, list[Span]]:
        """The places of each sign's words, by the sign's name."""
        return {sign.name: spans for sign, spans in self.find(text, sifted).items()}

    def score(
        self, text: str, sifted: Sifted, *, outright: Outright, families: frozenset[str]
    ) -> tuple[float, tuple[str, ...]]:
        """A score from 0 to 0.99 and the names of the signs met.

        `outright`: what is said outright in the text; `families`: its cue families.
        """
        wording = worth(self._wording.margin(text))
        worded = wording >= _WORDED
        found = self.find(text, sifted, worded=worded)
        if not found and not worded:
            return 0.0, ()
        raising = [sign for sign in found if not sign.lowers]
        total = sum(_worth(sign, {text[start:end] for start, end in found[sign]}) for sign in found)
        total += wording if raising else wording * _ALONE
        own = _outside(outright[:_MOST_OUTRIGHT], [span for sign in raising for span in found[sign]])
        total -= _DEMAND_TAKES * ("demand" in own) + _FACTS_TAKE * bool(families & FACTS)
        total -= min(0.35, max(0, len(text) - _SHORT) / 500)
        told = sum(len(found[sign]) for sign in found if sign.lowers)
        most = ANGRY_AT_MOST if own - {"demand"} or told >= _TOLD else 0.99
        names = (*(sign.name for sign in found), *((WORDING,) if worded else ()))
        return round(max(0.0, min(most, total)), 4), names


def _worth(sign: SpamSign, phrases: Collection[str]) -> float:
    """The weight; for a further phrase of the same sign as much again, or half of it and two at most."""
    further = max(len(phrases) - 1, 0)
    weight = sign.weight * (1 + (min(further, 4) if sign.each else min(further, 2) / 2))
    return -weight if sign.lowers else weight


def _outside(outright: Outright, spans: Sequence[Span]) -> set[str]:
    """The kinds of outright words that are the writer's own: 无效退款 within a pitch demands nothing."""
    return {
        kind
        for kind, start, end in outright
        if not any(start < other_end and other_start < end for other_start, other_end in spans)
    }
