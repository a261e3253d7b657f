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
          "周": 604_800, "w": 604_800, "月": 2_592_000, "mo": 2_592_000, "年": 31_536_000, "y": 31_536_000}  # fmt: skip
_NUMERALS = {"一": 1.0, "两": 2.0, "二": 2.0, "三": 3.0, "四": 4.0, "五": 5.0, "六": 6.0, "七": 7.0, "八": 8.0,
             "九": 9.0, "十": 10.0, "几": 3.0, "半": 0.5, "a": 1.0, "an": 1.0}  # fmt: skip
_SPAN = (
    r"(\d{1,6}|十?[一二三四五六七八九]|[一两二三四五六七八九]?十|[半两几]|an?)\s*个?\s*"
    r"(秒|分|时|天|日|周|月|年|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)(?:钟|之)?"
)
_AGO = re.compile(rf"{_SPAN}\s*(?:{_SPAN}\s*)?(?:以?前|ago)", re.IGNORECASE)
_DAYS = {"今天": 0, "昨天": 1, "昨日": 1, "前天": 2, "大前天": 3, "today": 0, "yesterday": 1}
_WEEKDAYS = {name: day for day, names in enumerate(("一", "二", "三", "四", "五", "六", "日天")) for name in names}
_CLOCK = (
    r"(?:(?P<half>上午|下午|晚上|凌晨|中午|am|pm)?\s*(?P<hour>\d{1,2})[:时点](?P<minute>\d{1,2})?(?:[:分](?P<second>\d{1,2})?)?"
    r"(?:\.\d{1,9})?秒?\s*(?P<late>[ap]\.?m\.?)?)?"
)
_DAY_NAMED = re.compile(
    rf"(?:(?P<day_name>{'|'.join(sorted(_DAYS, key=len, reverse=True))})|(?P<days>\d{{1,2}})天前"
    rf"|(?P<last>上)?(?:周|星期)(?P<weekday>[一二三四五六日天]))?[\s,]*(?:at\s)?\s*{_CLOCK}",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:(?P<year>\d{4})\s*[年\-/.]\s*|(?P<short>\d{2})年)?(?P<month>\d{1,2})\s*[月\-/.]\s*(?P<day>\d{1,2})\s*[日号]?"
    rf"\s*(?:(?:周|星期)[一二三四五六日天]|[(（](?:周|星期)?[一二三四五六日天][)）])?[ t,]*{_CLOCK}",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = r"\d{1,2})(?:st|nd|rd|th)?"
_ENGLISH = re.compile(
    rf"(?:[a-z]{{3,9}},?\s+)?(?:(?P<first>{_DAY}\s+)?(?P<month>{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?(?:\s+(?P<day>{_DAY})?"
    rf",?\s+(?P<year>\d{{4}})[\s,]*(?:at\s)?\s*{_CLOCK}",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?")
_SCRIPT = re.compile(r"/?Date\((\d{9,14})(?:[+-]\d{4})?\)/?")
_BROWSER = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2} \d{1,2} \d{4} [\d:]{5,8}) (?:GMT|UTC)?([+-]\d{4})(?: \(.*\))?")
_SIMPLER = str.maketrans("鐘鍾時週剛個兩點號", "钟钟时周刚个两点号")
# What stands before a time on a page: "发表于 昨天 12:30", "发布时间：2026-08-21".
_LEAD = re.compile(
    r"(?:最后|首次|于|[发發][表布佈]|[发發]帖|回[复覆]|更新|[编編][辑輯]|提交|[创創]建|投[诉訴]|[评評][论論价價]|修改)*"
    r"(?:于|於|在|[时時][间間]|日期)\s*[::]?\s*|(?:[发發][表布佈]|更新|posted|on|updated)\s*[::]?\s+",
    re.IGNORECASE,
)


def read_date(text: str, now: datetime, zone: tzinfo) -> Reading:
    """The moment that `text` names, in UTC, and whether `zone` had to be taken because the text names none."""
    if not text or len(text) > 100:
        return None, False
    plain = text if text.isascii() else _simplified(text)
    plain = plain.strip()
    for reader in (_likely(plain), _number, _relative, _day_named, _written, _iso, _english, _browser, _mail):
        try:
            moment, assumed = reader(plain, now, zone)
            moment = _plausible(moment, now)
        except (ValueError, OverflowError, OSError, TypeError, IndexError):
            continue
        if moment is not None:
            return moment, assumed
    lead = _LEAD.match(plain)
    return read_date(plain[lead.end() :], now, zone) if lead and lead.end() else (None, False)


def _likely(text: str) -> Callable[[str, datetime, tzinfo], Reading]:
    """The reader that most probably fits, by a look at the form: feeds and interfaces write few."""
    return _iso if text[10:11] == "T" else _mail if text[3:5] == ", " else _number


def _simplified(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).translate(_SIMPLER)
    plain = plain.replace("小时", "时").replace("星期前", "周前").replace("礼拜", "星期")
    return plain.replace("昨晚", "昨天 晚上").replace("今早", "今天 上午").replace("今晚", "今天 晚上")


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
    if found := _SCRIPT.fullmatch(text):
        text = found[1]
    seconds = float(text) if re.fullmatch(r"\d{9,19}(?:\.\d{1,9})?", text) else math.nan
    while seconds > 1e11:
        seconds /= 1000
    return (datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None), False


def _relative(text: str, now: datetime, _zone: tzinfo) -> Reading:
    if text.lower() in {"刚刚", "刚才", "现在", "just now", "now"}:
        return now, False
    found = _AGO.fullmatch(text)
    if not found:
        return None, False
    return now - timedelta(seconds=_seconds(found[1], found[2]) + _seconds(found[3], found[4])), False


def _seconds(count: str | None, unit: str | None) -> float:
    if not count or not unit:
        return 0.0
    unit = unit.lower()
    return _counted(count.lower()) * _UNITS["mo" if unit.startswith("mo") else unit[0]]


def _counted(words: str) -> float:
    """`12`, `十二` or `二十` as a number."""
    if words[0].isdecimal():
        return float(words)
    if len(words) == 2 and words.startswith("十"):
        return 10 + _NUMERALS[words[1]]
    if len(words) == 2 and words.endswith("十"):
        return 10 * _NUMERALS[words[0]]
    return _NUMERALS[words]


def _clock(found: re.Match[str]) -> time:
    hour = int(found["hour"] or 0)
    half = (found["half"] or found["late"] or "").lower().replace(".", "")
    if half in {"下午", "晚上", "pm"} and hour < 12:
        hour += 12
    if half in {"凌晨", "am", "上午"} and hour == 12:
        hour = 0
    return time(hour, int(found["minute"] or 0), int(found["second"] or 0))


def _day_named(text: str, now: datetime, zone: tzinfo) -> Reading:
    found = _DAY_NAMED.fullmatch(text)
    if not found or not text:
        return None, False
    local = now.astimezone(zone)
    back = int(found["days"] or _DAYS[(found["day_name"] or "今天").lower()])
    if found["weekday"]:
        # A weekday is the last such day; "上周三" is that of the week before this one, which begins on Monday.
        back = local.weekday() - _WEEKDAYS[found["weekday"]]
        back = back + 7 if found["last"] else back % 7
    moment = datetime.combine((local - timedelta(days=back)).date(), _clock(found), zone)
    return (moment - timedelta(days=7) if found["weekday"] and moment > now + _SKEW else moment), True


def _written(text: str, now: datetime, zone: tzinfo) -> Reading:
    found = _DATE.fullmatch(text)
    if not found:
        return None, False
    month, day, clock = int(found["month"]), int(found["day"]), _clock(found)
    if found["year"] or found["short"]:
        year = int(found["year"] or 2000 + int(found["short"]))
        return datetime.combine(date(year, month, day), clock, zone), True
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


def _english(text: str, _now: datetime, zone: tzinfo) -> Reading:
    found = _ENGLISH.fullmatch(text)
    if not found:
        return None, False
    month = _MONTHS.index(found["month"].lower()) + 1
    day = date(int(found["year"]), month, int(found["first"] or found["day"]))
    return datetime.combine(day, _clock(found), zone), True


def _browser(text: str, _now: datetime, _zone: tzinfo) -> Reading:
    """As JavaScript prints a moment: `Fri Aug 21 2026 10:05:00 GMT+0800 (China Standard Time)`."""
    found = _BROWSER.fullmatch(text)
    return (datetime.strptime(f"{found[1]} {found[2]}", "%b %d %Y %H:%M:%S %z"), False) if found else (None, False)


def _mail(text: str, _now: datetime, zone: tzinfo) -> Reading:
    moment = parsedate_to_datetime(text)
    # CST is China's time on Chinese sites, though mail readers take it for Chicago's.
    if re.search(r"\bCST\b", text):
        return moment.replace(tzinfo=zone), True
    if moment.tzinfo is None and not text.endswith("-0000"):
        return moment.replace(tzinfo=zone), True
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)), False
