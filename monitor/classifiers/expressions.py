"""Explicit, implicit or none, of any text: whether a feeling is said, only shows, or there is no opinion at all.

A verdict calls only the dissatisfied explicit or implicit; this is the wider question that annotators of such sets
answer, satisfied writers included.
"""

from collections.abc import Sequence

import numpy as np

from monitor.classifiers.ensemble import Said
from monitor.classifiers.model_file import Floats
from monitor.domain.verdicts import Expression

KINDS = (Expression.EXPLICIT, Expression.IMPLICIT, Expression.NONE)
TOLD_HEADS = ("explicit:told", "neutral:told", "negative:told")
"""The heads that sentences taught whose annotators told the kinds apart."""


def kind_inputs(said: Said, heads: Sequence[int]) -> Floats:
    """(texts, inputs): what the kind is judged by."""
    scores = np.stack([said.score(head) for head in heads], axis=1)
    return np.hstack([np.tanh(scores / 6) * 6, np.log(np.maximum(said.chances, 1e-4))]).astype(np.float32)


def kinds_of(inputs: Floats, weights: Floats) -> list[Expression]:
    """The likeliest kind of each text; `weights` has the bias last."""
    return [KINDS[place] for place in (inputs @ weights[:-1] + weights[-1]).argmax(axis=1).tolist()]
