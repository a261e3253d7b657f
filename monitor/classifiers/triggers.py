"""Which characters and pairs of characters a pattern cannot match without: the prefilter that keeps hundreds fast."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from itertools import pairwise, product

# Frequent characters of Chinese posts, the commonest first; what is not here is taken for rare.
_COMMON = (
    ",的不是了有一我好还没个就这很车在大到也点都时人上后来多要间么能10小动以太2过说比用下看和可油天里发感会子送高道机觉价"
    "得中买开外出去次前你为错吃真面但店家然速空5那自现给内3度心本样服方音对差力4电果全地快配较只餐什们实耗常别起房想年行啊"
    "手最味吧务他格经而观酒着才知性如其两8再候加分话打问定门非装新置生之住6公些意少合无量于像响当直等排国位所回几晚做特水三"
    "理声怎第让明因老日事且换东成低己箱调气西路单员头提盘题已完情又品质7应同接口总安9原月放便进喜视控早正饰重该入种难户二算"
)
_RANK = {char: len(_COMMON) - place for place, char in reversed(list(enumerate(_COMMON)))}
_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\(\?:|\(\?=|\(\?!|\(\?<=|\(\?<!|[()|]|\{[0-9,]*\}|.", re.DOTALL)
_QUANTIFIER = re.compile(r"[?*+]|\{[0-9,]{1,12}\}")

Triggers = frozenset[str]
"""Characters and pairs of characters; a text without any of them cannot match."""

_RANGE = re.compile(r"(.)-(.)|\\?(.)", re.DOTALL)
_WIDEST_CLASS = 64
_MOST_PAIRS = 256
_NEEDS = 2
"""So many needs are looked at before a pattern is tried; a third seldom spares a try."""


def _weight(char: str) -> int:
    return 1 + _RANK.get(char, 0) ** 2


_SURE = _weight(_COMMON[0])
_SELDOM_TOUCH = 6
"""Of so many texts that have both characters of a pair, one has them side by side."""


@cache
def _cost(triggers: Triggers) -> float:
    """How many texts have one of them."""
    return sum(
        _weight(each[0]) if len(each) == 1 else _weight(each[0]) * _weight(each[1]) / _SURE / _SELDOM_TOUCH
        for each in triggers
    )


def _rarity(triggers: Triggers) -> tuple[float, list[str]]:
    return _cost(triggers), sorted(triggers)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a pattern: what it needs, and the characters it can begin and end with (None: any)."""

    needs: tuple[Triggers, ...] = ()
    first: Triggers | None = frozenset()
    last: Triggers | None = frozenset()
    empty: bool = True
    """Whether it can match nothing."""


_NOTHING = _Piece()
_ANY = _Piece(first=None, last=None, empty=False)
_ANY_OR_NOTHING = _Piece(first=None, last=None)


def _either(one: Triggers | None, other: Triggers | None) -> Triggers | None:
    return None if one is None or other is None else one | other


def _seam(left: _Piece, right: _Piece) -> tuple[Triggers, ...]:
    """The pairs of which one stands where two pieces meet."""
    if left.empty or right.empty or not left.last or not right.first:
        return ()
    pairs = frozenset(a + b for a, b in product(left.last, right.first))
    return (pairs,) if len(pairs) <= _MOST_PAIRS else ()


def _followed(left: _Piece, right: _Piece) -> _Piece:
    return _Piece(
        (*left.needs, *right.needs, *_seam(left, right)),
        _either(left.first, right.first) if left.empty else left.first,
        _either(left.last, right.last) if right.empty else right.last,
        left.empty and right.empty,
    )


def _any_of(pieces: Sequence[_Piece]) -> _Piece:
    """One of several: each must bring its own need."""
    if len(pieces) == 1:
        return pieces[0]
    needs = [min(piece.needs, key=_rarity) for piece in pieces if piece.needs]
    return _Piece(
        (frozenset().union(*needs),) if len(needs) == len(pieces) else (),
        reduce(_either, (piece.first for piece in pieces)),
        reduce(_either, (piece.last for piece in pieces)),
        any(piece.empty for piece in pieces),
    )


def _one_of(chars: Iterable[str]) -> _Piece:
    triggers = frozenset(chars)
    return _Piece((triggers,), triggers, triggers, empty=False)


def _class(token: str) -> _Piece:
    inner = token[1:-1]
    if inner.startswith("^") or re.search(r"\\[dDwWsSbB]", inner):
        return _ANY
    chars = {
        chr(code)
        for first, last, single in _RANGE.findall(inner)
        for code in (range(ord(first), ord(last) + 1) if first else (ord(single),))
    }
    return _one_of(chars) if len(chars) <= _WIDEST_CLASS else _ANY


def _single(atom: str) -> _Piece:
    """What one token other than a bracket or a bar stands for."""
    if atom.startswith("["):
        return _class(atom)
    if atom.startswith("\\"):
        return _ANY_OR_NOTHING if atom[1].isalnum() else _one_of(atom[1])
    if atom in "^$":
        return _NOTHING
    return _ANY if atom in ".{" else _one_of(atom)


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0

    def next_is(self, marks: str) -> bool:
        return self.place < len(self.tokens) and self.tokens[self.place] in marks

    def alternatives(self) -> _Piece:
        """Reads up to the closing bracket."""
        found = [self.sequence()]
        while self.next_is("|"):
            self.place += 1
            found.append(self.sequence())
        return _any_of(found)

    def sequence(self) -> _Piece:
        piece = _NOTHING
        while self.place < len(self.tokens) and not self.next_is("|)"):
            piece = _followed(piece, self.element())
        return piece

    def element(self) -> _Piece:
        token = self.tokens[self.place]
        self.place += 1
        if not token.startswith("("):
            return self.counted(_single(token))
        inner = self.alternatives()
        self.place += 1
        # What only looks ahead or back takes no place: its neighbours touch.
        return self.counted(inner if token in {"(?:", "("} else _NOTHING)

    def counted(self, piece: _Piece) -> _Piece:
        """The piece with the quantifier that follows it, which may leave it out."""
        optional = False
        while self.place < len(self.tokens) and _QUANTIFIER.fullmatch(self.tokens[self.place]):
            optional = optional or self.tokens[self.place].startswith(("?", "*", "{0", "{,"))
            self.place += 1
        return _Piece((), piece.first, piece.last) if optional else piece


def _implied(need: Triggers, by: Iterable[Triggers]) -> bool:
    """Whether a text that meets one of the others meets this as well."""
    return any(all(any(part in whole for part in need) for whole in other) for other in by)


def needs_of(pattern: str) -> list[Triggers]:
    """Sets of which a text must have one each for the pattern to match, the rarest set first."""
    tokens = _TOKEN.findall(pattern)
    if ("(", "?") in pairwise(tokens):
        return []  # flags, names and conditions are not read
    kept: list[Triggers] = []
    for need in sorted(set(_Reader(tokens).alternatives().needs), key=_rarity):
        if len(kept) < _NEEDS and not _implied(need, kept):
            kept.append(need)
    return kept


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
