"""Linear heads: what is stored says what was fitted, alone and in batches."""

import numpy as np
import pytest
import scipy.sparse as sp

from monitor.classifiers.datasets import Example
from monitor.classifiers.features import extract
from monitor.classifiers.fitting import BITS, HeadPlan, Table, fit_heads, head_arrays, margins, table_of
from monitor.classifiers.reading import Reader
from monitor.classifiers.scoring import HashedHeads, sigmoid, softmax

PARTS = ["座椅", "空调", "导航", "音响", "雨刷", "车窗", "大灯", "轮胎"]
SHAPES = [
    ("{}坏了没人管", "negative"),
    ("{}很好用", "positive"),
    ("{}总出毛病", "negative"),
    ("喜欢这个{}", "positive"),
]


@pytest.fixture(scope="module")
def table(reader: Reader) -> Table:
    rows = [(shape.format(part), polarity) for part in PARTS * 3 for shape, polarity in SHAPES]
    examples = [Example("own", text, polarity, polarity) for text, polarity in rows]
    return table_of(examples, [reader.read(each.text) for each in examples], seed=7)


@pytest.fixture(scope="module")
def plans(table: Table) -> list[HeadPlan]:
    every, negative = np.ones(len(table.fold), np.bool_), table.polarity == "negative"
    seat = np.array(["座椅" in each.text for each in table.examples])
    return [HeadPlan("opinion:all", every, negative, 8.0, naive=True), HeadPlan("topic:座椅@own", every, seat, 8.0)]


@pytest.fixture(scope="module")
def fitted(table: Table, plans: list[HeadPlan]) -> np.ndarray:
    return fit_heads(table, plans, np.ones(len(table.fold), np.bool_), seed=7)


@pytest.fixture(scope="module")
def heads(table: Table, plans: list[HeadPlan], fitted: np.ndarray) -> HashedHeads:
    return HashedHeads.of(BITS, head_arrays(table, plans, fitted))


def test_stored_heads_score_as_the_fitted_ones(table: Table, heads: HashedHeads, fitted: np.ndarray) -> None:
    texts = [each.text for each in table.examples][:40]
    assert np.abs(heads.margins(extract(texts, BITS)) - margins(table.matrix[:40], fitted)).max() < 0.05


def test_a_score_is_the_same_alone_and_in_a_batch(heads: HashedHeads) -> None:
    texts = ["座椅坏了没人管", "大灯很好用，喜欢", "从没见过的话", "座椅"]
    single = np.vstack([heads.margins(extract([text], BITS)) for text in texts])
    assert np.array_equal(heads.margins(extract(texts, BITS)), single)


def test_a_text_that_training_never_met_gets_the_bias_alone(heads: HashedHeads) -> None:
    assert heads.margins(extract(["xyzzy"], BITS))[0] == pytest.approx(heads.bias, abs=0.5)


def test_the_word_that_speaks_for_a_head_pulls(heads: HashedHeads) -> None:
    features = extract(["座椅坏了"], BITS)
    words = dict(zip(features.words[0], heads.pull(features.word_ids, [0]).tolist(), strict=True))
    assert max(words, key=lambda word: words[word]) in {"坏", "坏了"}


def test_buckets_known_to_few_heads_are_stored_apart(table: Table, plans: list[HeadPlan], fitted: np.ndarray) -> None:
    arrays = head_arrays(table, plans, fitted)
    assert len(arrays["dense"]) + len(arrays["counts"]) == len(arrays["buckets"])
    assert arrays["counts"].sum() == len(arrays["weights"]) == len(arrays["columns"])


def test_heads_of_many_weights_keep_the_ones_that_matter(
    table: Table, plans: list[HeadPlan], fitted: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.classifiers.fitting.MOST_WEIGHTS", 100)
    heads = HashedHeads.of(BITS, head_arrays(table, plans, fitted))
    bad, good = heads.margins(extract(["车窗坏了没人管", "车窗很好用"], BITS))[:, 0]
    assert bad > 0 > good
    assert sp.csr_matrix(heads.dense).nnz + len(heads.weights) <= 200


def test_chances_add_up_and_never_overflow() -> None:
    values = np.array([[1000.0, -1000.0, 0.0], [0.0, 0.0, 0.0]], np.float32)
    assert softmax(values).sum(axis=1) == pytest.approx(1)
    assert sigmoid(values).tolist()[0] == pytest.approx([1, 0, 0.5], abs=1e-6)
