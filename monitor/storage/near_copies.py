"""An index of our own for near-copies: which stored posts may say nearly what this one says.

MinHash (Broder 1997) with banding (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4). For each
of 64 random orders of all pairs of characters, the first pair that a text has is kept; two texts agree in one order
with the probability of their Jaccard index J. Three orders make a band, and two posts that share one of 20 bands meet:

| J             | 0.02   | 0.05   | 0.1   | 0.3  | 0.5   | 0.6   | 0.7    |
|---------------|--------|--------|-------|------|-------|-------|--------|
| 20 bands of 3 | 0.02 % | 0.25 % | 2 %   | 42 % | 93 %  | 99 %  | 99.9 % |
| 16 bands of 3 | 0.01 % | 0.2 %  | 1.6 % | 35 % | 88 %  | 98 %  | 99.8 % |
| 16 bands of 4 | 0      | 0.01 % | 0.2 % | 12 % | 64 %  | 89 %  | 99 %   |
| 32 bands of 2 | 1.3 %  | 8 %    | 28 %  | 95 % | 100 % | 100 % | 100 %  |

Edits of a text have 0.58 and more; two complaints about cars 0.015 on average, and one pair of a thousand 0.09. Bands
of four would lose one edited copy of ten, bands of two would meet twenty thousand strangers in a million posts. Bands
of three meet twenty where sources are mixed and two hundred on one narrow subject, and two measures keep these away
from the exact comparison:

- A band that MOST_IN_BAND posts have takes no more. Such bands are made of common words, or of a wording that thousands
  use, and there the first posts are enough to find its cluster by; so every question has a bounded answer. Of a million
  posts of mixed sources one place of a hundred is refused, of a narrow subject one of twelve.
- Beside each band stands one bit of each of the 64 orders. Of unrelated texts half of the bits agree, of copies three
  quarters and more; who agrees in fewer than LEAST_AGREEING is not read at all (of copies at 0.5 that are 2 %).

The first bands are asked first: eight find seven of eight copies at 0.6, and the others need not be asked for these.
Short posts have one band, made of all they say. Rows of posts that are gone or said something else before do no harm:
they are candidates that are then not confirmed.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from monitor.domain.likeness import SHORT

ORDERS = 64
BANDS = 20
ORDERS_IN_BAND = 3
MOST_IN_BAND = 4
LEAST_AGREEING = 40
MOST_CANDIDATES = 5

STEPS = (slice(0, 8), slice(8, None))
"""The bands that are asked first, and those that are asked for posts of which no copy was found by then."""

_ALL_BITS = 2**64 - 1
# Not from a generator of random numbers, which may change with its version: what is stored depends on these.
_CHANCE = np.frombuffer(hashlib.shake_256(b"near copies").digest(8 * ORDERS), "<u4")
_FACTORS, _SUMMANDS = _CHANCE[:ORDERS] | np.uint32(1), _CHANCE[ORDERS:]
_GOLDEN_32, _GOLDEN_64 = np.uint32(0x9E3779B1), np.uint64(0x9E3779B97F4A7C15)


BandRow = tuple[int, int, int]
"""A post's place in a band: band, post, and the bits of the post's signature."""


class Signature(NamedTuple):
    """What a post is found by."""

    post_id: int
    sketch: int
    bands: Sequence[int]

    def step(self, bands: slice) -> "Signature":
        """The same with some of its bands."""
        return self._replace(bands=self.bands[bands])


@dataclass(frozen=True, slots=True)
class Look:
    """What a look into the index gave."""

    candidates: dict[int, list[int]]
    """Post → posts that may be its copies, the likeliest first; also those of the same batch that stand before it."""
    rows: list[BandRow]
    """What is to be kept of the posts that were looked up."""


def sign(wordings: Sequence[tuple[int, str]]) -> list[Signature]:
    """The signatures of posts, given with their normal forms; a post that says nothing has none."""
    signed = {post_id: _sign_short(post_id, normal) for post_id, normal in wordings if 0 < len(normal) < SHORT}
    long = [(post_id, normal) for post_id, normal in wordings if len(normal) >= SHORT]
    if long:
        least = _least_pairs([normal for _, normal in long])
        parts = zip(_sketches(least), _bands(least), strict=True)
        signed |= {post_id: Signature(post_id, *part) for (post_id, _), part in zip(long, parts, strict=True)}
    return [signed[post_id] for post_id, normal in wordings if normal]


def _sign_short(post_id: int, normal: str) -> Signature:
    whole = hashlib.blake2b(normal.encode(), digest_size=8).digest()
    return Signature(post_id, 0, [int.from_bytes(whole, signed=True)])


def _least_pairs(normals: Sequence[str]) -> NDArray[np.uint32]:
    """For each order (rows) and text (columns) the number of the first pair of characters that the text has."""
    points = np.frombuffer("".join(normals).encode("utf-32-le"), np.uint32)
    ends = np.cumsum([len(normal) for normal in normals])
    pairs = np.delete(_mixed(points[:-1] * _GOLDEN_32 + points[1:]), ends[:-1] - 1)  # none across two texts
    starts = np.concatenate(([0], ends[:-1])) - np.arange(len(normals))
    least = np.empty((ORDERS, len(normals)), np.uint32)
    for order in range(ORDERS):
        np.minimum.reduceat(pairs * _FACTORS[order] + _SUMMANDS[order], starts, out=least[order])
    return least


def _mixed(numbers: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Numbers whose bits all depend on all bits of what was given (Wellons, lowbias32)."""
    numbers = (numbers ^ (numbers >> np.uint32(16))) * np.uint32(0x7FEB352D)
    numbers = (numbers ^ (numbers >> np.uint32(15))) * np.uint32(0x846CA68B)
    return numbers ^ (numbers >> np.uint32(16))


def _sketches(least: NDArray[np.uint32]) -> list[int]:
    """One bit of each order."""
    bits = np.packbits((least & np.uint32(1)).astype(np.uint8), axis=0)
    return list(np.ascontiguousarray(bits.T).view(">i8")[:, 0].tolist())


def _bands(least: NDArray[np.uint32]) -> list[list[int]]:
    """The bands of each text, as the databases take them: signed numbers of 64 bits."""
    chosen = least[: BANDS * ORDERS_IN_BAND].reshape(BANDS, ORDERS_IN_BAND, -1).astype(np.uint64)
    keys = np.broadcast_to(np.arange(BANDS, dtype=np.uint64)[:, None], (BANDS, least.shape[1])).copy()
    for place in range(ORDERS_IN_BAND):
        keys = (keys ^ chosen[:, place]) * _GOLDEN_64
        keys ^= keys >> np.uint64(29)
    return list(keys.T.view(np.int64).tolist())


def look_up(session: Session, signed: Sequence[Signature]) -> Look:
    """The candidates of a batch of posts, in one question; nothing is written."""
    holders = _holders(session, {band for each in signed for band in each.bands})
    look = Look({}, [])
    for each in signed:
        look.candidates[each.post_id] = _likeliest(each, holders)
        look.rows.extend(_take_places(each, holders))
    return look


def _holders(session: Session, bands: Iterable[int]) -> dict[int, dict[int, int]]:
    """Who stands in these bands: band → post → the bits of its signature."""
    wanted = sorted(bands)  # neighbours in the index one after the other
    if not wanted:
        return {}
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        result = connection.execute(_SQLITE_HOLDERS, {"bands": json.dumps(wanted)})
    else:
        result = connection.execute(_POSTGRES_HOLDERS, {"bands": wanted})
    found: dict[int, dict[int, int]] = {}
    # A hundred at a time: thousands of rows that live at once make Python look through all its memory for garbage.
    for rows in result.partitions(100):
        for band, post_id, sketch in rows:
            found.setdefault(band, {})[post_id] = sketch
    return found


def _likeliest(signed: Signature, holders: Mapping[int, Mapping[int, int]]) -> list[int]:
    met: dict[int, int] = {}
    for band in signed.bands:
        if band in holders:
            met.update(holders[band])
    met.pop(signed.post_id, None)
    agreeing = {post_id: ORDERS - ((sketch ^ signed.sketch) & _ALL_BITS).bit_count() for post_id, sketch in met.items()}
    close = sorted(((bits, post_id) for post_id, bits in agreeing.items() if bits >= LEAST_AGREEING), reverse=True)
    return [post_id for _, post_id in close[:MOST_CANDIDATES]]


def _take_places(signed: Signature, holders: dict[int, dict[int, int]]) -> list[BandRow]:
    """The places that a post takes in its bands: not where it is, nor where all places are taken."""
    taken: list[BandRow] = []
    alone = {signed.post_id: signed.sketch}
    for band in signed.bands:
        there = holders.get(band)
        if there is None:
            holders[band] = alone
        elif len(there) < MOST_IN_BAND and signed.post_id not in there:
            holders[band] = there | alone
        else:
            continue
        taken.append((band, signed.post_id, signed.sketch))
    return taken


def keep(session: Session, rows: Sequence[BandRow]) -> None:
    """Writes places of posts; those that are there stay as they are."""
    if not rows:
        return
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT OR IGNORE INTO post_bands VALUES (?, ?, ?)", sorted(rows))
    else:
        bands, posts, sketches = zip(*rows, strict=True)
        columns = {"bands": list(bands), "posts": list(posts), "sketches": list(sketches)}
        connection.execute(_POSTGRES_KEEP, columns)


def forget(session: Session, wordings: Sequence[tuple[int, str]]) -> None:
    """Takes posts out of the index, given with the normal forms that they had."""
    rows = [{"band": band, "post_id": each.post_id} for each in sign(wordings) for band in each.bands]
    if rows:
        session.connection().execute(text("DELETE FROM post_bands WHERE band = :band AND post_id = :post_id"), rows)


_SQLITE_HOLDERS = text(
    "SELECT p.band, p.post_id, p.sketch FROM json_each(:bands) AS wanted CROSS JOIN post_bands AS p"
    " ON p.band = wanted.value"
)
_POSTGRES_HOLDERS = text("SELECT band, post_id, sketch FROM post_bands WHERE band = ANY(CAST(:bands AS bigint[]))")
_POSTGRES_KEEP = text(
    "INSERT INTO post_bands (band, post_id, sketch) SELECT * FROM"
    " unnest(CAST(:bands AS bigint[]), CAST(:posts AS integer[]), CAST(:sketches AS bigint[])) ON CONFLICT DO NOTHING"
)
