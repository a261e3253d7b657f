"""How grave a post is, by named rules; what a model thinks never lowers it."""

import re
from dataclasses import dataclass

from monitor.domain.verdicts import Severity


@dataclass(frozen=True, slots=True)
class SeverityRule:
    """Words that make a post grave; `partner` names a rule that must be met as well."""

    name: str
    level: Severity
    patterns: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...] = ()
    partner: str = ""


@dataclass(frozen=True, slots=True)
class SeverityRules:
    """All rules, what makes any of them void, and what shows that somebody is only asking."""

    rules: tuple[SeverityRule, ...]
    unless: tuple[re.Pattern[str], ...] = ()
    question: tuple[re.Pattern[str], ...] = ()


def _spans(patterns: tuple[re.Pattern[str], ...], text: str) -> list[tuple[int, int]]:
    return [match.span() for pattern in patterns for match in pattern.finditer(text)]


def _met(rule: SeverityRule, text: str, void: list[tuple[int, int]]) -> str:
    """The words that meet the rule, or "" ."""
    own_void = [*void, *_spans(rule.unless, text)]
    for start, end in _spans(rule.patterns, text):
        if not any(start < void_end and void_start < end for void_start, void_end in own_void):
            return text[start:end]
    return ""


def judge_severity(text: str, rules: SeverityRules, *, advert: bool = False) -> tuple[Severity, str]:
    """The gravest level whose rule the folded text meets, and "rule: words"; an advertisement is never grave."""
    if advert:
        return Severity.NORMAL, ""
    void = _spans(rules.unless, text)
    met = {rule.name: words for rule in rules.rules if (words := _met(rule, text, void))}
    counted = [rule for rule in rules.rules if rule.name in met and (not rule.partner or rule.partner in met)]
    if not counted:
        return Severity.NORMAL, ""
    gravest = max(counted, key=lambda rule: rule.level.rank)
    if any(pattern.search(text) for pattern in rules.question) and len(text) < ONLY_ASKING:
        return Severity.NORMAL, ""
    return gravest.level, f"{gravest.name}：{met[gravest.name]}"


ONLY_ASKING = 40
"""A longer post that asks something as well has told its story, so its words count."""
