"""Everything people read has Chinese words."""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import pytest

from monitor.domain import wording
from monitor.domain.tickets import PUBLIC_STATUS_NAMES, Status
from monitor.domain.verdicts import Intent
from monitor.services.signals import DISMISSALS

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("kind", list(wording.LABELS), ids=lambda kind: kind.__name__)
def test_every_member_of_every_enum_has_a_chinese_name(kind: type[StrEnum]) -> None:
    names = [wording.label(member) for member in kind if member is not Intent.NONE]
    assert all(CHINESE.search(name) for name in names)
    assert len(set(names)) == len(names), "two codes with one name cannot be told apart"


def test_nothing_has_no_name() -> None:
    assert wording.label(None) == ""


def test_a_customer_reads_a_name_for_every_state() -> None:
    assert set(PUBLIC_STATUS_NAMES) == set(Status)
    assert PUBLIC_STATUS_NAMES[Status.ON_HOLD] == PUBLIC_STATUS_NAMES[Status.IN_PROGRESS]


def test_choices_are_in_chinese() -> None:
    for choices in (wording.OUTCOMES, wording.REMEDIES, wording.SOLVED, wording.TRIAGE_REASONS, DISMISSALS):
        assert all(CHINESE.search(name) for name in choices.values())
    assert set(wording.SATISFACTION) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(), "0分"),
        (timedelta(seconds=59), "0分"),
        (timedelta(minutes=5), "5分"),
        (timedelta(hours=1), "1时"),
        (timedelta(hours=1, minutes=20), "1时20分"),
        (timedelta(days=2), "2天"),
        (timedelta(days=2, hours=3, minutes=40), "2天3时"),
    ],
)
def test_spans_are_said_briefly(span: timedelta, said: str) -> None:
    assert wording.say_span(span) == said


def test_a_moment_is_said_in_the_office_and_with_its_year_when_that_is_another() -> None:
    moment = datetime(2026, 12, 31, 16, 5, tzinfo=UTC)
    assert wording.say_moment(moment, SHANGHAI, now=datetime(2027, 3, 1, tzinfo=UTC)) == "1月1日 周五 00:05"
    assert wording.say_moment(moment, SHANGHAI, now=datetime(2026, 3, 1, tzinfo=UTC)) == "2027年1月1日 周五 00:05"
    assert wording.say_moment(None, SHANGHAI) == ""


def test_time_left_turns_into_time_over() -> None:
    now = datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert wording.say_time_left(now + timedelta(minutes=80), now) == "剩 1时20分"
    assert wording.say_time_left(now - timedelta(days=2), now) == "超 2天"
    assert wording.say_time_left(None, now) == ""
