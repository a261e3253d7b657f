"""Tells in one pass over a text which of many patterns are worth trying on it."""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from operator import add

from monitor.classifiers.triggers import Triggers, needs_of

Span = tuple[int, int]
Sifted = Mapping["PatternList", list[int]]
"""For each list the numbers of its patterns that could match a text, in order."""

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


class PatternList:
    """Some patterns of a sieve, tried together."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(patterns)
        self._finders = [_finder(pattern) for pattern in self.patterns]

    def candidates(self, sifted: Sifted) -> list[int]:
        """The numbers of the patterns worth trying, in order."""
        return sifted.get(self, [])

    def matches(self, text: str, sifted: Sifted) -> list[tuple[int, int, int]]:
        """(pattern number, start, end) of every match; `sifted` is of the text, or of one that holds it."""
        if self not in sifted:
            return []
        return [(number, start, end) for number in sifted[self] for start, end in self._finders[number](text)]

    def meets(self, text: str, sifted: Sifted) -> bool:
        """Whether any pattern matches."""
        return self in sifted and any(self._finders[number](text) for number in sifted[self])


class Sieve:
    """Many lists of patterns by the characters and pairs they need.

    A pattern is filed under each character or pair of its rarest need, and tried where its second is met as well.
    """

    def __init__(self) -> None:
        self._placed: list[tuple[PatternList, int]] = []
        self._filed: dict[str, list[tuple[int, Triggers]]] = {}
        self._firsts: set[str] = set()
        self._known: set[str] = set()
        self._always: list[int] = []

    def add(self, patterns: Iterable[str]) -> PatternList:
        """A list of these patterns, which the sieve looks after from now on."""
        added = PatternList(patterns)
        for number, pattern in enumerate(added.patterns):
            self._file(len(self._placed), needs_of(pattern))
            self._placed.append((added, number))
        return added

    def _file(self, place: int, needs: list[Triggers]) -> None:
        if not needs:
            self._always.append(place)
            return
        self._known.update(*needs)
        self._firsts.update(needs[0])
        for gram in needs[0]:
            self._filed.setdefault(gram, []).append((place, needs[-1]))

    def sift(self, text: str) -> Sifted:
        """What could match a text; the time grows with its length, the memory does not."""
        met = self._known.intersection(chain(text, map(add, text, text[1:])))
        filed = self._filed
        found = {place for gram in met & self._firsts for place, need in filed[gram] if not need.isdisjoint(met)}
        sifted: dict[PatternList, list[int]] = {}
        for place in sorted(found.union(self._always)):
            added, number = self._placed[place]
            sifted.setdefault(added, []).append(number)
        return sifted
