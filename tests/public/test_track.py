"""Following a complaint by number and code."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from monitor.domain.tickets import Action, Status
from monitor.public.progress import STEP_NAMES
from monitor.services.acting import act_on
from monitor.services.audit import doer
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import AuditEntry, CallBack, Member, Note, Ticket
from tests.cast import Cast
from tests.conftest import NOW
from tests.public.conftest import STORY, Visitor

ANSWER = {
    "outcome": "upheld",
    "remedy": "repair",
    "root_cause": "供应商批次问题-内部",
    "text": "已为您预约更换转向拉杆，费用由我们承担。",
    "reached": "电话",
}
Act = Callable[..., None]


@pytest.fixture
def act(sqlite: Database, tools: Tools, people: Cast, visitor: Visitor) -> Act:
    """Has a member act on the visitor's ticket."""

    def take(action: Action, who: str, **fields: Any) -> None:
        with sqlite.writing.begin() as session:
            ticket = session.scalars(select(Ticket).where(Ticket.number == visitor.number)).one()
            member = session.scalars(select(Member).where(Member.login == who)).one()
            act_on(session, ticket, action, doer(member), fields, tools=tools, now=NOW)

    return take


@pytest.fixture
def working(visitor: Visitor, act: Act) -> Visitor:
    """A visitor whose complaint 质量技术 works on."""
    visitor.complain()
    act(Action.ACCEPT, "alice", department="质量技术", severity="normal")
    act(Action.TAKE_ON, "bob")
    return visitor


def _status(database: Database, number: str) -> Status:
    with database.reading() as session:
        return session.scalars(select(Ticket.status).where(Ticket.number == number)).one()


def test_number_and_code_open_the_page(visitor: Visitor, stranger: Visitor) -> None:
    visitor.complain()
    stranger.number, stranger.code = visitor.number.lower(), visitor.code.replace("-", " ").lower()
    answer = stranger.look_up()
    assert answer.request.path == visitor.page()
    assert "已收到" in answer.text
    assert STORY in answer.text


def test_full_width_signs_are_read_as_well(visitor: Visitor, stranger: Visitor) -> None:
    visitor.complain()
    wide = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})
    stranger.number, stranger.code = visitor.number.translate(wide), visitor.code.translate(wide)
    assert stranger.look_up().status_code == 200
    assert "已收到" in stranger.shown


def test_an_unknown_number_and_a_wrong_code_get_the_same_answer(visitor: Visitor, stranger: Visitor) -> None:
    visitor.complain()
    right = visitor.number
    answers = []
    for number, code in ((right, "AAAA-BBBB-CCCC"), ("TS-20261123-AAAAAA-A", visitor.code), ("?", "?"), (right, "")):
        answer = stranger.send("/track", number=number, code=code)
        answers.append((answer.status_code, answer.text.replace(f'value="{number}"', 'value=""')))
    assert answers == [answers[0]] * 4
    assert answers[0][0] == 422


def test_without_the_code_nobody_sees_or_changes_anything(
    visitor: Visitor, stranger: Visitor, sqlite: Database
) -> None:
    visitor.complain()
    for part in ("", "words", "rating", "withdrawal", "reopening"):
        path = visitor.page(part)
        answer = stranger.send(path, text="x", evidence="x", reason="x") if part else stranger.open(path)
        assert answer.request.path == "/track"
        assert "请重新输入工单号和查询码" in answer.text
    assert _status(sqlite, visitor.number) is Status.RECEIVED


def test_the_page_closes_after_half_an_hour(app: Flask, visitor: Visitor) -> None:
    visitor.complain()
    visitor.look_up()
    app.config["CLOCK"] = lambda: NOW + timedelta(minutes=31)
    assert visitor.open(visitor.page()).request.path == "/track"


def test_who_shares_a_device_can_end_the_visit(visitor: Visitor) -> None:
    visitor.complain()
    visitor.send("/track/leave")
    assert visitor.open(visitor.page()).request.path == "/track"
    assert visitor.code not in visitor.open("/complain/thanks").text


def test_the_line_of_steps_is_told_in_the_customers_words(working: Visitor) -> None:
    shown = working.open(working.page()).text
    taken = re.findall(r'class="done[^"]*"><b>([^<]+)</b>', shown)
    ahead = re.findall(r'class="ahead"><b>([^<]+)</b>', shown)
    assert taken == ["已收到", "已受理", "开始处理"]
    assert ahead == ["答复您", "结案"]
    assert "由质量技术负责，最迟" in shown
    assert "11月30日 周一 10:00" in shown


def test_what_is_told_of_the_history_is_chosen_by_name() -> None:
    told = set(STEP_NAMES) - {"open", "rated"}
    kept = {Action.HOLD, Action.RESUME, Action.MERGE, Action.UNMERGE, Action.REASSIGN}
    kept |= {Action.RECORD_CALLBACK, Action.TURN_TO_CALLBACK}
    assert told | {action.value for action in kept} == {action.value for action in Action}


def test_nothing_internal_and_nobody_elses_words_are_shown(
    working: Visitor, stranger: Visitor, act: Act, sqlite: Database, people: Cast
) -> None:
    stranger.complain(
        text="另一位客户的话：内饰异味很大", name="别人", phone="13800000000", email="else@customer.example"
    )
    with sqlite.writing.begin() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == working.number)).one()
        session.add(Note(ticket_id=ticket.id, member_id=people.bob.id, text="内部备注：客户很难缠", at=NOW))
    act(Action.ASK_CUSTOMER, "bob", question="请问三次维修的单号？", reason="理由只给同事看")
    working.send(working.page("words"), text="单号是 A1、A2、A3")
    act(Action.HOLD, "carol", reason="等供应商扯皮", review_on="2026-11-26", told="yes")
    act(Action.RESUME, "bob")
    act(Action.REASSIGN, "erin", department="售后服务", reason="质量技术推诿")
    act(Action.RESPOND, "sam", **ANSWER)
    shown = working.open(working.page()).text
    assert ANSWER["text"] in shown
    assert "请问三次维修的单号？" in shown
    assert "单号是 A1、A2、A3" in shown
    with sqlite.reading() as session:
        people_told = [value for m in session.scalars(select(Member)) for value in (m.name, m.email, m.login)]
    secrets = [
        *(value for value in people_told if value not in ("管理员", "erin", "sam")),
        "@example.com", "内部备注", "理由只给同事看", "等供应商扯皮", "质量技术推诿", "供应商批次", "另一位客户",
        "别人", "13800000000", "else@customer", stranger.number, "fixed-1", "confidence", "服务态度",
    ]  # fmt: skip
    assert [secret for secret in secrets if secret in shown] == []


def test_staff_speak_as_the_department_that_was_responsible_then(working: Visitor, act: Act, app: Flask) -> None:
    act(Action.ASK_CUSTOMER, "bob", question="请问单号？", reason="缺")
    shown = working.open(working.page()).text
    assert re.search(r"<b>质量技术</b>.*?请问单号？", shown, re.DOTALL)


def test_what_the_customer_adds_arrives_and_goes_on_with_a_waiting_case(
    working: Visitor, act: Act, sqlite: Database
) -> None:
    act(Action.ASK_CUSTOMER, "bob", question="请问单号？", reason="缺")
    assert "等待您补充" in working.open(working.page()).text
    answer = working.send(working.page("words"), text="单号 A1\x00\n<b>急</b>")
    assert "已经加进去了" in answer.text
    assert "单号 A1\n&lt;b&gt;急&lt;/b&gt;" in answer.text
    assert _status(sqlite, working.number) is Status.IN_PROGRESS


@pytest.mark.parametrize("text", ["", "  \u3000", "\x00\x01", "字" * 20_001])
def test_words_that_cannot_be_taken_come_back_with_the_reason(working: Visitor, text: str) -> None:
    answer = working.send(working.page("words"), text=text)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert text.strip("\x00\x01 \u3000") in answer.text


def test_a_solved_case_is_rated(working: Visitor, act: Act, sqlite: Database) -> None:
    act(Action.RESPOND, "bob", **ANSWER)
    assert "解决问题了吗" in working.open(working.page()).text
    answer = working.send(working.page("rating"), solved="partly", satisfaction="4", note="还有点抖")
    assert "您的评价：部分解决 · 满意" in answer.text
    assert "解决问题了吗" not in answer.text
    assert _status(sqlite, working.number) is Status.CALLBACK_DUE


def test_an_unsolved_case_goes_back_to_work_and_its_rating_is_kept(
    working: Visitor, act: Act, sqlite: Database
) -> None:
    act(Action.RESPOND, "bob", **ANSWER)
    answer = working.send(working.page("rating"), solved="no", satisfaction="1", note="还是抖")
    assert "没有解决，重新处理" in answer.text
    assert _status(sqlite, working.number) is Status.IN_PROGRESS
    with sqlite.reading() as session:
        call_back = session.scalars(select(CallBack)).one()
        assert (call_back.solved, call_back.satisfaction) == ("no", 1)


def test_a_rating_without_a_choice_is_asked_again(working: Visitor, act: Act) -> None:
    act(Action.RESPOND, "bob", **ANSWER)
    answer = working.send(working.page("rating"), note="想说的话在这里")
    assert answer.status_code == 422
    assert "请告诉我们解决了没有" in answer.text
    assert "想说的话在这里" in answer.text


def test_a_case_that_is_not_answered_cannot_be_rated(working: Visitor) -> None:
    answer = working.send(working.page("rating"), solved="yes")
    assert answer.status_code == 409


def test_a_complaint_is_withdrawn_in_the_customers_own_words(working: Visitor, sqlite: Database) -> None:
    answer = working.send(working.page("withdrawal"), evidence="店里已经修好了")
    assert "您的投诉已经撤回" in answer.text
    with sqlite.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "withdraw")).one()
        assert (entry.actor, entry.reason) == ("customer", "店里已经修好了")


def test_a_withdrawal_without_words_is_asked_for_them(working: Visitor, sqlite: Database) -> None:
    assert working.send(working.page("withdrawal"), evidence=" ").status_code == 422
    assert _status(sqlite, working.number) is Status.IN_PROGRESS


def test_a_safety_case_cannot_be_withdrawn_and_the_try_is_noted(visitor: Visitor, sqlite: Database) -> None:
    visitor.complain(text="高速上刹车失灵，差点出事")
    assert "不能撤回" in visitor.open(visitor.page()).text
    answer = visitor.send(visitor.page("withdrawal"), evidence="算了")
    assert answer.status_code == 409
    assert "涉及安全的工单不能撤诉" in answer.text
    with sqlite.reading() as session:
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.action == "refused")).one()


@pytest.mark.parametrize(("days", "status"), [(14, 200), (16, 409)])
def test_a_closed_case_is_reopened_within_fifteen_days(
    working: Visitor, act: Act, app: Flask, days: int, status: int
) -> None:
    act(Action.RESPOND, "bob", **ANSWER)
    working.send(working.page("rating"), solved="yes")
    act(Action.CLOSE, "alice", contacted="yes")
    assert "11月23日" in working.open(working.page()).text
    app.config["CLOCK"] = lambda: NOW + timedelta(days=days)
    working.look_up()
    assert ("重新打开这件投诉" in working.shown) is (status == 200)
    answer = working.send(working.page("reopening"), reason="又开始抖了")
    assert answer.status_code == status
    assert ("已经重新打开" if status == 200 else "结案已超过 15 天") in answer.text


def test_a_merged_case_shows_the_one_that_goes_on(visitor: Visitor, act: Act, sqlite: Database) -> None:
    visitor.complain(text="第一件：方向盘抖", phone="13912345678")
    survivor = visitor.number
    visitor.complain(text="第二件：还是方向盘", phone="13912345678")
    merged, code = visitor.number, visitor.code
    act(Action.MERGE, "alice", target=survivor)
    visitor.number, visitor.code = merged, code
    shown = visitor.look_up().text
    assert f"{merged}</span>，已与您的另一件" in shown
    assert survivor in shown


def test_a_late_case_says_so_and_is_sorry(working: Visitor, app: Flask) -> None:
    app.config["CLOCK"] = lambda: NOW + timedelta(days=20)
    working.look_up()
    assert "已经超过，对不起" in working.shown


def test_an_unknown_page_is_answered_kindly(visitor: Visitor) -> None:
    visitor.complain()
    assert visitor.open("/track/TS-none").request.path == "/track"
