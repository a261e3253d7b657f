"""Exactly one department for every case: rules first, then the model, then the fallback."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.routing import (
    Case,
    DecidedBy,
    RoutingDecision,
    RoutingRule,
    choose_department,
    is_follow_up,
    words_pattern,
)
from monitor.domain.verdicts import Severity, Suggestion

DEPARTMENTS = ("客服中心", "质量技术", "售后服务", "配件物流")
WORDS = ("刹车", "异响", "保养", "配件", "gps费", "a.b", "刹车异响")

words = st.lists(st.sampled_from(WORDS), max_size=3, unique=True)
cases = st.builds(
    Case,
    text=st.lists(st.sampled_from((*WORDS, "今天", "，")), max_size=6).map("".join),
    topics=st.lists(st.sampled_from(("质量", "服务")), max_size=2, unique=True).map(tuple),
    severity=st.sampled_from(Severity),
    source=st.sampled_from(("论坛", "表单", "")),
)
rules = st.builds(
    RoutingRule,
    name=st.text(min_size=1, max_size=3),
    department=st.sampled_from(DEPARTMENTS),
    any_words=words.map(words_pattern),
    all_words=words.map(tuple),
    no_words=words.map(words_pattern),
    topics=st.frozensets(st.sampled_from(("质量", "服务")), max_size=1),
    sources=st.frozensets(st.sampled_from(("论坛", "表单")), max_size=1),
    severity=st.none() | st.sampled_from(Severity),
)
suggestions = st.lists(st.builds(Suggestion, st.sampled_from(DEPARTMENTS), st.floats(0, 1)), max_size=5).map(
    lambda made: sorted(made, key=lambda s: -s.confidence)
)


def _choose(case: Case, rules: list[RoutingRule], suggested: list[Suggestion], at: float = 0.75) -> RoutingDecision:
    return choose_department(case, rules, suggested, fallback="客服中心", dispatch_at=at)


@settings(deadline=None, max_examples=150)
@given(cases, st.lists(rules, max_size=4), suggestions, st.floats(0, 1))
def test_there_is_always_exactly_one_department_and_a_reason(
    case: Case, rules: list[RoutingRule], suggested: list[Suggestion], at: float
) -> None:
    decision = _choose(case, rules, suggested, at)
    matching = [rule for rule in rules if rule.matches(case)]
    assert decision.department in DEPARTMENTS
    if matching:
        assert (decision.decided_by, decision.department) == (DecidedBy.RULE, matching[0].department)
        assert (decision.rule, decision.confidence) == (matching[0].name, 1.0)
    elif suggested and suggested[0].confidence >= at:
        assert (decision.decided_by, decision.department) == (DecidedBy.MODEL, suggested[0].department)
    else:
        assert (decision.decided_by, decision.department) == (DecidedBy.FALLBACK, "客服中心")
    assert decision.suggestions == tuple(suggested[:3])


@settings(deadline=None, max_examples=100)
@given(cases, rules)
def test_a_rule_holds_when_every_condition_holds(case: Case, rule: RoutingRule) -> None:
    def found(words: re.Pattern[str] | None) -> bool:
        return words is not None and any(word in case.text for word in WORDS if words.fullmatch(word))

    conditions = [
        rule.any_words is None or found(rule.any_words),
        not found(rule.no_words),
        all(word in case.text for word in rule.all_words),
        not rule.topics or bool(rule.topics & set(case.topics)),
        not rule.sources or case.source in rule.sources,
        rule.severity is None or case.severity.rank >= rule.severity.rank,
    ]
    assert rule.matches(case) is all(conditions)


def test_the_first_rule_wins_over_later_ones_and_over_a_certain_model() -> None:
    first = RoutingRule("甲", "质量技术", words_pattern(["异响"]))
    second = RoutingRule("乙", "配件物流", words_pattern(["刹车异响"]))
    case, sure = Case("刹车异响"), [Suggestion("售后服务", 1.0)]
    assert _choose(case, [first, second], sure).rule == "甲"
    assert _choose(case, [second, first], sure).rule == "乙"


def test_the_words_that_decided_are_named_in_order_and_once() -> None:
    rule = RoutingRule("甲", "质量技术", words_pattern(["异响", "刹车"]), all_words=("今天",))
    decision = _choose(Case("今天刹车异响，刹车"), [rule], [])
    assert decision.words == ("刹车", "异响", "今天")


def test_the_longest_of_words_that_begin_alike_is_found() -> None:
    pattern = words_pattern(["刹车", "刹车异响", "a.b"])
    assert pattern is not None
    assert pattern.findall("刹车异响 a.b axb") == ["刹车异响", "a.b"]


def test_no_words_make_no_pattern() -> None:
    assert words_pattern([]) is None


def test_the_model_decides_from_the_very_threshold_on() -> None:
    assert _choose(Case(""), [], [Suggestion("售后服务", 0.75)]).decided_by is DecidedBy.MODEL
    below = _choose(Case(""), [], [Suggestion("售后服务", 0.7499)])
    assert (below.decided_by, below.confidence) == (DecidedBy.FALLBACK, 0.7499)


@pytest.mark.parametrize("pair", list(pairwise(Severity)))
def test_a_rule_for_grave_cases_lets_lesser_ones_pass(pair: tuple[Severity, Severity]) -> None:
    lesser, graver = pair
    rule = RoutingRule("重", "质量技术", severity=graver)
    assert rule.matches(Case("", severity=graver))
    assert not rule.matches(Case("", severity=lesser))


@pytest.mark.parametrize(
    "text",
    [
        "还是没人联系我",
        "到现在都没有回复",
        "有进展吗，进度如何",
        "催一下",
        "什么时候能处理",
        "至今没有任何消息",
        "同上",
    ],
)
def test_a_short_text_that_chases_an_answer_is_a_follow_up(text: str) -> None:
    assert is_follow_up(text)


@pytest.mark.parametrize(
    "text", ["发票开错了", "变速箱异响", "", "谢谢，已经处理好了", "变速箱顿挫，" * 8 + "没人联系我"]
)
def test_a_text_with_a_matter_of_its_own_is_none(text: str) -> None:
    assert not is_follow_up(text)


def test_in_a_follow_up_the_thread_stands_above_words_and_model_but_not_above_safety() -> None:
    words = RoutingRule("服务", "售后服务", words_pattern(["没人联系"]))
    safety = RoutingRule("安全", "质量技术", words_pattern(["刹车"]), severity=Severity.CRITICAL)
    sure = [Suggestion("售后服务", 1.0)]

    def chosen(case: Case) -> RoutingDecision:
        return choose_department(case, [words, safety], sure, fallback="客服中心", dispatch_at=0.5, thread="配件物流")

    asked = chosen(Case("没人联系"))
    assert (asked.department, asked.decided_by, asked.confidence) == ("配件物流", DecidedBy.THREAD, 1.0)
    grave = chosen(Case("刹车失灵，没人联系", severity=Severity.CRITICAL))
    assert (grave.department, grave.decided_by) == ("质量技术", DecidedBy.RULE)


def test_a_rule_may_ask_for_a_region_or_a_dealer_and_names_it() -> None:
    rule = RoutingRule("南方", "售后服务", regions=frozenset({"广东"}), dealers=frozenset({"甲店"}))
    case = Case("", regions=("广东", "广州"), dealers=("甲店",))
    decision = _choose(case, [rule], [])
    assert (decision.department, decision.words) == ("售后服务", ("广东", "甲店"))
    assert (decision.regions, decision.dealers) == (("广东", "广州"), ("甲店",))
    assert _choose(Case("", regions=("广东",)), [rule], []).decided_by is DecidedBy.FALLBACK
