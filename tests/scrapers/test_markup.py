"""HTML to text, charsets, and dates as sites write them."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.markup import charset_of, clean_text, decode, html_to_text, looks_blocked, read_date, to_plain
from tests.scrapers.conftest import NOW, ZONE

WORDS = "刹车异响，修了三次还是老样子，客服让我再等等。"


def test_blocks_become_lines_and_entities_characters() -> None:
    assert (
        html_to_text("<p>提车 三天<br>就漏油</p><div>气 &amp; 恼&nbsp;&lt;b&gt;</div>")
        == "提车 三天\n就漏油\n气 & 恼 <b>"
    )


def test_scripts_and_styles_are_not_words() -> None:
    assert html_to_text("<style>p{}</style><script>alert(1)</script><p onclick='x()'>好车</p><!-- x -->") == "好车"


def test_a_feeling_drawn_as_a_picture_is_kept() -> None:
    assert html_to_text("又等一个月<img src=a.png alt='[怒]'>") == "又等一个月[怒]"


def test_control_characters_and_lone_surrogates_do_no_harm() -> None:
    assert clean_text("a\x00b\x1b[31m\ud800\r\n\r\n\r\n\r\nc ") == "ab[31m\ufffd\n\nc"


def test_signs_that_are_no_tags_stay() -> None:
    assert to_plain("油耗 <8L 而且 a<b") == "油耗 <8L 而且 a<b"


def test_a_page_nested_to_stall_its_reader_is_read_anyway() -> None:
    began = time.monotonic()
    assert html_to_text("<div>" * 100_000 + "慢") == "慢"
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("label", ["", "gb2312", "gbk", "utf-8", "iso-8859-1"])
def test_gbk_bytes_are_read_right_whatever_they_are_called(label: str) -> None:
    assert decode((WORDS + "镕").encode("gb18030"), label if label != "iso-8859-1" else "") == WORDS + "镕"


@pytest.mark.parametrize("label", ["gbk", "gb2312", "big5", "", "nonsense"])
def test_utf8_bytes_are_read_right_whatever_they_are_called(label: str) -> None:
    assert decode(WORDS.encode(), label) == WORDS


def test_a_declared_big5_page_is_read_as_big5() -> None:
    text = "維修了三次還是一樣，客服叫我再等等看"
    assert decode(text.encode("big5"), "big5") == text
    assert decode(b'<meta charset="big5">' + text.encode("big5")).endswith(text)


def test_utf8_cut_in_the_middle_of_a_character_stays_utf8() -> None:
    assert decode((WORDS * 3).encode()[:-1])[:10] == WORDS[:10]


def test_the_charset_of_a_header_may_be_quoted() -> None:
    assert charset_of('text/html; charset="GB2312"') == "gb18030"
    assert charset_of("text/html") == ""


@given(st.binary(max_size=300), st.text(max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_bytes_become_text(body: bytes, label: str) -> None:
    decode(body, label).encode()


@given(st.text(alphabet=st.characters(), max_size=300) | st.text("<>/divpscrt &;!-=\"'", max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_markup_becomes_clean_text(markup: str) -> None:
    html_to_text(markup).encode()
    to_plain(markup).encode()


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
        ("2月29日", utc(2024, 2, 28, 16), True),
    ],
)
def test_a_date_is_read_as_its_writer_meant_it(text: str, moment: datetime, *, assumed: bool) -> None:
    assert read_date(text, NOW, ZONE) == (moment, assumed)


@pytest.mark.parametrize(
    "text", ["", "很久以前", "2027-01-01", "1970-01-01", "2026-13-45", "0", "9" * 50, "3.14.15.9", "x" * 999]
)
def test_a_date_that_cannot_be_is_none(text: str) -> None:
    assert read_date(text, NOW, ZONE) == (None, False)


@given(st.text(max_size=40) | st.from_regex(r"[0-9年月日:\-/. 前天昨时分TZ+]{1,24}", fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_a_date_raise(text: str) -> None:
    moment, _ = read_date(text, NOW, ZONE)
    assert moment is None or (moment <= NOW and moment.tzinfo in {UTC, UTC})


def test_a_page_that_asks_to_sign_in_is_known() -> None:
    assert looks_blocked("<form><input name=p type='password'></form>")
    assert looks_blocked("<p>请先登录后查看</p>")
    assert not looks_blocked("<p>车机登录不上，客服不理</p>")
