"""Hashed features: which buckets of the weight tables a text touches, for whole batches at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.tokens import cut

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

CHAR_LENGTHS = (1, 2, 3, 4)
_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_WORD, _PAIR = np.uint64(11), np.uint64(12)  # kinds beside the lengths of character n-grams


@dataclass(frozen=True, slots=True)
class Features:
    """The distinct buckets of each text, one after the other: text i owns ids[starts[i]:starts[i + 1]]."""

    ids: Ints
    starts: Ints
    words: Sequence[Sequence[str]]
    """The words of each text, which `word_ids` has the buckets of, one after the other."""
    word_ids: Ints

    @property
    def owners(self) -> Ints:
        """For each id the number of its text."""
        return np.arange(len(self.starts) - 1).repeat(self.starts[1:] - self.starts[:-1])


@dataclass(slots=True)
class _Gathered:
    """Hashes of one kind after the other, and which text each belongs to (nothing, when there is one text only)."""

    hashes: list[Hashes]
    owners: list[Ints]

    def add(self, hashes: Hashes, owners: Ints | None, width: int) -> None:
        """Takes hashes of `width` neighbours; those that reach from one text into the next are left out."""
        if owners is not None:
            count = len(owners) - width + 1
            first = owners[:count]
            inside = first == owners[width - 1 :]
            hashes, owners = hashes[inside], first[inside]
            self.owners.append(owners)
        self.hashes.append(hashes)


def _buckets(hashes: Hashes, bits: int) -> Ints:
    """Well mixed hashes brought to 2**bits buckets; the array given is used up."""
    hashes *= _MIX
    hashes ^= hashes >> np.uint64(29)
    hashes *= _MIX
    hashes >>= np.uint64(64 - bits)
    return hashes.view(np.int64)


def _points(texts: Sequence[str]) -> Hashes:
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(joined, np.uint32).astype(np.uint64)


def _owners(lengths: Sequence[int]) -> Ints | None:
    """For each part the number of its text; None for a single text, which needs no numbers."""
    return np.arange(len(lengths)).repeat(lengths) if len(lengths) > 1 else None


def _add_chars(gathered: _Gathered, points: Hashes, owners: Ints | None) -> None:
    rolling = np.zeros(len(points), np.uint64)
    for length in CHAR_LENGTHS:
        count = len(points) - length + 1
        if count <= 0:
            break
        rolling = rolling[:count] * _PRIME + points[length - 1 :]
        gathered.add(rolling + np.uint64(length), owners, length)


def _word_hashes(points: Hashes, lengths: Ints) -> Hashes:
    """One number a word, from all its characters, without a loop over words."""
    starts = lengths.cumsum() - lengths
    within = np.arange(len(points)) - starts.repeat(lengths)
    salted = (points + np.uint64(1)) * _MIX ^ (within.astype(np.uint64) * _PRIME)
    salted *= _MIX
    salted ^= salted >> np.uint64(31)
    return np.add.reduceat(salted * _PRIME, starts) if len(starts) else np.zeros(0, np.uint64)


def _distinct(keys: Ints) -> Ints:
    keys.sort()
    if not len(keys):
        return keys
    first = np.empty(len(keys), np.bool_)
    first[0] = True
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return keys[first]


def extract(texts: Sequence[str], bits: int) -> Features:
    """The features of folded texts: character 1- to 4-grams, words and pairs of words, hashed to 2**bits buckets."""
    points = _points(texts)
    words = [cut(text) for text in texts]
    hashes = _word_hashes(points, np.fromiter((len(word) for each in words for word in each), np.int64))
    word_owners = _owners([len(each) for each in words])
    gathered = _Gathered([], [])
    gathered.add(hashes + _WORD, word_owners, 1)
    gathered.add(hashes[:-1] * _PRIME + hashes[1:] + _PAIR, word_owners, 2)
    _add_chars(gathered, points, _owners([len(text) for text in texts]))
    keys = _buckets(np.concatenate(gathered.hashes), bits)
    word_ids = keys[: len(hashes)].copy()
    if len(texts) == 1:
        ids = _distinct(keys)
        return Features(ids, np.array([0, len(ids)]), words, word_ids)
    if gathered.owners:
        keys |= np.concatenate(gathered.owners) << bits
    keys = _distinct(keys)
    return Features(keys & ((1 << bits) - 1), np.searchsorted(keys, np.arange(len(texts) + 1) << bits), words, word_ids)
