"""Working time: periods of a day, days off and make-up workdays, and adding working minutes to a moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

_MOST_DAYS = 800  # two years without a working hour means that the calendar is wrong, not that work takes so long


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """When people work. `weekdays` counts Monday as 0; `holidays` and `make_up_days` win over it."""

    zone: tzinfo
    periods: tuple[tuple[time, time], ...] = ((time(9), time(12)), (time(13), time(18)))
    weekdays: frozenset[int] = frozenset(range(5))
    holidays: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()

    def is_workday(self, day: date) -> bool:
        """Whether people work on this civil day."""
        if day in self.make_up_days:
            return True
        return day.weekday() in self.weekdays and day not in self.holidays

    def add(self, start: datetime, span: timedelta) -> datetime:
        """The moment at which `span` of working time after `start` has passed, in `start`'s zone.

        A span of zero at night gives the opening of the next period. Raises ValueError when nobody works for two years.
        """
        left = span
        for opens, closes in self._periods_from(start):
            begin = max(opens, start)
            if left <= closes - begin:
                return (begin + left).astimezone(start.tzinfo)
            left -= closes - begin
        raise ValueError("the calendar has no working hours within two years")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`; zero when `end` is not later."""
        total = timedelta()
        for opens, closes in self._periods_from(start):
            if opens >= end:
                break
            total += max(min(closes, end) - max(opens, start), timedelta())
        return total

    def workdays(self, start: datetime, days: int) -> datetime:
        """The end of the working day that lies `days` working days after the day of `start` (that day not counted)."""
        return self._end_of_workday(start.astimezone(self.zone).date(), days).astimezone(start.tzinfo)

    def _end_of_workday(self, day: date, days: int) -> datetime:
        passed = 0
        for _ in range(_MOST_DAYS):
            day += timedelta(days=1)
            passed += self.is_workday(day)
            if passed >= days:
                return datetime.combine(day, self.periods[-1][1], self.zone)
        raise ValueError("the calendar has no working days within two years")

    def _periods_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working periods that end after `start`, in order."""
        first = start.astimezone(self.zone).date()
        for offset in range(_MOST_DAYS):
            day = first + timedelta(days=offset)
            if self.is_workday(day):
                yield from (span for span in self._periods_of(day) if span[1] > start)

    def _periods_of(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        for opens, closes in self.periods:
            yield datetime.combine(day, opens, self.zone), datetime.combine(day, closes, self.zone)
