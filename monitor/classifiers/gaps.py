"""Words pulled apart by symbols are put together again: 垃.圾, 差*评, 坏/了/没/人/管."""

import re
from collections.abc import Iterable, Iterator, Sequence

from monitor.classifiers.tokens import Change

HAN = r"\u3400-\u9fff"
# Symbols that may stand between two characters; marks that part sentences or quote are not meant.
_SYMBOL = r"[^\w\n,。、!?;:()…<>\"'“”‘’「」『』《》【】\[\]%]|_"
_ANY_SYMBOL = re.compile(_SYMBOL.removesuffix("|_"))
_GAP = re.compile(rf"(?<=[{HAN}])(?:{_SYMBOL}){{1,3}}(?=[{HAN}])")
_SPELT = re.compile(rf"(?<![{HAN}])[{HAN}](?:(?:{_SYMBOL}|[,、。]){{1,3}}[{HAN}](?![{HAN}])){{3,200}}")
# A word spelt out has such a character in it; most texts with three commas have none.
_ALONE = re.compile(rf"[\W_][{HAN}][\W_]")
_MARKS = re.compile(rf"[^{HAN}]{{1,3}}")
_COMMAS = 3
"""So many single characters between commas are a word spelt out and no list."""

Span = tuple[int, int]


class GapCloser:
    """Finds the symbols that were put into words."""

    def __init__(self, words: Iterable[str]) -> None:
        plain = {word for word in words if re.fullmatch(rf"[{HAN}]{{2,4}}", word)}
        self._words = re.compile("|".join(sorted(plain, key=lambda word: (-len(word), word))) or "(?!)")

    def changes(self, text: str) -> list[Change]:
        """The gaps to close, in order and apart."""
        symbols = "_" in text or _ANY_SYMBOL.search(text)
        if not symbols and text.count(",") + text.count("、") + text.count("。") < _COMMAS:
            return []
        closed = set(_spelt_out(text))
        if symbols:
            closed.update(self._crossed(text, [match.span() for match in _GAP.finditer(text)]))
        return [(start, end, "") for start, end in sorted(closed)]

    def _crossed(self, text: str, gaps: Sequence[Span]) -> list[Span]:
        """The gaps in the middle of a word."""
        if not gaps:
            return []
        tight, places = _without(text, gaps)
        crossed: list[Span] = []
        number = 0
        for word in self._words.finditer(tight):
            while number < len(places) and places[number] <= word.start():
                number += 1
            while number < len(places) and places[number] < word.end():
                crossed.append(gaps[number])
                number += 1
        return crossed


def _spelt_out(text: str) -> Iterator[Span]:
    """The marks between the characters of words that are spelt out."""
    if _ALONE.search(text):
        for spelt in _SPELT.finditer(text):
            yield from (run.span() for run in _MARKS.finditer(text, spelt.start(), spelt.end()))


def _without(text: str, gaps: Sequence[Span]) -> tuple[str, list[int]]:
    """The text without its gaps, and the place of each gap in it."""
    pieces: list[str] = []
    places: list[int] = []
    done = length = 0
    for start, end in gaps:
        pieces.append(text[done:start])
        length += start - done
        places.append(length)
        done = end
    return "".join([*pieces, text[done:]]), places
