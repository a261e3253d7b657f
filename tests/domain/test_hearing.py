"""What is said of a source by when its posts were written."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.diagnosis import Diagnosis
from monitor.domain.faults import Visit
from monitor.domain.health import Health
from monitor.domain.hearing import Heard, listen, moments_of, say_chance
from tests.conftest import NOW

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
QUARTER = timedelta(minutes=15)
SEEN_AGAIN = Visit(at=NOW, fetched=20, unchanged=20)


def posts(hours_ago: float, *, a_day: float = 77, days: int = 28) -> list[datetime]:
    """Posts one by one, day and night alike, the newest so many hours ago."""
    rng = random.Random(3)
    moments = [NOW - hours_ago * HOUR]
    while moments[-1] > NOW - days * DAY:
        moments.append(moments[-1] - rng.expovariate(a_day) * DAY)
    return moments[::-1]


def heard(moments: Sequence[datetime], *, visits: Sequence[Visit] = (SEEN_AGAIN,) * 28, until: datetime = NOW) -> Heard:
    return Heard(moments=moments, watched_since=NOW - 40 * DAY, until=until, visits=visits)


def say(what: Heard) -> Diagnosis:
    return listen(what, SHANGHAI)


def test_silence_is_told_with_its_numbers() -> None:
    told = say(heard(posts(7)))
    assert told.state is Health.SILENT
    assert told.reason.startswith("这个来源平日这个时段每小时约 3.1 条，最近 7时没有新帖（按习惯该有约 22 条）。")
    assert "一周里偶然这样安静一次的可能只有不到 0.01%。" in told.reason
    assert "这期间采集了 28 次，都成功，但取到的全是见过的帖子。" in told.reason
    assert told.figures["silent_hours"] == 7
    assert told.figures["chance"] < 0.01
    assert "请打开网址看看有没有新帖" in told.advice


def test_a_pause_that_happens_is_no_silence() -> None:
    told = say(heard(posts(1.5)))
    assert told.state is Health.HEALTHY
    assert told.reason.endswith("最近 1时30分没有新帖，属于平常。")
    assert told.figures["chance"] > 0.01


def test_less_than_an_hour_is_not_even_a_pause() -> None:
    assert say(heard(posts(0.9, a_day=5000, days=1))).state is Health.HEALTHY


def test_a_young_source_is_not_judged_but_says_so() -> None:
    told = say(replace(heard(posts(30, days=3)), watched_since=NOW - 3 * DAY))
    assert told.state is Health.HEALTHY
    assert "还判断不了这算不算反常" in told.reason
    assert say(heard([NOW - DAY])).reason == "采集正常，最近 1天没有新帖。目前几乎没有历史，还判断不了这算不算反常。"
    assert say(heard([])).reason == "采集正常，还没有收到过帖子。"


def test_one_empty_visit_is_not_enough() -> None:
    assert say(heard(posts(7), visits=[SEEN_AGAIN])).state is Health.HEALTHY


def test_visits_that_bring_nothing_point_to_another_cause_than_visits_that_repeat() -> None:
    nothing = say(heard(posts(7), visits=[Visit(at=NOW)] * 20))
    assert "一条也没有取到" in nothing.reason
    assert "改版" in nothing.advice
    assert "缓存" in say(heard(posts(7))).advice


def test_a_time_in_which_we_did_not_look_is_not_silence() -> None:
    assert say(heard(posts(7), until=NOW - 6.5 * HOUR)).state is Health.HEALTHY


def test_a_sender_who_stopped_is_told_to_look_at_the_sender() -> None:
    told = say(replace(heard(posts(7), visits=()), visited=False))
    assert told.state is Health.SILENT
    assert "推送的一方" in told.advice
    assert "采集了" not in told.reason


def test_a_source_that_speaks_of_other_things_is_not_silent() -> None:
    moving = [Visit(at=NOW, fetched=20, filtered=n) for n in (20, 19, 18)]
    told = say(replace(heard(posts(7), visits=moving), selective=True))
    assert told.state is Health.HEALTHY
    assert "不符合关键词条件" in told.reason
    frozen = [Visit(at=NOW, fetched=20, filtered=15, unchanged=5)] * 9
    assert say(replace(heard(posts(7), visits=frozen), selective=True)).state is Health.SILENT


@pytest.mark.parametrize(
    ("every", "pause", "words"),
    [
        (HOUR / 10, 5 * HOUR, "平日这个时段每小时约 10 条"),
        (DAY / 6, 5 * DAY, "平日每天约 6 条"),
        (2 * DAY, 40 * DAY, "平日每周约 3."),
        (10 * DAY, 99 * DAY, "平日每月约 3."),
    ],
)
def test_a_pace_is_said_in_the_unit_that_fits(every: timedelta, pause: timedelta, words: str) -> None:
    regular = [NOW - pause - n * every for n in range(100 * DAY // every)][::-1]
    told = say(heard(regular))
    assert told.state is Health.SILENT
    assert words in told.reason


@pytest.mark.parametrize(
    ("chance", "words"),
    [(0.004, " 0.4%"), (0.00991, " 0.99%"), (0.0001, " 0.01%"), (1e-30, "不到 0.01%"), (0, "不到 0.01%")],
)
def test_a_chance_is_said_as_people_read_it(chance: float, words: str) -> None:
    assert say_chance(chance) == words


Times = list[tuple[datetime | None, datetime]]
FIRST_VISIT = NOW - 20 * DAY


def moments(times: Times, *, interval: timedelta = QUARTER) -> tuple[list[datetime], timedelta]:
    return moments_of(times, watched_since=FIRST_VISIT, interval=interval, zone=SHANGHAI)


def test_a_late_arrival_counts_when_it_was_written() -> None:
    assert moments([(NOW - 9 * DAY, NOW)])[0] == [NOW - 9 * DAY]


def test_a_post_from_the_future_counts_when_it_was_seen() -> None:
    assert moments([(NOW + DAY, NOW - HOUR)])[0] == [NOW - HOUR]


def test_posts_without_a_time_count_when_they_were_seen_unless_the_first_visit_brought_them() -> None:
    times: Times = [(None, NOW - HOUR), (None, FIRST_VISIT), (None, FIRST_VISIT), (None, NOW - DAY)]
    assert moments(times)[0] == [NOW - DAY, NOW - HOUR]


def test_a_source_that_gives_days_only_is_heard_when_its_posts_are_seen() -> None:
    midnight = NOW.astimezone(SHANGHAI).replace(hour=0, minute=0)
    days: Times = [(midnight - n * DAY, midnight - n * DAY + 9 * HOUR) for n in range(10)]
    old: Times = [(midnight - 15 * DAY, midnight)]
    found, late = moments([*days, *old])
    assert found == sorted(seen for _, seen in days)
    assert late == timedelta()


def test_a_source_whose_posts_always_reach_us_late_is_not_silent_for_that() -> None:
    times: Times = [(NOW - n * HOUR - 6 * HOUR, NOW - n * HOUR) for n in range(40)]
    assert moments(times)[1] == 6 * HOUR - QUARTER
    assert moments(times, interval=DAY)[1] == timedelta(), "we look once a day: they are late by our own doing"
    backlog: Times = [(NOW - n * DAY, NOW) for n in range(3, 40)]
    assert moments(backlog)[1] == timedelta()
