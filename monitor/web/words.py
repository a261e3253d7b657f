"""The customer's words, cut into pieces so that cue words can be marked and long posts folded."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from monitor.domain.verdicts import Polarity
from monitor.services.assessing import spoken_text
from monitor.storage.models import Assessment, Post
from monitor.storage.queries.posts import newest_assessment

FOLD_AT = 320
"""Characters of a post that are shown before the rest is folded away."""
MOST = 4000
"""Characters of a post that a page carries; the whole text has a page of its own."""
_BEGINNING = 60
"""Characters of the worst sentence that stand beside the way to it."""

Span = tuple[int, int]
Cues = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words, and when they are a cue: its family and why it counts; `worst` in the most dissatisfied sentence."""

    text: str
    family: str = ""
    reason: str = ""
    worst: bool = False
    opens: bool = False
    """Whether the most dissatisfied sentence begins here."""


@dataclass(frozen=True, slots=True)
class Stance:
    """A topic, and how the writer stands to just this; None where a verdict of an older version does not say."""

    topic: str
    polarity: Polarity | None


@dataclass(frozen=True, slots=True)
class Quote:
    """A post as pieces: what is seen at once, what is folded, how much is left out, and what was heard in it."""

    seen: tuple[Piece, ...]
    folded: tuple[Piece, ...]
    length: int
    left_out: int
    cues: tuple[Piece, ...]
    worst: str = ""
    """How the most dissatisfied sentence begins, when it is one of several."""
    stances: tuple[Stance, ...] = ()

    @property
    def shows_worst(self) -> bool:
        """Whether the most dissatisfied sentence is among the pieces, so that one can go there."""
        return any(piece.opens for piece in (*self.seen, *self.folded))


def quote_of(post: Post, *, most: int = MOST, by: Assessment | None = None) -> Quote:
    """The words of a post, `most` characters of them, with the cues marked of the verdict `by`, else of the newest."""
    text, assessment = spoken_text(post), by or newest_assessment(post)
    return replace(
        _quote(text, cues_of(assessment), most, worst_of(assessment, len(text))), stances=stances_of(assessment)
    )


def plain_quote_of(post: Post, *, most: int = MOST) -> Quote:
    """The words of a post with nothing marked, for somebody who is to judge them alone."""
    return _quote(spoken_text(post), (), most)


def _quote(text: str, found: Cues, most: int, worst: Span | None = None) -> Quote:
    kept = text[:most]
    fold_at = _sentence_end(text, FOLD_AT) if len(text) > FOLD_AT * 1.3 else len(text)
    seen, folded = _split(list(pieces_of(kept, found, worst)), fold_at)
    told = {(piece.text, piece.family): piece for _, piece in _cue_pieces(kept, found)}
    return Quote(
        tuple(seen),
        tuple(folded),
        len(text),
        max(len(text) - most, 0),
        tuple(told.values()),
        _beginning(text[slice(*worst)]) if worst else "",
    )


def _beginning(sentence: str) -> str:
    words = " ".join(sentence.split())
    return words if len(words) <= _BEGINNING else f"{words[: _BEGINNING - 1]}…"


def quotes_of(posts: Iterable[Post], *, most: int = 9000) -> list[Quote]:
    """The words of several posts; together they stay within `most`, so that a page stays light."""
    quotes: list[Quote] = []
    for post in posts:
        quotes.append(quote_of(post, most=max(200, min(MOST, most))))
        most -= quotes[-1].length - quotes[-1].left_out
    return quotes


def _sentence_end(text: str, before: int) -> int:
    """Where the last sentence ends that ends before a place, if it is near; else the place itself."""
    end = max(text.rfind(sign, before - 100, before) for sign in "。！？!?\n")
    return end + 1 if end > 0 else before


def cues_of(assessment: Assessment | None) -> Cues:
    """The cues of a verdict as they are stored."""
    return assessment.details.get("cues", ()) if assessment else ()


def worst_of(assessment: Assessment | None, length: int) -> Span | None:
    """Where the most dissatisfied sentence of a flagged text stands; None when that is all of it, or nobody said."""
    match assessment.details.get("worst") if assessment and assessment.flagged else None:
        case [int(start), int(end)] if 0 <= start < end <= length and end - start < length:
            return start, end
    return None


def stances_of(assessment: Assessment | None) -> tuple[Stance, ...]:
    """The topics of a verdict with the stance towards each, as far as its version knew it."""
    topics = assessment.details.get("topics", ()) if assessment else ()
    return tuple(Stance(str(topic["name"]), _polarity(topic.get("polarity"))) for topic in topics)


def _polarity(code: object) -> Polarity | None:
    return Polarity(str(code)) if code in set(Polarity) else None


def pieces_of(text: str, cues: Cues, worst: Span | None = None) -> Iterator[Piece]:
    """The text in order; of cues that overlap the earlier and longer is marked, and offsets that do not fit are not.

    Cues of one and the same place share a mark. The worst sentence begins and ends with a piece.
    """
    at = 0
    for piece in _marked(text, cues):
        yield from _parted(piece, at, worst or (0, 0))
        at += len(piece.text)


def _marked(text: str, cues: Cues) -> Iterator[Piece]:
    at = 0
    for start, piece in _one_a_place(_cue_pieces(text, cues)):
        if start < at:
            continue
        if start > at:
            yield Piece(text[at:start])
        yield piece
        at = start + len(piece.text)
    if at < len(text):
        yield Piece(text[at:])


def _cue_pieces(text: str, cues: Cues) -> Iterator[tuple[int, Piece]]:
    """Every cue that fits the text, with its place; the earlier and longer first."""
    for cue in sorted(cues, key=lambda cue: (cue["start"], -cue["end"])):
        start, end = cue["start"], min(cue["end"], len(text))
        if 0 <= start < end:
            # A reason reads “作罢：不想争了”: the family as people call it, and why it counts.
            name, _, why = str(cue.get("reason", "")).partition("：")
            yield start, Piece(text[start:end], name or str(cue["family"]), why)


def _one_a_place(found: Iterable[tuple[int, Piece]]) -> Iterator[tuple[int, Piece]]:
    """The cues, those of the same place told as one."""
    places: dict[Span, Piece] = {}
    for start, piece in found:
        place = (start, len(piece.text))
        first = places.get(place)
        places[place] = replace(first, reason=f"{first.reason}；{_told(piece)}") if first else piece
    return ((start, piece) for (start, _), piece in places.items())


def _told(piece: Piece) -> str:
    return f"{piece.family}：{piece.reason}" if piece.reason else piece.family


def _parted(piece: Piece, at: int, worst: Span) -> Iterator[Piece]:
    """A piece that begins at a place, parted where the worst sentence begins and ends."""
    start, end = (min(max(place - at, 0), len(piece.text)) for place in worst)
    if start >= end:
        yield piece
        return
    if start:
        yield replace(piece, text=piece.text[:start])
    yield replace(piece, text=piece.text[start:end], worst=True, opens=at + start == worst[0])
    if end < len(piece.text):
        yield replace(piece, text=piece.text[end:])


def _split(pieces: Sequence[Piece], at: int) -> tuple[list[Piece], list[Piece]]:
    """The pieces before and after a place; a marked cue is never cut in two."""
    seen: list[Piece] = []
    length = 0
    for number, piece in enumerate(pieces):
        if length + len(piece.text) > at:
            cut = at - length
            if piece.family or not cut:
                return seen, list(pieces[number:])
            head, tail = replace(piece, text=piece.text[:cut]), replace(piece, text=piece.text[cut:], opens=False)
            return [*seen, head], [tail, *pieces[number + 1 :]]
        seen.append(piece)
        length += len(piece.text)
    return seen, []
