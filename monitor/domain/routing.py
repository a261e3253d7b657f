"""Which one department is responsible: rules first, then what was learned, then the fallback."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.verdicts import Severity, Suggestion


class DecidedBy(StrEnum):
    """Who or what chose the department."""

    RULE = "rule"
    MODEL = "model"
    FALLBACK = "fallback"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Case:
    """What routing looks at. `text` is folded: simplified characters, half width, lower case."""

    text: str
    topics: tuple[str, ...] = ()
    severity: Severity = Severity.NORMAL
    source: str = ""


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """All stated conditions must hold: one of `any_words`, all of `all_words`, none of `no_words`, one of `topics` …"""

    name: str
    department: str
    any_words: re.Pattern[str] | None = None
    all_words: tuple[str, ...] = ()
    no_words: re.Pattern[str] | None = None
    topics: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    severity: Severity | None = None

    def matches(self, case: Case) -> bool:
        """Whether every condition holds."""
        return (
            (self.severity is None or case.severity.rank >= self.severity.rank)
            and (not self.sources or case.source in self.sources)
            and (not self.topics or not self.topics.isdisjoint(case.topics))
            and (self.any_words is None or self.any_words.search(case.text) is not None)
            and all(word in case.text for word in self.all_words)
            and (self.no_words is None or self.no_words.search(case.text) is None)
        )

    def words_found(self, case: Case) -> tuple[str, ...]:
        """The words of the text that made this rule hold, in order, each once."""
        found = [m.group() for m in self.any_words.finditer(case.text)] if self.any_words else []
        return tuple(dict.fromkeys([*found, *self.all_words]))


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """Exactly one department, who chose it and how surely; `suggestions` are other desks one click away."""

    department: str
    decided_by: DecidedBy
    confidence: float
    rule: str = ""
    words: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()


def choose_department(
    case: Case,
    rules: Sequence[RoutingRule],
    suggestions: Sequence[Suggestion],
    *,
    fallback: str,
    dispatch_at: float,
) -> RoutingDecision:
    """The responsible department. Never none, never two: the fallback takes what nothing else decides."""
    choices = tuple(suggestions[:3])
    for rule in rules:
        if rule.matches(case):
            return RoutingDecision(rule.department, DecidedBy.RULE, 1.0, rule.name, rule.words_found(case), choices)
    if choices and choices[0].confidence >= dispatch_at:
        best = choices[0]
        return RoutingDecision(best.department, DecidedBy.MODEL, best.confidence, "", best.words, choices)
    confidence = choices[0].confidence if choices else 0.0
    return RoutingDecision(fallback, DecidedBy.FALLBACK, confidence, "", (), choices)


def words_pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    """One pattern for a list of plain words, longest first; None for no words."""
    if not words:
        return None
    return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))
