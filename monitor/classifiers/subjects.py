"""Topics, departments and the stance towards each topic: heads, network and keywords, calibrated in each domain."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.model_file import Floats
from monitor.classifiers.scoring import sigmoid

COLUMNS = ("margin", "network", "word", "words", "bias")
"""What a calibration weighs: the linear margin, the network's, one keyword, several, and a constant."""
_SOFT = np.float32(8)


@dataclass(frozen=True, slots=True)
class Subjects:
    """The topics, or the departments, of a model: which heads speak for each, in which domains, and how much."""

    names: tuple[str, ...]
    heads: NDArray[np.int64]
    """(subjects, most heads of one); the first of a row is always one of its own."""
    domains: NDArray[np.int64]
    """The domains of those heads."""
    counted: Floats
    """1 for each head, 0 where a subject has fewer than the most."""
    calibration: Floats
    """(subjects, most heads of one, len(COLUMNS)): each head is calibrated in its own domain."""

    @classmethod
    def of(
        cls, heads: Sequence[str], domains: Sequence[str], kinds: Sequence[str], calibration: Floats | None = None
    ) -> "Subjects":
        """The subjects of these kinds that heads of these names tell; without calibration the margin counts alone.

        `calibration` has a row for each head, subject by subject.
        """
        places = {(kind, name): pairs for kind in kinds for name, pairs in _places(heads, domains, kind).items()}
        shape = (len(places), max(map(len, places.values()), default=1))
        own, theirs, counted = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.float32)
        for row, pairs in enumerate(places.values()):
            for column, (head, domain) in enumerate(pairs):
                own[row, column], theirs[row, column], counted[row, column] = head, domain, 1
        weights = np.zeros((*shape, len(COLUMNS)), np.float32)
        weights[counted > 0] = np.eye(1, len(COLUMNS), dtype=np.float32) if calibration is None else calibration
        return cls(tuple(name for _, name in places), own, theirs, counted, weights)

    def chances(self, margins: Floats, network: Floats | None, shares: Floats, words: Floats) -> Floats:
        """(texts, subjects): calibrated chances; `words` has how many keywords of each subject a text has."""
        weights = self.calibration
        said = squashed(margins[:, self.heads]) * weights[..., 0] + weights[..., 4]
        if network is not None:
            said += squashed(network[:, self.heads]) * weights[..., 1]
        if words.any():
            some, several = (words > 0)[..., None], (words > 1)[..., None]
            said += some * weights[..., 2] + several * weights[..., 3]
        return np.asarray(np.add.reduce(sigmoid(said) * self._portions(shares), 2), np.float32)

    def _portions(self, shares: Floats) -> Floats:
        """(texts, subjects, heads): how much each head of a subject counts in a text, by what kind of text it is."""
        portions = (shares[:, self.domains] + np.float32(1e-3)) * self.counted
        return np.asarray(portions / np.add.reduce(portions, 2, keepdims=True), np.float32)

    def own_heads(self, subject: int) -> list[int]:
        """The heads of one subject."""
        heads: list[int] = self.heads[subject][self.counted[subject] > 0].tolist()
        return heads


def squashed(values: Floats) -> Floats:
    """Very sure scores count as sure."""
    return np.asarray(np.tanh(values / _SOFT) * _SOFT, np.float32)


def keyword_counts(found: Sequence[Sequence[tuple[str, int]]], names: Sequence[str]) -> Floats:
    """(texts, subjects): how many keywords of each subject the rules found."""
    places = {name: place for place, name in enumerate(names)}
    counts = np.zeros((len(found), len(names)), np.float32)
    for row, hits in enumerate(found):
        for name, count in hits:
            if name in places:
                counts[row, places[name]] = count
    return counts


def stance_columns(names: Sequence[str]) -> list[int]:
    """The heads that the stance towards a topic looks at: opinions, neutrality and negativity of all domains."""
    return [place for place, name in enumerate(names) if name.split(":")[0] in {"opinion", "neutral", "negative"}]


def stance_inputs(chances: Floats, linear: Floats, network: Floats | None, columns: Sequence[int]) -> Floats:
    """(texts, inputs): what the stance towards a topic is judged by, beside the topic itself."""
    parts = [np.log(np.maximum(chances, 1e-4)), squashed(linear[:, list(columns)])]
    if network is not None:
        parts.append(squashed(network[:, list(columns)]))
    return np.hstack(parts).astype(np.float32)


def stances(inputs: Floats, topics: Sequence[int], weights: Floats) -> list[int]:
    """The likeliest stance of one text towards each of some topics: 0 negative, 1 neutral, 2 positive.

    `weights` has the inputs' rows first, then one row a topic, then the bias.
    """
    size = len(inputs)
    said = inputs @ weights[:size] + weights[[size + topic for topic in topics]]
    found: list[int] = (said + weights[-1]).argmax(axis=1).tolist()
    return found


def _places(names: Sequence[str], domains: Sequence[str], kind: str) -> dict[str, list[tuple[int, int]]]:
    """For each subject of a kind its (head, domain) pairs, from head names such as topic:空间@forum."""
    places: dict[str, list[tuple[int, int]]] = {}
    for head, name in enumerate(names):
        found, _, rest = name.partition(":")
        if found == kind:
            subject, _, domain = rest.rpartition("@")
            places.setdefault(subject, []).append((head, domains.index(domain) if domain in domains else 0))
    return places
