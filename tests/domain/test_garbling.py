"""Text read in the wrong encoding is recognised, and what people really write is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.garbling import garbled_share

SAID = "您好，提车三个月刹车一直异响，4S店每次都说正常，真的很失望。"


def _misread(text: str, written: str, read: str) -> str:
    return text.encode(written).decode(read, "replace")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("utf-8", "gbk"),
        ("utf-8", "gb18030"),
        ("utf-8", "latin-1"),
        ("utf-8", "cp1252"),
        ("gbk", "latin-1"),
        ("gbk", "utf-8"),
    ],
)
def test_a_wrong_encoding_is_recognised(written: str, read: str) -> None:
    assert garbled_share(_misread(SAID, written, read)) > 0.6


def test_what_was_misread_twice_is_recognised() -> None:
    assert garbled_share(_misread(_misread(SAID, "gbk", "utf-8"), "utf-8", "gbk")) > 0.6
    assert garbled_share(_misread(_misread(SAID, "utf-8", "latin-1"), "utf-8", "latin-1")) > 0.6
    assert garbled_share("烫烫烫锟斤拷锟斤拷") == pytest.approx(6 / 9)


@pytest.mark.parametrize(
    "text",
    [
        SAID,
        "「售後服務」真的很差……他說“再等等”——然後就沒有然後了",
        "Größe passt, café à la carte, naïve Müller; 35°C、±2％、§3、«Ö»",
        "联通的信号，垚堃喆姓名里有生僻字，嗯嗯嘛呐",
        "烫烫烫，座椅加热太烫了",
        "??? 到底修不修 ???",
        "刹车😡😡🚗异响",
        "",
        " \n\t",
    ],
)
def test_what_people_write_is_not_garbled(text: str) -> None:
    assert garbled_share(text) == 0.0


def test_one_lost_character_counts_as_one() -> None:
    assert garbled_share("服务态度差\ufffd 了") == pytest.approx(1 / 7)


@given(st.text(max_size=80))
def test_the_share_is_a_share(text: str) -> None:
    assert 0.0 <= garbled_share(text) <= 1.0
