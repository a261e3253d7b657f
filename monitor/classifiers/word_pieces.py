"""Text as BERT reads it: Chinese characters one by one, other words in the longest pieces of the vocabulary."""

import re
from collections.abc import Mapping
from typing import NamedTuple

_PARTS = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[^\W_\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|\S"
)
_LONGEST_WORD = 100


class Piece(NamedTuple):
    """A number of the vocabulary, and the span of the text that it stands for."""

    number: int
    start: int
    end: int


class WordPieces:
    """Cuts texts by a vocabulary."""

    def __init__(self, vocabulary: Mapping[str, int], *, lower: bool = True) -> None:
        self._numbers = vocabulary
        self._unknown = vocabulary["[UNK]"]
        self._lower = lower

    def cut(self, text: str, most: int) -> list[Piece]:
        """At most `most` pieces from the beginning of a text."""
        pieces: list[Piece] = []
        for part in _PARTS.finditer(text):
            if len(pieces) >= most:
                break
            pieces += self._pieces(part.group(), part.start())
        return pieces[:most]

    def _pieces(self, word: str, place: int) -> list[Piece]:
        read = word.lower() if self._lower and len(word.lower()) == len(word) else word
        whole = self._numbers.get(read)
        if whole is not None or len(read) == 1 or len(read) > _LONGEST_WORD:
            return [Piece(self._unknown if whole is None else whole, place, place + len(word))]
        pieces: list[Piece] = []
        start = 0
        while start < len(read):
            end = self._longest(read, start)
            if end == start:
                return [Piece(self._unknown, place, place + len(word))]
            number = self._numbers[read[start:end] if not start else "##" + read[start:end]]
            pieces.append(Piece(number, place + start, place + end))
            start = end
        return pieces

    def _longest(self, word: str, start: int) -> int:
        """Where the longest known piece from `start` ends; `start` itself when there is none."""
        mark = "##" if start else ""
        return next((end for end in range(len(word), start, -1) if mark + word[start:end] in self._numbers), start)
