"""The prefilter spares tries and loses no match."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.classifiers.lexicon import Lexicon, load_lexicon
from monitor.classifiers.rewriting import bounded
from monitor.classifiers.sieve import Sieve
from monitor.classifiers.triggers import needs_of
from tests.classifiers.cue_examples import HEARD, NOT_HEARD


def _lists(lexicon: Lexicon) -> Iterator[list[str]]:
    words, severity = lexicon.words, lexicon.severity
    for family in lexicon.cues:
        yield [*family.patterns, *family.unless]
    yield [*words.negative, *words.demand, *words.insult, *words.positive, *words.question, *words.complaint]
    yield [each.pattern for rule in severity.rules for each in (*rule.patterns, *rule.unless)]
    yield [each.pattern for each in (*severity.unless, *severity.question)]
    yield [word for topic in lexicon.topics for word in (*topic.words, *topic.unless)]
    yield [pattern for sign in lexicon.spam for pattern in sign.patterns]
    yield [bounded(pattern) for pattern, _ in lexicon.rewrites]


def test_the_sieve_loses_no_match(lexicon_folder: Path) -> None:
    sieve = Sieve()
    lists = [sieve.add(patterns) for patterns in _lists(load_lexicon(lexicon_folder))]
    compiled = [[re.compile(pattern) for pattern in each.patterns] for each in lists]
    texts = [text for examples in (HEARD, NOT_HEARD) for family in examples.values() for text in family[::4]]
    for text in texts:
        sifted = sieve.sift(text)
        for each, patterns in zip(lists, compiled, strict=True):
            brute = [(number, *match.span()) for number, one in enumerate(patterns) for match in one.finditer(text)]
            assert each.matches(text, sifted) == brute


def test_few_patterns_are_tried(lexicon_folder: Path) -> None:
    sieve = Sieve()
    lists = [sieve.add(patterns) for patterns in _lists(load_lexicon(lexicon_folder))]
    sifted = sieve.sift("换了一套座垫,颜色和内饰挺配,孩子说坐着软和多了,推荐给大家看看")
    assert sum(map(len, sifted.values())) < sum(len(each.patterns) for each in lists) / 50


@pytest.mark.parametrize(
    ("pattern", "needs"),
    [
        ("没栽", ["没栽"]),
        ("(?:没栽|不霉)", ["没栽 不霉"]),
        ("(?:很)?慢", ["慢"]),
        ("甲(?:了)?乙", ["甲乙 了乙", "甲"]),
        ("甲(?=乙)丙", ["甲丙"]),
        ("[甲乙]丙{0,3}丁", ["甲丁 乙丁 丙丁", "甲 乙"]),
        ("[甲乙]{1,3}丁", ["甲丁 乙丁"]),
        ("甲[^丙]丁", ["丁", "甲"]),
        ("甲.{0,3}丁", ["丁", "甲"]),
        ("(?:甲|乙?)丁", ["丁"]),
        ("(甲)\\1丁", ["丁", "甲"]),
        ("[^甲]{1,3}", []),
        ("(?i)ab", []),
        ("没\\?", ["没?"]),
    ],
)
def test_needs_are_told_rarest_first(pattern: str, needs: list[str]) -> None:
    assert needs_of(pattern) == [frozenset(each.split()) for each in needs]


def test_lists_of_one_sieve_are_told_apart() -> None:
    sieve = Sieve()
    one, other = sieve.add(["漏油", "异响"]), sieve.add(["异响", ".油"])
    sifted = sieve.sift("有异响")
    assert one.matches("有异响", sifted) == [(1, 1, 3)]
    assert other.matches("有异响", sifted) == [(0, 1, 3)]
    assert not sieve.add(["漏油"]).meets("漏油", sieve.sift("漏水"))


def test_a_pattern_that_needs_nothing_is_always_tried() -> None:
    sieve = Sieve()
    anything = sieve.add(["[^甲]{2}"])
    assert anything.matches("乙丙", sieve.sift("乙丙")) == [(0, 0, 2)]
