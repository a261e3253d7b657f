"""Text as it comes, in good order and in bad."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.text import clean_text, content_hash, fingerprint, mask_contact, summarize

anything = st.text(st.characters(codec=None), max_size=60) | st.text(
    "\r\n\t \u3000\u2028\x00\u200b\ud800车。", max_size=30
)


@settings(deadline=None, max_examples=200)
@given(anything)
def test_clean_text_can_be_stored_and_cleaning_again_changes_nothing(text: str) -> None:
    clean = clean_text(text)
    assert clean.encode().decode() == clean
    assert "\0" not in clean
    assert clean_text(clean) == clean


@settings(deadline=None, max_examples=100)
@given(st.text("刹车异响，。abcＡ１𠮷😡", max_size=40))
def test_words_are_never_cut(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("given_text", "clean"),
    [
        ("一\r\n二\r三\u2028四", "一\n二\n三\n四"),
        ("一  \n二\u3000\n三", "一\n二\n三"),
        ("一\n\n\n\n\n二", "一\n\n二"),
        ("刹\u200b车\ufeff异\x00响\ud83d", "刹车异响"),
        ("  \t\u3000 ", ""),
        ("a\tb", "a\tb"),
    ],
)
def test_each_kind_of_rubbish_is_taken_out(given_text: str, clean: str) -> None:
    assert clean_text(given_text) == clean


@pytest.mark.parametrize("filler", [" ", "\u3000", "\n", " \n", "\r", "\t", "车"])
def test_millions_of_one_sign_are_cleaned_in_a_moment(filler: str) -> None:
    started = time.perf_counter()
    clean_text("车" + filler * 1_000_000 + "响")
    assert time.perf_counter() - started < 5  # a search that starts anew at every blank takes hours


def test_edits_change_the_hash_and_nothing_else_does() -> None:
    assert content_hash("标题", "正文") == content_hash("标题", "正文")
    assert len({content_hash("a", "b"), content_hash("ab", ""), content_hash("", "ab"), content_hash("a", "b ")}) == 4


def test_copies_with_other_punctuation_and_width_have_one_fingerprint() -> None:
    assert fingerprint("刹车ＡＢＳ，坏了！") == fingerprint("刹车 abs坏了")
    assert fingerprint("刹车坏了") != fingerprint("刹车好了")


@pytest.mark.parametrize(
    ("title", "text", "line"),
    [
        ("标题", "正文", "标题"),
        ("", "第一句。第二句", "第一句"),
        ("  ", "！！？\n真话；后话", "真话"),
        ("", "。。。", "。。。"),
        ("", "", ""),
        ("两\n行", "", "两 行"),
    ],
)
def test_a_summary_is_the_title_or_the_first_sentence(title: str, text: str, line: str) -> None:
    assert summarize(title, text) == line


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=200), st.text(max_size=500), st.integers(5, 80))
def test_a_summary_is_one_line_of_bounded_length(title: str, text: str, length: int) -> None:
    line = summarize(title, text, length=length)
    assert len(line) <= length
    assert "\n" not in line


@pytest.mark.parametrize(
    ("contact", "masked"),
    [
        ("13812345678", "138****5678"),
        ("wang@example.com", "w***@example.com"),
        ("12345", "*****"),
        ("", ""),
        ("@example.com", "***@example.com"),
    ],
)
def test_contacts_are_shown_with_their_middle_hidden(contact: str, masked: str) -> None:
    assert mask_contact(contact) == masked
