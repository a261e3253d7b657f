"""Times in the forms sites write them, read into UTC. Nothing here raises: a time that cannot be read is None."""

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from email.utils import parsedate_to_datetime

Reading = tuple[datetime | None, bool]

_EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
# Two clocks differ by a little; a post from ten minutes ahead was written now, one from tomorrow was not written.
_SKEW = timedelta(minutes=10)

_UNITS = {"秒": 1, "s": 1, "分": 60, "m": 60, "时": 3600, "h": 3600, "天": 86_400, "日": 86_400, "d": 86_400,
          "周": 604_800, "w": 604_800, "月": 2_592_000, "年": 31_536_000, "y": 31_536_000}  # fmt: skip
_AGO = re.compile(
    r"(\d{1,6}|半|一|两|几)\s*个?(秒|分|时|天|日|周|月|年|seconds?|minutes?|mins?|hours?|days?|weeks?|years?)(?:钟|之)?\s*(?:以?前|ago)",
    re.IGNORECASE,
)
_COUNTS = {"半": 0.5, "一": 1.0, "两": 2.0, "几": 3.0}
_DAYS = {"今天": 0, "昨天": 1, "昨日": 1, "前天": 2, "大前天": 3, "today": 0, "yesterday": 1}
_CLOCK = (
    r"(?:(?P<half>上午|下午|晚上|凌晨|中午|am|pm)?\s*(?P<hour>\d{1,2})[:时点](?P<minute>\d{1,2})?(?:[:分](?P<second>\d{1,2})?)?"
    r"(?:\.\d{1,9})?秒?)?"
)
_DAY_NAMED = re.compile(rf"(?P<day_name>{'|'.join(sorted(_DAYS, key=len, reverse=True))})?\s*{_CLOCK}", re.IGNORECASE)
_DATE = re.compile(
    r"(?:(?P<year>\d{4})\s*[年\-/.]\s*)?(?P<month>\d{1,2})\s*[月\-/.]\s*(?P<day>\d{1,2})\s*[日号]?"
    rf"\s*(?:[(（]?(?:周|星期)[一二三四五六日天][)）]?)?[ t,]*{_CLOCK}",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?")
_SIMPLER = str.maketrans("鐘鍾時週剛個兩點號", "钟钟时周刚个两点号")


def read_date(text: str, now: datetime, zone: tzinfo) -> Reading:
    """The moment that `text` names, in UTC, and whether `zone` had to be taken because the text names none."""
    if len(text) > 100:
        return None, False
    plain = (
        unicodedata.normalize("NFKC", text).translate(_SIMPLER).replace("小时", "时").replace("星期前", "周前").strip()
    )
    for reader in (_number, _relative, _day_named, _written, _iso, _mail):
        try:
            moment, assumed = reader(plain, now, zone)
            moment = _plausible(moment, now)
        except (ValueError, OverflowError, OSError, TypeError, IndexError):
            continue
        if moment is not None:
            return moment, assumed
    return None, False


def _plausible(moment: datetime | None, now: datetime) -> datetime | None:
    if moment is None:
        return None
    moment = moment.astimezone(UTC)
    if moment < _EARLIEST or moment > now + _SKEW:
        return None
    return min(moment, now.astimezone(UTC))


def _number(text: str, _now: datetime, zone: tzinfo) -> Reading:
    if found := _COMPACT.fullmatch(text):
        return datetime(*(int(part or 0) for part in found.groups()), tzinfo=zone), True  # type: ignore[misc, arg-type]
    seconds = float(text) if re.fullmatch(r"\d{9,16}(?:\.\d{1,9})?", text) else math.nan
    while seconds > 1e11:
        seconds /= 1000
    return (datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None), False


def _relative(text: str, now: datetime, _zone: tzinfo) -> Reading:
    if text.lower() in {"刚刚", "刚才", "现在", "just now", "now"}:
        return now, False
    found = _AGO.fullmatch(text)
    if not found:
        return None, False
    count = _COUNTS[found[1]] if found[1] in _COUNTS else float(found[1])
    return now - timedelta(seconds=count * _UNITS[found[2][0].lower()]), False


def _clock(found: re.Match[str]) -> time:
    hour = int(found["hour"] or 0)
    half = (found["half"] or "").lower()
    if half in {"下午", "晚上", "pm"} and hour < 12:
        hour += 12
    if half in {"凌晨", "am", "上午"} and hour == 12:
        hour = 0
    return time(hour, int(found["minute"] or 0), int(found["second"] or 0))


def _day_named(text: str, now: datetime, zone: tzinfo) -> Reading:
    found = _DAY_NAMED.fullmatch(text)
    if not found or not text:
        return None, False
    day = now.astimezone(zone) - timedelta(days=_DAYS[(found["day_name"] or "今天").lower()])
    return datetime.combine(day.date(), _clock(found), zone), True


def _written(text: str, now: datetime, zone: tzinfo) -> Reading:
    found = _DATE.fullmatch(text)
    if not found:
        return None, False
    month, day, clock = int(found["month"]), int(found["day"]), _clock(found)
    if found["year"]:
        return datetime.combine(date(int(found["year"]), month, day), clock, zone), True
    local = now.astimezone(zone)
    return _latest_year(local, lambda year: datetime.combine(date(year, month, day), clock, zone)), True


def _latest_year(now: datetime, on: Callable[[int], datetime]) -> datetime | None:
    """A day without a year is the last such day that has been; 29 February may be some years back."""
    for year in range(now.year, now.year - 5, -1):
        try:
            moment = on(year)
        except ValueError:
            continue
        if moment <= now + _SKEW:
            return moment
    return None


def _iso(text: str, _now: datetime, zone: tzinfo) -> Reading:
    moment = datetime.fromisoformat(re.sub(r"\s*(?:UTC|GMT)$", "Z", text))
    return (moment, False) if moment.tzinfo else (moment.replace(tzinfo=zone), True)


def _mail(text: str, _now: datetime, zone: tzinfo) -> Reading:
    moment = parsedate_to_datetime(text)
    # CST is China's time on Chinese sites, though mail readers take it for Chicago's.
    if re.search(r"\bCST\b", text):
        return moment.replace(tzinfo=zone), True
    if moment.tzinfo is None and not text.endswith("-0000"):
        return moment.replace(tzinfo=zone), True
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)), False
