"""The last step: what linear heads, network and rules say, brought to chances of negative, neutral and positive."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.model_file import Floats
from monitor.classifiers.scoring import softmax

EVERY = "all"
_OPINION, _DOMAIN = "opinion:", "domain:"
_SOFT = np.float32(6)


def _squashed(values: Floats) -> Floats:
    """Very sure scores count as sure: beyond six they hardly grow."""
    return np.asarray(np.tanh(values / _SOFT) * _SOFT, np.float32)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the questions stand among a model's heads: opinions by domain, domains, and all that is no domain."""

    domains: tuple[str, ...]
    opinions: NDArray[np.int64]
    """For each domain the head that tells its opinions; the one for all where it has none of its own."""
    domain_heads: NDArray[np.int64]
    questions: NDArray[np.int64]

    @classmethod
    def of(cls, names: Sequence[str]) -> "Layout":
        """The layout of heads with these names."""
        places = {name: place for place, name in enumerate(names)}
        domains = tuple(name.removeprefix(_DOMAIN) for name in names if name.startswith(_DOMAIN))
        every = places.get(_OPINION + EVERY, 0)
        return cls(
            domains or (EVERY,),
            np.array([places.get(_OPINION + name, every) for name in domains or (EVERY,)]),
            np.array([places[_DOMAIN + name] for name in domains], np.int64),
            np.array([place for name, place in places.items() if not name.startswith(_DOMAIN)], np.int64),
        )

    def domain_shares(self, linear: Floats) -> Floats:
        """(texts, domains): what kind of text each is."""
        if not len(self.domain_heads):
            return np.ones((len(linear), 1), np.float32)
        return softmax(linear[:, self.domain_heads])

    def inputs(
        self, linear: Floats, network: Floats | None, shares: Floats, rules: Floats, context: Floats | None = None
    ) -> Floats:
        """(texts, inputs) of the last step; the heads of the network answer the same questions as the linear ones."""
        parts = [*self._parts(_squashed(linear), shares)]
        if network is not None:
            parts += self._parts(_squashed(network), shares)
        if context is not None:
            parts.append(_squashed(context))
        return np.concatenate([*parts, rules], axis=1)

    def _parts(self, heads: Floats, shares: Floats) -> tuple[Floats, Floats]:
        """The opinion of the domains a text is of, and every answer by itself."""
        return np.add.reduce(shares * heads[:, self.opinions], 1, keepdims=True), heads[:, self.questions]


def chances(inputs: Floats, weights: Floats, bias: Floats, shares: Floats) -> Floats:
    """(texts, 3): each domain's chances of negative, neutral and positive, mixed by how much a text is of its kind."""
    said = (inputs @ weights + bias).reshape(len(inputs), shares.shape[1], 3)
    return np.asarray(np.add.reduce(softmax(said) * shares[:, :, None], 1), np.float32)
