"""The words a model went by: for each text those of highest value, with their places."""

from collections.abc import Mapping, Sequence

import numpy as np

from monitor.classifiers.features import Features
from monitor.classifiers.model_file import Floats
from monitor.classifiers.scoring import HashedHeads

_MOST = 3
_WORTH_TELLING = 0.2
"""A word that pulls less has decided nothing."""


def decisive_words(
    heads: HashedHeads, features: Features, asked: Mapping[int, Sequence[int]]
) -> dict[int, list[tuple[str, int]]]:
    """For each asked text its (at most three) words that speak most for the heads named, with where each begins."""
    if not asked:
        return {}
    ends = np.cumsum([len(words) for words in features.words]).tolist()
    found = {}
    for place, columns in asked.items():
        words = features.words[place]
        ids = features.word_ids[ends[place] - len(words) : ends[place]]
        found[place] = _strongest(words, heads.pull(ids, columns))
    return found


def _strongest(words: Sequence[str], values: Floats) -> list[tuple[str, int]]:
    best: dict[str, tuple[float, int]] = {}
    for place in np.flatnonzero(values > _WORTH_TELLING).tolist():
        word = words[place]
        if len(word) > 1 and word not in best and not word.isdigit():
            best[word] = (float(values[place]), place)
    ranked = sorted(best.items(), key=lambda each: -each[1][0])[:_MOST]
    return [(word, sum(map(len, words[:place]))) for word, (_, place) in ranked]
