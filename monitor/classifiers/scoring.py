"""Scores from hashed weights, with numpy alone: the same arithmetic serves training's last step and every request."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.features import Features
from monitor.classifiers.model_file import Floats
from monitor.classifiers.reading import Reading

POLARITY_HEADS = ("opinion", "negative", "cars_opinion", "cars_negative", "neutral", "domain")
"""Negative against positive; against all; the same among car posts; neutral against opinions; cars or not."""

_KINDS = ("negative", "demand", "insult")
RULE_COLUMNS = (*_KINDS, "positives", "question", "length", "spam", "turned")
_TURN = "praise_then_turn"


FACTS = ("waiting", "again", "bare_fact", "leaving", "fallen_expectation", "resignation", "fate", "irony", "warning")
"""Families that let dissatisfaction through without help from other words."""


def sigmoid(values: Floats) -> Floats:
    """1 / (1 + exp(-x)), without overflow."""
    result: Floats = (1 / (1 + np.exp(-np.clip(values, -30, 30)))).astype(np.float32)
    return result


def softmax(values: Floats) -> Floats:
    """Each row as probabilities."""
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)


def margins(features: Features, idf: Floats, table: Floats, bias: Floats, *, drop: int = 0) -> Floats:
    """For each text and head the weighted sum of its buckets; `drop` low bits are left off for a smaller table."""
    values = idf[features.ids]
    starts = features.starts[:-1]
    norms = np.sqrt(np.add.reduceat(values * values, starts))
    ids = features.ids >> drop if drop else features.ids
    sums = np.add.reduceat(table[ids] * values[:, None], starts, axis=0)
    return np.asarray(sums / np.maximum(norms, 1e-6)[:, None] + bias, np.float32)


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


def blended(inputs: Floats, blend: Floats, bias: Floats, domain: Floats) -> Floats:
    """Chances of negative, neutral and positive: two last steps, for cars and for the rest, mixed by the domain."""
    both = inputs @ blend + bias
    cars = sigmoid(domain)[:, None]
    return np.asarray(cars * softmax(both[:, :3]) + (1 - cars) * softmax(both[:, 3:]), np.float32)


def blend_inputs(polarity: Floats, rules: Floats) -> Floats:
    """The inputs of the last step: model scores and rules side by side."""
    return np.hstack([np.tanh(polarity[:, :-1] / 4) * 4, rules]).astype(np.float32)


def top_columns(row: NDArray[np.float32], floor: float) -> list[int]:
    """The columns above the floor, highest first."""
    order = np.argsort(-row, kind="stable")
    return [int(column) for column in order if row[column] >= floor]
