"""Silence as a probability: the arithmetic, the habits, and how often it cries wolf in simulated years."""

import math
import random
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.domain.silence import (
    ALARM_BELOW,
    MOST_MOMENTS,
    Habit,
    history_of,
    is_enough,
    learn_habit,
    silence_probability,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 8, 31, 16, tzinfo=UTC)
"""Midnight in Shanghai, the beginning of a Tuesday."""
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
NIGHT_AND_DAY = (1, 0.5, 0.3, 0.2, 0.2, 0.3, 0.8, 2, 3.6, 4.8, 5.6, 5.6, 5.2, 4.8, 5.2, 5.6, 5.6, 5.6, 5.6, 6, 7.2, 8,
                 6.4, 3.2)  # fmt: skip
"""How much is posted in each hour of a day."""

expectations = st.floats(0, 1e6)
clumpings = st.floats(0.1, 1e6)


@given(expectations, clumpings)
def test_a_probability_lies_between_nought_and_one(expected: float, clumping: float) -> None:
    assert 0 <= silence_probability(expected) <= silence_probability(expected, clumping) * (1 + 1e-9) <= 1 + 1e-9


@given(expectations, expectations, clumpings | st.just(math.inf))
def test_the_longer_the_less_likely(one: float, other: float, clumping: float) -> None:
    shorter, longer = sorted((one, other))
    assert silence_probability(shorter, clumping) >= silence_probability(longer, clumping)


def test_the_formula_is_the_one_for_counts_that_clump() -> None:
    assert silence_probability(math.log(100)) == pytest.approx(0.01)
    assert silence_probability(18, 2) == pytest.approx((2 / 20) ** 2)
    assert silence_probability(3, 1e9) == pytest.approx(math.exp(-3))


@st.composite
def habits(draw: st.DrawFn) -> Habit:
    """The habit of some source, however odd."""
    gaps = draw(st.lists(st.floats(0, 60 * 24 * 3), min_size=6, max_size=60))
    moments = [START]
    for minutes in gaps:
        moments.append(moments[-1] + timedelta(minutes=minutes))
    assume(moments[-1] - START > HOUR)
    return learn_habit(moments, START, moments[-1], SHANGHAI)


@settings(max_examples=50)
@given(habits(), st.floats(0, 3000), st.floats(0, 3000))
def test_every_habit_gives_chances_that_only_fall_as_a_pause_grows(habit: Habit, one: float, other: float) -> None:
    assert min(habit.rates) > 0, "no hour is impossible"
    assert habit.clump > 0
    shorter, longer = (
        habit.chance(habit.expected(START, START + timedelta(hours=hours))) for hours in sorted((one, other))
    )
    assert 0 <= longer <= shorter <= 1


@settings(max_examples=50)
@given(habits(), st.floats(0, 1000), st.floats(0, 1000))
def test_what_is_expected_adds_up(habit: Habit, first: float, second: float) -> None:
    middle = START + timedelta(hours=first)
    end = middle + timedelta(hours=second)
    parts = habit.expected(START, middle) + habit.expected(middle, end)
    assert habit.expected(START, end) == pytest.approx(parts, rel=1e-6, abs=1e-6)


def life(posts_a_day: float, days: int, rng: random.Random, *, clump: float = 1, swing: float = 0) -> list[datetime]:
    """When the posts of a source are written: a night, quieter weekends; in clumps, on days that differ."""
    moments: list[datetime] = []
    for day in range(days):
        level = rng.gammavariate(1 / swing**2, swing**2) if swing else 1.0
        level *= 0.77 if (START + DAY * day).astimezone(SHANGHAI).weekday() >= 5 else 1.09
        for hour, share in enumerate(NIGHT_AND_DAY):
            rate = posts_a_day * level * share / sum(NIGHT_AND_DAY) / clump
            for at in _arrivals(rate, rng):
                moments += _clump(START + DAY * day + HOUR * (hour + at), clump, rng)
    return sorted(moments)


def _arrivals(rate: float, rng: random.Random) -> Iterator[float]:
    at = rng.expovariate(rate)
    while at < 1:
        yield at
        at += rng.expovariate(rate)


def _clump(first: datetime, size: float, rng: random.Random) -> Iterator[datetime]:
    yield first
    while rng.random() > 1 / size:
        first += timedelta(minutes=rng.expovariate(1 / 20))
        yield first


def habit_at(moments: list[datetime], place: int) -> Habit:
    """The habit as it is known at a post."""
    told, start = history_of(moments[max(place + 1 - MOST_MOMENTS, 0) : place + 1], START)
    return learn_habit(told, start, moments[place], SHANGHAI)


def is_alarming(habit: Habit, since: datetime, until: datetime) -> bool:
    return until - since >= HOUR and habit.chance(habit.expected(since, until)) < ALARM_BELOW


def time_to_notice(habit: Habit, since: datetime) -> float:
    """Hours from the last post of a source that stops until people are told."""
    quarters = bisect_left(range(4 * 24 * 90), True, key=lambda n: is_alarming(habit, since, since + n * QUARTER))
    return quarters / 4


def simulate(
    posts_a_day: float, rng: random.Random, *, days: int = 90, relearn: int = 7, clump: float = 1, swing: float = 0
) -> tuple[int, list[float]]:
    """False alarms in so many days after four weeks of history, and the times until a real stop would be told."""
    moments = life(posts_a_day, days + 28, rng, clump=clump, swing=swing)
    first = bisect_left(moments, START + 28 * DAY)
    alarms, notices, learned_at, habit = 0, list[float](), START, habit_at(moments, first)
    for place in range(first, len(moments) - 1):
        since = moments[place]
        if since - learned_at >= relearn * DAY:
            habit, learned_at = habit_at(moments, place), since
            notices.append(time_to_notice(habit, since))
        # A pause is judged until the last visit before it ends.
        alarms += is_alarming(habit, since, moments[place + 1] - QUARTER)
    return alarms, notices


@pytest.mark.parametrize(("posts_a_day", "hours"), [(1, 260), (5, 75), (20, 24), (200, 3)])
def test_a_quarter_of_a_year_passes_without_a_false_alarm_and_a_stop_is_noticed(posts_a_day: int, hours: int) -> None:
    alarms, notices = simulate(posts_a_day, random.Random(4))
    assert alarms == 0
    assert median(notices) < hours


@pytest.mark.parametrize(("posts_a_day", "hours"), [(5, 160), (20, 60)])
def test_posts_that_come_in_clumps_are_given_more_time(posts_a_day: int, hours: int) -> None:
    alarms, notices = simulate(posts_a_day, random.Random(4), clump=3)
    assert alarms <= 1
    plain = simulate(posts_a_day, random.Random(4))[1]
    assert 1.3 * median(plain) < median(notices) < hours


@pytest.mark.fuzz
@pytest.mark.parametrize(("clump", "swing", "most"), [(1, 0, 0.7), (3, 0, 1.2), (3, 0.5, 1.7)])
def test_false_alarms_stay_rare_over_years(clump: float, swing: float, most: float) -> None:
    """The table in the module's docstring is of the same simulation, ten years for each source."""
    rng = random.Random(7)
    runs = [
        simulate(posts_a_day, rng, clump=clump, swing=swing)
        for posts_a_day, times in ((1, 12), (5, 8), (20, 6), (200, 2))
        for _ in range(times)
    ]
    alarms = sum(alarms for alarms, _ in runs) / (len(runs) * 90 / 365)
    assert alarms < most, f"{alarms:.2f} false alarms a year for each source"


@pytest.fixture(scope="module")
def busy() -> list[datetime]:
    """Six weeks of a source with twenty posts a day and a night."""
    return life(20, 42, random.Random(1))


def test_a_night_is_no_silence_and_the_same_hours_by_day_are(busy: list[datetime]) -> None:
    habit = habit_at(busy, len(busy) - 1)
    evening = START + 49 * DAY - HOUR  # 23:00 in Shanghai
    night, day = (habit.expected(at, at + 8 * HOUR) for at in (evening, evening + 11 * HOUR))
    assert day > 5 * night
    assert habit.chance(night) > 0.9
    assert habit.chance(habit.expected(evening + 11 * HOUR, evening + 24 * HOUR)) < 0.05


def test_a_long_outage_in_the_past_does_not_make_deaf(busy: list[datetime]) -> None:
    down = [moment for moment in busy if not START + 25 * DAY < moment < START + 29 * DAY]
    before, after = habit_at(busy, len(busy) - 1), habit_at(down, len(down) - 1)
    assert time_to_notice(after, busy[-1]) < 2 * time_to_notice(before, busy[-1])


def test_a_source_that_posts_by_the_clock_is_soon_missed() -> None:
    clockwork = [START + HOUR * n for n in range(24 * 28)]
    habit = habit_at(clockwork, len(clockwork) - 1)
    assert not is_alarming(habit, clockwork[-1], clockwork[-1] + 2 * HOUR)
    assert time_to_notice(habit, clockwork[-1]) < 15


@pytest.mark.parametrize(
    ("posts", "days", "enough"),
    [(6, 14, True), (5, 14, False), (20, 3, True), (19, 13, False), (500, 1, False)],
)
def test_no_verdict_without_enough_history(posts: int, days: int, enough: bool) -> None:
    assert is_enough(posts, days * DAY) is enough


def test_a_source_that_seldom_speaks_is_looked_at_for_longer() -> None:
    daily = [START + DAY * n for n in range(400)]
    hourly = [START + HOUR * n for n in range(400 * 24)]
    assert history_of(daily, START)[1] == daily[-1] - 112 * DAY
    assert history_of(hourly[-3000:], START)[1] == hourly[-1] - 28 * DAY
    assert history_of(hourly[-MOST_MOMENTS:], START)[1] == hourly[-1] - 28 * DAY
    minutes = [START + QUARTER * n for n in range(MOST_MOMENTS)]
    assert history_of(minutes[:40], START) == (minutes[:40], START)
    crowded = [START + timedelta(minutes=n) for n in range(MOST_MOMENTS)]
    assert history_of(crowded, START - 300 * DAY)[1] == START, "what was watched before them is not among them"
