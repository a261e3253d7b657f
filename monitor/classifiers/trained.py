"""The shipped model at work: numpy and nothing heavier, whole batches at once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from monitor.classifiers.cues import EXPLICIT, EXPLICIT_REASON, MOST_CUES, cue_at
from monitor.classifiers.features import Features, Ints, extract
from monitor.classifiers.model_file import Card, Floats, Weights, load_model
from monitor.classifiers.reading import SPAM_FROM, Reader, Reading
from monitor.classifiers.scoring import blend_inputs, blended, margins, rule_rows, sigmoid, top_columns
from monitor.domain.verdicts import Cue, Expression, Polarity, Scores, Suggestion, Topic, Verdict

SHIPPED = Path(__file__).parent / "models" / "shipped"

MODEL_CUE = "model"
MODEL_REASON = "没有现成的线索，模型主要凭这个词判断"

_LONG = 160
"""Longer texts are also judged sentence by sentence."""
_SHORTEST_SENTENCE = 12
_SENTENCE = re.compile(r"[^。!?;\n…~]{1,400}[。!?;\n…~]{0,8}|[。!?;\n…~]{1,400}")
_MOST_IN_A_BATCH = 400_000
"""Characters whose features are held in memory at one time."""
_TOPIC_FLOOR = 0.4
_MOST_TOPICS = 5
_POLARITIES = (Polarity.NEGATIVE, Polarity.NEUTRAL, Polarity.POSITIVE)


class Judgement(NamedTuple):
    """A verdict with the learned router's suggestions: both come from one look at the text."""

    verdict: Verdict
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class _Batch:
    """The texts of a batch that can be judged, and what the model makes of them."""

    readings: Sequence[Reading]
    features: Features
    chances: Floats
    subjects: Floats


def _sentences(text: str) -> list[str]:
    """Sentences, the short ones joined to what follows."""
    sentences: list[str] = []
    held = ""
    for sentence in _SENTENCE.findall(text):
        held += sentence
        if len(held) >= _SHORTEST_SENTENCE:
            sentences.append(held)
            held = ""
    return [*sentences, held] if held else sentences


def _chunks(lengths: Sequence[int]) -> list[slice]:
    """Slices of a batch that hold a bounded number of characters each (a single longer text stands alone)."""
    slices, start, held = [], 0, 0
    for place, length in enumerate(lengths):
        if held and held + length > _MOST_IN_A_BATCH:
            slices.append(slice(start, place))
            start, held = place, 0
        held += length
    return [*slices, slice(start, len(lengths))] if lengths else []


class TrainedModel:
    """Weights and lexicon together: judges texts and suggests departments."""

    def __init__(self, lexicon: Reader, card: Card, weights: Weights) -> None:
        self.reader = lexicon
        self.card = card
        self.version = f"{card.version}+{lexicon.version}"
        self._weights = weights
        self._topic_count = len(card.topics)

    def judge(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Judgement]:  # noqa: ARG002
        """One judgement a text, in order; never raises for any text."""
        return [
            judgement
            for part in _chunks([len(text) for text in texts])
            for judgement in self._judge_part([self.reader.read(text) for text in texts[part]])
        ]

    def _judge_part(self, readings: Sequence[Reading]) -> list[Judgement]:
        judged = [reading for reading in readings if not reading.blank]
        found = iter(self._judged(judged)) if judged else iter(())
        return [self._blank(reading) if reading.blank else next(found) for reading in readings]

    def _blank(self, reading: Reading) -> Judgement:
        return Judgement(blank_verdict(reading, self.version))

    def _judged(self, readings: Sequence[Reading]) -> list[Judgement]:
        features = extract([reading.folded.text for reading in readings], self.card.bits)
        batch = _Batch(readings, features, self._chances(readings, features), self._subject_chances(features))
        words = self._model_words(batch)
        suggestions = self._suggestions(batch)
        return [
            Judgement(self._verdict(batch, place, words[place]), suggestions[place]) for place in range(len(readings))
        ]

    def _chances(self, readings: Sequence[Reading], features: Features) -> Floats:
        rules = rule_rows(readings, self.card.families)
        chances = self._blended(features, rules)
        long = [place for place, reading in enumerate(readings) if len(reading.folded.text) > _LONG]
        return self._with_worst_sentence(chances, readings, long) if long else chances

    def _blended(self, features: Features, rules: Floats) -> Floats:
        weights = self._weights
        polarity = margins(features, weights["idf"], weights["polarity"], weights["polarity_bias"])
        return blended(blend_inputs(polarity, rules), weights["blend"], weights["blend_bias"], polarity[:, -1])

    def _with_worst_sentence(self, chances: Floats, readings: Sequence[Reading], long: Sequence[int]) -> Floats:
        """Complaints hide in one clause of a long friendly post: half of what its worst sentence adds is counted."""
        for place in long:
            sentences = _sentences(readings[place].folded.text)
            features = extract(sentences, self.card.bits)
            rules = rule_rows([readings[place]], self.card.families).repeat(len(sentences), axis=0)
            worst = float(self._blended(features, rules)[:, 0].max())
            whole = float(chances[place, 0])
            if worst > whole:
                negative = whole + (worst - whole) * WORST_COUNTS
                chances[place, 1:] *= (1 - negative) / max(1 - whole, 1e-6)
                chances[place, 0] = negative
        return chances

    def _subject_chances(self, features: Features) -> Floats:
        weights = self._weights
        drop = self.card.bits - self.card.subject_bits
        return sigmoid(margins(features, weights["idf"], weights["subjects"], weights["subjects_bias"], drop=drop))

    def _verdict(self, batch: _Batch, place: int, model_words: tuple[Cue, ...]) -> Verdict:
        reading = batch.readings[place]
        chances = [round(float(chance), 4) for chance in batch.chances[place]]
        if reading.spam >= SPAM_FROM:
            chances = [round(chances[0] * 0.2, 4), round(1 - chances[0] * 0.2 - chances[2] * 0.2, 4), chances[2] * 0.2]
        flagged = chances[0] >= self.card.threshold
        return Verdict(
            polarity=_POLARITIES[int(np.argmax(chances))],
            scores=Scores(chances[0], chances[1], round(1 - chances[0] - chances[1], 4)),
            dissatisfied=chances[0],
            flagged=flagged,
            expression=expression_of(reading, flagged=flagged),
            version=self.version,
            cues=cues_of(reading, flagged=flagged, model_words=model_words),
            topics=self._topics(batch.subjects[place, : self._topic_count], reading),
            severity=reading.severity,
            severity_reason=reading.severity_reason,
            intent=reading.intent,
            spam=reading.spam,
        )

    def _topics(self, chances: Floats, reading: Reading) -> tuple[Topic, ...]:
        return topics_of(dict(zip(self.card.topics, chances.tolist(), strict=True)), reading)

    def _suggestions(self, batch: _Batch) -> list[tuple[Suggestion, ...]]:
        departments = self.card.departments
        if not departments:
            return [()] * len(batch.readings)
        chances = batch.subjects[:, self._topic_count :]
        shares = chances / np.maximum(chances.sum(axis=1, keepdims=True), 1e-6)
        top = shares.argmax(axis=1)
        words = self._strongest_words(batch.features, self._topic_count + top)
        result = []
        for place in range(len(batch.readings)):
            ranked = top_columns(shares[place], 0.01)
            why = tuple(word for word, _ in words[place])
            result.append(
                tuple(
                    Suggestion(departments[column], round(float(shares[place, column]), 4), why if not rank else ())
                    for rank, column in enumerate(ranked)
                )
            )
        return result

    def _word_owners(self, features: Features) -> Ints:
        return np.repeat(np.arange(len(features.words)), [len(each) for each in features.words])

    def _strongest_words(self, features: Features, columns: Ints) -> list[list[tuple[str, int]]]:
        """For each text the three words (with their place in it) that speak most for a column of the subjects."""
        drop = self.card.bits - self.card.subject_bits
        owners = self._word_owners(features)
        weights = self._weights["subjects"][features.word_ids >> drop, columns[owners]]
        return _three_strongest(features, weights * self._weights["idf"][features.word_ids])

    def _model_words(self, batch: _Batch) -> list[tuple[Cue, ...]]:
        """The words the model went by, for texts in which no rule found anything."""
        needed = [
            not reading.cues and not reading.explicit and batch.chances[place, 0] >= self.card.threshold
            for place, reading in enumerate(batch.readings)
        ]
        if not any(needed):
            return [()] * len(needed)
        ids = batch.features.word_ids
        values = self._weights["polarity"][ids, :4].mean(axis=1) * self._weights["idf"][ids]
        strongest = _three_strongest(batch.features, values)
        return [
            tuple(
                cue_at(reading.folded, (start, start + len(word)), family=MODEL_CUE, reason=MODEL_REASON)
                for word, start in sorted(strongest[place], key=lambda each: each[1])
            )
            if needed[place]
            else ()
            for place, reading in enumerate(batch.readings)
        ]


WORST_COUNTS = 0.5


def _three_strongest(features: Features, values: Floats) -> list[list[tuple[str, int]]]:
    """For each text its three words of highest positive value, with their places."""
    result: list[list[tuple[str, int]]] = []
    first = 0
    for words in features.words:
        own = values[first : first + len(words)].tolist()
        first += len(words)
        result.append(_best_of(words, own))
    return result


def _best_of(words: Sequence[str], values: Sequence[float]) -> list[tuple[str, int]]:
    best: dict[str, tuple[float, int]] = {}
    start = 0
    for word, value in zip(words, values, strict=True):
        if value > 0.2 and len(word) > 1 and word not in best and not word.isdigit():
            best[word] = (value, start)
        start += len(word)
    ranked = sorted(best.items(), key=lambda each: -each[1][0])[:3]
    return [(word, place) for word, (_, place) in ranked]


def blank_verdict(reading: Reading, version: str) -> Verdict:
    """The verdict on a text in which there is nothing to judge."""
    return Verdict(
        polarity=Polarity.NEUTRAL,
        scores=Scores(0.0, 1.0, 0.0),
        dissatisfied=0.0,
        flagged=False,
        expression=Expression.NONE,
        version=version,
        reason=reading.blank,
    )


def expression_of(reading: Reading, *, flagged: bool) -> Expression:
    """Explicit when an opinion word, demand or insult stands in a flagged text; implicit when it is flagged without."""
    if not flagged:
        return Expression.NONE
    return Expression.EXPLICIT if reading.explicit else Expression.IMPLICIT


def cues_of(reading: Reading, *, flagged: bool, model_words: tuple[Cue, ...] = ()) -> tuple[Cue, ...]:
    """The families' cues, and in a flagged text what is said outright or what the model went by."""
    if not flagged:
        return reading.cues
    outright = [
        cue_at(reading.folded, (start, end), family=EXPLICIT, reason=EXPLICIT_REASON)
        for _, start, end in reading.explicit[:MOST_CUES]
    ]
    return tuple(sorted([*reading.cues, *outright, *model_words], key=lambda cue: (cue.start, cue.end))[:MOST_CUES])


def topics_of(learned: dict[str, float], reading: Reading) -> tuple[Topic, ...]:
    """Topics by model and keywords together, the likeliest first; keywords alone where the model knows nothing."""
    chances = dict(learned)
    for name, hits in reading.topics:
        told = (0.25 if hits == 1 else 0.4) if name in learned else (0.5 if hits == 1 else 0.7)
        chances[name] = 1 - (1 - chances.get(name, 0.0)) * (1 - told)
    kept = sorted(((chance, name) for name, chance in chances.items() if chance >= _TOPIC_FLOOR), reverse=True)
    return tuple(Topic(name, round(chance, 4)) for chance, name in kept[:_MOST_TOPICS])


def open_model(reader: Reader, folder: Path | None = None) -> TrainedModel:
    """The model of a folder, by default the one that ships with the product."""
    card, weights = load_model(folder or SHIPPED)
    return TrainedModel(reader, card, weights)


class TrainedClassifier:
    """The shipped model as a `Classifier`."""

    def __init__(self, model: TrainedModel) -> None:
        self.model = model

    @classmethod
    def build(cls, reader: Reader, folder: Path | None) -> "TrainedClassifier":
        """The classifier of a model folder, None for the shipped one."""
        return cls(open_model(reader, folder))

    @property
    def version(self) -> str:
        """Model and lexicon version."""
        return self.model.version

    @property
    def learned_from(self) -> frozenset[str]:
        """The names of the sets the model was trained on."""
        return frozenset(str(each["name"]) for each in self.model.card.sets)

    def classify(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict a text, in order."""
        return [judgement.verdict for judgement in self.model.judge(texts, contexts)]
