"""The customer's door."""

from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid, InvalidAction, NotFound
from monitor.domain.tickets import Action, Status
from monitor.services.acting import act_on
from monitor.services.audit import CUSTOMER, SYSTEM, doer
from monitor.services.submitting import Complaint, Receipt, add_words, rate, submit_complaint, tracked_ticket
from monitor.services.tools import Tools
from monitor.storage.models import Customer, Notification, Ticket
from tests.cast import Cast

WORDS = "变速箱异响，修了三次"


def _submit(session: Session, tools: Tools, now: datetime, text: str = WORDS, **more: str) -> Receipt:
    receipt = submit_complaint(session, Complaint(text, **more), tools, now)
    session.flush()
    return receipt


def test_a_complaint_gets_a_number_and_a_code_that_open_it(session: Session, tools: Tools, now: datetime) -> None:
    receipt = _submit(session, tools, now, name="李先生", email="li@example.com", remedy_wished="退款")
    ticket = tracked_ticket(session, receipt.number.lower(), receipt.code.lower())
    assert (ticket.number, ticket.remedy_wished) == (receipt.number, "退款")
    assert ticket.customer is not None
    assert (ticket.customer.name, ticket.customer.email) == ("李先生", "li@example.com")
    told = session.scalars(select(Notification.recipient).where(Notification.event == "receipt")).all()
    assert told == ["li@example.com"]


def test_the_same_form_twice_is_one_ticket_and_one_answer(session: Session, tools: Tools, now: datetime) -> None:
    first = _submit(session, tools, now, once="form-1")
    assert _submit(session, tools, now, once="form-1") == first
    assert session.scalar(select(func.count()).select_from(Ticket)) == 1


@pytest.mark.parametrize("once", ["", " ", "\x00", "x" * 2000, "\ud800"])
def test_whatever_the_hidden_field_holds_the_complaint_is_filed(
    session: Session, tools: Tools, now: datetime, once: str
) -> None:
    assert _submit(session, tools, now, once=once).code


def test_a_wrong_code_and_an_unknown_number_are_told_alike(session: Session, tools: Tools, now: datetime) -> None:
    receipt = _submit(session, tools, now)
    said = set()
    for number, code in ((receipt.number, "0000-0000-0000"), ("TS-1", receipt.code), ("", ""), (receipt.number, "")):
        with pytest.raises(NotFound) as refused:
            tracked_ticket(session, number, code)
        said.add(str(refused.value))
    assert len(said) == 1


def test_the_same_contact_is_the_same_customer(session: Session, tools: Tools, now: datetime) -> None:
    for text, phone in ((WORDS, "138 1234 5678"), ("另一件事也没人管", "138-1234-5678"), ("没留电话的人", "")):
        _submit(session, tools, now, text, phone=phone)
    assert session.scalar(select(func.count()).select_from(Customer)) == 1


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"text": "坏"}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": "\x00\u200b\n "}, "text"),
        ({"text": WORDS, "email": "li@"}, "email"),
        ({"text": WORDS, "email": "a@b.c\nBcc: x@y.z"}, "email"),
        ({"text": WORDS, "phone": "12"}, "phone"),
        ({"text": WORDS, "remedy_wished": "一辆新车"}, "remedy_wished"),
    ],
)
def test_what_is_wrong_is_told_field_by_field(
    session: Session, tools: Tools, now: datetime, fields: dict[str, str], wrong: str
) -> None:
    with pytest.raises(Invalid) as refused:
        submit_complaint(session, Complaint(**fields), tools, now)
    assert refused.value.fields.keys() == {wrong}


@pytest.fixture
def ticket(session: Session, tools: Tools, now: datetime, cast: Cast) -> Ticket:
    """A complaint from the form that 质量技术 works on."""
    receipt = _submit(session, tools, now, email="li@example.com")
    ticket = tracked_ticket(session, receipt.number, receipt.code)
    act_on(session, ticket, Action.TAKE_ON, doer(cast.bob), {}, tools=tools, now=now)
    return ticket


def test_words_from_the_customer_go_on_with_a_case_that_waited(
    session: Session, tools: Tools, now: datetime, cast: Cast, ticket: Ticket
) -> None:
    add_words(session, ticket, "还有一点", tools, now)
    question = {"question": "哪个店？", "reason": "缺"}
    act_on(session, ticket, Action.ASK_CUSTOMER, doer(cast.bob), question, tools=tools, now=now)
    add_words(session, ticket, "城西\x00店", tools, now)
    assert ticket.status is Status.IN_PROGRESS
    assert [reply.text for reply in ticket.replies] == ["还有一点", "哪个店？", "城西店"]
    for nothing in ("", " \n", "x" * 20_001):
        with pytest.raises(Invalid):
            add_words(session, ticket, nothing, tools, now)
    act_on(session, ticket, Action.WITHDRAW, CUSTOMER, {"evidence": "算了"}, tools=tools, now=now)
    with pytest.raises(InvalidAction):
        add_words(session, ticket, "等等", tools, now)


@pytest.mark.parametrize(
    ("solved", "waiting", "status"),
    [
        ("yes", False, Status.CALLBACK_DUE),
        ("no", False, Status.IN_PROGRESS),
        ("partly", True, Status.CALLBACK_DUE),
        ("no", True, Status.IN_PROGRESS),
    ],
)
def test_the_customer_rates_the_answer(
    *,
    session: Session,
    tools: Tools,
    now: datetime,
    cast: Cast,
    ticket: Ticket,
    solved: str,
    waiting: bool,
    status: Status,
) -> None:
    with pytest.raises(InvalidAction, match="还不能评价"):
        rate(session, ticket, {"solved": solved}, tools, now)
    answer = {"outcome": "upheld", "remedy": "repair", "root_cause": "x", "text": "好", "reached": "邮件"}
    act_on(session, ticket, Action.RESPOND, doer(cast.bob), answer, tools=tools, now=now)
    if waiting:
        act_on(session, ticket, Action.TURN_TO_CALLBACK, SYSTEM, {}, tools=tools, now=now)
    with pytest.raises(Invalid):
        rate(session, ticket, {"solved": "perhaps"}, tools, now)
    rate(session, ticket, {"solved": solved, "satisfaction": "4"}, tools, now)
    assert ticket.status is status
    assert [(c.solved, c.satisfaction, c.member_id) for c in ticket.call_backs] == [(solved, 4, None)]
