"""Stand-ins that remember or answer as told; nothing here patches anything."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.configuration import Configuration
from monitor.domain.alerts import Message, Rendered
from monitor.domain.errors import DeliveryError
from monitor.domain.triage import TriagePolicy
from monitor.domain.verdicts import (
    Cue,
    Expression,
    Intent,
    Polarity,
    Scores,
    Severity,
    Suggestion,
    Topic,
    TwoPassJudge,
    Verdict,
)
from monitor.rendering import MailRenderer
from monitor.services.tools import Tools
from monitor.settings import Settings, resource_folder
from scrapers.base import Batch, Cursor, RawPost
from scrapers.errors import CollectError

CALM = Verdict(
    polarity=Polarity.NEUTRAL,
    scores=Scores(0.1, 0.8, 0.1),
    dissatisfied=0.05,
    flagged=False,
    expression=Expression.NONE,
    version="fixed-1",
)
ANGRY = Verdict(
    polarity=Polarity.NEGATIVE,
    scores=Scores(0.95, 0.04, 0.01),
    dissatisfied=0.97,
    flagged=True,
    expression=Expression.EXPLICIT,
    version="fixed-1",
    topics=(Topic("服务态度", 0.8),),
    intent=Intent.COMPLAINT,
)
HINTING = replace(ANGRY, dissatisfied=0.7, expression=Expression.IMPLICIT, intent=Intent.NONE)
GRAVE = replace(ANGRY, severity=Severity.CRITICAL, severity_reason="安全：刹车失灵")


class FixedClassifier:
    """Judges by marks: 投诉 is angry, 算了 hints (with a cue), 刹车失灵 is grave, 坏帖 breaks; the rest is calm."""

    version = "fixed-1"

    def classify(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Verdict]:
        return [self._judge(text) for text in texts]

    def _judge(self, text: str) -> Verdict:
        if "坏帖" in text:
            raise RuntimeError("a post that breaks the classifier")
        if "刹车失灵" in text:
            return GRAVE
        if "投诉" in text:
            return ANGRY
        at = text.find("算了")
        if at >= 0:
            return replace(HINTING, cues=(Cue("resignation", at, at + 2, "算了", "作罢：放弃争取"),))
        return CALM


class SharperClassifier(FixedClassifier):
    """The next version: hears 随它去 as well, and no longer takes 算了 for dissatisfaction."""

    version = "fixed-2"

    def classify(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Verdict]:
        return [replace(self._hear(text), version=self.version) for text in texts]

    def _hear(self, text: str) -> Verdict:
        at = text.find("随它去")
        if at >= 0:
            return replace(HINTING, cues=(Cue("resignation", at, at + 3, "随它去", "作罢：放弃争取"),))
        return CALM if "算了" in text else self._judge(text)


@dataclass
class FixedSuggester:
    """Suggests what it was told, for every text."""

    suggestions: tuple[Suggestion, ...] = (Suggestion("售后服务", 0.6), Suggestion("质量技术", 0.2))
    version: str = "fixed-1"

    def suggest(self, texts: Sequence[str]) -> list[tuple[Suggestion, ...]]:
        return [self.suggestions for _ in texts]


@dataclass
class Outbox:
    """A channel that remembers, or refuses as often as it was told."""

    sent: list[Message] = field(default_factory=list)
    refusals: list[DeliveryError] = field(default_factory=list)

    def send(self, message: Message) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.sent.append(message)


def plain_words(name: str, facts: Mapping[str, Any]) -> Rendered:
    """A renderer that says the event and the ticket's number."""
    words = f"{name} {facts.get('number', '')}".strip()
    return Rendered(words, f"{words}\n{facts.get('quote', '')}", f"<p>{words}</p>")


@dataclass
class ScriptedCollector:
    """Gives the batches or raises the errors it was handed, one a visit, and then nothing more."""

    script: list[Batch | CollectError | Exception]
    seen: list[Cursor] = field(default_factory=list)

    def collect(self, cursor: Cursor) -> Batch:
        self.seen.append(cursor)
        if not self.script:
            return Batch((), cursor)
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def collectors(script: list[Batch | CollectError | Exception]) -> Callable[[str, Mapping[str, Any]], ScriptedCollector]:
    """A maker of one collector that follows the script, whatever the kind."""
    collector = ScriptedCollector(script)
    return lambda _kind, _options: collector


def raw(external_id: str, text: str = "投诉：等了三个月", **more: Any) -> RawPost:
    """A post as a source gives it."""
    return RawPost(external_id=external_id, text=text, **more)


def fake_tools(configuration: Configuration, settings: Settings, outbox: Outbox) -> Tools:
    """Tools with a classifier that judges by marks and a channel that remembers; everything else is as shipped."""
    return Tools(
        judge=TwoPassJudge(FixedClassifier(), FixedSuggester()),
        fold=str.lower,
        render=MailRenderer(resource_folder("templates")),
        channels={"mail": outbox},
        routing_rules=configuration.routing_rules,
        fallback=configuration.fallback,
        dispatch_at=0.75,
        triage=TriagePolicy(),
        terms=configuration.terms,
        hours=configuration.hours,
        alert_rules=configuration.alert_rules,
        zone=settings.zone,
        base_url="https://care.example.com",
        company=settings.company,
        pseudonym_key=b"k" * 32,
        topics=("制动", "舒适与异响", "服务态度"),
    )
