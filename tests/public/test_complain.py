"""Filing a complaint."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from monitor.services.submitting import MAX_TEXT
from monitor.storage.db import Database
from monitor.storage.models import Customer, Post, Ticket
from tests.conftest import NOW
from tests.public.conftest import STORY, Visitor, ticket_numbers


def _ticket(database: Database) -> Ticket:
    with database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
        _ = (ticket.department, ticket.customer, ticket.posts)
        return ticket


def test_the_form_says_what_happens_next_and_by_when(visitor: Visitor) -> None:
    visitor.open("/complain")
    assert "发生了什么？" in visitor.shown
    assert "出了问题要改的是我们" in visitor.shown
    assert "最迟 <time datetime=" in visitor.shown
    assert "11月23日 周一 12:00" in visitor.shown  # two working hours after Monday ten o'clock
    assert "12月2日 周三" in visitor.shown  # seven working days
    assert "您的个人信息怎么用" in visitor.shown


def test_a_complaint_becomes_a_ticket_and_the_customer_gets_number_and_code(visitor: Visitor, sqlite: Database) -> None:
    answer = visitor.complain(name="李女士", phone="139 1234 5678", email="li@customer.example", remedy_wished="维修")
    assert answer.request.path == "/complain/thanks"
    assert visitor.code
    ticket = _ticket(sqlite)
    assert ticket.number == visitor.number
    assert ticket.remedy_wished == "维修"
    assert ticket.posts[0].text == STORY
    assert ticket.customer is not None
    assert (ticket.customer.name, ticket.customer.email) == ("李女士", "li@customer.example")
    assert "12315" in visitor.shown


def test_number_and_code_never_stand_in_an_address(visitor: Visitor) -> None:
    once = visitor.once()
    answer = visitor.client.post("/complain", data={"text": STORY, "once": once})
    assert answer.status_code == 303
    assert answer.location == "/complain/thanks"


def test_an_anonymous_complaint_keeps_no_contact_even_if_one_was_typed(visitor: Visitor, sqlite: Database) -> None:
    visitor.complain(contact="anonymous", name="李女士", phone="13912345678", email="li@customer.example")
    assert visitor.code
    with sqlite.reading() as session:
        assert session.scalar(select(func.count(Customer.id))) == 0


def test_the_same_form_sent_twice_gives_one_ticket_and_the_same_code(visitor: Visitor, sqlite: Database) -> None:
    once = visitor.once()
    shown = []
    for _ in range(2):
        visitor.send("/complain", text=STORY, once=once)
        shown.append((visitor._first(r"TS-\d{8}-\w{6}-\w"), visitor._first(r"\b\w{4}-\w{4}-\w{4}\b")))
    assert shown[0] == shown[1]
    assert shown[0][1]
    assert ticket_numbers(sqlite) == [shown[0][0]]


def test_a_code_lost_with_the_cookie_is_told_again_to_the_same_form(visitor: Visitor, sqlite: Database) -> None:
    once = visitor.once()
    visitor.send("/complain", text=STORY, once=once)
    code = visitor._first(r"\b\w{4}-\w{4}-\w{4}\b")
    visitor.client.delete_cookie("xianwai")
    visitor.send("/complain", text=STORY, once=once)
    assert code in visitor.shown
    assert len(ticket_numbers(sqlite)) == 1


def test_two_forms_are_two_complaints(visitor: Visitor, sqlite: Database) -> None:
    visitor.complain()
    visitor.complain()
    assert len(ticket_numbers(sqlite)) == 2


def test_the_same_customer_with_the_same_words_joins_the_open_case(visitor: Visitor, sqlite: Database) -> None:
    visitor.complain(phone="13912345678")
    number = visitor.number
    visitor.complain(phone="13912345678")
    assert (visitor.number, visitor.code) == (number, "")
    assert "查询码仍是上次给您的那个" in visitor.shown


def test_a_phone_number_alone_does_not_let_a_stranger_redirect_the_answers(
    visitor: Visitor, stranger: Visitor, sqlite: Database
) -> None:
    visitor.complain(phone="13912345678", email="owner@customer.example")
    stranger.complain(phone="13912345678", email="thief@customer.example")
    with sqlite.reading() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == visitor.number)).one()
        assert ticket.customer is not None
        assert ticket.customer.email == "owner@customer.example"


def test_the_thanks_page_shows_the_code_for_a_quarter_of_an_hour(app: Flask, visitor: Visitor) -> None:
    visitor.complain()
    assert visitor.code in visitor.open("/complain/thanks").text
    app.config["CLOCK"] = lambda: NOW + timedelta(minutes=16)
    answer = visitor.open("/complain/thanks")
    assert answer.request.path == "/track"
    assert visitor.code not in answer.text


def test_the_code_is_kept_by_nobody_in_between(visitor: Visitor) -> None:
    assert "no-store" in visitor.complain().headers["Cache-Control"]
    assert "no-store" not in visitor.open("/complain").headers["Cache-Control"]  # going back keeps what was typed


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"text": "  "}, "text"),
        ({"text": "\x00\x01\u200b\ufeff\x02\x03"}, "text"),
        ({"text": "车" * (MAX_TEXT + 1)}, "text"),
        ({"email": "li@"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"remedy_wished": "豪车一辆"}, "remedy_wished"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    visitor: Visitor, sqlite: Database, fields: dict[str, str], named: str
) -> None:
    answer = visitor.complain(**{"name": "李女士", "phone": "13912345678", **fields})
    assert answer.status_code == 422
    assert f'id="{named}-error"' in answer.text
    assert "李女士" in answer.text
    assert ticket_numbers(sqlite) == []
    if named != "remedy_wished":
        tag = re.search(rf'<(?:input|textarea) id="{named}"[^>]*>', answer.text)
        assert tag
        assert 'aria-invalid="true"' in tag.group()
        assert f"{named}-error" in tag.group()


def test_a_text_one_character_too_long_comes_back_whole(visitor: Visitor) -> None:
    text = "车" * MAX_TEXT + "尾"
    assert text in visitor.complain(text=text).text


def test_the_longest_text_allowed_is_kept_whole(visitor: Visitor, sqlite: Database) -> None:
    visitor.complain(text="车" * MAX_TEXT)
    assert _ticket(sqlite).posts[0].text == "车" * MAX_TEXT


def test_control_characters_vanish_and_the_words_stay(visitor: Visitor, sqlite: Database) -> None:
    visitor.complain(text="方向盘\x00抖\x1b[31m得\u200b厉害\r\n第二行", name="李\x00女\r\nBcc: x@y.example\n士")
    ticket = _ticket(sqlite)
    assert ticket.posts[0].text == "方向盘抖[31m得厉害\n第二行"
    assert ticket.customer is not None
    assert ticket.customer.name == "李女 Bcc: x@y.example 士"


def test_hostile_text_is_shown_as_text(visitor: Visitor) -> None:
    hostile = '</textarea><script>alert(1)</script><img src=x onerror="alert(1)">{{ 7*7 }}'
    shown = visitor.complain(text=hostile, email='"><script>alert(2)</script>').text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    visitor.complain(text=hostile)
    assert "<script>alert" not in visitor.open(visitor.page()).text
    assert "{{ 7*7 }}" in visitor.shown


def test_a_filled_trap_is_answered_plainly_and_keeps_the_text(visitor: Visitor, sqlite: Database) -> None:
    answer = visitor.complain(website="https://spam.example")
    assert answer.status_code == 400
    assert STORY in answer.text
    assert "spam.example" not in answer.text  # so that the second try of a person succeeds
    assert ticket_numbers(sqlite) == []


@pytest.mark.parametrize("once", ["", "made up", "x" * 5000])
def test_a_form_that_we_did_not_show_is_shown_again_with_its_text(
    visitor: Visitor, sqlite: Database, once: str
) -> None:
    answer = visitor.send("/complain", text=STORY, once=once)
    assert answer.status_code == 422
    assert STORY in answer.text
    assert ticket_numbers(sqlite) == []


def test_nobody_can_overwrite_a_complaint_by_its_id(visitor: Visitor, stranger: Visitor, sqlite: Database) -> None:
    visitor.complain()
    with sqlite.reading() as session:
        external_id = session.scalars(select(Post.external_id)).one()
    stranger.send("/complain", text="这是别人的话，不该进来", once=external_id)
    assert _ticket(sqlite).posts[0].text == STORY


def test_without_the_form_token_nothing_is_filed_and_nothing_is_lost(
    app: Flask, visitor: Visitor, sqlite: Database
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    answer = visitor.complain()
    assert answer.status_code == 400
    assert STORY in answer.text
    assert ticket_numbers(sqlite) == []
    token = visitor._first(r'(?<=name="csrf_token" value=")[^"]+')
    once = visitor._first(r'(?<=name="once" value=")[^"]+')
    assert visitor.send("/complain", text=STORY, once=once, csrf_token=token).status_code == 200
    assert len(ticket_numbers(sqlite)) == 1


def test_a_flood_of_text_is_refused_kindly(visitor: Visitor) -> None:
    answer = visitor.complain(text="x" * 17_000_000)
    assert answer.status_code == 413
    assert "您写的还在" in answer.text


def test_pages_run_nothing_foreign_and_nothing_inline(visitor: Visitor) -> None:
    answer = visitor.complain()
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    for page in ("/complain", "/track", visitor.page()):
        shown = visitor.open(page).text
        assert "style=" not in shown
        assert "onclick" not in shown
        assert "<script>" not in shown
        assert len(shown) < 60_000


def test_the_stylesheet_is_light(app: Flask) -> None:
    assert (Path(app.static_folder or "") / "public.css").stat().st_size < 12_000
