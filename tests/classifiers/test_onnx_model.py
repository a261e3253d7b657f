"""A real, tiny ONNX model behind the same Protocol: made here, run by onnxruntime."""

import hashlib
import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from monitor.classifiers.onnx_folder import CONFIG, MODEL, VOCABULARY
from monitor.classifiers.registry import backend_of, build_classifier, build_judge
from monitor.classifiers.word_pieces import WordPieces
from monitor.domain.errors import ConfigError
from monitor.domain.verdicts import Expression, Polarity, Severity
from tests.requirements import need

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "坏",
    "差",
    "好",
    "满",
    "意",
    "app",
    "##lication",
    "crash",
    "##ed",
    "的",
    "车",
]
BAD, GOOD = ("坏", "差", "crash"), ("好", "满")
CONFIG_VALUES = {"id2label": {"0": "negative", "1": "neutral", "2": "positive"}, "max_position_embeddings": 64}


@pytest.fixture(autouse=True)
def _runtime() -> None:
    there = all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime"))
    need("onnx", "no onnxruntime and onnx installed", there=bool(there))


def _graph(inputs: Sequence[str], labels: int = 3) -> bytes:
    """A bag of words: each piece has its logits, a text the sum of those that the mask leaves."""
    from onnx import TensorProto, helper, numpy_helper

    table = np.zeros((len(WORDS), labels), np.float32)
    for word in BAD:
        table[WORDS.index(word), 0] = 3
    for word in GOOD:
        table[WORDS.index(word), labels - 1] = 3
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["kept"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["kept", "last"], ["column"]),
        helper.make_node("Mul", ["rows", "column"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "middle"], ["logits"], keepdims=0),
    ]
    constants = [
        numpy_helper.from_array(table, "table"),
        numpy_helper.from_array(np.array([2]), "last"),
        numpy_helper.from_array(np.array([1]), "middle"),
    ]
    given = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in inputs]
    answer = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", labels])
    graph = helper.make_graph(nodes, "bag", given, [answer], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    data: bytes = model.SerializeToString()
    return data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / MODEL).write_bytes(_graph(["input_ids", "attention_mask", "token_type_ids"]))
    (tmp_path / VOCABULARY).write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    _configure(tmp_path)
    return tmp_path


def _configure(folder: Path, **values: object) -> None:
    (folder / CONFIG).write_text(json.dumps({**CONFIG_VALUES, **values}), encoding="utf-8")


def test_it_judges_by_the_model_and_explains_by_the_rules(folder: Path, lexicon_folder: Path) -> None:
    classifier = build_classifier("onnx", lexicon_folder, folder)
    bad, good, plain, blank = classifier.classify(["高速上刹车失灵，車壞了，差", "好，满意", "的车", ""])
    assert (bad.polarity, bad.flagged, bad.severity) == (Polarity.NEGATIVE, True, Severity.CRITICAL)
    assert bad.expression is not Expression.NONE
    assert (good.polarity, good.flagged) == (Polarity.POSITIVE, False)
    assert plain.scores.negative == pytest.approx(1 / 3, abs=0.01)
    assert blank.reason == "空文本"
    assert bad.version == classifier.version
    assert classifier.version.startswith("onnx-")


def test_the_worst_window_of_a_long_text_counts_and_is_shown(folder: Path, lexicon_folder: Path) -> None:
    text = "的的车。" * 60 + "坏，差，坏。" + "好，的的车。" * 60
    (verdict,) = build_classifier("onnx", lexicon_folder, folder).classify([text])
    assert verdict.flagged
    assert verdict.worst is not None
    assert "坏" in text[slice(*verdict.worst)]
    assert verdict.worst != (0, len(text))


def test_a_batch_and_single_texts_agree_and_nothing_raises(folder: Path, lexicon_folder: Path) -> None:
    classifier = build_classifier("onnx", lexicon_folder, folder)
    texts = ["坏", "好" * 300, "\ud800", "a" * 5000, "app crashed", "😡", "的" * 100_000]
    assert classifier.classify(texts) == [classifier.classify([text])[0] for text in texts]
    assert classifier.classify([]) == []


def test_two_labels_are_enough(folder: Path, lexicon_folder: Path) -> None:
    (folder / MODEL).write_bytes(_graph(["input_ids", "attention_mask"], labels=2))
    _configure(folder, id2label={"0": "负面", "1": "POSITIVE"})
    bad, good = build_classifier("onnx", lexicon_folder, folder).classify(["坏车", "好车"])
    assert (bad.polarity, good.polarity, bad.scores.neutral) == (Polarity.NEGATIVE, Polarity.POSITIVE, 0)


def test_it_works_as_a_judge_beside_the_shipped_router(folder: Path, lexicon_folder: Path) -> None:
    verdict, suggestions = build_judge("onnx", lexicon_folder, folder).judge(["发动机坏了"])[0]
    assert verdict.flagged
    assert suggestions[0].department
    assert (backend_of(folder), backend_of(None)) == ("onnx", "trained")


@pytest.mark.parametrize("missing", [MODEL, VOCABULARY, CONFIG])
def test_a_missing_file_is_named(folder: Path, lexicon_folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(ConfigError, match=missing):
        build_classifier("onnx", lexicon_folder, folder)


def test_no_folder_at_all_is_told(lexicon_folder: Path) -> None:
    with pytest.raises(ConfigError, match="model 应指向"):
        build_classifier("onnx", lexicon_folder)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}, "label_0"),
        ({"id2label": {"0": "negative", "1": "neutral"}}, "看不出倾向"),
        ({"id2label": {"0": "negative", "2": "positive"}}, "id2label 应写明"),
        ({"id2label": None}, "id2label 应写明"),
        ({"id2label": {"0": "negative", "1": "positive"}}, "每条 2 个数"),
        ({"max_length": 3}, "max_length"),
        ({"sha256": "0" * 64}, "校验和"),
    ],
)
def test_a_description_that_does_not_fit_is_told(
    folder: Path, lexicon_folder: Path, values: dict[str, object], told: str
) -> None:
    _configure(folder, **values)
    with pytest.raises(ConfigError, match=told):
        build_classifier("onnx", lexicon_folder, folder)


def test_the_right_checksum_is_accepted(folder: Path, lexicon_folder: Path) -> None:
    _configure(folder, sha256=hashlib.sha256((folder / MODEL).read_bytes()).hexdigest())
    assert build_classifier("onnx", lexicon_folder, folder).classify(["坏"])[0].flagged


@pytest.mark.parametrize("content", [b"no model", b""])
def test_what_is_no_onnx_is_told(folder: Path, lexicon_folder: Path, content: bytes) -> None:
    (folder / MODEL).write_bytes(content)
    with pytest.raises(ConfigError, match="ONNX"):
        build_classifier("onnx", lexicon_folder, folder)


def test_inputs_of_another_kind_of_model_are_told(folder: Path, lexicon_folder: Path) -> None:
    (folder / MODEL).write_bytes(_graph(["input_ids", "attention_mask", "pixel_values"]))
    with pytest.raises(ConfigError, match="pixel_values"):
        build_classifier("onnx", lexicon_folder, folder)


def test_a_vocabulary_without_the_marks_is_told(folder: Path, lexicon_folder: Path) -> None:
    (folder / VOCABULARY).write_text("坏\n好\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"\[CLS\]"):
        build_classifier("onnx", lexicon_folder, folder)


def test_words_are_cut_into_the_longest_known_pieces() -> None:
    cutter = WordPieces({word: place for place, word in enumerate(WORDS)})
    pieces = cutter.cut("APPlication坏了crashed!", 50)
    assert [WORDS[piece.number] for piece in pieces] == ["app", "##lication", "坏", "[UNK]", "crash", "##ed", "[UNK]"]
    assert [(piece.start, piece.end) for piece in pieces][:3] == [(0, 3), (3, 11), (11, 12)]
    assert len(cutter.cut("坏" * 100, 7)) == 7
