"""SnowNLP as a backend and baseline: its sentiment, with cues, severity and topics still from our rules."""

from collections.abc import Sequence
from pathlib import Path

from snownlp import SnowNLP

from monitor.classifiers.reading import Reader, Reading
from monitor.classifiers.verdict_parts import blank_verdict, cues_of, expression_of, keyword_chances, topics_of
from monitor.domain.verdicts import Polarity, Scores, Verdict

_THRESHOLD = 0.5
_LONGEST = 5000
"""SnowNLP multiplies chances word by word; in longer texts they say nothing more and cost seconds."""


def _positive(text: str) -> float:
    return round(float(SnowNLP(text[:_LONGEST]).sentiments), 4)


class SnowClassifier:
    """SnowNLP's naive Bayes as a `Classifier`; it knows no neutral texts, so the middle third counts as neutral."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @classmethod
    def build(cls, reader: Reader, _folder: Path | None) -> "SnowClassifier":
        """The classifier; SnowNLP brings its own model, so the folder plays no part."""
        return cls(reader)

    @property
    def version(self) -> str:
        """Backend and lexicon version."""
        return f"snownlp+{self._reader.version}"

    def classify(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Verdict]:  # noqa: ARG002
        """One verdict a text, in order; SnowNLP knows nothing of contexts."""
        return [self._verdict(self._reader.read(text)) for text in texts]

    def _verdict(self, reading: Reading) -> Verdict:
        if reading.blank:
            return blank_verdict(reading, self.version)
        positive = _positive(reading.folded.text)
        negative = round(1 - positive, 4)
        neutral = round(2 * min(positive, negative) / 3, 4)
        scores = Scores(round(negative - neutral / 2, 4), neutral, round(positive - neutral / 2, 4))
        flagged = negative >= _THRESHOLD
        polarity = Polarity.NEGATIVE if flagged else Polarity.POSITIVE
        return Verdict(
            polarity=polarity,
            scores=scores,
            dissatisfied=negative,
            flagged=flagged,
            expression=expression_of(reading, flagged=flagged),
            version=self.version,
            cues=cues_of(reading, flagged=flagged),
            topics=topics_of(keyword_chances(reading), polarity),
            severity=reading.severity,
            severity_reason=reading.severity_reason,
            intent=reading.intent,
            spam=reading.spam,
        )
