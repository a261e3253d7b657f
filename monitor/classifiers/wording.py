"""How much a text is worded like an advertisement: weights of single characters and pairs, learned from examples."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import add

FIRST = 300
"""Characters that are looked at: an advertisement does not take longer to sound like one."""
FEWEST = 26
"""A text of fewer characters and pairs says too little to be worded like anything: it is measured as if it had them."""
SPAM_LIKE = -0.9
"""The margin at which wording alone is worth the line: one in a thousand real reviews and complaints passes it."""
_UNLIKELY = 1.0
"""The least that single characters must say of an advertisement; in those we know they say 1.8 and more."""
_DIGITS = re.compile(r"[0-9]{1,300}")


def _read(text: str) -> str:
    """The beginning of a folded text, with all numbers read as one."""
    return _DIGITS.sub("0", text[:FIRST])


def grams(text: str) -> set[str]:
    """The distinct characters and pairs of a folded text's beginning."""
    read = _read(text)
    return {*read, *map(add, read, read[1:])}


def worth(margin: float) -> float:
    """What a margin adds to the score of an advertisement: 0.7 at the line, nothing far below it."""
    return max(0.0, min(1.0, 0.7 + 0.25 * (margin - SPAM_LIKE)))


@dataclass(frozen=True, slots=True)
class LearnedWording:
    """The weights, and how good they are on examples not seen in learning (five folds)."""

    weights: Mapping[str, float]
    bias: float
    adverts: int
    customers: int
    rows: int
    recall: float
    customers_taken: float
    rows_taken: float


class Wording:
    """The learned weights at work."""

    def __init__(self, weights: Mapping[str, float], bias: float) -> None:
        self._weights = weights
        self._known = frozenset(weights)
        self._bias = bias

    def margin(self, text: str) -> float:
        """Above 0 the text is worded like an advertisement, far below it like a customer's."""
        read = _read(text)
        alone = self._sum(read)
        # Single characters tell nearly every customer apart; the pairs cost more than all of these.
        if alone < _UNLIKELY * math.sqrt(FEWEST) or alone < _UNLIKELY * math.sqrt(2 * len(set(read))):
            return self._bias
        found = {*read, *map(add, read, read[1:])}
        return self._sum(found) / math.sqrt(max(FEWEST, len(found))) + self._bias

    def _sum(self, grams: Iterable[str]) -> float:
        """What the distinct ones of these weigh; added exactly, as a set has them in another order in every process."""
        return math.fsum(map(self._weights.__getitem__, self._known.intersection(grams)))


def as_toml(weights: Mapping[str, float], bias: float) -> str:
    """wording.toml as it is written after learning: the most telling first, ten in a line."""
    ranked = sorted(weights.items(), key=lambda each: (-each[1], each[0]))
    cells = [f"[{json.dumps(gram, ensure_ascii=False)}, {weight:g}]" for gram, weight in ranked]
    lines = [f"  {', '.join(cells[start : start + 10])}," for start in range(0, len(cells), 10)]
    return "\n".join([_HEAD, "", f"bias = {bias:g}", "weights = [", *lines, "]", ""])


_HEAD = "# 广告腔：单字和两字各有多像广告，由 monitor lexicon learn 从 adverts.toml 的例句和公开数据集学得，不用手改。"
