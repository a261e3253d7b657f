"""Measures, their intervals, and what an evaluation says of sets of any kind of label."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from monitor.classifiers.evaluation import EvaluationRow, evaluate
from monitor.classifiers.gold import gold_of
from monitor.classifiers.measures import (
    auc,
    auc_difference,
    auc_with_interval,
    calibration_with_interval,
    expected_calibration_error,
    macro_f1,
    macro_f1_with_interval,
    mean_of,
    micro_f1,
    recall_at_false_alarms,
    recall_with_interval,
    share_with_interval,
)
from monitor.classifiers.pairing import compare, mcnemar, share_difference
from monitor.domain.verdicts import Expression, Polarity, Scores, Topic, Verdict


@dataclass
class WordClassifier:
    """Negative where a word stands, positive where another does; remembers the contexts it was given."""

    bad: str = "坏"
    good: str = "好"
    version: str = "words"
    learned_from: frozenset[str] = frozenset()
    contexts: list[str] = field(default_factory=list)

    def classify(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Verdict]:
        self.contexts += contexts or []
        return [self._verdict(text) for text in texts]

    def _verdict(self, text: str) -> Verdict:
        negative = 0.9 if self.bad in text else 0.1
        positive = 0.8 if self.good in text and self.bad not in text else 0.05
        flagged = negative > 0.5
        return Verdict(
            polarity=Polarity.NEGATIVE if flagged else Polarity.POSITIVE,
            scores=Scores(negative, 1 - negative - positive, positive),
            dissatisfied=negative,
            flagged=flagged,
            expression=Expression.IMPLICIT if flagged else Expression.NONE,
            version=self.version,
            topics=tuple(Topic(name, 0.9, Polarity.NEGATIVE) for name in ("空间", "价格") if name in text),
        )


def _write(path: Path, *rows: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _quiet(_message: str) -> None:
    """Progress nobody reads."""


def _rows(folder: Path, classifier: WordClassifier | None = None) -> dict[tuple[str, str], EvaluationRow]:
    rows = evaluate(folder, {"ours": classifier or WordClassifier()}, limit=None, progress=_quiet)
    return {(row.set, row.classifier): row for row in rows}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    bad = [{"text": f"第{number}次坏了", "label": "negative"} for number in range(8)]
    good = [{"text": f"第{number}回都好", "label": "positive"} for number in range(6)]
    wrong = [{"text": "没坏过", "label": "positive"}, {"text": "还好吧", "label": "negative"}]
    _write(tmp_path / "unheard_of.csv", *bad, *good, *wrong)
    return tmp_path


def test_a_set_of_an_unknown_name_is_measured_with_intervals(plain: Path) -> None:
    row = _rows(plain)["unheard_of", "ours"]
    accuracy = row.measures["accuracy"]
    assert accuracy.value == pytest.approx(14 / 16)
    assert accuracy.low < accuracy.value < accuracy.high
    assert row.n == 16
    assert not {"neutral_flagged", "topics_f1", "kind_macro_f1"} & set(row.measures)


def test_the_majority_stands_beside(plain: Path) -> None:
    guess = _rows(plain)["unheard_of", "majority"]
    assert guess.measures["accuracy"].value == pytest.approx(9 / 16)
    assert guess.auc is None


def test_all_sets_are_pooled_and_averaged(plain: Path) -> None:
    _write(plain / "another.csv", {"text": "坏", "label": "negative"}, {"text": "好", "label": "positive"})
    rows = _rows(plain)
    assert rows["pooled", "ours"].n == 18
    assert rows["pooled", "ours"].measures["accuracy"].value == pytest.approx(16 / 18)
    assert rows["macro", "ours"].measures["accuracy"].value == pytest.approx((1 + 14 / 16) / 2)
    assert ("pooled", "majority") in rows


def test_a_set_the_model_learned_from_is_marked(plain: Path) -> None:
    rows = _rows(plain, WordClassifier(learned_from=frozenset({"unheard_of"})))
    assert rows["unheard_of", "ours"].seen
    assert not rows["unheard_of", "majority"].seen


def test_kinds_and_neutral_rows_are_measured_where_they_are_labelled(tmp_path: Path) -> None:
    _write(
        tmp_path / "kinds.csv",
        {"text": "又坏了", "label": "implicit_negative"},
        {"text": "太慢", "label": "implicit_negative"},
        {"text": "坏透了", "label": "explicit_negative"},
        {"text": "好看", "label": "explicit_positive"},
        {"text": "有坏的吗", "label": "none"},
        {"text": "几点开门", "label": "none"},
    )
    measures = _rows(tmp_path)["kinds", "ours"].measures
    assert measures["implicit_flagged"].value == 0.5
    assert measures["neutral_flagged"].value == 0.5
    assert measures["negative_flagged"].value == pytest.approx(2 / 3)
    assert measures["kind_macro_f1"].value == pytest.approx((2 / 5 + 0 + 2 / 5) / 3)
    assert measures["opposed_auc"].value > 0.8


def test_mixed_counts_as_dissatisfied_and_topics_with_their_polarity_are_measured(tmp_path: Path) -> None:
    _write(
        tmp_path / "topics.csv",
        {"text": "空间坏", "label": "mixed", "topics": "空间", "topic_polarity": "空间:negative"},
        {"text": "价格好", "label": "positive", "topics": "价格|空间", "topic_polarity": "价格:positive|空间:negative"},
    )
    measures = _rows(tmp_path)["topics", "ours"].measures
    assert measures["accuracy"].value == 1.0
    assert measures["topics_f1"].value == pytest.approx(4 / 5)
    assert measures["topic_polarity_f1"].value == pytest.approx(2 / 5)


def test_topics_of_a_known_set_are_told_in_our_words() -> None:
    gold = gold_of(
        "auto_topics",
        [{"text": "费油", "label": "negative", "topics": "油耗|安全性", "topic_polarity": "油耗:negative"}],
    )
    assert gold is not None
    assert gold.inventory == frozenset({"油耗与续航", "安全"})
    assert gold.rows[0].stances == frozenset({"油耗与续航:negative"})


def test_no_emotion_is_not_a_kind_of_expression() -> None:
    news = gold_of("tw_news", [{"text": "下雨", "label": "none"}, {"text": "塞车", "label": "none"}])
    assert news is not None
    assert {row.expression for row in news.rows} == {""}


def test_contexts_are_passed_on(tmp_path: Path) -> None:
    classifier = WordClassifier()
    _write(
        tmp_path / "ecisa.csv",
        {"text": "坏", "label": "negative", "context": "前一句。坏"},
        {"text": "好", "label": "positive", "context": ""},
        {"text": "在", "label": "neutral", "context": ""},
    )
    measures = _rows(tmp_path, classifier)["ecisa", "ours"].measures
    assert classifier.contexts == ["前一句。坏", "", ""]
    assert measures["macro_f1"].value == 1.0
    assert measures["opposed_auc"].value == 1.0


def test_a_set_of_other_labels_is_left_out(tmp_path: Path) -> None:
    _write(tmp_path / "weather.csv", {"text": "下雨", "label": "rain"})
    assert _rows(tmp_path) == {}


def test_complaints_alone_measure_what_is_found(tmp_path: Path) -> None:
    _write(tmp_path / "car_complaints.csv", {"text": "坏了", "label": "发动机"}, {"text": "等件", "label": "配件争议"})
    measures = _rows(tmp_path)["car_complaints", "ours"].measures
    assert measures["negative_flagged"].value == 0.5
    assert {"accuracy", "auc", "calibration_error"}.isdisjoint(measures)


def test_a_flat_row_has_every_measure_with_its_interval(plain: Path) -> None:
    flat = _rows(plain)["unheard_of", "ours"].flat()
    assert flat["accuracy_low"] < flat["accuracy"] < flat["accuracy_high"]
    assert flat["topics_f1"] is None


def test_measures_are_what_their_names_say() -> None:
    scores, wanted = np.array([0.9, 0.8, 0.3, 0.1], np.float32), np.array([True, True, False, False])
    assert (auc(scores, wanted), auc(scores, ~wanted), auc(scores, wanted | True)) == (1.0, 0.0, None)
    assert auc(np.array([0.5, 0.5], np.float32), np.array([True, False])) == 0.5
    assert recall_at_false_alarms(scores, wanted) == 1.0
    assert expected_calibration_error(np.array([1.0, 0.0], np.float32), np.array([True, False])) == 0.0
    assert expected_calibration_error(np.array([0.95, 0.85], np.float32), np.array([False, True])) == pytest.approx(
        0.55
    )
    assert macro_f1(["a", "a", "b"], ["a", "b", "b"]) == pytest.approx(2 / 3)
    assert micro_f1([frozenset("ab")], [frozenset("bc")]).value == 0.5
    assert share_with_interval(5, 10) == pytest.approx((0.5, 0.2366, 0.7634), abs=1e-4)


def test_intervals_hold_what_they_promise() -> None:
    """Nineteen of twenty samples have the truth inside; of two hundred some nine in ten certainly."""
    draw = np.random.default_rng(3)
    truth = 0.7602  # one standard deviation apart: Phi(1 / sqrt 2)
    inside = 0
    for _ in range(200):
        wanted = np.arange(300) < 100
        found = auc_with_interval((draw.normal(size=300) + wanted).astype(np.float32), wanted)
        assert found is not None
        inside += found.low <= truth <= found.high
    assert 180 <= inside <= 200


def test_intervals_narrow_with_more_rows() -> None:
    def width(rows: int) -> float:
        truth = ["a", "b"] * rows
        found = macro_f1_with_interval(truth, ["a"] * rows + ["b"] * rows)
        return found.high - found.low

    assert width(1000) < width(50) / 3
    few = recall_with_interval(np.linspace(0, 1, 40, dtype=np.float32), np.arange(40) % 2 > 0, np.arange(40) % 2 < 1)
    assert few is not None
    assert few.low < few.value <= few.high
    drawn = calibration_with_interval(np.full(100, 0.3, np.float32), np.arange(100) < 50)
    assert drawn.low < 0.2 < drawn.high
    assert drawn.value == pytest.approx(0.2)
    assert mean_of([drawn, drawn]).high - mean_of([drawn, drawn]).low < drawn.high - drawn.low


@pytest.mark.parametrize(("lost", "won", "chance"), [(0, 0, 1.0), (0, 6, 0.03125), (5, 5, 1.0), (400, 700, 0.0)])
def test_rows_that_only_one_gets_right_tell_chance_from_skill(lost: int, won: int, chance: float) -> None:
    assert mcnemar(lost, won) == pytest.approx(chance, abs=1e-6)
    assert mcnemar(won, lost) == mcnemar(lost, won)


def test_the_same_answers_differ_by_nothing() -> None:
    scores, wanted = np.linspace(0, 1, 50, dtype=np.float32), np.arange(50) % 3 > 0
    assert auc_difference(scores, scores, wanted) == (0.0, 0.0, 0.0)
    assert share_difference(wanted, wanted) == (0.0, 0.0, 0.0)
    assert share_difference(~wanted, wanted | True) is not None


def test_two_classifiers_are_compared_in_pairs(plain: Path) -> None:
    worse, better = WordClassifier(bad="没有这个字"), WordClassifier()
    rows = compare(plain, {"worse": worse, "better": better}, limit=None, progress=_quiet)
    assert [row.classifier for row in rows] == ["worse", "better", "difference"]
    gap = rows[-1]
    assert gap.measures["auc"].value > 0
    assert gap.measures["negative_flagged"].value == pytest.approx(8 / 9)
    assert gap.measures["negative_flagged"].low > 0
    assert gap.p is not None
    assert gap.flat()["p"] == round(gap.p, 4)
    same = compare(plain, {"one": better, "two": WordClassifier()}, limit=None, progress=_quiet)[-1]
    assert same.p == 1.0
    assert same.measures["macro_f1"] == (0.0, 0.0, 0.0)


def test_a_set_of_one_polarity_has_no_macro_difference(tmp_path: Path) -> None:
    _write(tmp_path / "car_complaints.csv", {"text": "坏了", "label": "发动机"}, {"text": "等件", "label": "配件争议"})
    rows = compare(tmp_path, {"a": WordClassifier(), "b": WordClassifier()}, limit=None, progress=_quiet)
    assert "macro_f1" not in rows[-1].measures
