"""Severity by the rules of the lexicon, of which only those that a text could meet are tried."""

from collections.abc import Sequence
from dataclasses import replace
from re import Pattern

from monitor.classifiers.sieve import PatternList, Sieve, Sifted
from monitor.domain.severity import SeverityRule, SeverityRules, judge_severity
from monitor.domain.verdicts import Severity


def _added(sieve: Sieve, patterns: Sequence[Pattern[str]]) -> PatternList:
    return sieve.add(each.pattern for each in patterns)


class SeverityFinder:
    """Judges how grave folded texts are."""

    def __init__(self, rules: SeverityRules, sieve: Sieve) -> None:
        self._rules = rules
        self._grave = _added(sieve, [each for rule in rules.rules for each in rule.patterns])
        self._each = [(rule, each) for rule in rules.rules for each in rule.patterns]
        self._unless = _added(sieve, rules.unless)
        self._question = _added(sieve, rules.question)

    def judge(self, text: str, sifted: Sifted, *, advert: bool) -> tuple[Severity, str]:
        """The severity of a text and why, as `judge_severity` tells it."""
        met = [self._each[number] for number in self._grave.candidates(sifted) if self._each[number][1].search(text)]
        if not met:
            return Severity.NORMAL, ""
        return judge_severity(text, self._narrowed(met, sifted), advert=advert)

    def _narrowed(self, met: Sequence[tuple[SeverityRule, Pattern[str]]], sifted: Sifted) -> SeverityRules:
        """The rules without the patterns that do not match."""
        patterns: dict[str, list[Pattern[str]]] = {}
        for rule, pattern in met:
            patterns.setdefault(rule.name, []).append(pattern)
        rules = (rule for rule in self._rules.rules if rule.name in patterns)
        return SeverityRules(
            rules=tuple(replace(rule, patterns=tuple(patterns[rule.name])) for rule in rules),
            unless=tuple(self._rules.unless[number] for number in self._unless.candidates(sifted)),
            question=tuple(self._rules.question[number] for number in self._question.candidates(sifted)),
        )
