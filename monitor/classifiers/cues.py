"""The cue families of implicit dissatisfaction: spans with a family and a reason, and what is said outright."""

import re
from collections.abc import Sequence

from monitor.classifiers.lexicon import CueFamily, Words
from monitor.classifiers.tokens import Folded
from monitor.classifiers.triggers import PatternIndex
from monitor.domain.verdicts import Cue

MOST_CUES = 40
"""A post of a megabyte needs no thousand marks."""

EXPLICIT = "explicit"
EXPLICIT_REASON = "直接说出的不满"
# Words somebody else said, and titles of books and songs, are not the writer's own.
_QUOTED = re.compile(
    r"《[^《》]{1,40}》|(?:说|道|问|写着?|题为|标题|歌名|叫做?|名为|所谓的?|打着|喊)[:,]?[“「『\"'][^”」』\"']{1,80}[”」』\"']"
)
_QUOTES = frozenset("《“「『\"'")

Span = tuple[int, int]


def _overlaps(span: Span, spans: Sequence[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in spans)


def _quoted(text: str, chars: frozenset[str]) -> list[Span]:
    return [match.span() for match in _QUOTED.finditer(text)] if chars & _QUOTES else []


class CueFinder:
    """Finds the families' patterns in folded texts, leaving out what is negated, quoted or meant otherwise."""

    def __init__(self, families: Sequence[CueFamily], words: Words) -> None:
        self.families = {family.key: family for family in families}
        self._finds = PatternIndex(pattern for family in families for pattern in family.patterns)
        self._voids = PatternIndex(pattern for family in families for pattern in family.unless)
        self._finds_for = [family for family in families for _ in family.patterns]
        self._voids_for = [family for family in families for _ in family.unless]
        self._negations = tuple(sorted(words.negations, key=len, reverse=True))

    def find(self, folded: Folded, chars: frozenset[str]) -> tuple[Cue, ...]:
        """The cues of a text in reading order; `chars` are the characters of the folded text."""
        text = folded.text
        found = self._finds.matches(text, chars)
        if not found:
            return ()
        void = self._void(text, chars)
        quoted = _quoted(text, chars)
        kept: dict[str, list[Span]] = {}
        for number, start, end in sorted(found, key=lambda match: (match[1], -match[2])):
            family = self._finds_for[number]
            taken = kept.setdefault(family.key, [])
            if (taken and start < taken[-1][1]) or _overlaps((start, end), [*void.get(family.key, ()), *quoted]):
                continue
            if not (family.negatable and text.endswith(self._negations, max(0, start - 4), start)):
                taken.append((start, end))
        return self._cues(folded, kept)

    def _void(self, text: str, chars: frozenset[str]) -> dict[str, list[Span]]:
        void: dict[str, list[Span]] = {}
        for number, start, end in self._voids.matches(text, chars):
            void.setdefault(self._voids_for[number].key, []).append((start, end))
        return void

    def _cues(self, folded: Folded, kept: dict[str, list[Span]]) -> tuple[Cue, ...]:
        cues = [
            _cue(folded, span, family=key, reason=f"{self.families[key].name}：{self.families[key].reason}")
            for key, spans in kept.items()
            for span in spans[:MOST_CUES]
        ]
        return tuple(sorted(cues, key=lambda cue: (cue.start, cue.end))[:MOST_CUES])


def _cue(folded: Folded, span: Span, *, family: str, reason: str) -> Cue:
    start, end = folded.span(*span)
    return Cue(family, start, end, folded.original[start:end], reason)


def cue_at(folded: Folded, span: Span, *, family: str, reason: str) -> Cue:
    """A cue for a span of the folded text, placed in the text as given."""
    return _cue(folded, span, family=family, reason=reason)


class ExplicitWords:
    """Finds what is said outright: opinion words, demands and insults that no negation turns round."""

    def __init__(self, words: Words) -> None:
        self._kinds = [kind for kind in ("negative", "demand", "insult") for _ in getattr(words, kind)]
        self._index = PatternIndex(
            pattern for kind in ("negative", "demand", "insult") for pattern in getattr(words, kind)
        )
        self._negations = tuple(sorted(words.negations, key=len, reverse=True))

    def find(self, text: str, chars: frozenset[str]) -> list[tuple[str, int, int]]:
        """(kind, start, end) of each, in reading order."""
        found = self._index.matches(text, chars)
        quoted = _quoted(text, chars) if found else []
        return sorted(
            (
                (self._kinds[number], start, end)
                for number, start, end in found
                if not text.endswith(self._negations, max(0, start - 4), start) and not _overlaps((start, end), quoted)
            ),
            key=lambda each: (each[1], each[2]),
        )
