"""Search finds what a person sees in the text, on both databases."""

from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.tickets import Status
from monitor.domain.verdicts import Severity
from monitor.services.tools import Tools
from monitor.storage.models import Department, Source, Ticket
from monitor.storage.search import fold, found_by, index_tickets, terms_of
from tests.factories import make_ticket

HAN = "刹车异响乾坤干頭髮发只隻𠮷𫠠の々ー"
texts = st.text(HAN + "，。 \nab1ＡＢ", max_size=25)
queries = st.text(HAN, min_size=1, max_size=4)


@pytest.fixture
def tickets(session: Session, now: datetime) -> list[int]:
    """The ids of a few tickets, to be made findable by whatever a test likes."""
    department = session.scalars(select(Department)).first()
    source = session.scalars(select(Source)).first()
    assert department is not None
    assert source is not None
    rows = [
        Ticket(
            number=f"N{place}",
            status=Status.RECEIVED,
            severity=Severity.NORMAL,
            summary="",
            department=department,
            source_id=source.id,
            created_at=now,
            updated_at=now,
        )
        for place in range(5)
    ]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def _found(session: Session, query: str) -> set[int]:
    condition = found_by(session, query)
    return set() if condition is None else set(session.scalars(select(Ticket.id).where(condition)))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(texts, min_size=5, max_size=5), queries)
def test_every_short_query_finds_just_the_texts_that_contain_it(
    session: Session, tickets: list[int], written: list[str], query: str
) -> None:
    index_tickets(session, list(zip(tickets, written, strict=True)))
    holding = {ticket for ticket, text in zip(tickets, written, strict=True) if fold(query) in fold(text)}
    assert _found(session, query) == holding


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts, st.data())
def test_a_piece_of_a_text_finds_it_whatever_the_piece(
    session: Session, tickets: list[int], text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    piece = text[start : start + data.draw(st.integers(1, 8))]
    index_tickets(session, [(tickets[0], text)])
    begins_inside_a_word = start > 0 and fold(text[start - 1 : start]).isascii()
    if terms_of(piece) and not begins_inside_a_word:
        assert tickets[0] in _found(session, piece)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec=None), max_size=20) | st.text("\"'*():&|!<->\\%_-^刹a \0", max_size=15))
def test_no_query_is_an_error(session: Session, tickets: list[int], query: str) -> None:
    index_tickets(session, [(tickets[0], query)])
    _found(session, query)


@pytest.mark.parametrize(
    "query",
    [
        '" OR "',
        "' & !a",
        "刹车* NOT 异",
        "NEAR(刹 车)",
        "a:*",
        "\\",
        "'; DROP TABLE tickets; --",
        "刹\0车",
        "\ud800",
        "x" * 9000,
    ],
)
def test_hostile_queries_are_only_words(session: Session, tickets: list[int], query: str) -> None:
    index_tickets(session, [(tickets[0], "刹车异响")])
    assert _found(session, query) <= {tickets[0]}
    assert _found(session, "异响") == {tickets[0]}


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("煞車異響，頭髮", "头发"),
        ("刹车异响，乾坤", "異響"),
        ("乾坤大挪移", "乾"),
        ("皇后在后面", "後"),
        ("车机ＯＴＡ升级", "ota"),
        ("CarPlay断连", "carp"),
        ("用了5年", "5"),
        ("5g网络没有", "网络"),
        ("车", "车"),
    ],
)
def test_scripts_widths_and_cases_meet(session: Session, tickets: list[int], text: str, query: str) -> None:
    index_tickets(session, [(tickets[0], text)])
    assert _found(session, query) == {tickets[0]}


@pytest.mark.parametrize("query", ["", "  ", "，。！", "\n", "*"])
def test_a_query_without_words_is_no_condition(session: Session, query: str) -> None:
    assert found_by(session, query) is None


def test_all_words_must_be_there(session: Session, tickets: list[int]) -> None:
    index_tickets(session, [(tickets[0], "刹车异响，漏油"), (tickets[1], "刹车正常")])
    assert _found(session, "漏油 刹车") == {tickets[0]}


def test_indexing_again_replaces_what_was_indexed(session: Session, tickets: list[int]) -> None:
    index_tickets(session, [(tickets[0], "刹车")])
    index_tickets(session, [(tickets[0], "漏油")])
    assert (_found(session, "刹车"), _found(session, "漏油")) == (set(), {tickets[0]})


def test_nothing_to_index_is_no_error(session: Session) -> None:
    index_tickets(session, [])


def test_a_very_long_text_is_found_by_its_first_sixteen_thousand_signs(session: Session, tickets: list[int]) -> None:
    words = [chr(0x4E00 + number) for number in range(20_000)]
    index_tickets(session, [(tickets[0], "".join(words))])
    assert _found(session, "".join(words[15_000:15_004])) == {tickets[0]}
    assert _found(session, "".join(words[19_000:19_004])) == set()


def test_one_endless_word_is_indexed_by_its_beginning(session: Session, tickets: list[int]) -> None:
    index_tickets(session, [(tickets[0], "x" * 100_000)])
    assert _found(session, "x" * 100) == {tickets[0]}


def test_a_ticket_is_found_by_its_number_and_its_words(session: Session, tools: Tools, now: datetime) -> None:
    ticket = make_ticket(session, tools, now, "投诉：变速箱顿挫")
    for query in (ticket.number, ticket.number.lower(), ticket.number[12:18], "变速箱", "顿挫"):
        assert ticket.id in _found(session, query), query
