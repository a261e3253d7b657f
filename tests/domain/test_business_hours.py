"""Working time against a slow oracle that looks at every minute."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.business_hours import BusinessHours

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
HOURS = BusinessHours(
    zone=SHANGHAI,
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)) | {date(2027, 1, 1), date(2026, 12, 31)},
    make_up_days=frozenset({date(2026, 10, 10), date(2027, 1, 2), date(2026, 9, 27)}),
)
LATE = BusinessHours(zone=SHANGHAI, periods=((time(8, 30), time(11, 45)), (time(13, 15), time(22))))

# Around the October holidays, and around the end of the year; any minute of day and night.
moments = st.builds(
    lambda start, minutes: start + MINUTE * minutes,
    st.sampled_from([datetime(2026, 9, 25, tzinfo=SHANGHAI), datetime(2026, 12, 29, tzinfo=SHANGHAI)]),
    st.integers(0, 17 * 24 * 60),
)
calendars = st.sampled_from([HOURS, LATE])


def _works(hours: BusinessHours, minute: datetime) -> bool:
    local = minute.astimezone(hours.zone)
    if local.date() in hours.make_up_days:
        pass
    elif local.date() in hours.holidays or local.weekday() not in hours.weekdays:
        return False
    return any(opens <= local.time() < closes for opens, closes in hours.periods)


@settings(deadline=None, max_examples=40)
@given(calendars, moments, st.integers(1, 20 * 60))
def test_adding_agrees_with_counting_minutes(hours: BusinessHours, start: datetime, minutes: int) -> None:
    minute, left = start.astimezone(UTC), minutes
    while left:
        left -= _works(hours, minute)
        minute += MINUTE
    assert hours.add(start, timedelta(minutes=minutes)) == minute


@settings(deadline=None, max_examples=40)
@given(calendars, moments, st.integers(-100, 9 * 24 * 60))
def test_the_time_between_agrees_with_counting_minutes(hours: BusinessHours, start: datetime, minutes: int) -> None:
    utc = start.astimezone(UTC)
    worked = sum(_works(hours, utc + MINUTE * number) for number in range(minutes))
    assert hours.between(start, start + MINUTE * minutes) == MINUTE * worked


@settings(deadline=None, max_examples=60)
@given(calendars, moments, st.integers(0, 30 * 60))
def test_between_undoes_add(hours: BusinessHours, start: datetime, minutes: int) -> None:
    span = timedelta(minutes=minutes)
    end = hours.add(start, span)
    assert hours.between(start, end) == span
    assert end.tzinfo is start.tzinfo


@settings(deadline=None, max_examples=60)
@given(calendars, moments, st.integers(1, 15))
def test_workdays_are_counted_day_by_day(hours: BusinessHours, start: datetime, days: int) -> None:
    due = hours.workdays(start, days).astimezone(hours.zone)
    first = start.astimezone(hours.zone).date()
    passed = [first + timedelta(days=n) for n in range(1, (due.date() - first).days + 1)]
    assert sum(hours.is_workday(day) for day in passed) == days
    assert hours.is_workday(due.date())
    assert due.time() == hours.periods[-1][1]


def test_two_hours_on_a_friday_evening_end_on_monday() -> None:
    friday = datetime(2026, 11, 20, 17, 30, tzinfo=SHANGHAI)
    assert HOURS.add(friday, timedelta(hours=2)) == datetime(2026, 11, 23, 10, 30, tzinfo=SHANGHAI)


def test_lunch_does_not_count() -> None:
    before = datetime(2026, 11, 23, 11, 30, tzinfo=SHANGHAI)
    assert HOURS.add(before, timedelta(hours=1)) == datetime(2026, 11, 23, 13, 30, tzinfo=SHANGHAI)


def test_seven_workdays_reach_over_the_holidays_and_count_the_make_up_day() -> None:
    received = datetime(2026, 9, 30, 9, tzinfo=SHANGHAI)
    assert HOURS.workdays(received, 3) == datetime(2026, 10, 10, 18, tzinfo=SHANGHAI)


def test_nothing_at_night_is_due_at_the_next_opening() -> None:
    night = datetime(2026, 11, 23, 3, tzinfo=SHANGHAI)
    assert HOURS.add(night, timedelta()) == datetime(2026, 11, 23, 9, tzinfo=SHANGHAI)


def test_an_answer_comes_in_the_zone_of_the_question() -> None:
    utc = datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert HOURS.add(utc, timedelta(hours=1)).tzinfo is UTC
    assert HOURS.workdays(utc, 1).tzinfo is UTC


def test_a_calendar_without_work_is_an_error_and_no_endless_loop() -> None:
    idle = BusinessHours(zone=SHANGHAI, weekdays=frozenset())
    with pytest.raises(ValueError, match="two years"):
        idle.add(datetime(2026, 11, 23, tzinfo=UTC), MINUTE)
    with pytest.raises(ValueError, match="two years"):
        idle.workdays(datetime(2026, 11, 23, tzinfo=UTC), 1)
