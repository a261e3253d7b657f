"""The cue families of implicit dissatisfaction: spans with a family and a reason, and what is said outright."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.classifiers.lexicon import CueFamily, Words
from monitor.classifiers.sieve import PatternList, Sieve, Sifted
from monitor.classifiers.tokens import Folded
from monitor.domain.verdicts import Cue, Intent

MOST_CUES = 40
"""A post of a megabyte needs no thousand marks."""

EXPLICIT = "explicit"
EXPLICIT_REASON = "直接说出的不满"
# Words somebody else said, titles of books and songs, and words spoken about are not the writer's own.
_QUOTED = re.compile(
    r"《[^《》]{1,40}》|(?:说|道|问|写着?|唱着?|题为|标题|歌名|叫做?|名为|所谓的?|打着|喊)(?:是|过|了)?[:,]?[“「『\"'][^”」』\"']{1,80}[”」』\"']"
    r"|[“「『\"'][^”」』\"']{1,20}[”」』\"'](?:这|那|两|三|四|几|一)(?:个|几个|两个|三个|四个)?(?:字|词|句|话|梗|说法|歌|书)"
)
_QUOTES = frozenset("《“「『\"'")
# What other customers, neighbours or the news tell, up to where the writer speaks again.
_REPORTED = re.compile(
    r"(?:听说|据说|听闻|传闻|网传|据报道|报道称|新闻(?:里|上)?(?:说|讲|称)"
    r"|(?:有人|有些人|别人|网友|朋友|同事|邻居|同学|楼上|网上|论坛(?:里|上)?|群里|博主|评论区|前面那位|上一位)(?:们)?"
    r"[^,。!?;:\n我]{0,6}(?:说|讲|写|吐槽|抱怨|评论|留言|发帖|反映|传|问))"
    r"([^。!?;\n]{0,60}?)(?=,(?:但|不过|可)|但我|不过我|可我|我自己|我(?:的|家|这|倒|却)|结果|[。!?;\n]|$)"
    r"|(?:他|她)们?[总老就]?[说嫌](?:过|是)?([^。!?;,\n]{1,30})(?=,(?:但|可|不过)?我(?:却|倒|觉得|说|不|没|的))"
)
_REPORTS = frozenset("说讲写评留发反传问抱吐闻报嫌")
# What is asked about is not told: 会不会老是死机 says nothing of the asker's own.
_ASKED = re.compile(r"(?:会不会|是否会|有没有(?:人|车友|朋友)?(?:遇到|碰到|出现|发生))[^,。!?;\n]{0,30}")
_ASKS = ("会不会", "是否会", "有没有")
_NEAR = 60
"""Praise within so many characters of a cue is about the same thing."""

Span = tuple[int, int]


class _Stretches:
    """Parts of a text, joined where they touch, so that asking costs the logarithm of their number."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._starts.append(start)
                self._ends.append(end)

    def overlap(self, start: int, end: int) -> bool:
        place = bisect_left(self._starts, end) - 1
        return place >= 0 and self._ends[place] > start

    def hold(self, start: int) -> bool:
        return self.overlap(start, start + 1)


def _not_own(text: str) -> _Stretches:
    """Where the writer does not speak: quoted, told by others, or only asked about."""
    spans: list[Span] = []
    if not _QUOTES.isdisjoint(text):
        spans.extend(match.span() for match in _QUOTED.finditer(text))
    if not _REPORTS.isdisjoint(text):
        spans.extend(match.span(match.lastindex or 0) for match in _REPORTED.finditer(text))
    if any(word in text for word in _ASKS):
        spans.extend(match.span() for match in _ASKED.finditer(text))
    return _Stretches(spans)


@dataclass(frozen=True, slots=True)
class Found:
    """The cues of a text, and what its writer wants; a contented writer may suggest something without a cue."""

    cues: tuple[Cue, ...] = ()
    intents: frozenset[Intent] = frozenset()


class CueFinder:
    """Finds the families' patterns in folded texts, leaving out what is negated, quoted or meant otherwise."""

    def __init__(
        self, families: Sequence[CueFamily], negations: Sequence[str], praise: PatternList, sieve: Sieve
    ) -> None:
        self.families = {family.key: family for family in families}
        self._finds = sieve.add(pattern for family in families for pattern in family.patterns)
        self._finds_for = [family for family in families for _ in family.patterns]
        self._voids = {family.key: sieve.add(family.unless) for family in families}
        self._praise = praise
        self._negations = tuple(negations)

    def find(self, folded: Folded, sifted: Sifted) -> Found:
        """The cues of a text in reading order, and its intents."""
        text = folded.text
        found = self._finds.matches(text, sifted)
        if not found:
            return Found()
        others = _not_own(text)
        by_family: dict[str, list[Span]] = {}
        for number, start, end in sorted(found, key=lambda match: (match[1], -match[2])):
            if not others.hold(start):
                by_family.setdefault(self._finds_for[number].key, []).append((start, end))
        said = {key: self._said(self.families[key], spans, text, sifted) for key, spans in by_family.items()}
        return Found(
            self._cues(folded, said, sifted),
            frozenset(self.families[key].intent for key, spans in said.items() if spans),
        )

    def _said(self, family: CueFamily, spans: list[Span], text: str, sifted: Sifted) -> list[Span]:
        void = _Stretches((start, end) for _, start, end in self._voids[family.key].matches(text, sifted))
        said: list[Span] = []
        for start, end in spans:
            if len(said) == MOST_CUES:
                break
            if (said and start < said[-1][1]) or void.overlap(start, end):
                continue
            if not (family.negatable and self._negated(text, start)):
                said.append((start, end))
        return said

    def _negated(self, text: str, start: int) -> bool:
        return text.endswith(self._negations, max(0, start - 4), start)

    def _outweighed(self, family: CueFamily, text: str, span: Span, sifted: Sifted) -> bool:
        if not family.outweighed_by:
            return False
        around = (text[max(0, span[0] - _NEAR) : span[0]], text[span[1] : span[1] + _NEAR])
        praises = sum(
            not self._negated(part, start) for part in around for _, start, _ in self._praise.matches(part, sifted)
        )
        return praises >= family.outweighed_by

    def _cues(self, folded: Folded, said: dict[str, list[Span]], sifted: Sifted) -> tuple[Cue, ...]:
        cues = [
            _cue(folded, span, family=key, reason=f"{self.families[key].name}：{self.families[key].reason}")
            for key, spans in said.items()
            for span in spans
            if not self._outweighed(self.families[key], folded.text, span, sifted)
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

    def __init__(self, words: Words, sieve: Sieve) -> None:
        self._kinds = [kind for kind in ("negative", "demand", "insult") for _ in getattr(words, kind)]
        self._finds = sieve.add(
            pattern for kind in ("negative", "demand", "insult") for pattern in getattr(words, kind)
        )
        self._negations = tuple(sorted(words.negations, key=len, reverse=True))

    def find(self, text: str, sifted: Sifted) -> list[tuple[str, int, int]]:
        """(kind, start, end) of each, in reading order."""
        found = self._finds.matches(text, sifted)
        if not found:
            return []
        others = _not_own(text)
        return sorted(
            (
                (self._kinds[number], start, end)
                for number, start, end in found
                if not text.endswith(self._negations, max(0, start - 4), start) and not others.hold(start)
            ),
            key=lambda each: (each[1], each[2]),
        )
