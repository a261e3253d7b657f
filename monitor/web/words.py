"""The customer's words, cut into pieces so that cue words can be marked and long posts folded."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.services.assessing import spoken_text
from monitor.storage.models import Assessment, Post
from monitor.storage.queries.posts import newest_assessment

FOLD_AT = 320
"""Characters of a post that are shown before the rest is folded away."""
MOST = 4000
"""Characters of a post that a page carries; the whole text has a page of its own."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words, and when they are a cue: its family and why it counts."""

    text: str
    family: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A post as pieces: what is seen at once, what is folded, and how much is left out."""

    seen: tuple[Piece, ...]
    folded: tuple[Piece, ...]
    length: int
    left_out: int
    cues: tuple[Piece, ...]


def quote_of(post: Post, *, most: int = MOST, by: Assessment | None = None) -> Quote:
    """The words of a post, `most` characters of them, with the cues marked of the verdict `by`, else of the newest."""
    return _quote(spoken_text(post), cues_of(by or newest_assessment(post)), most)


def _quote(text: str, found: Sequence[Mapping[str, Any]], most: int) -> Quote:
    pieces = list(pieces_of(text[:most], found))
    fold_at = _sentence_end(text, FOLD_AT) if len(text) > FOLD_AT * 1.3 else len(text)
    seen, folded = _split(pieces, fold_at)
    cues = {(piece.text, piece.family): piece for piece in pieces if piece.family}
    return Quote(tuple(seen), tuple(folded), len(text), max(len(text) - most, 0), tuple(cues.values()))


def plain_quote_of(post: Post, *, most: int = MOST) -> Quote:
    """The words of a post with nothing marked, for somebody who is to judge them alone."""
    return _quote(spoken_text(post), (), most)


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


def cues_of(assessment: Assessment | None) -> Sequence[Mapping[str, Any]]:
    """The cues of a verdict as they are stored."""
    return assessment.details.get("cues", ()) if assessment else ()


def pieces_of(text: str, cues: Sequence[Mapping[str, Any]]) -> Iterator[Piece]:
    """The text in order; of cues that overlap the earlier and longer is marked, and offsets that do not fit are not."""
    at = 0
    for cue in sorted(cues, key=lambda cue: (cue["start"], -cue["end"])):
        start, end = cue["start"], min(cue["end"], len(text))
        if start < at or end <= start:
            continue
        if start > at:
            yield Piece(text[at:start])
        # A reason reads “作罢：不想争了”: the family as people call it, and why it counts.
        name, _, why = str(cue.get("reason", "")).partition("：")
        yield Piece(text[start:end], name or str(cue["family"]), why)
        at = end
    if at < len(text):
        yield Piece(text[at:])


def _split(pieces: Sequence[Piece], at: int) -> tuple[list[Piece], list[Piece]]:
    """The pieces before and after a place; a marked cue is never cut in two."""
    seen: list[Piece] = []
    length = 0
    for number, piece in enumerate(pieces):
        if length + len(piece.text) > at:
            cut = at - length
            if piece.family:
                return seen, list(pieces[number:])
            head, tail = Piece(piece.text[:cut]), Piece(piece.text[cut:])
            return [*seen, head], [tail, *pieces[number + 1 :]]
        seen.append(piece)
        length += len(piece.text)
    return seen, []
