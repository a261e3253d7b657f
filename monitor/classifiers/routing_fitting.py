"""Fitting the router: two linear classifiers a department, of which the second listens to telling words more."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.svm import LinearSVC

from monitor.classifiers.fitting import naive_ratio, scaled
from monitor.classifiers.routing_evaluation import Bools, Floats


@dataclass(frozen=True, slots=True)
class Strengths:
    """How closely the classifiers follow the cases."""

    plain: float
    telling: float
    balanced: bool
    """Whether a small department counts as much as a large one."""


ONE = Strengths(plain=0.5, telling=0.1, balanced=True)
SEVERAL = Strengths(plain=1.0, telling=0.3, balanced=False)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights of the classifiers over the columns of the matrix; `idf` is zero for columns left out."""

    idf: Floats
    weights: Floats
    bias: Floats

    def scores(self, matrix: Any) -> Floats:
        """For each row of a matrix of counts the score of every department."""
        return np.asarray(scaled(matrix, self.idf) @ self.weights + self.bias, np.float32)


def _tellings(presence: Any, wanted: Bools) -> Floats:
    """How much more often each bucket stands in one department's cases than in all others (Wang and Manning 2012)."""
    return np.abs(naive_ratio(presence, wanted))


def _line(matrix: Any, wanted: Bools, strength: float, weights: Any, seed: int) -> tuple[NDArray[Any], float]:
    model = LinearSVC(C=strength, class_weight=weights, tol=1e-3, random_state=seed)
    model.fit(matrix, wanted)
    return model.coef_[0], float(model.intercept_[0])


def _department(
    rows: Any, presence: Any, wanted: Bools, strengths: Strengths, count: int, seed: int
) -> tuple[Floats, float]:
    """The mean of both classifiers of one department, which is one linear classifier again."""
    weights = {True: len(wanted) / (count * wanted.sum()), False: 1.0} if strengths.balanced else None
    plain, plain_bias = _line(rows, wanted, strengths.plain, weights, seed)
    tellings = _tellings(presence, wanted)
    telling, telling_bias = _line(
        rows @ sp.diags(tellings), wanted, strengths.telling, "balanced" if strengths.balanced else None, seed
    )
    return ((plain + telling * tellings) / 2).astype(np.float32), (plain_bias + telling_bias) / 2


def fit(matrix: Any, wanted: Bools, strengths: Strengths, seed: int) -> Fitted:
    """Classifiers from rows of counts and, a column for each department, whose cases they are.

    How rare a bucket is, too, is counted in these rows alone. A department without a case among them is never chosen.
    """
    touched = np.bincount(matrix.indices, minlength=matrix.shape[1])
    idf = np.where(touched > 0, np.log((1 + matrix.shape[0]) / (1 + touched)) + 1, 0)
    idf = idf.astype(np.float16).astype(np.float32)
    rows = scaled(matrix, idf)
    presence = matrix.copy()
    presence.data = np.ones_like(presence.data)
    weights = np.zeros((matrix.shape[1], wanted.shape[1]), np.float32)
    bias = np.full(wanted.shape[1], -9, np.float32)
    for column in range(wanted.shape[1]):
        if 0 < wanted[:, column].sum() < len(wanted):
            found = _department(rows, presence, wanted[:, column], strengths, wanted.shape[1], seed)
            weights[:, column], bias[column] = found
    return Fitted(idf, weights, bias)
