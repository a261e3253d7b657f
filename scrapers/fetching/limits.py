"""A site's allowance of requests as its answers tell it, kept to before the site has to refuse."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from scrapers.base import Cursor, Fetch, Response
from scrapers.errors import CollectError
from scrapers.reading.posts import moment_of

_PREFIXES = ("x-ratelimit-", "x-rate-limit-", "ratelimit-")
_LONGEST = timedelta(days=1)
# Where no time of renewal is told; the windows of the sites met here are five minutes to an hour.
_UNTOLD = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many requests are left, and when there will be more."""

    remaining: float
    renewed_at: datetime


def read_allowance(headers: Mapping[str, str], now: datetime) -> Allowance | None:
    """The allowance that a response tells in X-RateLimit-* (GitHub, Mastodon, Reddit) or X-Rate-Limit-* (V2EX)."""
    for prefix in _PREFIXES:
        remaining = _number(headers.get(f"{prefix}remaining", ""))
        if remaining is not None:
            return Allowance(remaining, now + _until(headers.get(f"{prefix}reset", ""), moment_of(headers, now)))
    return None


def _number(text: str) -> float | None:
    try:
        found = float(text[:40])
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _until(reset: str, now: datetime) -> timedelta:
    """How long until the allowance is renewed, told as a moment, as Unix seconds or as seconds to go."""
    seconds = _number(reset)
    if seconds is None:
        try:
            wait = datetime.fromisoformat(reset.strip()) - now
        except (ValueError, TypeError, OverflowError):
            return _UNTOLD
    else:
        wait = timedelta(seconds=min(max(seconds - now.timestamp() if seconds > 1e9 else seconds, 0), 1e6))
    return min(max(wait, timedelta(seconds=1)), _LONGEST)


@dataclass(slots=True)
class Rationed:
    """A fetch that asks nothing more of a site that has no requests left for us, until it has some again."""

    fetch: Fetch
    clock: Callable[[], datetime]
    resting_until: datetime | None = None

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        """The response at `url`. Raises `CollectError`, with `retry_after` when the allowance is spent."""
        now = self.clock()
        if self.resting_until is not None and now < self.resting_until:
            seconds = (self.resting_until - now).total_seconds()
            raise CollectError(
                f"对方给的请求额度用完了，约 {math.ceil(seconds / 60)} 分钟后恢复，届时自动继续。"
                "若常常如此，请调大采集间隔。",
                retry_after=seconds,
            )
        try:
            response = self.fetch(url, headers=headers, data=data)
        except CollectError as error:
            if error.retry_after is not None:
                self.resting_until = now + min(timedelta(seconds=error.retry_after), _LONGEST)
            raise
        allowance = read_allowance(response.headers, now)
        if allowance is not None and allowance.remaining < 1:
            self.resting_until = allowance.renewed_at
        return response

    @property
    def resting(self) -> bool:
        """Whether the next request would be refused by us."""
        return self.resting_until is not None and self.clock() < self.resting_until

    def as_cursor(self) -> dict[str, str]:
        """What the next visit needs for `rationed`; nothing while requests are left."""
        return {"resting_until": self.resting_until.isoformat()} if self.resting_until and self.resting else {}


def rationed(fetch: Fetch, clock: Callable[[], datetime], cursor: Cursor) -> Rationed:
    """The fetch, resting as long as the visit that left this cursor was told to."""
    try:
        until = datetime.fromisoformat(str(cursor.get("resting_until", "")))
    except ValueError:
        return Rationed(fetch, clock)
    # A clock that was set back must not let a source rest for months.
    return Rationed(fetch, clock, until if until.tzinfo and until - clock() <= _LONGEST else None)
