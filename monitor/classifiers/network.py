"""A small network as a second opinion: one convolution over characters and pairs, read from tables, with numpy alone.

A convolution right above an embedding needs no multiplication when it is used: each filter's answer to a character at
each place of its window is worked out once, and reading a text is looking six rows up at each place and adding them
(Kim 2014, "Convolutional Neural Networks for Sentence Classification", with one width, and a row for each pair of
neighbours).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.model_file import Floats

WIDTH = 5
"""Characters a filter sees at a time."""
LONGEST = 140
"""Of longer texts the beginning and the end are read."""
UNKNOWN = 1
"""The number of every character that training seldom met; 0 is the empty place beside a text."""
PAIRS = 1 << 15
"""Pairs of neighbours share so many rows; row 0 is the empty place."""
_CODE_POINTS = 0x110000
_FIRST, _SECOND = np.int32(7919), np.int32(104_729)


def trimmed(text: str) -> str:
    """The part of a text that the network reads."""
    return text if len(text) <= LONGEST else text[: LONGEST // 2] + text[-LONGEST // 2 :]


def numbering(characters: NDArray[np.int32]) -> NDArray[np.int16]:
    """For each code point the number of its character."""
    numbers = np.full(_CODE_POINTS, UNKNOWN, np.int16)
    numbers[characters] = np.arange(UNKNOWN + 1, UNKNOWN + 1 + len(characters))
    return numbers


def numbered(text: str, numbers: NDArray[np.int16]) -> NDArray[np.int16]:
    """The numbers of a text's characters."""
    points = np.frombuffer(trimmed(text).encode("utf-32-le", "surrogatepass"), np.uint32)
    return numbers.take(points)


def pairs_of(ids: NDArray[Any]) -> NDArray[np.int32]:
    """For each place of numbered texts (along the last axis) the row of it with its right neighbour."""
    numbers = ids.astype(np.int32)
    rows = numbers * _FIRST
    rows[..., :-1] += numbers[..., 1:] * _SECOND
    rows %= np.int32(PAIRS - 1)
    rows += np.int32(1)
    rows *= numbers > 0
    return rows


@dataclass(frozen=True, slots=True)
class Network:
    """Tables of one byte a number: `tables[k]` has each character's say at place k of the window, a row a character."""

    numbers: NDArray[np.int16]
    tables: NDArray[np.int8]
    pairs: NDArray[np.int8]
    """What each pair of neighbours says at its own place."""
    scale: Floats
    offset: Floats
    heads: Floats
    bias: Floats

    def outputs(self, texts: Sequence[str]) -> Floats:
        """(texts, questions): the network's answers on a scale where 0 is undecided."""
        if not texts:
            return np.zeros((0, len(self.bias)), np.float32)
        parts = [trimmed(text) or " " for text in texts]
        lengths = [len(part) for part in parts]
        pooled = self._pooled(parts, np.array(lengths))
        # Row by row, so that a text gets the same answer alone and in a batch, to the last bit.
        answers = np.empty((len(texts), len(self.bias)), np.float32)
        for row, answer in zip(pooled, answers, strict=True):
            np.dot(row, self.heads, out=answer)
        answers += self.bias
        return answers

    def _pooled(self, parts: Sequence[str], lengths: NDArray[np.int64]) -> Floats:
        """Each filter's strongest and mean answer in each text."""
        reach = WIDTH // 2
        # The texts one after the other, with as many blanks between two as the window reaches.
        row = (" " * reach).join(["", *parts, ""])
        ids = self.numbers.take(np.frombuffer(row.encode("utf-32-le", "surrogatepass"), np.uint32))
        starts = (lengths + reach).cumsum() - lengths - reach
        blanks = (starts[:, None] - np.arange(1, reach + 1)).ravel()
        ids[blanks + reach] = 0
        ids[-reach:] = 0
        answers = self._answers(ids)
        answers[blanks[reach:]] = 0
        peak = np.maximum.reduceat(answers, starts, axis=0)
        mean = np.add.reduceat(answers, starts, axis=0) / lengths[:, None].astype(np.float32)
        return np.concatenate([peak, mean], axis=1)

    def _answers(self, ids: NDArray[np.int16]) -> Floats:
        """(places, filters): what each filter says at each place but the blanks at both ends."""
        reach = WIDTH // 2
        size = len(ids) - 2 * reach
        said = self.pairs.take(pairs_of(ids)[reach:-reach], axis=0).astype(np.int16)
        for place in range(WIDTH):
            said += self.tables[place].take(ids[place : place + size], axis=0)
        answers = said * self.scale
        answers += self.offset
        np.maximum(answers, 0, out=answers)
        return np.asarray(answers, np.float32)


def network_from(arrays: Mapping[str, NDArray[Any]]) -> Network | None:
    """The network of a model's arrays; None where it has none."""
    if "network_tables" not in arrays:
        return None
    return Network(
        numbering(arrays["network_characters"]),
        arrays["network_tables"],
        arrays["network_pairs"],
        arrays["network_scale"].astype(np.float32),
        arrays["network_offset"].astype(np.float32),
        arrays["network_heads"].astype(np.float32),
        arrays["network_bias"].astype(np.float32),
    )
