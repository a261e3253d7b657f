"""The small network learns, gives the same numbers twice, and its tables say what its weights said."""

import numpy as np
import pytest

from monitor.classifiers.network import LONGEST, Network, network_from, pairs_of, trimmed
from monitor.classifiers.network_training import (
    Lesson,
    Weights,
    answers_of,
    as_arrays,
    common_characters,
    fit,
    numbers_of,
)

GOOD = ["灯很亮", "座椅舒服", "开着顺手", "颜色好看", "空间宽敞"]
BAD = ["灯不亮了", "座椅塌了", "开着发抖", "颜色掉了", "空间太挤"]
TEXTS = [f"{text}，{tail}" for tail in ("真的", "是吧", "唉", "嗯嗯") for text in (*GOOD, *BAD)] * 8
WANTED = np.array([[float(any(each in text for each in BAD)), np.nan] for text in TEXTS], np.float32)


def _lesson(characters: np.ndarray) -> Lesson:
    ones = np.ones(len(TEXTS), np.float32)
    return Lesson(numbers_of(TEXTS, characters), WANTED, ones, np.ones(2, np.float32))


@pytest.fixture(scope="module")
def characters() -> np.ndarray:
    return common_characters(TEXTS)


@pytest.fixture(scope="module")
def learned(characters: np.ndarray) -> Weights:
    return fit(_lesson(characters), len(characters), seed=3, epochs=60)


@pytest.fixture(scope="module")
def network(learned: Weights, characters: np.ndarray) -> Network:
    built = network_from(as_arrays(learned, characters, [0, 1]))
    assert built is not None
    return built


def test_it_learns_what_it_is_told(network: Network) -> None:
    said = network.outputs(["座椅塌了，真的", "座椅舒服，真的"])[:, 0]
    assert said[0] > 0 > said[1]


def test_a_question_that_nobody_answered_teaches_nothing(learned: Weights) -> None:
    assert abs(float(learned.bias[1])) < 0.01


def test_the_same_seed_gives_the_same_weights(learned: Weights, characters: np.ndarray) -> None:
    again = fit(_lesson(characters), len(characters), seed=3, epochs=60)
    pairs = zip([*learned.tables(), *learned.whole()], [*again.tables(), *again.whole()], strict=True)
    assert all(np.array_equal(first, second) for first, second in pairs)


def test_tables_of_one_byte_say_what_the_weights_say(
    network: Network, learned: Weights, characters: np.ndarray
) -> None:
    whole = answers_of(learned, numbers_of(TEXTS[:40], characters))
    assert np.abs(network.outputs(TEXTS[:40]) - whole).max() < 0.15


def test_alone_and_in_a_batch_the_answer_is_the_same(network: Network) -> None:
    texts = ["座椅塌了", "灯", "开着发抖，唉" * 40, "颜色好看"]
    assert np.array_equal(network.outputs(texts), np.vstack([network.outputs([text]) for text in texts]))


@pytest.mark.parametrize("text", ["", "a", "\ud800坏", "𠮷野家", "\U0010ffff", "🙂" * 500])
def test_any_text_gets_an_answer(network: Network, text: str) -> None:
    assert np.isfinite(network.outputs([text])).all()


def test_of_a_long_text_beginning_and_end_are_read() -> None:
    text = "头" * 200 + "尾" * 200
    assert len(trimmed(text)) == LONGEST
    assert trimmed(text).startswith("头头")
    assert trimmed(text).endswith("尾尾")


def test_the_empty_place_has_no_pair() -> None:
    assert pairs_of(np.array([0, 5, 0], np.int16)).tolist()[::2] == [0, 0]


def test_a_model_without_tables_has_no_network() -> None:
    assert network_from({}) is None
