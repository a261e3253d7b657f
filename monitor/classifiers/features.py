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
_WORD, _PAIR = 11, 12  # kinds beside the lengths of character n-grams


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
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


def _finish(hashes: Hashes, kind: int, bits: int) -> Ints:
    mixed = (hashes + np.uint64(kind)) * _MIX
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX
    return (mixed >> np.uint64(64 - bits)).astype(np.int64)


def _points(texts: Sequence[str]) -> tuple[Hashes, Ints]:
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    return np.frombuffer(joined, np.uint32).astype(np.uint64), lengths


def _char_keys(points: Hashes, owners: Ints, bits: int) -> list[Ints]:
    keys = []
    rolling = np.zeros(len(points), np.uint64)
    for length in CHAR_LENGTHS:
        count = len(points) - length + 1
        if count <= 0:
            break
        rolling = rolling[:count] * _PRIME + points[length - 1 :]
        inside = owners[:count] == owners[length - 1 :]
        keys.append((owners[:count] << bits | _finish(rolling, length, bits))[inside])
    return keys


def _word_hashes(points: Hashes, lengths: Ints) -> Hashes:
    """One number a word, from all its characters, without a loop over words."""
    starts = np.cumsum(lengths) - lengths
    within = np.arange(len(points)) - np.repeat(starts, lengths)
    salted = (points + np.uint64(1)) * _MIX ^ (within.astype(np.uint64) * _PRIME)
    salted *= _MIX
    salted ^= salted >> np.uint64(31)
    return np.add.reduceat(salted * _PRIME, starts) if len(starts) else np.zeros(0, np.uint64)


def _word_keys(points: Hashes, words: Sequence[Sequence[str]], bits: int) -> tuple[Ints, list[Ints]]:
    counts = np.fromiter(map(len, words), np.int64, len(words))
    lengths = np.fromiter((len(word) for each in words for word in each), np.int64, int(counts.sum()))
    owners = np.repeat(np.arange(len(words)), counts)
    hashes = _word_hashes(points, lengths)
    pairs = hashes[:-1] * _PRIME + hashes[1:]
    inside = owners[:-1] == owners[1:]
    singles = _finish(hashes, _WORD, bits)
    return singles, [owners << bits | singles, (owners[:-1] << bits | _finish(pairs, _PAIR, bits))[inside]]


def extract(texts: Sequence[str], bits: int) -> Features:
    """The features of folded texts: character 1- to 4-grams, words and pairs of words, hashed to 2**bits buckets."""
    points, lengths = _points(texts)
    owners = np.repeat(np.arange(len(texts)), lengths)
    words = [cut(text) for text in texts]
    word_ids, word_keys = _word_keys(points, words, bits)
    keys = np.concatenate([*_char_keys(points, owners, bits), *word_keys])
    keys.sort()
    keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if len(keys) else keys
    starts = np.searchsorted(keys, np.arange(len(texts) + 1) << bits)
    return Features(keys & ((1 << bits) - 1), starts, words, word_ids)
