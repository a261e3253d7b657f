"""Which single characters a pattern cannot match without: the prefilter that keeps hundreds of patterns fast."""

import re
from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_

# Frequent characters of Chinese posts, the commonest first; what is not here is taken for rare.
_COMMON = (
    ",的不是了有一我好还没个就这很车在大到也点都时人上后来多要间么能10小动以太2过说比用下看和可油天里发感会子送高道机觉价"
    "得中买开外出去次前你为错吃真面但店家然速空5那自现给内3度心本样服方音对差力4电果全地快配较只餐什们实耗常别起房想年行啊"
    "手最味吧务他格经而观酒着才知性如其两8再候加分话打问定门非装新置生之住6公些意少合无量于像响当直等排国位所回几晚做特水三"
    "理声怎第让明因老日事且换东成低己箱调气西路单员头提盘题已完情又品质7应同接口总安9原月放便进喜视控早正饰重该入种难户二算"
)
_RANK = {char: len(_COMMON) - place for place, char in reversed(list(enumerate(_COMMON)))}
_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\(\?:|\(\?=|\(\?!|\(\?<=|\(\?<!|[()|]|\{[0-9,]*\}|.", re.DOTALL)

Span = tuple[int, int]
Triggers = frozenset[str]
"""A text without any of these characters cannot match."""

_RANGE = re.compile(r"(.)-(.)|\\?(.)", re.DOTALL)
_WIDEST_CLASS = 64
_NEEDS = 3
"""So many needs are looked at before a pattern is tried; a fourth seldom spares a try."""


def _cost(triggers: Triggers) -> int:
    return sum(1 + _RANK.get(char, 0) ** 2 for char in triggers)


def _cheapest_first(needs: Iterable[Triggers]) -> list[Triggers]:
    return sorted(set(needs), key=lambda triggers: (_cost(triggers), sorted(triggers)))


def _class_triggers(token: str) -> list[Triggers]:
    inner = token[1:-1]
    if inner.startswith("^") or re.search(r"\\[dDwWsSbB]", inner):
        return []
    chars = {
        chr(code)
        for first, last, single in _RANGE.findall(inner)
        for code in (range(ord(first), ord(last) + 1) if first else (ord(single),))
    }
    return [frozenset(chars)] if len(chars) <= _WIDEST_CLASS else []


def _token_triggers(token: str) -> list[Triggers]:
    if token.startswith("["):
        return _class_triggers(token)
    if token.startswith("\\"):
        return [] if token[1].isalnum() else [frozenset(token[1])]
    return [] if token[0] in ".^$?{" else [frozenset(token)]


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(pattern)
        self.place = 0

    def alternatives(self) -> list[Triggers]:
        """Reads up to the closing bracket: every alternative must bring its own trigger."""
        found = [self.sequence()]
        while self.place < len(self.tokens) and self.tokens[self.place] == "|":
            self.place += 1
            found.append(self.sequence())
        if len(found) == 1:
            return found[0]
        return [frozenset().union(*(needs[0] for needs in found))] if all(found) else []

    def sequence(self) -> list[Triggers]:
        needs: list[Triggers] = []
        while self.place < len(self.tokens) and self.tokens[self.place] not in "|)":
            needs.extend(self.element())
        return _cheapest_first(needs)

    def element(self) -> list[Triggers]:
        token = self.tokens[self.place]
        self.place += 1
        if token.startswith("("):
            inner = self.alternatives()
            self.place += 1
            triggers = inner if token in {"(?:", "("} else []
        else:
            triggers = _token_triggers(token)
        return [] if self.optional() else triggers

    def optional(self) -> bool:
        following = self.tokens[self.place] if self.place < len(self.tokens) else ""
        return following == "?" or following.startswith(("{0", "{,"))


def needs_of(pattern: str) -> list[Triggers]:
    """Sets of characters of which a text must have one each for the pattern to match, the rarest set first."""
    return _Reader(pattern).alternatives()


_PLAIN = re.compile(r"[^\\\[\](){}|.^$?*+]{1,200}")


def _finder(pattern: str) -> Callable[[str], list[Span]]:
    """What gives the spans of a pattern; plain words are looked for without a regular expression."""
    if not _PLAIN.fullmatch(pattern):
        compiled = re.compile(pattern)
        return lambda text: [match.span() for match in compiled.finditer(text)]
    length = len(pattern)

    def find(text: str) -> list[Span]:
        spans = []
        start = text.find(pattern)
        while start >= 0:
            spans.append((start, start + length))
            start = text.find(pattern, start + length)
        return spans

    return find


def _bits(number: int) -> list[int]:
    """The places of the ones in a number, lowest first."""
    places = []
    while number:
        lowest = number & -number
        places.append(lowest.bit_length() - 1)
        number ^= lowest
    return places


def alternatives(pattern: str) -> list[str]:
    """The parts of a pattern between the bars that stand outside all brackets."""
    parts, depth = [""], 0
    for piece in _TOKEN.findall(pattern):
        depth += piece.startswith("(") - (piece == ")")
        if piece == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


class PatternIndex:
    """Patterns by the characters they need: tries the few that could match a text.

    Each character carries a number with one bit for each need it meets: pattern n's first need is bit n,
    its second is bit n + width, and so on. The numbers of a text's characters, put together by `or`, tell
    with two shifts which patterns have all they need.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = list(patterns)
        self._finders = [_finder(pattern) for pattern in self.patterns]
        self._width = len(self.patterns)
        self._given = 0
        self._meets: dict[str, int] = {}
        for number, pattern in enumerate(self.patterns):
            self._note(number, needs_of(pattern)[:_NEEDS])
        self._chars = frozenset(self._meets)

    def _note(self, number: int, needs: list[Triggers]) -> None:
        for lane in range(_NEEDS):
            bit = 1 << (number + lane * self._width)
            if lane >= len(needs):
                self._given |= bit
                continue
            for char in needs[lane]:
                self._meets[char] = self._meets.get(char, 0) | bit

    def candidates(self, chars: frozenset[str]) -> list[int]:
        """The numbers of the patterns worth trying on a text of these characters, in order."""
        met = reduce(or_, map(self._meets.__getitem__, chars & self._chars), self._given)
        lane = (1 << self._width) - 1
        return _bits(met & (met >> self._width) & (met >> 2 * self._width) & lane)

    def matches(self, text: str, chars: frozenset[str]) -> list[tuple[int, int, int]]:
        """(pattern number, start, end) of every match."""
        return [(number, start, end) for number in self.candidates(chars) for start, end in self._finders[number](text)]

    def meets(self, text: str, chars: frozenset[str]) -> bool:
        """Whether any pattern matches."""
        return any(self._finders[number](text) for number in self.candidates(chars))
