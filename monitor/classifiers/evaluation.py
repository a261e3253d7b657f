"""How good a classifier is on labelled sets: the same measures for ours, SnowNLP and always guessing the majority."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from monitor.classifiers.datasets import NEGATIVE, NEUTRAL, POSITIVE
from monitor.classifiers.gold import Gold, GoldRow, gold_sets, thinned
from monitor.classifiers.measures import (
    Bools,
    Floats,
    Measured,
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
    share_of,
    share_with_interval,
)
from monitor.domain.verdicts import Classifier, Expression, Verdict

__all__ = [
    "Answers",
    "EvaluationRow",
    "auc",
    "auc_difference",
    "evaluate",
    "expected_calibration_error",
    "judged_sets",
    "macro_f1",
    "measure",
    "recall_at_false_alarms",
    "share_with_interval",
]

_BATCH = 500
MAJORITY, POOLED, MACRO = "majority", "pooled", "macro"
_SLOW = {"snownlp": 1000}
"""Rows a set at most for a classifier that judges 75 posts a second."""
_SIDES = (NEGATIVE, NEUTRAL, POSITIVE)

MEASURES = (
    "accuracy",
    "macro_f1",
    "auc",
    "opposed_auc",
    "recall_at_10_false_alarms",
    "neutral_flagged",
    "negative_flagged",
    "implicit_flagged",
    "kind_macro_f1",
    "calibration_error",
    "topics_f1",
    "topic_polarity_f1",
)
"""accuracy: negative or positive; macro_f1: of the polarities that a set knows; auc: dissatisfied against all others;
opposed_auc: negative against positive where there are neutral rows too; recall_at_10_false_alarms: of implicit
complaints where a set tells them apart."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one classifier says of rows, beside what people said of them."""

    rows: Sequence[GoldRow]
    chances: Floats
    """Negative, neutral and positive, one row a text."""
    dissatisfied: Floats
    flagged: Bools
    kinds: Sequence[str]
    topics: Sequence[frozenset[str]]
    stances: Sequence[frozenset[str]]

    def are(self, polarity: str) -> Bools:
        """Which rows people gave this polarity."""
        return np.array([row.polarity == polarity for row in self.rows], np.bool_)


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """One classifier on one set; a measure that does not apply is not among the measures."""

    set: str
    n: int
    classifier: str
    measures: Mapping[str, Measured]
    seen: bool = False
    """Whether the classifier was trained on this very set: then these figures flatter, and the card's count."""
    p: float | None = None
    """Of a difference: how likely one as large is when neither classifier is better."""

    @property
    def auc(self) -> float | None:
        """Dissatisfied or not."""
        found = self.measures.get("auc")
        return found.value if found else None

    def flat(self) -> dict[str, Any]:
        """The row as one level of keys: accuracy, accuracy_low, accuracy_high, … with None where nothing applies."""
        row: dict[str, Any] = {"set": self.set, "n": self.n, "classifier": self.classifier, "seen": self.seen}
        for name in MEASURES:
            found = self.measures.get(name)
            for suffix, place in (("", 0), ("_low", 1), ("_high", 2)):
                row[name + suffix] = round(found[place], 4) if found else None
        return row if self.p is None else row | {"p": round(self.p, 4)}


def answers_of(classifier: Classifier, gold: Gold) -> Answers:
    """The classifier's answers on a set; contexts are passed where the set has them."""
    verdicts = [
        verdict
        for start in range(0, len(gold.rows), _BATCH)
        for verdict in _classified(classifier, gold.rows[start : start + _BATCH])
    ]
    told = [[topic for topic in verdict.topics if topic.name in gold.inventory] for verdict in verdicts]
    scores = [(each.scores.negative, each.scores.neutral, each.scores.positive) for each in verdicts]
    return Answers(
        rows=gold.rows,
        chances=np.array(scores, np.float32).reshape(-1, 3),
        dissatisfied=np.array([verdict.dissatisfied for verdict in verdicts], np.float32),
        flagged=np.array([verdict.flagged for verdict in verdicts], np.bool_),
        kinds=_kinds(classifier, gold, verdicts),
        topics=[frozenset(topic.name for topic in topics) for topics in told],
        stances=[frozenset(f"{topic.name}:{topic.polarity}" for topic in topics) for topics in told],
    )


def _classified(classifier: Classifier, rows: Sequence[GoldRow]) -> list[Verdict]:
    contexts = [row.context for row in rows]
    return classifier.classify([row.text for row in rows], contexts if any(contexts) else None)


def _kinds(classifier: Classifier, gold: Gold, verdicts: Sequence[Verdict]) -> list[str]:
    """Explicit, implicit or none, of praise too where a classifier knows that; a verdict tells it of blame alone."""
    tell = getattr(classifier, "expressions", None)
    if tell is None:
        return [str(verdict.expression) for verdict in verdicts]
    return [str(each) for each in tell([row.text for row in gold.rows])]


def _joined(parts: Sequence[Answers]) -> Answers:
    return Answers(
        rows=[row for part in parts for row in part.rows],
        chances=np.concatenate([part.chances for part in parts]),
        dissatisfied=np.concatenate([part.dissatisfied for part in parts]),
        flagged=np.concatenate([part.flagged for part in parts]),
        kinds=[kind for part in parts for kind in part.kinds],
        topics=[topics for part in parts for topics in part.topics],
        stances=[stances for part in parts for stances in part.stances],
    )


def measure(answers: Answers) -> dict[str, Measured]:
    """Every measure that these rows allow."""
    found: dict[str, Measured | None] = {**_of_polarity(answers), **_of_flags(answers), **_of_topics(answers)}
    told = [place for place, row in enumerate(answers.rows) if row.expression]
    if len({answers.rows[place].expression for place in told}) > 1:
        truth = [answers.rows[place].expression for place in told]
        found["kind_macro_f1"] = macro_f1_with_interval(truth, [answers.kinds[place] for place in told])
    return {name: each for name in MEASURES if (each := found.get(name)) is not None}


def guessed_sides(answers: Answers, known: Sequence[str]) -> list[str]:
    """The likeliest polarity of each row among those that the set knows."""
    columns = [_SIDES.index(name) for name in known]
    return [known[place] for place in answers.chances[:, columns].argmax(axis=1)]


def right_sides(answers: Answers) -> tuple[Bools, Bools]:
    """Which rows have a side, negative or positive, and where the likelier of the two is right."""
    negative, positive = answers.are(NEGATIVE), answers.are(POSITIVE)
    return negative | positive, (answers.chances[:, 0] >= answers.chances[:, 2]) == negative


def _of_polarity(answers: Answers) -> dict[str, Measured | None]:
    negative, positive = answers.are(NEGATIVE), answers.are(POSITIVE)
    known = [name for name in _SIDES if answers.are(name).any()]
    if len(known) < 2:
        return {}
    labelled = np.array([bool(row.polarity) for row in answers.rows])
    sided, right = right_sides(answers)
    truth = [row.polarity for row in answers.rows]
    guessed = guessed_sides(answers, known)
    pairs = [(a, b) for a, b in zip(truth, guessed, strict=True) if a]
    wanted, chances = negative[labelled], answers.dissatisfied[labelled]
    opposed = answers.chances[sided, 0] - answers.chances[sided, 2]
    return {
        "accuracy": share_of(right, sided) if negative.any() and positive.any() else None,
        "macro_f1": macro_f1_with_interval([a for a, _ in pairs], [b for _, b in pairs]),
        "auc": auc_with_interval(chances, wanted),
        "opposed_auc": auc_with_interval(opposed, negative[sided]) if len(known) == 3 else None,
        "calibration_error": calibration_with_interval(chances, wanted) if wanted.any() else None,
    }


def _of_flags(answers: Answers) -> dict[str, Measured | None]:
    negative = answers.are(NEGATIVE)
    implicit = negative & np.array([row.expression == Expression.IMPLICIT for row in answers.rows])
    others = answers.are(NEUTRAL) | answers.are(POSITIVE)
    wanted = implicit if implicit.any() else negative
    return {
        "recall_at_10_false_alarms": recall_with_interval(answers.dissatisfied, wanted, others),
        "neutral_flagged": share_of(answers.flagged, answers.are(NEUTRAL)),
        "negative_flagged": share_of(answers.flagged, negative),
        "implicit_flagged": share_of(answers.flagged, implicit),
    }


def _of_topics(answers: Answers) -> dict[str, Measured | None]:
    measured: dict[str, Measured | None] = {}
    rows = [(row.topics, found) for row, found in zip(answers.rows, answers.topics, strict=True) if row.topics]
    if rows:
        measured["topics_f1"] = micro_f1([topics or frozenset() for topics, _ in rows], [found for _, found in rows])
    pairs = [(row.stances, found) for row, found in zip(answers.rows, answers.stances, strict=True) if row.stances]
    if pairs:
        wanted = [stances or frozenset() for stances, _ in pairs]
        measured["topic_polarity_f1"] = micro_f1(wanted, [found for _, found in pairs])
    return measured


def _majority(gold: Gold) -> EvaluationRow | None:
    """Always the commonest polarity of the set."""
    truth = [row.polarity for row in gold.rows if row.polarity]
    if not truth:
        return None
    measured = {}
    if len(set(truth)) > 1:
        measured["macro_f1"] = macro_f1_with_interval(truth, _commonest(truth))
    sided = [each for each in truth if each != NEUTRAL]
    if len(set(sided)) > 1:
        right = np.array([a == b for a, b in zip(sided, _commonest(sided), strict=True)])
        measured["accuracy"] = Measured(*share_with_interval(int(right.sum()), len(right)))
    return EvaluationRow(gold.name, len(gold.rows), MAJORITY, measured)


def _commonest(truth: Sequence[str]) -> list[str]:
    return [Counter(truth).most_common(1)[0][0]] * len(truth)


def judged_sets(
    data: Path, classifiers: Mapping[str, Classifier], *, limit: int | None, progress: Callable[[str], None]
) -> Iterator[tuple[Gold, dict[str, Answers]]]:
    """Every labelled set of a folder with what each classifier says of it."""
    for gold in gold_sets(data, limit):
        answers = {}
        for who, classifier in classifiers.items():
            progress(f"{gold.name}: {who}")
            answers[who] = answers_of(classifier, thinned(gold, _SLOW.get(who)))
        yield gold, answers


def evaluate(
    data: Path, classifiers: Mapping[str, Classifier], *, limit: int | None, progress: Callable[[str], None]
) -> list[EvaluationRow]:
    """Every classifier, and the majority guess, on every labelled set of a folder, then over all of them."""
    rows: list[EvaluationRow] = []
    everything: dict[str, list[Answers]] = {who: [] for who in classifiers}
    for gold, answers in judged_sets(data, classifiers, limit=limit, progress=progress):
        for who, each in answers.items():
            seen = gold.name in getattr(classifiers[who], "learned_from", ())
            rows.append(EvaluationRow(gold.name, len(each.rows), who, measure(each), seen))
            everything[who].append(each)
        guess = _majority(gold)
        rows += [guess] if guess else []
    return [*rows, *_pooled(everything, rows), *_means(rows)] if rows else rows


def _pooled(everything: Mapping[str, Sequence[Answers]], rows: Sequence[EvaluationRow]) -> list[EvaluationRow]:
    """All rows of all sets as one set."""
    pooled = []
    for who, parts in everything.items():
        whole = _joined(parts)
        seen = any(row.seen for row in rows if row.classifier == who)
        pooled.append(EvaluationRow(POOLED, len(whole.rows), who, measure(whole), seen))
    guess = _majority(Gold(POOLED, tuple(row for part in next(iter(everything.values())) for row in part.rows)))
    return [*pooled, guess] if guess else pooled


def _means(rows: Sequence[EvaluationRow]) -> list[EvaluationRow]:
    """The mean of each measure over the sets that have it, each set counted alike."""
    means = []
    for who in dict.fromkeys(row.classifier for row in rows):
        own = [row for row in rows if row.classifier == who]
        found = {name: [row.measures[name] for row in own if name in row.measures] for name in MEASURES}
        measured = {name: mean_of(each) for name, each in found.items() if each}
        means.append(EvaluationRow(MACRO, len(own), who, measured, any(row.seen for row in own)))
    return means
