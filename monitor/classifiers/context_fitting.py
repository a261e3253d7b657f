"""Heads over the rest of a thread, for sets that have one; only training uses this."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.datasets import Example
from monitor.classifiers.fitting import FOLDS, fit_heads, head_arrays, head_plans, margins, table_of
from monitor.classifiers.model_file import Floats
from monitor.classifiers.reading import Reader

PREFIX = "context_"
_QUESTIONS = ("opinion:all", "neutral:all", "negative:all")


@dataclass(frozen=True, slots=True)
class ContextHeads:
    """What threads say: the questions, cross-fitted answers, and the arrays of a model."""

    names: tuple[str, ...]
    answers: Floats | None
    arrays: dict[str, NDArray[Any]]


def context_heads(examples: Sequence[Example], reader: Reader, seed: int) -> ContextHeads:
    """Heads over contexts; none where no example has one. A row without context gets zeros."""
    having = np.flatnonzero([bool(each.context) for each in examples])
    if not len(having):
        return ContextHeads((), None, {})
    threads = [examples[row] for row in having.tolist()]
    # A whole thread lies in one fold, or its answer would be remembered, not judged.
    table = table_of(
        [replace(each, text=each.context) for each in threads], [reader.read(each.context) for each in threads], seed
    )
    plans = [plan for plan in head_plans(table) if plan.name in _QUESTIONS]
    answers = np.zeros((len(examples), len(plans)), np.float32)
    for number in range(FOLDS):
        inside = table.fold == number
        answers[having[inside]] = margins(table.matrix[inside], fit_heads(table, plans, ~inside, seed))
    weights = fit_heads(table, plans, np.ones(len(threads), np.bool_), seed)
    arrays = {PREFIX + name: array for name, array in head_arrays(table, plans, weights).items()}
    return ContextHeads(tuple(plan.name for plan in plans), answers, arrays)
