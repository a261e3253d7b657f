"""The shipped model at work: numpy and nothing heavier, whole batches at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.classifiers.cues import cue_at
from monitor.classifiers.ensemble import Ensemble, Said, opinion_names, raise_by
from monitor.classifiers.explaining import decisive_words
from monitor.classifiers.expressions import TOLD_HEADS, kind_inputs, kinds_of
from monitor.classifiers.features import Features, extract
from monitor.classifiers.long_texts import LONG, Span
from monitor.classifiers.model_file import Card, load_model
from monitor.classifiers.reading import SPAM_FROM, Reader, Reading
from monitor.classifiers.scoring import rule_rows
from monitor.classifiers.subject_telling import POLARITIES, SubjectTeller
from monitor.classifiers.verdict_parts import blank_verdict, cues_of, expression_of, keyword_chances, topics_of
from monitor.domain.verdicts import Cue, Expression, Polarity, Scores, Suggestion, Verdict

SHIPPED = Path(__file__).parent / "models" / "shipped"

MODEL_CUE = "model"
MODEL_REASON = "没有现成的线索，模型主要凭这个词判断"

_MOST_IN_A_BATCH = 400_000
"""Characters whose features are held in memory at one time."""
_LONGEST_CONTEXT = 2_000
"""Characters of a thread that are read at most."""
_SPAM_LEAVES = 0.2
"""What an advertisement keeps of its chance of dissatisfaction."""


class Judgement(NamedTuple):
    """A verdict with the learned router's suggestions: both come from one look at the text."""

    verdict: Verdict
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class _Batch:
    """The texts of a batch that can be judged, and what the model makes of them."""

    readings: Sequence[Reading]
    features: Features
    said: Said
    scores: Sequence[Scores]
    worst: Mapping[int, Span]


@dataclass(frozen=True, slots=True)
class _Details:
    """What is told of one text beside its scores."""

    words: tuple[Cue, ...]
    topics: Mapping[str, float]
    stances: Mapping[str, Polarity]
    outright: bool


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

    def __init__(self, lexicon: Reader, card: Card, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.reader = lexicon
        self.card = card
        self.version = f"{card.version}+{lexicon.version}"
        self._ensemble = Ensemble(card, arrays)
        self._subjects = SubjectTeller(card, self._ensemble, arrays)
        own = opinion_names(card.heads)
        self._told = [own.index(name) for name in TOLD_HEADS] if set(TOLD_HEADS) <= set(own) else []
        self._kinds = arrays["expressions"].astype(np.float32)
        self._known_topics = frozenset(card.topics)

    def judge(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Judgement]:
        """One judgement a text, in order; never raises for any text."""
        threads = contexts if contexts is not None else [""] * len(texts)
        return [
            judgement
            for part in _chunks([len(text) for text in texts])
            for judgement in self._judge_part([self.reader.read(text) for text in texts[part]], threads[part])
        ]

    def expressions(self, texts: Sequence[str]) -> list[Expression]:
        """Whether each text says a feeling, only shows one, or has no opinion: of satisfied writers too."""
        found: list[Expression] = []
        for part in _chunks([len(text) for text in texts]):
            readings = [self.reader.read(text) for text in texts[part]]
            judged = [reading for reading in readings if not reading.blank]
            kinds = iter(self._kinds_of(judged) if judged and len(self._kinds) else [Expression.NONE] * len(judged))
            found += [Expression.NONE if reading.blank else next(kinds) for reading in readings]
        return found

    def _kinds_of(self, readings: Sequence[Reading]) -> list[Expression]:
        return kinds_of(kind_inputs(self._batch(readings, [""] * len(readings)).said, self._told), self._kinds)

    def _judge_part(self, readings: Sequence[Reading], contexts: Sequence[str]) -> list[Judgement]:
        judged = [place for place, reading in enumerate(readings) if not reading.blank]
        found = iter(self._judged([readings[place] for place in judged], [contexts[place] for place in judged]))
        return [
            Judgement(blank_verdict(reading, self.version)) if reading.blank else next(found) for reading in readings
        ]

    def _judged(self, readings: Sequence[Reading], contexts: Sequence[str]) -> list[Judgement]:
        if not readings:
            return []
        batch = self._batch(readings, [self._folded_context(context) for context in contexts])
        words = self._model_words(batch)
        chances = self._subjects.chances(readings, batch.said)
        topics = self._subjects.topics(chances)
        stances = self._subjects.stances(batch.said, topics)
        outright = self._outright(batch.said)
        suggestions = self._subjects.suggestions(readings, batch.features, batch.said, chances)
        return [
            Judgement(
                self._verdict(
                    batch, place, _Details(words.get(place, ()), topics[place], stances[place], outright[place])
                ),
                suggestions[place],
            )
            for place in range(len(readings))
        ]

    def _batch(self, readings: Sequence[Reading], contexts: Sequence[str]) -> _Batch:
        texts = [reading.folded.text for reading in readings]
        features = extract(texts, self.card.bits)
        rules = rule_rows(readings, self.card.families)
        said = self._ensemble.say(texts, features, rules, contexts)
        worst: dict[int, Span] = {}
        for place, text in enumerate(texts):
            if len(text) > LONG:
                worst[place], chance = self._ensemble.worst_sentence(text, rules[place], contexts[place])
                raise_by(said.chances[place], chance)
        rows = said.chances.astype(np.float64).round(4).tolist()
        scores = [_scores(row, advert=reading.spam >= SPAM_FROM) for row, reading in zip(rows, readings, strict=True)]
        return _Batch(readings, features, said, scores, worst)

    def _folded_context(self, context: str) -> str:
        return self.reader.prepare(context[:_LONGEST_CONTEXT]).text.strip() if context else ""

    def _outright(self, said: Said) -> list[bool]:
        """Which texts say it outright, as the model hears it."""
        if not len(self._kinds):
            return [False] * len(said.chances)
        heard: list[bool] = (said.score(self._told[0]) >= self.card.explicit_from).tolist()
        return heard

    def _verdict(self, batch: _Batch, place: int, details: _Details) -> Verdict:
        reading, scores = batch.readings[place], batch.scores[place]
        flagged = scores.negative >= self.card.threshold
        row = (scores.negative, scores.neutral, scores.positive)
        polarity = POLARITIES[row.index(max(row))]
        # Where the model tells no topic at all, the keywords do.
        known = self._known_topics if details.topics else frozenset[str]()
        chances = {**details.topics, **keyword_chances(reading, known)}
        span = batch.worst.get(place) if flagged else None
        return Verdict(
            polarity=polarity,
            scores=scores,
            dissatisfied=scores.negative,
            flagged=flagged,
            expression=expression_of(reading, flagged=flagged, outright=details.outright),
            version=self.version,
            cues=cues_of(reading, flagged=flagged, model_words=details.words),
            topics=topics_of(chances, polarity, details.stances) if chances else (),
            severity=reading.severity,
            severity_reason=reading.severity_reason,
            intent=reading.intent,
            spam=reading.spam,
            worst=reading.folded.span(*span) if span else None,
        )

    def _model_words(self, batch: _Batch) -> dict[int, tuple[Cue, ...]]:
        """The words the model went by, for flagged texts in which no rule found anything."""
        asked = {
            place: self._spoke(batch.said, place)
            for place, (reading, scores) in enumerate(zip(batch.readings, batch.scores, strict=True))
            if scores.negative >= self.card.threshold and not reading.cues and not reading.explicit
        }
        found = decisive_words(self._ensemble.heads, batch.features, asked)
        return {
            place: tuple(_word_cue(batch.readings[place], *each) for each in sorted(words, key=lambda each: each[1]))
            for place, words in found.items()
        }

    def _spoke(self, said: Said, place: int) -> list[int]:
        """The heads that decided a text: those for all texts, and that of its own domain."""
        own = int(self._ensemble.layout.opinions[int(said.shares[place].argmax())])
        return [*self._ensemble.bad, own]


def _word_cue(reading: Reading, word: str, start: int) -> Cue:
    return cue_at(reading.folded, (start, start + len(word)), family=MODEL_CUE, reason=MODEL_REASON)


def _scores(row: Sequence[float], *, advert: bool) -> Scores:
    """Three chances that add up to one; of an advertisement's only a part is left beside neutral."""
    leaves = _SPAM_LEAVES if advert else 1.0
    negative, positive = round(row[0] * leaves, 4), round(row[2] * leaves, 4)
    return Scores(negative, round(1 - negative - positive, 4), positive)


def open_model(reader: Reader, folder: Path | None = None) -> TrainedModel:
    """The model of a folder, by default the one that ships with the product."""
    card, arrays = load_model(folder or SHIPPED)
    return TrainedModel(reader, card, arrays)


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

    def expressions(self, texts: Sequence[str]) -> list[Expression]:
        """Explicit, implicit or none of each text, of satisfied writers too."""
        return self.model.expressions(texts)
