"""What the classifier says of one post, and the shape every classifier has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Polarity(StrEnum):
    """Towards the product, service or company the post is about."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Expression(StrEnum):
    """How dissatisfaction shows: said in words, only let through, or not there."""

    EXPLICIT = "explicit"
    IMPLICIT = "implicit"
    NONE = "none"


class Severity(StrEnum):
    """How grave: 一般, 升级 (repeat or drastic acts), 重大 (injury, safety, media, authority, crowd)."""

    NORMAL = "normal"
    RAISED = "raised"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for 一般, 1 for 升级, 2 for 重大."""
        return list(Severity).index(self)


class Intent(StrEnum):
    """What the writer is after."""

    COMPLAINT = "complaint"
    QUESTION = "question"
    SUGGESTION = "suggestion"
    WARNING = "warning"
    LEAVING = "leaving"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Scores:
    """Three probabilities that add up to one."""

    negative: float
    neutral: float
    positive: float


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that let dissatisfaction through: a span [start, end) of the text as given, and why it counts."""

    family: str
    start: int
    end: int
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """What the post is about, with its probability, and how the writer stands to just this."""

    name: str
    score: float
    polarity: Polarity = Polarity.NEUTRAL


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything the classifier says of one post; `topics` has the main one first."""

    polarity: Polarity
    scores: Scores
    dissatisfied: float
    flagged: bool
    expression: Expression
    version: str
    cues: tuple[Cue, ...] = ()
    topics: tuple[Topic, ...] = ()
    severity: Severity = Severity.NORMAL
    severity_reason: str = ""
    intent: Intent = Intent.NONE
    spam: float = 0.0
    worst: tuple[int, int] | None = None
    """Where the most dissatisfied sentence of a long text stands: [start, end) of the text as given."""
    reason: str = ""
    """Why a text could not be judged ("empty", "only a link"), or "" when it was."""

    @property
    def main_topic(self) -> str:
        """The name of the strongest topic, or "" where there is none."""
        return self.topics[0].name if self.topics else ""


class Classifier(Protocol):
    """Judges posts. `version` names model and lexicon; the same text and version give the same verdict."""

    @property
    def version(self) -> str: ...

    def classify(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict a text, in order; never raises for any text.

        `contexts` has for each text the rest of its thread, "" where there is none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A department the learned router would choose, with its calibrated confidence, and the words that decided."""

    department: str
    confidence: float
    words: tuple[str, ...] = field(default=())


class Suggester(Protocol):
    """The learned router: suggests departments, most likely first; an empty tuple when it cannot tell."""

    @property
    def version(self) -> str: ...

    def suggest(self, texts: Sequence[str]) -> list[tuple[Suggestion, ...]]: ...


Judged = tuple[Verdict, tuple[Suggestion, ...]]
"""A verdict, and the departments the model would choose."""


class Judge(Protocol):
    """Gives verdict and suggested departments in one pass, which is cheaper than asking twice."""

    @property
    def version(self) -> str: ...

    def judge(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Judged]:
        """One judgement a text, in order; never raises for any text."""
        ...


@dataclass(frozen=True, slots=True)
class TwoPassJudge:
    """A judge made of a classifier and a suggester that know nothing of each other."""

    classifier: Classifier
    suggester: Suggester

    @property
    def version(self) -> str:
        """The classifier's version."""
        return self.classifier.version

    def judge(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Judged]:
        """Verdicts of the one beside suggestions of the other."""
        return list(zip(self.classifier.classify(texts, contexts), self.suggester.suggest(texts), strict=True))
