"""Learns how advertisements are worded: our own examples against real reviews, complaints and posts."""

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from monitor.classifiers.datasets import RESEARCH_ONLY, rows_of, set_files
from monitor.classifiers.tokens import fold
from monitor.classifiers.wording import FEWEST, SPAM_LIKE, LearnedWording, grams
from monitor.domain.errors import ConfigError

Floats = NDArray[np.float64]
Kinds = NDArray[np.str_]

_ROWS = 2500
"""Rows of each set that stand for customers."""
_KEPT = 900
_WEIGHTS = {"advert": 20.0, "customer": 8.0, "row": 1.0}
"""A few hundred own examples must be heard among tens of thousands of rows."""
_UNFIT = {*RESEARCH_ONLY, "unlabelled", "tosarcasm", "metaphor_emotion", "chat_xs", "gov_routing", "tw_news"}


def read_adverts(path: Path) -> tuple[list[str], list[str]]:
    """The examples of advertisements and of customers. Raises `ConfigError`."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: 读不出来：{error}") from error
    for key in ("adverts", "customers"):
        texts = values.get(key)
        if not isinstance(texts, list) or len(texts) < 10 or not all(isinstance(text, str) for text in texts):
            raise ConfigError(f"{path} {key}: 应是至少十条文字")
    return values["adverts"], values["customers"]


def learn_wording(lexicon: Path, data: Path, *, seed: int, progress: Callable[[str], None]) -> LearnedWording:
    """Weights learned from the examples of a lexicon folder and the sets of another. Raises `ConfigError`."""
    adverts, customers = read_adverts(lexicon / "adverts.toml")
    rows = _rows(data, seed, progress)
    texts = [fold(text).text for text in (*adverts, *customers, *rows)]
    kinds = np.repeat(["advert", "customer", "row"], [len(adverts), len(customers), len(rows)])
    margins = np.zeros(len(texts))
    for train, test in StratifiedKFold(5, shuffle=True, random_state=seed).split(texts, kinds):
        names, weights, bias = _fit([texts[place] for place in train], kinds[train])
        margins[test] = _matrix([texts[place] for place in test], names) @ weights + bias
    taken = {kind: float((margins[kinds == kind] >= SPAM_LIKE).mean()) for kind in _WEIGHTS}
    names, weights, bias = _fit(texts, kinds)
    kept = {name: float(weight) for name, weight in zip(names, weights, strict=True) if weight}
    counts = (len(adverts), len(customers), len(rows))
    return LearnedWording(kept, bias, *counts, taken["advert"], taken["customer"], taken["row"])


def _rows(data: Path, seed: int, progress: Callable[[str], None]) -> list[str]:
    """The same rows every time: what real customers write."""
    chosen: list[str] = []
    for name, path in set_files(data).items():
        if name in _UNFIT:
            continue
        texts = [row["text"] for row in rows_of(path) if row["text"].strip()]
        order = np.random.default_rng(seed).permutation(len(texts))[:_ROWS]
        chosen += [texts[place] for place in order]
        progress(f"{name}: {len(order)} 条")
    return chosen


def _matrix(texts: Sequence[str], names: Sequence[str]) -> csr_matrix:
    counter = CountVectorizer(analyzer=grams, binary=True, vocabulary=list(names))
    # The length counts all that stands in a text, known or not, as it does at work.
    lengths = np.array([max(FEWEST, len(grams(text))) for text in texts]) ** 0.5
    return csr_matrix(counter.transform(texts).multiply(1 / lengths[:, None]))


def _fit(texts: Sequence[str], kinds: Kinds) -> tuple[list[str], Floats, float]:
    counter = CountVectorizer(analyzer=grams, binary=True, min_df=2).fit(texts)
    names = [str(name) for name in counter.get_feature_names_out()]
    model = LogisticRegression(C=4, max_iter=400)
    model.fit(_matrix(texts, names), kinds == "advert", sample_weight=[_WEIGHTS[str(kind)] for kind in kinds])
    weights = model.coef_[0]
    weights[np.argsort(-np.abs(weights), kind="stable")[_KEPT:]] = 0
    return names, np.round(weights, 2), round(float(model.intercept_[0]), 2)
