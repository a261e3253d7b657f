"""Topics with the stance towards each, and departments with the words that speak for them, of whole batches."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.ensemble import Ensemble, Said, opinion_names
from monitor.classifiers.explaining import decisive_words
from monitor.classifiers.features import Features
from monitor.classifiers.model_file import Card, Floats
from monitor.classifiers.reading import Reading
from monitor.classifiers.subjects import (
    Subjects,
    stance_columns,
    stance_inputs,
    stances,
)
from monitor.domain.verdicts import Intent, Polarity, Suggestion

POLARITIES = (Polarity.NEGATIVE, Polarity.NEUTRAL, Polarity.POSITIVE)
_WORTH_ROUTING = 0.2
"""Below this chance of dissatisfaction nobody asks why a department was suggested, unless the writer complains."""
_LEAST_SHARE = 0.01
_COMPLAINTS, _MOSTLY = "complaints", 0.5
_LIKELY, _POSSIBLE = np.float32(0.45), np.float32(0.3)
"""From these chances a topic is told: beside others, and as the only one."""


def _worth_telling(chances: Floats) -> Floats:
    """(texts, 1): from which chance a topic is told; where none is likely, the likeliest alone."""
    top = np.maximum.reduce(chances, 1, keepdims=True, initial=0)
    return np.minimum(_LIKELY, np.maximum(_POSSIBLE, top))


def _not_neutral(stance: Polarity) -> Polarity:
    """Stances are learned in forums, where most talk is neutral; nobody complains of what is all the same to him."""
    return Polarity.NEGATIVE if stance is Polarity.NEUTRAL else stance


class SubjectTeller:
    """The topics and departments of a model."""

    def __init__(self, card: Card, ensemble: Ensemble, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._ensemble = ensemble
        self._topic_names, self._department_names = card.topics, card.departments
        self._stances = arrays["stances"].astype(np.float32)
        self._stance_columns = stance_columns(opinion_names(card.heads))
        calibration = arrays["subjects"].astype(np.float32)
        self._subjects = Subjects.of(card.heads, ensemble.layout.domains, ("topic", "department"), calibration)
        self._places = {name: place for place, name in enumerate(card.topics)}

    def chances(self, readings: Sequence[Reading], said: Said) -> Floats:
        """(texts, subjects): the topics first, then the departments."""
        words = np.zeros((len(readings), len(self._subjects.names)), np.float32)
        for row, reading in enumerate(readings):
            for name, count in reading.topics:
                if name in self._places:
                    words[row, self._places[name]] = count
        return self._subjects.chances(said.linear, said.network, said.shares, words)

    def topics(self, chances: Floats) -> list[dict[str, float]]:
        """For each text the topics worth telling, with their chances."""
        found: list[dict[str, float]] = [{} for _ in chances]
        values = chances[:, : len(self._topic_names)]
        rows, columns = (values >= _worth_telling(values)).nonzero()
        for row, column, value in zip(rows.tolist(), columns.tolist(), values[rows, columns].tolist(), strict=True):
            found[row][self._topic_names[column]] = value
        return found

    def stances(self, said: Said, topics: Sequence[Mapping[str, float]]) -> list[dict[str, Polarity]]:
        """For each text the stance towards each of its topics; nothing where no set taught stances."""
        found: list[dict[str, Polarity]] = [{} for _ in topics]
        having = [place for place, each in enumerate(topics) if each]
        if not having or not self._stances.any():
            return found
        network = said.network[having] if said.network is not None else None
        inputs = stance_inputs(said.chances[having], said.linear[having], network, self._stance_columns)
        for row, place in zip(inputs, having, strict=True):
            likeliest = stances(row, [self._places[topic] for topic in topics[place]], self._stances)
            found[place] = {topic: POLARITIES[stance] for topic, stance in zip(topics[place], likeliest, strict=True)}
            if self._complains(said, place):
                found[place] = {topic: _not_neutral(stance) for topic, stance in found[place].items()}
        return found

    def _complains(self, said: Said, place: int) -> bool:
        """Whether a text is mostly of the kind that people write to complain."""
        domains = self._ensemble.layout.domains
        return _COMPLAINTS in domains and float(said.shares[place, domains.index(_COMPLAINTS)]) >= _MOSTLY

    def suggestions(
        self, readings: Sequence[Reading], features: Features, said: Said, chances: Floats
    ) -> list[tuple[Suggestion, ...]]:
        """For each text the departments, likeliest first, the first with the words that spoke for it."""
        names = self._department_names
        if not names:
            return [()] * len(readings)
        values = chances[:, len(self._topic_names) :]
        shares = (values / np.maximum(np.add.reduce(values, 1, keepdims=True), np.float32(1e-6))).tolist()
        orders = [sorted(range(len(names)), key=own.__getitem__, reverse=True) for own in shares]
        words = self._department_words(readings, features, said, [order[0] for order in orders])
        return [
            tuple(
                Suggestion(names[column], round(own[column], 4), words.get(place, ()) if not rank else ())
                for rank, column in enumerate(order)
                if own[column] >= _LEAST_SHARE
            )
            for place, (order, own) in enumerate(zip(orders, shares, strict=True))
        ]

    def _department_words(
        self, readings: Sequence[Reading], features: Features, said: Said, best: Sequence[int]
    ) -> dict[int, tuple[str, ...]]:
        asked = {
            place: self._subjects.own_heads(len(self._topic_names) + best[place])
            for place, (reading, chance) in enumerate(zip(readings, said.chances[:, 0].tolist(), strict=True))
            if chance >= _WORTH_ROUTING or reading.intent is Intent.COMPLAINT
        }
        found = decisive_words(self._ensemble.heads, features, asked)
        return {place: tuple(word for word, _ in words) for place, words in found.items()}
