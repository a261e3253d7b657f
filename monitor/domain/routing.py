"""Which one department is responsible: rules first, then the thread, then what was learned, then the fallback."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.verdicts import Severity, Suggestion

_FOLLOW_UP_LENGTH = 40
"""So many characters at most has a follow-up that says nothing of its own."""
_CHASING = re.compile(
    "[没无不](?:有|见)?(?:一个)?人(?:来|给我?|跟我?|和我?)?(?:联系|理|管|回|处理|解决|答复|跟进|负责)"
    "|(?:还|仍|依旧|一直|至今|到现在|迟迟|依然|都)[^，。！？；\n]{0,8}"
    "(?:没|未|不)[^，。！？；\n]{0,6}(?:联系|回复|回应|答复|处理|解决|消息|动静|进展|结果|下文|电话|回电|说法|音信|办)"
    "|(?:没|未|无)(?:有)?(?:任何|收到)?(?:回复|回应|答复|进展|结果|消息|下文|动静|回音|说法)"
    "|(?:催|再催|催促|跟进|追)一?(?:下|问)|(?:什么|啥)时候(?:能|才|给|可以)?(?:处理|解决|回复|答复|联系|有结果|有消息)"
    "|(?:进展|进度|结果)(?:如何|怎么样|呢|怎样)|(?:处理|解决|办)(?:得|的)?(?:怎么样|如何|怎样|好了?[吗没])|同上|还是(?:老样子|没人)"
)


class DecidedBy(StrEnum):
    """Who or what chose the department."""

    RULE = "rule"
    THREAD = "thread"
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
    regions: tuple[str, ...] = ()
    dealers: tuple[str, ...] = ()


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
    regions: frozenset[str] = frozenset()
    dealers: frozenset[str] = frozenset()

    def matches(self, case: Case) -> bool:
        """Whether every condition holds."""
        return (
            (self.severity is None or case.severity.rank >= self.severity.rank)
            and (not self.sources or case.source in self.sources)
            and all(
                not wanted or not wanted.isdisjoint(found)
                for wanted, found in (
                    (self.topics, case.topics),
                    (self.regions, case.regions),
                    (self.dealers, case.dealers),
                )
            )
            and (self.any_words is None or self.any_words.search(case.text) is not None)
            and all(word in case.text for word in self.all_words)
            and (self.no_words is None or self.no_words.search(case.text) is None)
        )

    def words_found(self, case: Case) -> tuple[str, ...]:
        """The words of the text that made this rule hold, in order, each once; then the places and dealers."""
        found = [m.group() for m in self.any_words.finditer(case.text)] if self.any_words else []
        named = [name for name in case.regions if name in self.regions]
        named += [name for name in case.dealers if name in self.dealers]
        return tuple(dict.fromkeys([*found, *self.all_words, *named]))


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """Exactly one department, who chose it and how surely; `suggestions` are other desks one click away."""

    department: str
    decided_by: DecidedBy
    confidence: float
    rule: str = ""
    words: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    regions: tuple[str, ...] = ()
    dealers: tuple[str, ...] = ()
    """What the text names of regions and dealers, whoever decided."""


def is_follow_up(text: str) -> bool:
    """Whether a folded text only asks after an earlier one: short, chasing an answer, with no matter of its own."""
    return len(text.strip()) <= _FOLLOW_UP_LENGTH and _CHASING.search(text) is not None


def choose_department(
    case: Case,
    rules: Sequence[RoutingRule],
    suggestions: Sequence[Suggestion],
    *,
    fallback: str,
    dispatch_at: float,
    thread: str = "",
) -> RoutingDecision:
    """The responsible department. Never none, never two: the fallback takes what nothing else decides.

    `thread` is the department that has the matter this text only asks after, "" where there is none. Rules that ask
    for a severity, those of safety, stand above it; words such as 没人联系 decide nothing in a follow-up.
    """
    found = _decided(case, rules, tuple(suggestions[:3]), fallback, dispatch_at, thread)
    department, decided_by, confidence, rule, words = found
    return RoutingDecision(
        department, decided_by, confidence, rule, words, tuple(suggestions[:3]), case.regions, case.dealers
    )


def _decided(
    case: Case,
    rules: Sequence[RoutingRule],
    choices: Sequence[Suggestion],
    fallback: str,
    dispatch_at: float,
    thread: str,
) -> tuple[str, DecidedBy, float, str, tuple[str, ...]]:
    """Department, who decided, how surely, by which rule, and for which words."""
    for rule in rules:
        if (not thread or rule.severity is not None) and rule.matches(case):
            return rule.department, DecidedBy.RULE, 1.0, rule.name, rule.words_found(case)
    if thread:
        return thread, DecidedBy.THREAD, 1.0, "", ()
    if choices and choices[0].confidence >= dispatch_at:
        best = choices[0]
        return best.department, DecidedBy.MODEL, best.confidence, "", best.words
    return fallback, DecidedBy.FALLBACK, choices[0].confidence if choices else 0.0, "", ()


def words_pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    """One pattern for a list of plain words, longest first; None for no words."""
    if not words:
        return None
    return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))
