"""How likely a silence is by chance, told from a source's own habits: its hours, its clumps, its slow days.

Time is counted in posts that should have come, so that a quiet night is a short time and a quiet evening a long one.
In that time the pauses between posts are looked at, the longest eighth of them: by how much they outlast the ordinary
ones is a generalised Pareto distribution (Pickands 1975; Davison & Smith 1990). With shape 1/r it is the zero class of
the negative binomial, (r/(r+λ))^r, λ being the independent occasions in the pause, fewer than the posts where those
come in clumps. Each pause is judged once, when it grows beyond the line, so looking more often raises no more alarms;
the line is drawn so that a source has less than one chance in a hundred to cross it in a week of its usual life.

Simulated: four weeks of history and then ten years (2.5 for 200 a day), a night, quieter weekends, a visit every 15
minutes. False alarms a year for each source | time until a real stop is told, median and 95 of 100:

    posts a day                       1                  5                 20                200
    one by one                 0.5 | 7.3, 9.6 d   0.2 | 45, 63 h   0.1 | 15, 21 h   0.0 | 1.5, 7.5 h
    in clumps of 3             1.0 | 15, 21 d     0.6 | 101, 144 h 0.5 | 31, 49 h   0.0 | 3.0, 9.2 h
    days that vary by half     0.5 | 7.5, 9.6 d   1.6 | 55, 83 h   1.6 | 22, 37 h   1.2 | 3.0, 9.0 h
    both                       1.0 | 15, 21 d     1.1 | 116, 158 h 0.7 | 49, 75 h   1.6 | 5.5, 14 h

A test of 1 in 100 for each pause, as it looks natural, would cry wolf 3.6 times a year at one post a day and 730 times
at 200.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import accumulate, pairwise
from statistics import fmean, median

ALARM_BELOW = 0.01
"""The chance of such a silence in a week below which people are told."""
LONGEST_HISTORY = timedelta(days=112)
MOST_MOMENTS = 5000

_HISTORIES = (timedelta(days=28), timedelta(days=56), LONGEST_HISTORY)
_PLENTY = 100
"""Posts with which a shorter history will do; a source that seldom speaks is looked at for longer."""
_LONG_ENOUGH = timedelta(days=14)
_FEW_POSTS = 6
_ENOUGH_POSTS, _SHORTEST = 20, timedelta(days=3)

_HOUR = 3600.0
_DAY_SLOTS = 24
_PRIOR_POSTS = 2.0
"""How many posts' weight the overall rate has in each hour, so that an hour nobody posted in yet is not impossible."""
_UNSEEN = 0.1
"""The rate, against the overall one, of an hour that was never watched."""


def silence_probability(expected: float, clumping: float = math.inf) -> float:
    """The probability that nothing comes where `expected` things should: (r/(r+λ))^r, and e^−λ without clumping."""
    if math.isinf(clumping):
        return math.exp(-expected)
    return math.exp(-clumping * math.log1p(expected / clumping))


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How a source usually speaks."""

    rates: tuple[float, ...]
    """Posts an hour, by hour of the day, on weekdays and then at weekends."""
    posts: int
    span: timedelta
    """How many posts in how long a time this was told from."""
    usual: float
    """Posts that should come within an ordinary pause; only what goes beyond is counted as silence."""
    clump: float
    """How many posts make one independent occasion."""
    clumping: float
    """The r of `silence_probability`: the smaller, the more do slow days and fast ones differ."""
    pauses: float
    """Pauses a week that outlast the ordinary ones."""
    zone: tzinfo

    def expected(self, since: datetime, until: datetime) -> float:
        """How many posts should have come between two moments."""
        start, end = since.timestamp(), until.timestamp()
        weeks = max(int((end - start) // (168 * _HOUR)), 0)
        return weeks * self._in_a_week() + sum(
            self.rates[slot] * hours for slot, hours in _hours(start + weeks * 168 * _HOUR, end, self.zone)
        )

    def _in_a_week(self) -> float:
        return 5 * sum(self.rates[:_DAY_SLOTS]) + 2 * sum(self.rates[_DAY_SLOTS:])

    def chance(self, expected: float) -> float:
        """The chance that within a week of its usual life the source is once silent where so many posts should come."""
        beyond = max(expected - self.usual, 0.0) / self.clump
        return -math.expm1(-self.pauses * silence_probability(beyond, self.clumping))


def history_of(moments: Sequence[datetime], watched_since: datetime) -> tuple[Sequence[datetime], datetime]:
    """The newest of the moments that tell the habit, and where the time they stand for begins; both may be all."""
    begin = min(watched_since, moments[0])
    if len(moments) >= MOST_MOMENTS:
        begin = moments[0]  # what was watched before them is not among them
    start = begin
    for length in _HISTORIES:
        start = max(moments[-1] - length, begin)
        if len(moments) - bisect_left(moments, start) >= _PLENTY:
            break
    return moments[bisect_left(moments, start) :], start


def is_enough(posts: int, span: timedelta) -> bool:
    """Whether so many posts in such a time say anything: two weeks, or twenty posts and not all on one day."""
    return (span >= _LONG_ENOUGH and posts >= _FEW_POSTS) or (posts >= _ENOUGH_POSTS and span >= _SHORTEST)


def learn_habit(moments: Sequence[datetime], start: datetime, end: datetime, zone: tzinfo) -> Habit:
    """The habit told by posts at these moments, in order, the source having been watched from `start` to `end`."""
    stamps = [moment.timestamp() for moment in moments]
    slots = list(_hours(start.timestamp(), end.timestamp(), zone))
    rates = _rates(stamps, slots, zone)
    pauses = sorted(_pauses(stamps, rates, zone))
    weeks = max((end - start) / timedelta(weeks=1), 1 / 168)
    long = min(max(len(pauses) // 8, 15), 100, len(pauses) - 1)
    usual = pauses[-long - 1]
    clump, clumping = _tail([pause - usual for pause in pauses[-long:]])
    return Habit(
        rates=rates, posts=len(stamps), span=end - start, usual=usual, clump=clump, clumping=clumping,
        pauses=long / weeks, zone=zone,
    )  # fmt: skip


def _hours(start: float, end: float, zone: tzinfo) -> Iterator[tuple[int, float]]:
    """The hours from `start` to `end`, each with its slot and how much of it lies between."""
    number = int(start // _HOUR)
    while number * _HOUR < end:
        first, last = max(start, number * _HOUR), min(end, (number + 1) * _HOUR)
        yield _slot(number, zone), (last - first) / _HOUR
        number += 1


def _slot(hour: int, zone: tzinfo) -> int:
    local = datetime.fromtimestamp(hour * _HOUR, UTC).astimezone(zone)
    return local.hour + _DAY_SLOTS * (local.weekday() >= 5)


def _rates(stamps: Iterable[float], watched: Iterable[tuple[int, float]], zone: tzinfo) -> tuple[float, ...]:
    """Posts an hour by slot: what was seen, drawn towards the hour of any day, and that towards the overall rate."""
    seen, time = [0.0] * 48, [0.0] * 48
    for number, count in Counter(int(stamp // _HOUR) for stamp in stamps).items():
        seen[_slot(number, zone)] += count
    for slot, hours in watched:
        time[slot] += hours
    overall = sum(seen) / max(sum(time), 1 / 60)
    by_hour = [_drawn(seen[h] + seen[h + 24], time[h] + time[h + 24], overall, _PRIOR_POSTS) for h in range(24)]
    rates: list[float] = []
    for first in (0, _DAY_SLOTS):  # weekdays, weekends
        share = sum(rate * time[first + h] for h, rate in enumerate(by_hour))
        level = (sum(seen[first : first + 24]) + 5 * _PRIOR_POSTS) / (share + 5 * _PRIOR_POSTS)
        rates += [
            _drawn(seen[first + h], time[first + h], rate * level, 2 * _PRIOR_POSTS)
            if time[first + h]
            else rate * level
            for h, rate in enumerate(by_hour)
        ]
    # Drawing twice towards the same posts makes a little of nothing: in all, as many are expected as came.
    told = sum(rate * hours for rate, hours in zip(rates, time, strict=True))
    return tuple(rate * sum(seen) / told for rate in rates)


def _drawn(seen: float, hours: float, towards: float, weight: float) -> float:
    """A rate drawn towards another one, which counts as if it had been seen in `weight` posts."""
    return (seen + weight) / (hours + weight / towards) if hours else _UNSEEN * towards


def _pauses(stamps: Sequence[float], rates: Sequence[float], zone: tzinfo) -> Iterator[float]:
    """The time between posts, counted in posts that should have come."""
    first, last = int(stamps[0] // _HOUR), int(stamps[-1] // _HOUR)
    by_hour = [rates[_slot(number, zone)] for number in range(first, last + 1)]
    before = list(accumulate(by_hour, initial=0.0))
    clock = [
        before[hour] + by_hour[hour] * (stamp / _HOUR - first - hour)
        for stamp, hour in ((stamp, int(stamp // _HOUR) - first) for stamp in stamps)
    ]
    return (later - earlier for earlier, later in pairwise(clock))


_PRIOR_SHAPE, _SHAPE_WEIGHT = 0.05, 30.0
_SCALE_WEIGHT = 3.0
_LONGEST = 8.0
"""A pause so many times as long as a typical long one counts as just that: an outage is no habit."""


def _tail(beyond: Sequence[float]) -> tuple[float, float]:
    """How many posts make one occasion, and r, from what long pauses have beyond the ordinary, in ascending order.

    Probability-weighted moments (Hosking & Wallis 1987), drawn towards posts that come nearly independently.
    """
    count = len(beyond)
    most = _LONGEST * median(beyond) / math.log(2)
    cut = [min(pause, most) for pause in beyond]
    mean = fmean(cut)
    weighted = fmean(pause * (count - 1 - place) / max(count - 1, 1) for place, pause in enumerate(cut))
    # A clock's pauses are all alike, which no shape describes; a light tail will do.
    shape = max(2 - mean / (mean - 2 * weighted), -0.5) if mean > 2 * weighted else -0.5
    shape = (count * shape + _SHAPE_WEIGHT * _PRIOR_SHAPE) / (count + _SHAPE_WEIGHT)
    shape = min(max(shape, 0.02), 0.4)
    scale = (sum(cut) + _SCALE_WEIGHT) / (count + _SCALE_WEIGHT)
    return max(scale, 1.0) * (1 - shape), 1 / shape
