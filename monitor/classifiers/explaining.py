"""The words a model went by: for each text those of highest value, with their places."""

from collections.abc import Sequence

import numpy as np

from monitor.classifiers.features import Features
from monitor.classifiers.model_file import Floats

_MOST = 3
_WORTH_TELLING = 0.2
"""A word that pulls less has decided nothing."""


def strongest_words(features: Features, places: Sequence[int], values: Sequence[Floats]) -> list[list[tuple[str, int]]]:
    """For each of the texts at `places` its (at most three) words of highest value, with where each begins."""
    return [_strongest(features.words[place], own) for place, own in zip(places, values, strict=True)]


def word_slices(features: Features) -> list[slice]:
    """For each text where its words stand among all words."""
    ends = np.cumsum([len(words) for words in features.words]).tolist()
    return [slice(end - len(words), end) for words, end in zip(features.words, ends, strict=True)]


def _strongest(words: Sequence[str], values: Floats) -> list[tuple[str, int]]:
    best: dict[str, tuple[float, int]] = {}
    for place in np.flatnonzero(values > _WORTH_TELLING).tolist():
        word = words[place]
        if len(word) > 1 and word not in best and not word.isdigit():
            best[word] = (float(values[place]), place)
    ranked = sorted(best.items(), key=lambda each: -each[1][0])[:_MOST]
    return [(word, sum(map(len, words[:place]))) for word, (_, place) in ranked]
