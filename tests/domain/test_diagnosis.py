"""What the schedule and the failures of a source say of it."""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.diagnosis import FAILURES_TO_TELL, Diagnosis, Situation, trouble_with_visits
from monitor.domain.health import Health
from tests.conftest import NOW

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)
CALM: dict[str, Any] = {"last_success_at": NOW - timedelta(minutes=10), "next_run_at": NOW + timedelta(minutes=5)}


def found(**facts: Any) -> Diagnosis | None:
    return trouble_with_visits(Situation(**(CALM | facts)), SHANGHAI, NOW)


def state(**facts: Any) -> Health | None:
    diagnosis = found(**facts)
    return diagnosis.state if diagnosis else None


def test_nothing_is_wrong_with_visits_that_succeed_in_time() -> None:
    assert found() is None
    assert found(last_success_at=NOW - 20 * HOUR, next_run_at=NOW + 4 * HOUR, interval=24 * HOUR) is None


def test_a_first_failure_is_not_yet_worth_a_word_and_three_are() -> None:
    assert FAILURES_TO_TELL == 3
    assert [state(failures=n, error="超时") for n in (1, 2, 3)] == [None, None, Health.BROKEN]
    told = found(failures=4, error="对方回答 503")
    assert told is not None
    assert "已连续失败 4 次" in told.reason
    assert "上次成功是 11月23日 周一 09:50" in told.reason
    assert "对方回答 503" in told.reason
    assert told.figures["failures"] == 4


def test_a_site_that_wants_us_back_tomorrow_counts_as_broken_by_then() -> None:
    once: dict[str, Any] = {"failures": 1, "next_run_at": NOW + 20 * HOUR}
    assert state(**once, last_success_at=NOW - 5 * HOUR) is None
    assert state(**once, last_success_at=NOW - 7 * HOUR) is Health.BROKEN
    assert state(**once, last_success_at=NOW - 7 * HOUR, interval=24 * HOUR) is None


def test_a_refusal_says_that_nothing_is_tried_any_more() -> None:
    told = found(blocked=True, failures=1, error="要登录才能看。", next_run_at=None)
    assert told is not None
    assert told.state is Health.BLOCKED
    assert told.reason == "对方拒绝访问，已经停下，不会自动再试。要登录才能看。"
    assert "现在采集" in told.advice


@pytest.mark.parametrize("facts", [{}, {"blocked": True}, {"failures": 9}, {"next_run_at": None}])
def test_what_is_paused_is_nothing_else(facts: dict[str, Any]) -> None:
    assert state(enabled=False, **facts) is Health.PAUSED


@pytest.mark.parametrize(
    ("interval", "overdue", "late"),
    [
        (timedelta(minutes=15), 0.9, False),
        (timedelta(minutes=15), 1.1, True),
        (3 * HOUR, 2.9, False),
        (3 * HOUR, 3.1, True),
        (24 * HOUR, 5.9, False),
        (24 * HOUR, 6.1, True),
    ],
)
def test_a_visit_long_overdue_is_late(interval: timedelta, overdue: float, late: bool) -> None:
    due = NOW - overdue * HOUR
    assert state(interval=interval, next_run_at=due, last_success_at=due - interval) is (Health.LATE if late else None)


def test_lateness_says_how_late() -> None:
    told = found(next_run_at=NOW - 2 * HOUR, last_success_at=NOW - 3 * HOUR)
    assert told is not None
    assert told.reason == "本该在 11月23日 周一 08:00 采集，晚了 2时，期间也没有失败的记录。"
    assert told.figures["late_hours"] == 2


def test_visits_that_never_come_to_an_end_are_late_though_the_next_is_always_near() -> None:
    killed: dict[str, Any] = {"leased_until": NOW + timedelta(minutes=3), "next_run_at": NOW + timedelta(minutes=3)}
    assert state(**killed, last_success_at=NOW - 5 * HOUR) is Health.LATE
    assert state(**killed, last_success_at=NOW - timedelta(minutes=20)) is None
    waiting: dict[str, Any] = {"last_success_at": NOW - 5 * HOUR, "next_run_at": NOW + 10 * HOUR}
    assert state(**waiting) is None, "the site itself asked for a pause"


def test_a_source_for_which_nothing_is_planned_is_late() -> None:
    told = found(next_run_at=None)
    assert told is not None
    assert (told.state, told.reason) == (Health.LATE, "没有排上下一次采集。")


def test_a_failing_source_is_not_late_as_well() -> None:
    assert state(failures=2, next_run_at=NOW - 5 * HOUR) is None


def test_a_source_that_others_push_to_has_no_schedule() -> None:
    assert found(visited=False, next_run_at=None, last_success_at=None) is None


def test_a_source_is_new_until_a_visit_succeeded() -> None:
    assert state(last_success_at=None) is Health.NEW
    told = found(last_success_at=None, failures=1, error="超时")
    assert told is not None
    assert "超时" in told.reason
    assert state(last_success_at=None, failures=3) is Health.BROKEN


@pytest.mark.parametrize(
    ("before", "until"),
    [
        (Health.PAUSED, Health.NEW),
        (Health.BLOCKED, Health.BROKEN),
        (Health.BROKEN, Health.BROKEN),
        (Health.LATE, Health.LATE),
        (Health.SILENT, None),
        (Health.HEALTHY, None),
    ],
)
def test_only_a_visit_that_succeeds_ends_what_kept_us_from_visiting(before: Health, until: Health | None) -> None:
    since = NOW - HOUR
    assert state(state=before, since=since, last_success_at=since - HOUR) is until
    assert state(state=before, since=since) is None


def test_every_diagnosis_of_trouble_says_what_to_do_in_chinese() -> None:
    troubles = ({"blocked": True}, {"failures": 3}, {"next_run_at": None}, {"enabled": False})
    for told in (found(**trouble) for trouble in troubles):
        assert told is not None
        assert re.search(r"[\u4e00-\u9fff]", told.reason)
        assert re.search(r"[\u4e00-\u9fff]", told.advice)


def test_what_is_bad_has_an_order() -> None:
    bad = sorted((state for state in Health if state.is_bad), key=lambda state: state.gravity)
    assert bad == [Health.LATE, Health.DEGRADED, Health.SILENT, Health.BROKEN, Health.BLOCKED]
    assert {state for state in Health if not state.is_bad} == {Health.NEW, Health.HEALTHY, Health.PAUSED}
    assert Health.HEALTHY.gravity == 0
