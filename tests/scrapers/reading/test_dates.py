"""Times as sites write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.reading.dates import read_date
from tests.scrapers.conftest import NOW, ZONE
from tests.scrapers.fuzzing import THOROUGH


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "moment", "assumed"),
    [
        ("Tue, 18 Aug 2026 10:00:00 +0800", utc(2026, 8, 18, 2), False),
        ("Tue, 18 Aug 2026 10:00:00 GMT", utc(2026, 8, 18, 10), False),
        ("Tue, 18 Aug 2026 10:00:00 -0000", utc(2026, 8, 18, 10), False),
        ("Tue, 18 Aug 2026 10:00:00", utc(2026, 8, 18, 2), True),
        ("Tue, 18 Aug 2026 10:00:00 CST", utc(2026, 8, 18, 2), True),
        ("2026-08-18T10:00:00Z", utc(2026, 8, 18, 10), False),
        ("2026-08-18T10:00:00+08:00", utc(2026, 8, 18, 2), False),
        ("2026-08-18 10:00", utc(2026, 8, 18, 2), True),
        ("1782000000", utc(2026, 6, 21), False),
        ("1782000000000", utc(2026, 6, 21), False),
        ("2026年1月1日 05:54", utc(2025, 12, 31, 21, 54), True),
        ("２０２６年１月１日　０５：５４", utc(2025, 12, 31, 21, 54), True),
        ("2026/1/1", utc(2025, 12, 31, 16), True),
        ("3分钟前", utc(2026, 8, 22, 3, 57), False),
        ("3 分鐘前", utc(2026, 8, 22, 3, 57), False),
        ("2小时前", utc(2026, 8, 22, 2), False),
        ("半小时前", utc(2026, 8, 22, 3, 30), False),
        ("刚刚", utc(2026, 8, 22, 4), False),
        ("昨天 12:30", utc(2026, 8, 21, 4, 30), True),
        ("前天", utc(2026, 8, 19, 16), True),
        ("今天 08:15", utc(2026, 8, 22, 0, 15), True),
        ("08-21", utc(2026, 8, 20, 16), True),
        ("8月21日", utc(2026, 8, 20, 16), True),
        ("8月21日 下午3:05", utc(2026, 8, 21, 7, 5), True),
        ("12-31", utc(2025, 12, 30, 16), True),
        ("五分钟前", utc(2026, 8, 22, 3, 55), False),
        ("二十分钟前", utc(2026, 8, 22, 3, 40), False),
        ("十二小时前", utc(2026, 8, 21, 16), False),
        ("3小时20分钟前", utc(2026, 8, 22, 0, 40), False),
        ("2 months ago", utc(2026, 6, 23, 4), False),
        ("an hour ago", utc(2026, 8, 22, 3), False),
        ("1天前 12:30", utc(2026, 8, 21, 4, 30), True),
        ("周三 12:30", utc(2026, 8, 19, 4, 30), True),
        ("周六 14:00", utc(2026, 8, 15, 6), True),
        ("上周日 10:00", utc(2026, 8, 16, 2), True),
        ("昨晚 8:20", utc(2026, 8, 21, 12, 20), True),
        ("Yesterday at 10:00 PM", utc(2026, 8, 21, 14), True),
        ("26年8月21日", utc(2026, 8, 20, 16), True),
        ("2026-08-21(五) 10:05", utc(2026, 8, 21, 2, 5), True),
        ("发表于 昨天 12:30", utc(2026, 8, 21, 4, 30), True),
        ("发布时间：2026-08-21 10:00", utc(2026, 8, 21, 2), True),
        ("最后编辑于 2026-8-21 10:00", utc(2026, 8, 21, 2), True),
        ("Posted on Aug 19, 2026", utc(2026, 8, 18, 16), True),
        ("1st August 2026 at 10:00 am", utc(2026, 8, 1, 2), True),
        ("/Date(1782000000000)/", utc(2026, 6, 21), False),
        ("1782000000000000000", utc(2026, 6, 21), False),
        ("Fri Aug 21 2026 10:05:00 GMT+0800 (中国标准时间)", utc(2026, 8, 21, 2, 5), False),
        ("2月29日", utc(2024, 2, 28, 16), True),
    ],
)
def test_a_date_is_read_as_its_writer_meant_it(text: str, moment: datetime, *, assumed: bool) -> None:
    assert read_date(text, NOW, ZONE) == (moment, assumed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "很久以前",
        "2027-01-01",
        "1970-01-01",
        "2026-13-45",
        "0",
        "9" * 50,
        "3.14.15.9",
        "x" * 999,
        "发表于",
        "今晚 23:59",
    ],
)
def test_a_date_that_cannot_be_is_none(text: str) -> None:
    assert read_date(text, NOW, ZONE) == (None, False)


@given(st.text(max_size=40) | st.from_regex(r"[0-9年月日:\-/. 前天昨时分TZ+]{1,24}", fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_a_date_raise(text: str) -> None:
    moment, _ = read_date(text, NOW, ZONE)
    assert moment is None or (moment <= NOW and moment.tzinfo in {UTC, UTC})


PIECES = (
    *"上周三：年-月个前,)TZ \u3000",
    *(
        "昨天",
        "发表于",
        "最后",
        "编辑",
        "时间",
        "12:30",
        "2026",
        "08",
        "21日",
        "半",
        "十二",
        "小时",
        "分钟",
        "(五)",
        "9" * 20,
    ),
    *("ago", "Aug", "pm", "at", "GMT", "+0800", "/Date(", "1787270400", "st"),
)


@pytest.mark.fuzz
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@THOROUGH
def test_no_medley_of_dates_makes_one_raise(text: str) -> None:
    moment, _ = read_date(text, NOW, ZONE)
    assert moment is None or moment <= NOW
