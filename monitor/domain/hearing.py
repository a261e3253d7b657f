"""What is to be said of a source by when its posts were written: it speaks as usual, or is suspiciously silent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from statistics import median

from monitor.domain.diagnosis import Diagnosis
from monitor.domain.faults import Visit
from monitor.domain.health import Health
from monitor.domain.silence import ALARM_BELOW, Habit, history_of, is_enough, learn_habit
from monitor.domain.wording import say_span

SHORTEST_SILENCE = timedelta(hours=1)
"""Nothing shorter is worth a word, however busy the source."""
_VISITS_TO_TELL = 2
_A_FEW = 5
_OLD = timedelta(days=2)
"""A post that was seen later than this after it was written came from the past, not from the present."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """When posts were written, and what visits brought since the newest of them."""

    moments: Sequence[datetime]
    watched_since: datetime
    until: datetime
    """Up to when we would know of a post."""
    visits: Sequence[Visit] = ()
    visited: bool = True
    selective: bool = False
    """Whether a query decides what is kept."""


def moments_of(
    times: Iterable[tuple[datetime | None, datetime]], *, watched_since: datetime, interval: timedelta, zone: tzinfo
) -> tuple[list[datetime], timedelta]:
    """The moments of posts, given when each was written and first seen, in order; and how late they reach us.

    Posts without a time of their own count when they were first seen, unless the first visit brought them. So do those
    of a source that gives days only, unless they are old. What reaches us late is how a source is; a few hours each
    time are no silence.
    """
    pairs = list(times)
    dated = [(written, seen) for written, seen in pairs if written is not None]
    undated = [seen for written, seen in pairs if written is None and seen > watched_since]
    midnights = sum(written.astimezone(zone).time() == time() for written, _ in dated)
    if midnights * 2 > len(dated) >= _A_FEW:
        fresh = [seen for written, seen in dated if seen > watched_since and seen - written <= _OLD]
        return sorted([*undated, *fresh]), timedelta()
    delays = [seen - written for written, seen in dated if seen > watched_since and seen - written <= _OLD]
    return sorted([*undated, *(min(pair) for pair in dated)]), _lateness(delays, interval)


def _lateness(delays: Sequence[timedelta], interval: timedelta) -> timedelta:
    if len(delays) < _A_FEW:
        return timedelta()
    usual = timedelta(seconds=median(delay.total_seconds() for delay in delays))
    return max(usual - interval, timedelta())


def listen(heard: Heard, zone: tzinfo) -> Diagnosis:
    """Whether the silence since the newest post is suspicious, and why; it is healthy where nothing can be said."""
    well = "采集正常" if heard.visited else "接收正常"
    if not heard.moments:
        return Diagnosis(Health.HEALTHY, f"{well}，还没有收到过帖子。")
    newest = heard.moments[-1]
    gap = heard.until - newest
    if gap < SHORTEST_SILENCE:
        return Diagnosis(Health.HEALTHY, "一切正常，刚有新帖。", figures={"silent_hours": _hours(gap)})
    told, start = history_of(heard.moments, heard.watched_since)
    if not is_enough(len(told), newest - start):
        known = f"目前只有 {len(told)} 条、{say_span(newest - start)}的历史" if len(told) > 1 else "目前几乎没有历史"
        return Diagnosis(
            Health.HEALTHY,
            f"{well}，最近 {say_span(gap)}没有新帖。{known}，还判断不了这算不算反常。",
            figures={"silent_hours": _hours(gap)},
        )
    return _judge(heard, learn_habit(told, start, newest, zone), gap)


def _hours(span: timedelta) -> float:
    return span.total_seconds() / 3600


def _judge(heard: Heard, habit: Habit, gap: timedelta) -> Diagnosis:
    expected = habit.expected(heard.moments[-1], heard.until)
    chance = habit.chance(expected)
    figures = {"expected": expected, "chance": chance, "silent_hours": _hours(gap), "posts": habit.posts}
    usual = f"这个来源平日{_pace(expected, gap)}，最近 {say_span(gap)}没有新帖"
    if chance >= ALARM_BELOW:
        return Diagnosis(Health.HEALTHY, f"{usual}，属于平常。", figures=figures)
    if heard.visited and len(heard.visits) < _VISITS_TO_TELL:
        return Diagnosis(Health.HEALTHY, f"{usual}，再采集一次才好判断。", figures=figures)
    if _only_filtered(heard):
        return Diagnosis(Health.HEALTHY, f"{usual}：取到的都不符合关键词条件，没有保留。", figures=figures)
    reason = f"{usual}（按习惯该有约 {_number(expected)} 条）。一周里偶然这样安静一次的可能只有{say_chance(chance)}。"
    return Diagnosis(Health.SILENT, reason + _what_visits_brought(heard), _advice(heard), figures)


def _only_filtered(heard: Heard) -> bool:
    """Whether the source goes on speaking, only not of what is wanted: the unwanted posts are not always the same."""
    counts = {(visit.fetched, visit.filtered) for visit in heard.visits}
    return heard.selective and len(counts) > 1 and any(visit.filtered for visit in heard.visits)


def _pace(expected: float, gap: timedelta) -> str:
    """How many posts come at this time, by the unit in which it is at least one."""
    hourly = expected / _hours(gap)
    for hours, unit in ((1, "小时"), (24, "天"), (168, "周")):
        if hourly * hours >= 1:
            return f"{'这个时段' if hours == 1 else ''}每{unit}约 {_number(hourly * hours)} 条"
    return f"每月约 {_number(hourly * 720)} 条"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")


def say_chance(chance: float) -> str:
    """A probability as people read it."""
    return "不到 0.01%" if chance < 0.0001 else f" {100 * chance:.2g}%"


def _what_visits_brought(heard: Heard) -> str:
    if not heard.visited:
        return ""
    count = f"这期间采集了 {len(heard.visits)} 次，都成功"
    if any(visit.fetched for visit in heard.visits):
        return f"{count}，但取到的全是见过的帖子。"
    return f"{count}，但一条也没有取到。"


def _advice(heard: Heard) -> str:
    if not heard.visited:
        return "请检查推送的一方是否还在运行，地址和签名有没有变。确实没有新帖的，可以不管，有了会自动恢复。"
    if any(visit.fetched for visit in heard.visits):
        cause = "页面被缓存、排序变了或翻页失效"
    else:
        cause = "网站改版、要登录才能看，或地址变了"
    return f"请打开网址看看有没有新帖。有：多半是{cause}，请预览后修正；没有：可以不管，有了新帖会自动恢复。"
