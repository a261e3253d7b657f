"""Linear heads, network and last step together: what a model says of texts, before any of it becomes a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.features import Features, extract
from monitor.classifiers.last_step import Layout, chances
from monitor.classifiers.long_texts import MOST_SENTENCES, WORST_COUNTS, Span, sentence_spans
from monitor.classifiers.model_file import Card, Floats
from monitor.classifiers.network import network_from
from monitor.classifiers.scoring import HashedHeads

SUBJECT_KINDS = ("topic", "department")
_BAD = ("opinion:all", "negative:all")
"""The heads that choose the sentences worth a closer look."""


def opinion_names(names: Sequence[str]) -> list[str]:
    """The heads of a model that are neither topics nor departments; those stand last."""
    return [name for name in names if name.split(":")[0] not in SUBJECT_KINDS]


@dataclass(frozen=True, slots=True)
class Said:
    """(texts, …): what heads and network say of texts, what kind of text each is, and the chances that follow."""

    linear: Floats
    network: Floats | None
    shares: Floats
    chances: Floats

    def score(self, head: int) -> Floats:
        """One head's answer, the mean of the linear and the network's."""
        own = self.linear[:, head]
        return own if self.network is None else np.asarray((own + self.network[:, head]) / 2, np.float32)


class Ensemble:
    """The arrays of a model as something that reads texts."""

    def __init__(self, card: Card, arrays: Mapping[str, NDArray[Any]]) -> None:
        names = opinion_names(card.heads)
        self.layout = Layout.of(names)
        self.heads = HashedHeads.of(card.bits, arrays)
        self.bad = [place for place, name in enumerate(names) if name in _BAD]
        self._opinions = len(names)
        self._network = network_from(arrays)
        self._context = HashedHeads.of(card.bits, arrays, "context_") if card.context else None
        self._context_size = len(card.context)
        self._blend = arrays["blend"].astype(np.float32)
        self._bits = card.bits

    def say(self, texts: Sequence[str], features: Features, rules: Floats, contexts: Sequence[str]) -> Said:
        """What the model says of folded texts; `contexts` are folded as well, "" where there is no thread."""
        linear = self.heads.margins(features)
        network = self._network.outputs(texts) if self._network is not None else None
        shares = self.layout.domain_shares(linear)
        second = network[:, : self._opinions] if network is not None else None
        inputs = self.layout.inputs(linear[:, : self._opinions], second, shares, rules, self._threads_say(contexts))
        return Said(linear, network, shares, chances(inputs, self._blend[:-1], self._blend[-1], shares))

    def _threads_say(self, contexts: Sequence[str]) -> Floats | None:
        """What the rest of each thread says: zeros where there is none, None for a model that learned from none."""
        if self._context is None:
            return None
        said = np.zeros((len(contexts), self._context_size), np.float32)
        having = [place for place, context in enumerate(contexts) if context]
        if having:
            said[having] = self._context.margins(extract([contexts[place] for place in having], self._bits))
        return said

    def worst_sentence(self, text: str, rules: Floats, context: str) -> tuple[Span, float]:
        """Where the most dissatisfied sentence of a text stands, and how dissatisfied it is."""
        spans = self._likeliest_sentences(text)
        texts = [text[start:end] for start, end in spans]
        row = rules[None].repeat(len(texts), axis=0)
        said = self.say(texts, extract(texts, self._bits), row, [context] * len(texts)).chances[:, 0]
        top = int(said.argmax())
        return spans[top], float(said[top])

    def _likeliest_sentences(self, text: str) -> list[Span]:
        spans = sentence_spans(text)
        if len(spans) <= MOST_SENTENCES:
            return spans
        bad = self.heads.margins(extract([text[start:end] for start, end in spans], self._bits))[:, self.bad].sum(
            axis=1
        )
        return [spans[place] for place in sorted(np.argsort(-bad, kind="stable")[:MOST_SENTENCES].tolist())]


def raise_by(chances_of_one: Floats, worst: float) -> None:
    """Counts a part of what the worst sentence adds; the other two chances shrink alike."""
    whole = float(chances_of_one[0])
    if worst > whole:
        negative = whole + (worst - whole) * WORST_COUNTS
        chances_of_one[1:] *= (1 - negative) / max(1 - whole, 1e-6)
        chances_of_one[0] = negative
