"""Whether a post has what a query looks for: the query's tree made into one function over folded texts.

A Latin word or number is found as a whole word ("cat" is not in "category"), Chinese anywhere. Between Chinese and
Latin, and between two Chinese words of a phrase, blanks may be there or not.

The distance of NEAR counts what stands between the two: each Chinese character is one, each run of Latin letters or
digits is one, blanks and punctuation are none. Occurrences that overlap are not near each other, and title and text
are apart.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from monitor.domain.query_nodes import All, Either, Field, InField, Near, Node, Not, Term

Fold = Callable[[str], str]
Span = tuple[int, int]

BORDER = "\0"
"""Stands between title and text, so that nothing is found across them."""

# Kana, Hangul and Han: scripts that are written without blanks, or whose words change their endings.
_CJK = r"\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER = rf"[^\W_{_CJK}]"
_STARTS_LATIN = re.compile(_LETTER)
_PIECES = re.compile(rf"[ ]|{_LETTER}+|[{_CJK}]+|[^ ]")
_UNIT = re.compile(rf"(?=\w)[{_CJK}]|{_LETTER}+")


@dataclass(frozen=True, slots=True)
class Texts:
    """A post's texts, folded."""

    title: str
    text: str
    url: str
    said: str
    """Title and text with a border between them."""


Finder = Callable[[Texts], bool]


def finder_of(node: Node, fold: Fold) -> Finder:
    """One function that says whether a post matches the node."""
    return _finder(node, fold, None)


def fields_in(node: Node) -> frozenset[Field]:
    """The fields that the query names."""
    match node:
        case InField():
            return fields_in(node.node) | {node.field}
        case Not():
            return fields_in(node.node)
        case All() | Either():
            return frozenset().union(*(fields_in(part) for part in node.nodes))
    return frozenset()


def _finder(node: Node, fold: Fold, field: Field | None) -> Finder:
    match node:
        case Term():
            return _term_finder(_Needle(fold(node.words)), field)
        case Near():
            return _near_finder(node, fold, field)
        case InField():
            return _finder(node.node, fold, node.field)
        case Not():
            inner = _finder(node.node, fold, field)
            return lambda texts: not inner(texts)
        case All():
            every = [_finder(part, fold, field) for part in node.nodes]
            return lambda texts: all(part(texts) for part in every)
    some = [_finder(part, fold, field) for part in node.nodes]
    return lambda texts: any(part(texts) for part in some)


def _reader(field: Field | None) -> Callable[[Texts], str]:
    if field is Field.TITLE:
        return lambda texts: texts.title
    if field is Field.TEXT:
        return lambda texts: texts.text
    if field is Field.URL:
        return lambda texts: texts.url
    return lambda texts: texts.said


def _term_finder(needle: "_Needle", field: Field | None) -> Finder:
    if field is None and needle.plain:
        words = needle.words
        return lambda texts: words in texts.said
    read = _reader(field)
    return lambda texts: needle.is_in(read(texts))


class _Needle:
    """A folded term, ready to be looked for."""

    def __init__(self, folded: str) -> None:
        pieces = _PIECES.findall(" ".join(folded.split()))
        self.words = "".join(pieces)
        pattern = _pattern_of(pieces)
        self.plain = pattern == re.escape(self.words)
        self._rarest = max(pieces, key=len)
        self._pattern = re.compile(pattern)

    def is_in(self, text: str) -> bool:
        """Whether the text has the term."""
        if self.plain:
            return self.words in text
        # Nearly all texts lack the word, and this look is ten times as fast as the pattern.
        return self._rarest in text and self._pattern.search(text) is not None

    def spans_in(self, text: str) -> Iterator[Span]:
        """Where the term stands, overlapping places too."""
        found = self._pattern.search(text) if self._rarest in text else None
        while found:
            yield found.span()
            found = self._pattern.search(text, found.start() + 1)


def _pattern_of(pieces: list[str]) -> str:
    """The pieces of a term as a pattern. Each gap takes all its blanks or none, so that nothing is tried twice."""
    parts: list[str] = []
    for place, piece in enumerate(pieces):
        before = pieces[place - 1] if place else ""
        if piece == " ":
            after = pieces[place + 1]
            parts.append(r"\s++" if _is_latin(before) and _is_latin(after) else r"\s*+")
            continue
        if _is_latin(before) != _is_latin(piece) and _is_script(before) and _is_script(piece):
            parts.append(r"\s*+")
        parts.append(re.escape(piece))
    start = rf"(?<!{_LETTER})" if _is_latin(pieces[0]) else ""
    end = rf"(?!{_LETTER})" if _is_latin(pieces[-1]) else ""
    return f"{start}{''.join(parts)}{end}"


def _is_latin(piece: str) -> bool:
    return _STARTS_LATIN.match(piece) is not None


def _is_script(piece: str) -> bool:
    return _UNIT.match(piece) is not None


def _near_finder(node: Near, fold: Fold, field: Field | None) -> Finder:
    left, right = _needles(node.left, fold), _needles(node.right, fold)
    read, most, ordered = _reader(field), node.most, node.ordered

    def finds(texts: Texts) -> bool:
        return any(_stand_near(part, left, right, most, ordered) for part in read(texts).split(BORDER))

    return finds


def _needles(node: Term | Either, fold: Fold) -> list[_Needle]:
    nodes = node.nodes if isinstance(node, Either) else (node,)
    return [_Needle(fold(part.words)) for part in nodes if isinstance(part, Term)]


def _stand_near(text: str, left: list[_Needle], right: list[_Needle], most: int, ordered: bool) -> bool:
    first = [span for needle in left for span in needle.spans_in(text)]
    second = [span for needle in right for span in needle.spans_in(text)] if first else []
    if not second:
        return False
    units = [unit.start() for unit in _UNIT.finditer(text)]
    if _follows(first, second, units, most):
        return True
    return not ordered and _follows(second, first, units, most)


def _follows(first: list[Span], second: list[Span], units: list[int], most: int) -> bool:
    """Whether one of `second` begins at most `most` units behind the end of one of `first`."""
    ends = sorted(end for _, end in first)
    for start, _ in second:
        before = bisect_right(ends, start)
        if before and bisect_left(units, start) - bisect_left(units, ends[before - 1]) <= most:
            return True
    return False
