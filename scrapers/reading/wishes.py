"""How long a site asks to be left alone: ttl, skipHours and skipDays (RSS 2.0), Cache-Control (RFC 9111)."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

LONGEST = 86_400.0
"""No wish is followed for longer than a day: some name a year by mistake."""

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
_AT_ONCE = re.compile(r"(?:^|[\s,])(?:no-cache|no-store)\b", re.IGNORECASE)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def fresh_for(headers: Mapping[str, str]) -> float:
    """The seconds for which an answer says that it stays as it is; 0 when it does not say."""
    control = headers.get("cache-control", "")
    found = _MAX_AGE.search(control)
    if found is None or _AT_ONCE.search(control):
        return 0.0
    return min(float(found[1]), LONGEST)


def wished_wait(
    seconds: float, now: datetime, *, quiet_hours: Collection[int] = (), quiet_days: Collection[int] = ()
) -> float:
    """The seconds until the next visit is welcome: `seconds` from now, or after the hours and days of quiet, in GMT."""
    seconds = min(max(seconds, 0.0), LONGEST)
    begun = now.astimezone(UTC)
    moment = begun + timedelta(seconds=seconds)
    for _ in range(24):
        if moment.hour not in quiet_hours and moment.weekday() not in quiet_days:
            return max((moment - begun).total_seconds(), seconds)
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return LONGEST
