"""HTML to text, charsets, and pages that ask to sign in."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.reading.markup import (
    charset_of,
    clean_text,
    decode,
    html_to_text,
    looks_blocked,
    parse_html,
    text_of,
    to_plain,
)

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


def test_the_cells_of_a_table_are_told_apart() -> None:
    assert html_to_text("<table><tr><td>编号</td><td>品牌</td></tr><tr><td>17</td></tr></table>") == "编号 品牌\n17"


@pytest.mark.parametrize("tag", ["<div>", "<p-x>", "<DIV class='a'>"])
def test_a_page_nested_to_stall_its_reader_is_read_anyway(tag: str) -> None:
    began = time.monotonic()
    assert html_to_text(tag * 100_000 + "慢") == "慢"
    assert time.monotonic() - began < 2


def test_a_long_page_is_not_taken_for_a_deep_one() -> None:
    page = "<svg><path d='M0'/></svg><p>甲<br><br-x>乙</br-x></p>" * 2000
    assert parse_html(page) is not None


def test_reading_a_node_leaves_its_tree_alone() -> None:
    tree = parse_html("<div><p>甲<script>x</script><img alt='[怒]'><object>乙</object></div><p>丙")
    assert tree is not None
    node, before = tree.css("div")[0], tree.html
    assert (text_of(node), text_of(node), tree.html) == ("甲[怒]", "甲[怒]", before)


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


@pytest.mark.parametrize("name", ["undefined", "idna", "unicode_escape", "raw-unicode-escape", "rot13", "hex"])
def test_what_is_no_charset_of_a_page_is_not_taken_for_one(name: str) -> None:
    assert charset_of(f"text/html; charset={name}") == ""
    assert decode(b"\xff\\u0041", name) == decode(b"\xff\\u0041")


@given(st.binary(max_size=300), st.text(max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_bytes_become_text(body: bytes, label: str) -> None:
    decode(body, label).encode()


@given(st.text(alphabet=st.characters(), max_size=300) | st.text("<>/divpscrt &;!-=\"'", max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_markup_becomes_clean_text(markup: str) -> None:
    html_to_text(markup).encode()
    to_plain(markup).encode()


def test_a_page_that_asks_to_sign_in_is_known() -> None:
    assert looks_blocked("<form><input name=p type='password'></form>")
    assert looks_blocked("<p>请先登录后查看</p>")
    assert not looks_blocked("<p>车机登录不上，客服不理</p>")
