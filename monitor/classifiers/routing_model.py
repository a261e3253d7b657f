"""A company's own router at work: hashed weights on disk, departments with calibrated confidence; numpy alone."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.features import Features, Ints, extract
from monitor.classifiers.model_file import CARD, read_weights, write_card, write_weights
from monitor.classifiers.routing_evaluation import SLASH, Floats, Names, RouterEvaluation, measured
from monitor.classifiers.routing_rows import read_rows
from monitor.classifiers.scoring import softmax
from monitor.classifiers.tokens import fold
from monitor.domain.errors import ConfigError
from monitor.domain.verdicts import Suggestion

FORMAT = "xianwai-router-2"
ARRAYS = ("ids", "idf", "weights", "bias")
BITS = 28  # wide enough that two n-grams seldom share a bucket; only buckets in use are stored
_PIECE = 30
"""A long text is read in pieces of so many characters: what comes back in several of them counts more."""
_OPENING, _OPENING_TIMES = 30, 3
"""So many first characters are read so many times more: a case says at its beginning what it is about."""
_SENTENCE = re.compile(r"[^。!?;\n]+[。!?;\n]*|[。!?;\n]+")
_GAP = re.compile(r" +(?![a-z0-9])|(?<![a-z0-9]) +")
_SUREST = 0.9999
_BATCH = 500
_MOST_WORDS = 3
_PLACE = "\ue000"  # no text has it: what follows names a place or a dealer, found in the text by `config/`

Places = Callable[[str], Sequence[str]]
"""Gives the names of regions and dealers that a folded text speaks of."""


@dataclass(frozen=True, slots=True)
class RouterCard:
    """What a router was made from, how well it did on rows it had not seen, and from when on it may dispatch."""

    version: str
    sha256: str
    format: str
    bits: int
    seed: int
    temperature: float
    offset: float
    several: bool
    """Whether a case may have more than one department; confidence is each department's own then."""
    chosen_at: float
    """The confidence from which on a department after the first is chosen, too."""
    departments: tuple[str, ...]
    rows: int
    skipped: int
    rare: Mapping[str, int]
    wanted_precision: float
    dispatch_at: float
    precision: float
    precision_interval: tuple[float, float]
    coverage: float
    calibration_error: float
    spread: Mapping[str, float]
    """The standard deviation of accuracy and macro-F1 over the folds."""
    figures: Mapping[str, Any]
    """`RouterEvaluation` of the cross-validation."""
    settings: Mapping[str, Any] = field(default_factory=dict)


def read(text: str) -> str:
    """The text folded and without the blanks that a segmenter put between its words."""
    return _GAP.sub("", fold(text).text.replace("\n", "。")).strip()


def _pieces(text: str) -> list[str]:
    pieces = [
        sentence[start : start + _PIECE]
        for sentence in _SENTENCE.findall(text)
        for start in range(0, len(sentence), _PIECE)
    ]
    return pieces + [text[:_OPENING]] * _OPENING_TIMES


@dataclass(frozen=True, slots=True)
class Counts:
    """For each text its distinct buckets and in how many of its pieces each stands; rows as in `Features`."""

    ids: Ints
    starts: Ints
    values: Floats
    pieces: Features
    owners: Ints
    """For each piece the number of its text."""


def counted(texts: Sequence[str], bits: int = BITS, places: Places | None = None) -> Counts:
    """The buckets of texts as `read` gives them; a place or dealer named in one counts as a word of its own."""
    pieces = [_pieces(text) for text in texts]
    if places is not None:
        pieces = [each + [_PLACE + name for name in places(text)] for each, text in zip(pieces, texts, strict=True)]
    owners = np.repeat(np.arange(len(texts)), np.fromiter(map(len, pieces), np.int64, len(texts)))
    features = extract([piece for each in pieces for piece in each], bits)
    keys, counts = np.unique(owners[features.owners] << bits | features.ids, return_counts=True)
    starts = np.searchsorted(keys, np.arange(len(texts) + 1) << bits)
    values = (1 + np.log(counts)).astype(np.float32)
    return Counts(keys & ((1 << bits) - 1), starts, values, features, owners)


def chances(scores: Floats, temperature: float, offset: float, several: bool) -> Floats:
    """Calibrated confidence a department; rounded, so that a threshold means the same wherever it is compared."""
    raised = scores * np.float32(temperature) + np.float32(offset)
    sure = 1 / (1 + np.exp(-raised)) if several else softmax(raised)
    return np.asarray(np.round(np.minimum(sure, _SUREST), 4), np.float32)


def desks(labels: Sequence[str]) -> Names:
    """What labels are called as departments: of 事业部/部门 the part after the slash, where no other is called so."""
    ends = [label.rpartition(SLASH)[2] or label for label in labels]
    counts = Counter(ends)
    return tuple(end if counts[end] == 1 else label for end, label in zip(ends, labels, strict=True))


class OwnSuggester:
    """A router trained on a company's own cases, as a `Suggester`."""

    def __init__(self, card: RouterCard, arrays: Mapping[str, NDArray[Any]], places: Places | None = None) -> None:
        self.card = card
        self._desks = desks(card.departments)
        self._places_of = places
        self._ids = arrays["ids"].astype(np.int64)
        self._idf = arrays["idf"].astype(np.float32)
        self._weights = arrays["weights"]
        self._bias = arrays["bias"].astype(np.float32)

    @property
    def version(self) -> str:
        """The beginning of the weights' checksum."""
        return self.card.version

    def suggest(self, texts: Sequence[str]) -> list[tuple[Suggestion, ...]]:
        """For each text the departments with their confidence, likeliest first; empty when nothing in it is known."""
        return [
            suggestions
            for start in range(0, len(texts), _BATCH)
            for suggestions in self._batch([read(text) for text in texts[start : start + _BATCH]])
        ]

    def chosen(self, suggestions: Sequence[Suggestion]) -> Names:
        """The departments of a case: the likeliest, and further ones where a case may have several."""
        further = (each.department for each in suggestions[1:] if each.confidence >= self.card.chosen_at)
        return tuple([each.department for each in suggestions[:1]] + list(further))

    def _columns(self, ids: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """Where buckets stand in the table of weights, and which of them do."""
        places = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return places, self._ids[places] == ids

    def _batch(self, texts: Sequence[str]) -> list[tuple[Suggestion, ...]]:
        counts = counted(texts, self.card.bits, self._places_of)
        scores, known = self._scores(counts, len(texts))
        sure = chances(scores, self.card.temperature, self.card.offset, self.card.several)
        words = self._words(counts, scores.argmax(axis=1))
        return [
            self._ranked(sure[place], scores[place], words[place]) if known[place] else ()
            for place in range(len(texts))
        ]

    def _scores(self, counts: Counts, size: int) -> tuple[Floats, NDArray[np.bool_]]:
        places, found = self._columns(counts.ids)
        owners = np.repeat(np.arange(size), np.diff(counts.starts))[found]
        places = places[found]
        values = counts.values[found] * self._idf[places]
        norms = np.sqrt(np.bincount(owners, values * values, size))
        values = values / np.maximum(norms, 1e-6)[owners]
        scores = np.zeros((size, len(self._bias)), np.float32)
        for column in range(len(self._bias)):
            scores[:, column] = np.bincount(owners, values * self._weights[places, column], size)
        return scores + self._bias, norms > 0

    def _words(self, counts: Counts, best: Ints) -> list[tuple[str, ...]]:
        """For each text the words that spoke most for its best department, compared with the others."""
        owners = counts.owners[np.repeat(np.arange(len(counts.pieces.words)), [len(w) for w in counts.pieces.words])]
        places, found = self._columns(counts.pieces.word_ids)
        weights = self._weights[places].astype(np.float32)
        pull = weights[np.arange(len(places)), best[owners]] - weights.mean(axis=1)
        pull *= self._idf[places] * found
        gathered: list[dict[str, float]] = [{} for _ in best]
        words = (word for piece in counts.pieces.words for word in piece)
        for owner, word, value in zip(owners.tolist(), words, pull.tolist(), strict=True):
            if value > 0 and len(word) > 1:
                gathered[owner][word] = gathered[owner].get(word, 0) + value
        return [tuple(sorted(each, key=each.__getitem__, reverse=True)[:_MOST_WORDS]) for each in gathered]

    def _ranked(self, sure: Floats, scores: Floats, words: tuple[str, ...]) -> tuple[Suggestion, ...]:
        order = np.argsort(-scores, kind="stable").tolist()
        return tuple(
            Suggestion(self._desks[column], round(float(sure[column]), 4), words if not rank else ())
            for rank, column in enumerate(order)
        )


def save_router(folder: Path, arrays: Mapping[str, NDArray[Any]], card: Mapping[str, Any]) -> RouterCard:
    """Writes weights and card; the version is the beginning of the weights' checksum."""
    digest = write_weights(folder, arrays)
    whole = RouterCard(**{**card, "version": digest[:10], "sha256": digest, "format": FORMAT})
    write_card(folder, asdict(whole))
    return whole


def load_router_card(folder: Path) -> RouterCard:
    """The card of a router folder. Raises `ConfigError` for a folder that holds something else."""
    path = folder / CARD
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        card = RouterCard(**{**values, "departments": tuple(values["departments"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{path}: 应是 monitor routing train 写出的模型卡，读不了：{error}") from error
    if card.format != FORMAT:
        raise ConfigError(f"{path}: 格式应是 {FORMAT}，实为 {card.format}，请重新训练")
    return card


def load_router(folder: Path, places: Places | None = None) -> OwnSuggester:
    """The router of a folder; weights that are not those of the card are refused."""
    card = load_router_card(folder)
    return OwnSuggester(card, read_weights(folder, card.sha256, ARRAYS), places)


def evaluate_router(
    file: Path,
    folder: Path,
    *,
    text: str = "text",
    label: str = "",
    several: bool = False,
    places: Places | None = None,
) -> RouterEvaluation:
    """How good a router is on a file it was not trained on; departments it does not know count as wrong."""
    router = load_router(folder, places)
    rows = read_rows(file, text=text, label=label, several=several or router.card.several)
    labels = dict(zip(desks(router.card.departments), router.card.departments, strict=True))
    suggestions = router.suggest(rows.texts)
    ranked = [[labels[each.department] for each in row] for row in suggestions]
    chosen = [tuple(labels[name] for name in router.chosen(row)) for row in suggestions]
    return measured(rows.labels, ranked, chosen)
