"""Severity rules name themselves, and negation, advertisements and questions do not trip them."""

import re

import pytest

from monitor.domain.severity import SeverityRule, SeverityRules, judge_severity
from monitor.domain.verdicts import Severity

RULES = SeverityRules(
    rules=(
        SeverityRule("制动失灵", Severity.CRITICAL, (re.compile("刹车失灵"),), (re.compile("刹车失灵演练"),)),
        SeverityRule("媒体与群体", Severity.CRITICAL, (re.compile("记者"),), partner="群体"),
        SeverityRule("群体", Severity.RAISED, (re.compile("集体维权"),)),
        SeverityRule("要曝光", Severity.RAISED, (re.compile("曝光"),)),
    ),
    unless=(re.compile("没有刹车失灵"),),
    question=(re.compile("请问"),),
)


@pytest.mark.parametrize(
    ("text", "severity", "reason"),
    [
        ("下坡刹车失灵了", Severity.CRITICAL, "制动失灵：刹车失灵"),
        ("再不处理就曝光", Severity.RAISED, "要曝光：曝光"),
        ("曝光，而且刹车失灵", Severity.CRITICAL, "制动失灵：刹车失灵"),
        ("我们集体维权", Severity.RAISED, "群体：集体维权"),
        ("我们集体维权，记者也来了", Severity.CRITICAL, "媒体与群体：记者"),
        ("记者来了", Severity.NORMAL, ""),
        ("从来没有刹车失灵", Severity.NORMAL, ""),
        ("参加了刹车失灵演练", Severity.NORMAL, ""),
        ("请问会刹车失灵吗", Severity.NORMAL, ""),
        (
            "请问找谁，" + "昨天下坡的时候车子一直往前冲怎么踩都停不下来，" * 2 + "刹车失灵",
            Severity.CRITICAL,
            "制动失灵：刹车失灵",
        ),
        ("", Severity.NORMAL, ""),
    ],
)
def test_the_gravest_rule_that_is_met_decides(text: str, severity: Severity, reason: str) -> None:
    assert judge_severity(text, RULES) == (severity, reason)


def test_an_advertisement_is_never_grave() -> None:
    assert judge_severity("刹车失灵？来我店", RULES, advert=True) == (Severity.NORMAL, "")
