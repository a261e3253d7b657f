"""Which single characters a pattern cannot match without: the prefilter that keeps hundreds of patterns fast."""

import re
from collections.abc import Iterable

# Frequent characters of Chinese posts, the commonest first; what is not here is taken for rare.
_COMMON = (
    ",的了是不一有,我个这人在车就没到说来也好大开还要上都么时候时子看能们,过可以下得去很后会自己天多年家出点什那对"
    "小给为用吧和你他想它里起样做么没问题行修前店买动机才中又发现现方着些地两把三真比前高服务客家再太无公但最让间果"
)
_RANK = {char: len(_COMMON) - place for place, char in reversed(list(enumerate(_COMMON)))}
_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\(\?:|\(\?=|\(\?!|\(\?<=|\(\?<!|[()|]|\{[0-9,]*\}|.", re.DOTALL)

Triggers = frozenset[str] | None
"""A text without any of these characters cannot match; None: no such characters are known."""


def _cost(triggers: frozenset[str]) -> int:
    return sum(1 + _RANK.get(char, 0) ** 2 for char in triggers)


def _better(first: Triggers, second: Triggers) -> Triggers:
    if first is None or second is None:
        return first or second
    return min(first, second, key=lambda triggers: (_cost(triggers), sorted(triggers)))


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(pattern)
        self.place = 0

    def alternatives(self) -> Triggers:
        """Reads up to the closing bracket: every alternative must bring its own trigger."""
        found = [self.sequence()]
        while self.place < len(self.tokens) and self.tokens[self.place] == "|":
            self.place += 1
            found.append(self.sequence())
        known = [each for each in found if each is not None]
        return frozenset().union(*known) if len(known) == len(found) else None

    def sequence(self) -> Triggers:
        best: Triggers = None
        while self.place < len(self.tokens) and self.tokens[self.place] not in "|)":
            best = _better(best, self.element())
        return best

    def element(self) -> Triggers:
        token = self.tokens[self.place]
        self.place += 1
        triggers: Triggers = None
        if token.startswith("("):
            inner = self.alternatives()
            self.place += 1
            triggers = inner if token in {"(?:", "("} else None
        elif token[0] not in "\\[.^$?{":
            triggers = frozenset(token)
        return None if self.optional() else triggers

    def optional(self) -> bool:
        following = self.tokens[self.place] if self.place < len(self.tokens) else ""
        return following == "?" or following.startswith(("{0", "{,"))


def triggers_of(pattern: str) -> Triggers:
    """Characters of which a text must have at least one for the pattern to match, the rarest choice found."""
    return _Reader(pattern).alternatives()


class PatternIndex:
    """Patterns by their trigger characters: gives the few that could match a text."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = [re.compile(pattern) for pattern in patterns]
        self._always: list[int] = []
        self._by_char: dict[str, list[int]] = {}
        for number, pattern in enumerate(self.patterns):
            triggers = triggers_of(pattern.pattern)
            if triggers is None:
                self._always.append(number)
            for char in sorted(triggers or ()):
                self._by_char.setdefault(char, []).append(number)
        self._triggers = frozenset(self._by_char)

    def candidates(self, chars: frozenset[str]) -> list[int]:
        """The numbers of the patterns worth trying on a text of these characters, in order."""
        met = chars & self._triggers
        if not met:
            return self._always
        return sorted({*self._always, *(number for char in met for number in self._by_char[char])})

    def matches(self, text: str, chars: frozenset[str]) -> list[tuple[int, int, int]]:
        """(pattern number, start, end) of every match."""
        return [
            (number, match.start(), match.end())
            for number in self.candidates(chars)
            for match in self.patterns[number].finditer(text)
        ]

    def meets(self, text: str, chars: frozenset[str]) -> bool:
        """Whether any pattern matches."""
        return any(self.patterns[number].search(text) for number in self.candidates(chars))
