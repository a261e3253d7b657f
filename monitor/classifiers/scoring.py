"""Scores from hashed weights, with numpy alone: the same arithmetic serves training's last step and every request."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.features import Features, Ints
from monitor.classifiers.model_file import Floats
from monitor.classifiers.reading import Reading

_KINDS = ("negative", "demand", "insult")
RULE_COLUMNS = (*_KINDS, "positives", "question", "length", "spam", "turned")
_TURN = "praise_then_turn"


FACTS = ("waiting", "again", "bare_fact", "leaving", "fallen_expectation", "resignation", "fate", "irony", "warning")
"""Families that let dissatisfaction through without help from other words."""


def sigmoid(values: Floats) -> Floats:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(1 / (1 + np.exp(-np.minimum(np.maximum(values, -30), 30))), np.float32)


def softmax(values: Floats) -> Floats:
    """Probabilities over the last axis."""
    raised = np.exp(values - np.maximum.reduce(values, -1, keepdims=True))
    return np.asarray(raised / np.add.reduce(raised, -1, keepdims=True), np.float32)


HEAD_ARRAYS = ("buckets", "rarity", "dense", "counts", "columns", "weights", "scale", "bias")
"""What linear heads are stored as: buckets and how rare each is; for the first of them, which many heads know, a whole
row of weights; for each of the others how many weights it has; then all those weights, each with the column of its
head; at last what the weights of each head are multiplied with, and its bias. A weight is one byte: the root of it."""
STEPS = 127
"""The largest root of a weight."""


def _squared(roots: NDArray[np.int8]) -> Floats:
    """The weights of some roots, with their signs."""
    values = roots.astype(np.float32)
    values *= np.abs(values)
    return values


@dataclass(frozen=True, slots=True)
class HashedHeads:
    """Linear heads over hashed buckets: each head keeps only the weights that matter to it.

    `place` has for each of 2**bits buckets its row; row 0 is empty and stands for what training seldom met.
    """

    place: NDArray[np.int32]
    rarity: Floats
    dense: NDArray[np.int8]
    """Rows 0 to len(dense) - 1."""
    starts: NDArray[np.int32]
    """Row len(dense) + r owns weights[starts[r]:starts[r + 1]]."""
    columns: NDArray[np.unsignedinteger[Any]]
    weights: NDArray[np.int8]
    scale: Floats
    bias: Floats

    @classmethod
    def of(cls, bits: int, arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> "HashedHeads":
        """The heads stored under these names."""
        buckets, rarity, dense, counts, columns, weights, scale, bias = (arrays[prefix + name] for name in HEAD_ARRAYS)
        place = np.zeros(1 << bits, np.int32)
        place[buckets] = np.arange(1, len(buckets) + 1, dtype=np.int32)
        return cls(
            place,
            np.append(0, rarity).astype(np.float32),
            np.vstack([np.zeros((1, len(bias)), np.int8), dense]),
            np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int32),
            columns,
            weights,
            scale.astype(np.float32),
            bias.astype(np.float32),
        )

    def margins(self, features: Features) -> Floats:
        """(texts, heads): the weighted mean of each text's buckets, on a scale where 0 is undecided."""
        size = len(features.starts) - 1
        places = self.place.take(features.ids)
        values = self.rarity.take(places)
        owners = features.owners
        # Counting adds each text's numbers in the same order alone and in a batch: the same score to the last bit.
        lengths = np.sqrt(np.bincount(owners, values * values, size))
        common = places < len(self.dense)
        rare = ~common
        sums = self._sums_of_rare(places[rare], values[rare], owners[rare], size)
        before = np.zeros(len(common) + 1, np.int64)
        common.cumsum(out=before[1:])
        self._add_common(sums, places[common], values[common], before.take(features.starts).tolist())
        sums /= np.maximum(lengths, 1e-6)[:, None]
        sums *= self.scale
        sums += self.bias
        return sums.astype(np.float32)

    def _add_common(
        self, sums: NDArray[np.float64], places: NDArray[np.int32], values: Floats, bounds: Sequence[int]
    ) -> None:
        for number, (start, end) in enumerate(pairwise(bounds)):
            # A copy begins at the same kind of address in every batch, and so is added up in the same order.
            sums[number] += values[start:end].copy() @ _squared(self.dense.take(places[start:end], axis=0))

    def _sums_of_rare(self, places: NDArray[np.int32], values: Floats, owners: Ints, size: int) -> NDArray[np.float64]:
        heads = len(self.bias)
        where, counts = self._weights_of(places - len(self.dense))
        cells = (owners * heads).repeat(counts)
        cells += self.columns.take(where)
        shares = values.repeat(counts) * _squared(self.weights.take(where))
        return np.asarray(np.bincount(cells, shares, size * heads), np.float64).reshape(size, heads)

    def _weights_of(self, rows: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the weights of rows stand, one row after the other, and how many each row has."""
        first = self.starts.take(rows).astype(np.int64)
        counts = self.starts.take(rows + 1) - first
        ends = counts.cumsum()
        where = (first - ends + counts).repeat(counts)
        where += np.arange(len(where))
        return where, counts

    def pull(self, ids: Ints, heads: Sequence[int]) -> Floats:
        """(buckets,): how much single buckets speak for some heads, on average."""
        places = self.place.take(ids)
        wanted = np.zeros(len(self.bias), np.float32)
        wanted[list(heads)] = self.scale[list(heads)] / len(heads)
        pulls = np.zeros(len(places), np.float32)
        common = places < len(self.dense)
        pulls[common] = _squared(self.dense.take(places[common], axis=0)) @ wanted
        where, counts = self._weights_of(places[~common] - len(self.dense))
        shares = _squared(self.weights.take(where)) * wanted.take(self.columns.take(where))
        pulls[~common] = np.bincount(np.repeat(np.arange(len(counts)), counts), shares, len(counts))
        return pulls * self.rarity.take(places)


def _turned(reading: Reading) -> bool:
    """Whether praise turns, within a few characters, into something that shows dissatisfaction by itself."""
    turns = [cue for cue in reading.cues if cue.family == _TURN]
    return bool(turns) and any(
        turn.start < cue.end and cue.start < turn.end + 8
        for cue in reading.cues
        if cue.family in FACTS
        for turn in turns
    )


def _dilution(reading: Reading) -> float:
    """One cue says much of a sentence and little of a page."""
    return min(1.0, math.sqrt(40 / max(1, len(reading.folded.text))))


def rule_row(reading: Reading, families: Mapping[str, int]) -> list[float]:
    """What the rules saw, as numbers for the last step."""
    row = [0.0] * (len(families) + len(RULE_COLUMNS))
    share = _dilution(reading)
    for cue in reading.cues:
        if cue.family in families:
            row[families[cue.family]] = share
    kinds = {kind for kind, _, _ in reading.explicit}
    tail = len(families)
    for place, kind in enumerate(_KINDS):
        row[tail + place] = share * (kind in kinds)
    row[tail + 3] = min(reading.positives, 4) / 2
    row[tail + 4] = float(reading.question)
    row[tail + 5] = min(len(reading.folded.text), 400) ** 0.5 / 10
    row[tail + 6] = reading.spam
    row[tail + 7] = share * _turned(reading)
    return row


def rule_rows(readings: Sequence[Reading], families: Sequence[str]) -> Floats:
    """One row of rule numbers a text."""
    places = {name: place for place, name in enumerate(families)}
    return np.array([rule_row(reading, places) for reading in readings], np.float32)
