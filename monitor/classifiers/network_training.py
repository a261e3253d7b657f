"""Training the small network: plain numpy and stochastic gradients, the same numbers for the same seed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from monitor.classifiers.model_file import Floats
from monitor.classifiers.network import PAIRS, UNKNOWN, WIDTH, numbered, numbering, pairs_of

Ints = NDArray[np.int64]
Numbers = Sequence[NDArray[np.int16]]

EPOCHS, MOST_EPOCHS = 4, 25
_FEWEST_STEPS = 1_500
"""Few texts are gone through more often, until so many steps are made."""
_SIZE, _FILTERS = 96, 128
_COMMON = 4
"""Characters met fewer times are not told apart."""
_TOKENS = 6_000
"""Characters in a batch, blanks beside short texts counted."""
_LOOSE = 6
"""Texts of a batch differ in length by about so much, so that no two rounds have the same batches."""
_RATE, _WARMING, _DECAY = 2e-3, 300, 0.02
_BETAS = (0.9, 0.98)
_STEEPEST = 2.0
_INPUT_DROPPED, _PAIRS_DROPPED, _POOLED_DROPPED = 0.2, 0.3, 0.4


@dataclass(frozen=True, slots=True)
class Lesson:
    """Texts as numbers of characters, and their answers: 1, 0, or not a number where nobody has said."""

    texts: Numbers
    answers: Floats
    weight: Floats
    """(texts,): how much a text counts."""
    worth: Floats
    """(questions,): how much a question counts."""


@dataclass(slots=True)
class Weights:
    """What is learned."""

    embedding: Floats
    pairs: Floats
    filters: Floats
    offset: Floats
    heads: Floats
    bias: Floats

    def tables(self) -> list[Floats]:
        """The arrays of which a batch touches few rows."""
        return [self.embedding, self.pairs]

    def whole(self) -> list[Floats]:
        """The arrays that every batch touches all of."""
        return [self.filters, self.offset, self.heads, self.bias]


@dataclass(frozen=True, slots=True)
class Rows:
    """The slope at some rows of a table; all others have none."""

    numbers: Ints
    slope: Floats


def common_characters(texts: Sequence[str]) -> NDArray[np.int32]:
    """The code points that occur often enough to be told apart, in order."""
    counts = Counter("".join(texts))
    return np.array(sorted(ord(char) for char, count in counts.items() if count >= _COMMON), np.int32)


def _begin(characters: int, questions: int, rng: np.random.Generator) -> Weights:
    embedding = rng.normal(0, 0.3, (characters + UNKNOWN + 1, _SIZE)).astype(np.float32)
    embedding[0] = 0
    spread = (WIDTH * _SIZE) ** -0.5
    filters = rng.normal(0, spread * 1.4, (WIDTH * _SIZE, _FILTERS)).astype(np.float32)
    heads = rng.normal(0, (2 * _FILTERS) ** -0.5, (2 * _FILTERS, questions)).astype(np.float32)
    pairs = np.zeros((PAIRS, _FILTERS), np.float32)
    return Weights(embedding, pairs, filters, np.zeros(_FILTERS, np.float32), heads, np.zeros(questions, np.float32))


def _batches(lengths: Ints, rng: np.random.Generator | None) -> list[Ints]:
    """Texts of like length together; with a generator the order is shuffled."""
    loosened = lengths + (rng.random(len(lengths)) * _LOOSE if rng is not None else 0)
    order = np.argsort(loosened, kind="stable")
    batches: list[Ints] = []
    start = 0
    for place, longest in enumerate((lengths[order] + _LOOSE).tolist()):
        if longest * (place + 1 - start) > _TOKENS and place > start:
            batches.append(order[start:place])
            start = place
    batches.append(order[start:])
    if rng is not None:
        rng.shuffle(batches)
    return batches


def _padded(texts: Numbers, batch: Ints) -> tuple[Ints, Floats]:
    """(texts, characters) with empty places to both sides, and how long each text is."""
    reach = WIDTH // 2
    lengths = np.array([max(1, len(texts[each])) for each in batch])
    ids = np.zeros((len(batch), int(lengths.max()) + 2 * reach), np.int64)
    for row, each in enumerate(batch):
        ids[row, reach : reach + len(texts[each])] = texts[each]
    return ids, lengths.astype(np.float32)


@dataclass(slots=True)
class _Forward:
    """What one pass remembers for the way back."""

    windows: Floats
    answers: Floats
    strongest: Ints
    pooled: Floats


@dataclass(frozen=True, slots=True)
class _Dropped:
    """What a pass of training leaves out at random: zeros, and ones scaled so that sums stay the same."""

    input: Floats
    pairs: Floats
    pooled: Floats


def _windows(spread: Floats) -> Floats:
    """(texts, places, WIDTH * size): what a filter sees at each place."""
    places = spread.shape[1] - WIDTH + 1
    return np.concatenate([spread[:, shift : shift + places] for shift in range(WIDTH)], axis=2)


def _inner(ids: Ints) -> Ints:
    return ids[:, WIDTH // 2 : -(WIDTH // 2)]


def _forward(weights: Weights, ids: Ints, lengths: Floats, dropped: _Dropped | None) -> _Forward:
    spread, pairs = weights.embedding[ids], weights.pairs[pairs_of(_inner(ids))]
    if dropped is not None:
        spread *= dropped.input
        pairs *= dropped.pairs
    windows = _windows(spread)
    answers = windows @ weights.filters
    answers += pairs
    answers += weights.offset
    np.maximum(answers, 0, out=answers)
    answers *= (_inner(ids) > 0)[:, :, None]
    strongest = answers.argmax(axis=1)
    peak = np.take_along_axis(answers, strongest[:, None], axis=1)[:, 0]
    return _Forward(windows, answers, strongest, np.hstack([peak, answers.sum(axis=1) / lengths[:, None]]))


def _by_row(ids: Ints, slope: Floats) -> Rows:
    """The slopes of equal numbers added up; the empty place learns nothing."""
    flat = ids.ravel()
    numbers, places = np.unique(flat, return_inverse=True)
    gather = sp.csr_matrix((np.ones(len(flat), np.float32), (places, np.arange(len(flat)))))
    summed = np.asarray(gather @ slope.reshape(len(flat), -1), np.float32)
    return Rows(numbers[1:], summed[1:]) if len(numbers) and numbers[0] == 0 else Rows(numbers, summed)


def _backward(
    weights: Weights, ids: Ints, lengths: Floats, seen: _Forward, slope: Floats, dropped: _Dropped
) -> tuple[list[Rows], list[Floats]]:
    """Slopes of the tables' touched rows, and of filters and offset, from the slope at the pooled answers."""
    peak, mean = slope[:, :_FILTERS], slope[:, _FILTERS:]
    back = np.repeat((mean / lengths[:, None])[:, None], seen.answers.shape[1], axis=1)
    rows = np.arange(len(ids))[:, None]
    back[rows, seen.strongest, np.arange(_FILTERS)] += peak
    back *= seen.answers > 0
    flat = back.reshape(-1, _FILTERS)
    for_filters = seen.windows.reshape(-1, WIDTH * _SIZE).T @ flat
    spread = (flat @ weights.filters.T).reshape(len(ids), -1, WIDTH * _SIZE)
    for_spread = np.zeros((*ids.shape, _SIZE), np.float32)
    for shift in range(WIDTH):
        for_spread[:, shift : shift + spread.shape[1]] += spread[:, :, shift * _SIZE : (shift + 1) * _SIZE]
    for_spread *= dropped.input
    offset = flat.sum(axis=0)
    back *= dropped.pairs
    return [_by_row(ids, for_spread), _by_row(pairs_of(_inner(ids)).astype(np.int64), back)], [for_filters, offset]


def _slopes(weights: Weights, lesson: Lesson, batch: Ints, rng: np.random.Generator) -> tuple[list[Rows], list[Floats]]:
    ids, lengths = _padded(lesson.texts, batch)
    dropped = _Dropped(
        _kept(rng, (*ids.shape, _SIZE), _INPUT_DROPPED),
        _kept(rng, (*_inner(ids).shape, 1), _PAIRS_DROPPED),
        _kept(rng, (len(batch), 2 * _FILTERS), _POOLED_DROPPED),
    )
    seen = _forward(weights, ids, lengths, dropped)
    pooled = seen.pooled * dropped.pooled
    wanted = lesson.answers[batch]
    said = 1 / (1 + np.exp(-np.clip(pooled @ weights.heads + weights.bias, -30, 30)))
    wrong = np.where(np.isnan(wanted), 0, said - wanted) * lesson.worth * lesson.weight[batch][:, None]
    wrong = (wrong / len(batch)).astype(np.float32)
    slope = np.asarray((wrong @ weights.heads.T) * dropped.pooled, np.float32)
    tables, whole = _backward(weights, ids, lengths, seen, slope, dropped)
    return tables, [*whole, pooled.T @ wrong, wrong.sum(axis=0)]


def _kept(rng: np.random.Generator, shape: tuple[int, ...], dropped: float) -> Floats:
    """Zeros at random places, and ones scaled so that sums stay the same."""
    mask = rng.random(shape, dtype=np.float32) >= dropped
    return mask.astype(np.float32) / np.float32(1 - dropped)


class _Adam:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019); rows of tables move only when they are touched."""

    def __init__(self, weights: Weights, steps: int) -> None:
        self._weights = weights
        arrays = [*weights.tables(), *weights.whole()]
        self._mean = [np.zeros_like(each) for each in arrays]
        self._square = [np.zeros_like(each) for each in arrays]
        self._steps, self._warming = steps, min(_WARMING, max(1, steps // 10))
        self._step = 0

    def move(self, tables: Sequence[Rows], whole: Sequence[Floats]) -> None:
        """One step against the slope, shortened when it is very steep."""
        self._step += 1
        rate = np.float32(_RATE * max(0.02, min(1.0, self._step / self._warming) * (1 - self._step / self._steps)))
        slopes = [*(rows.slope for rows in tables), *whole]
        steep = float(np.sqrt(sum(float((each * each).sum()) for each in slopes)))
        shorter = np.float32(min(1.0, _STEEPEST / max(steep, 1e-9)))
        for place, (table, rows) in enumerate(zip(self._weights.tables(), tables, strict=True)):
            table[rows.numbers] -= rate * self._step_of(place, rows.numbers, rows.slope * shorter, table[rows.numbers])
        for place, (weight, slope) in enumerate(zip(self._weights.whole(), whole, strict=True), len(tables)):
            weight[...] -= rate * self._step_of(place, slice(None), slope * shorter, weight)

    def _step_of(self, place: int, rows: Ints | slice, slope: Floats, weight: Floats) -> Floats:
        mean = self._mean[place][rows]
        mean = mean + np.float32(1 - _BETAS[0]) * (slope - mean)
        square = self._square[place][rows]
        square = square + np.float32(1 - _BETAS[1]) * (slope * slope - square)
        self._mean[place][rows], self._square[place][rows] = mean, square
        first, second = (np.float32(1 - beta**self._step) for beta in _BETAS)
        step = mean / first / (np.sqrt(square / second) + np.float32(1e-8))
        return np.asarray(step + np.float32(_DECAY) * weight, np.float32)


def epochs_for(texts: Numbers) -> int:
    """How often texts are gone through."""
    steps = max(1.0, sum(map(len, texts)) / _TOKENS)
    return int(np.clip(np.ceil(_FEWEST_STEPS / steps), EPOCHS, MOST_EPOCHS))


def fit(lesson: Lesson, characters: int, seed: int, *, epochs: int | None = None) -> Weights:
    """Weights learned from all texts of a lesson; how often they are gone through depends on how many there are."""
    rng = np.random.default_rng(seed)
    weights = _begin(characters, lesson.answers.shape[1], rng)
    lengths = np.array([max(1, len(text)) for text in lesson.texts])
    rounds = [_batches(lengths, rng) for _ in range(epochs or epochs_for(lesson.texts))]
    adam = _Adam(weights, sum(map(len, rounds)))
    for batches in rounds:
        for batch in batches:
            adam.move(*_slopes(weights, lesson, batch, rng))
    return weights


def answers_of(weights: Weights, texts: Numbers) -> Floats:
    """(texts, questions): what the network says of texts, without any rounding."""
    lengths = np.array([max(1, len(text)) for text in texts])
    result = np.zeros((len(texts), len(weights.bias)), np.float32)
    for batch in _batches(lengths, None) if len(texts) else []:
        ids, sizes = _padded(texts, batch)
        result[batch] = _forward(weights, ids, sizes, None).pooled @ weights.heads + weights.bias
    return result


def numbers_of(texts: Sequence[str], characters: NDArray[np.int32]) -> Numbers:
    """The texts as the network reads them."""
    numbers = numbering(characters)
    return [numbered(text, numbers) for text in texts]


def as_arrays(weights: Weights, characters: NDArray[np.int32], questions: Sequence[int]) -> dict[str, NDArray[Any]]:
    """The tables that `Network` reads, one byte a number, with the heads of the given questions."""
    says = np.stack([weights.embedding @ part for part in _parts(weights.filters)])
    largest = np.maximum(np.abs(says).max(axis=(0, 1)), np.abs(weights.pairs).max(axis=0))
    scale = np.maximum(largest, 1e-6).astype(np.float32) / 127
    return {
        "network_characters": characters,
        "network_tables": np.round(says / scale).astype(np.int8),
        "network_pairs": np.round(weights.pairs / scale).astype(np.int8),
        "network_scale": scale,
        "network_offset": weights.offset,
        "network_heads": weights.heads[:, list(questions)].astype(np.float16),
        "network_bias": weights.bias[list(questions)],
    }


def _parts(filters: Floats) -> Iterator[Floats]:
    for place in range(WIDTH):
        yield filters[place * _SIZE : (place + 1) * _SIZE]
