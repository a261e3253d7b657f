"""How IMAP writes things: folders in their odd alphabet, and answers as different servers give them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.fetching.imap_words import (
    decode_folder,
    encode_folder,
    folders_in,
    mail_in,
    numbers_in,
    quoted,
    said,
    sizes_in,
)


@pytest.mark.parametrize(
    ("name", "coded"),
    # The examples of RFC 3501, section 5.1.3, and what people here call their folders.
    [
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("R&D", "R&-D"),
        ("投诉 2026", "&YpWLyQ- 2026"),
        ("", ""),
    ],
)
def test_folders_are_written_as_the_standard_says(name: str, coded: str) -> None:
    assert encode_folder(name) == coded
    assert decode_folder(coded) == name


@pytest.mark.fuzz
@given(st.text(max_size=40))
def test_every_folder_that_can_be_written_is_read_back(name: str) -> None:
    assert encode_folder(name).isascii()
    assert decode_folder(encode_folder(name)) == name


@pytest.mark.parametrize("coded", ["&", "&abc", "&A-", "&AA-", "& -"])
def test_folders_that_are_not_well_written_stay_as_they_are(coded: str) -> None:
    assert decode_folder(coded) == coded


def test_quotes_inside_words_are_escaped() -> None:
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'


def test_numbers_are_found_in_any_order_and_none_in_an_empty_answer() -> None:
    assert numbers_in([b"9 3 12", b"4"]) == [3, 4, 9, 12]
    assert numbers_in([None]) == numbers_in([b""]) == numbers_in([]) == []
    assert numbers_in([b"3 (MODSEQ 917162500) 99999999999999999999"]) == [3]


@pytest.mark.parametrize("data", [
    [b"1 (UID 7 RFC822.SIZE 120)", b"2 (RFC822.SIZE 30 UID 9)"],
    [b"5 (FLAGS (\\Seen) UID 5)", b"1 (UID 7 RFC822.SIZE 120)", (b"2 (UID 9 RFC822.SIZE 30 X {1}", b"x"), b")"],
])  # fmt: skip
def test_sizes_are_found_whatever_stands_around_them(data: list[Any]) -> None:
    assert sizes_in(data) == {7: 120, 9: 30}


@pytest.mark.parametrize("data", [
    [(b'1 (UID 7 INTERNALDATE "20-Aug-2026 10:00:00 +0800" BODY[] {4}', b"mail"), b")"],
    [(b"1 (BODY[] {4}", b"mail"), b' UID 7 INTERNALDATE "20-Aug-2026 10:00:00 +0800")'],
    [b"3 (UID 9 FLAGS (\\Seen))", (b'1 (UID 7 INTERNALDATE "20-Aug-2026 10:00:00 +0800" BODY[]<0> {4}', b"mail"), b")"],
    [b'1 (UID 7 INTERNALDATE "20-Aug-2026 10:00:00 +0800" BODY[] "mail")'],
])  # fmt: skip
def test_a_mail_is_found_whatever_stands_around_it(data: list[Any]) -> None:
    found = mail_in(data, 7)
    assert found is not None
    assert (found.uid, found.body, found.received) == (7, b"mail", "20-Aug-2026 10:00:00 +0800")


@pytest.mark.parametrize("data", [[None], [], [b""], [b"1 (UID 7 FLAGS ())"], [(b"1 (UID 8 BODY[] {1}", b"x"), b")"]])
def test_a_mail_that_is_not_in_the_answer_is_not_made_up(data: list[Any]) -> None:
    assert mail_in(data, 7) is None


def test_folders_are_found_quoted_bare_or_as_literals() -> None:
    data = [b'(\\HasNoChildren) "/" INBOX', b'() "/" "&YpWLyQ- \\"a\\""', (b'() "/" {4}', b"Sent"), None, b""]
    assert folders_in(data) == ["INBOX", '投诉 "a"', "Sent"]


def test_what_a_server_says_is_short_and_clean() -> None:
    assert said(b"NO \xe4\xbd\xa0 \x07 there") == "NO 你 there"
    assert len(said("x" * 5000)) == 200
    assert said(b"") == "没有说原因"
