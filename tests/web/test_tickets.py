"""The page of one ticket, and what can be done on it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.domain.deletions import DeletedPosts
from monitor.domain.tickets import Action, Status
from monitor.services import notes
from monitor.services.acting import act_on
from monitor.services.audit import CUSTOMER, SYSTEM, doer
from monitor.services.deletions import note_losses
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import AuditEntry, Customer, Member, Post, PostRevision, Ticket
from scrapers.base import Batch, Gone
from tests.cast import Cast
from tests.conftest import NOW
from tests.factories import make_ticket

SignIn = Callable[[str], FlaskClient]
MakeTicket = Callable[..., str]
TicketNow = Callable[[str], Ticket]


def _page(client: FlaskClient, number: str, status: int = 200) -> str:
    response = client.get(f"/tickets/{number}")
    assert response.status_code == status
    return response.get_data(as_text=True)


def _do(client: FlaskClient, number: str, action: str, **fields: str) -> str:
    response = client.post(f"/tickets/{number}/{action}", data=fields, follow_redirects=True)
    return response.get_data(as_text=True)


def _actions(page: str) -> set[str]:
    return set(re.findall(r'id="do-([a-z_]+)"', page))


def test_cue_words_are_marked_with_family_and_reason(sign_in: SignIn, opened: MakeTicket, sqlite: Database) -> None:
    number = opened("投诉等了三个月")
    with sqlite.writing.begin() as session:
        post = session.scalars(select(Post)).one()
        cue = {"family": "waiting", "start": 2, "end": 7, "text": "等了三个月", "reason": "久候：等得太久"}
        post.assessments[-1].details = post.assessments[-1].details | {"cues": [cue]}
    page = _page(sign_in("alice"), number)
    assert '投诉<mark title="久候：等得太久">等了三个月</mark>' in page


def test_a_post_says_how_its_writer_stands_to_each_topic_until_somebody_corrects_it(
    sign_in: SignIn, opened: MakeTicket, sqlite: Database
) -> None:
    number, alice = opened("投诉等了三个月"), sign_in("alice")
    with sqlite.writing.begin() as session:
        post = session.scalars(select(Post)).one()
        topics = [{"name": "配件", "score": 0.9, "polarity": "negative"}, {"name": "外观", "score": 0.8}]
        post.assessments[-1].details = post.assessments[-1].details | {"topics": topics}
        post_id = post.id
    stance = '<li>配件<small class="stance-negative">不满</small></li><li>外观</li>'
    assert stance in _page(alice, number)
    _do(alice, number, f"posts/{post_id}/correction", polarity="positive", expression="none", topic="制动")
    assert stance not in _page(alice, number)


def test_markup_in_a_post_is_shown_and_never_run(sign_in: SignIn, opened: MakeTicket) -> None:
    page = _page(sign_in("alice"), opened("投诉<script>alert(1)</script><img src=x onerror=alert(1)>"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_long_post_is_folded_and_has_a_page_of_its_own(
    sign_in: SignIn, opened: MakeTicket, ticket_now: TicketNow
) -> None:
    number = opened("投诉：" + "等了又等。" * 3000 + "完")
    alice = sign_in("alice")
    page = _page(alice, number)
    assert "展开全文" in page
    assert len(page.encode()) < 60_000
    link = re.search(rf"/tickets/{number}/posts/\d+", page)
    assert link
    whole = alice.get(link[0])
    assert whole.mimetype == "text/plain"
    assert whole.get_data(as_text=True).endswith("完")


def test_a_ticket_says_why_this_department(sign_in: SignIn, opened: MakeTicket) -> None:
    by_rule = " ".join(_page(sign_in("alice"), opened("刹车失灵")).split())
    assert "按规则“安全优先”，因为提到“刹车”“失灵”。" in by_rule
    by_fallback = " ".join(_page(sign_in("alice"), opened("投诉：没有人管")).split())
    assert "没有规则命中，模型最多只有 60% 的把握（满 75% 才自动派单），先由兜底部门负责" in by_fallback


def test_a_suggested_desk_is_one_click_away(sign_in: SignIn, opened: MakeTicket, ticket_now: TicketNow) -> None:
    number, alice = opened("投诉：没有人管"), sign_in("alice")
    page = _page(alice, number)
    form = page.split('class="suggestions"')[1].split("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    assert fields["department"] == "售后服务"
    _do(alice, number, "accept", **fields)
    assert ticket_now(number).department.name == "售后服务"


def test_only_what_this_person_may_do_is_offered(sign_in: SignIn, opened: MakeTicket) -> None:
    number = opened("投诉：漏油", department="")
    assert _actions(_page(sign_in("bob"), number)) == {"take_on"}
    assert _actions(_page(sign_in("carol"), number)) == {"take_on", "return"}
    assert "take_on" not in _actions(_page(sign_in("alice"), number))
    assert "reassign" in _actions(_page(sign_in("erin"), number))


def test_another_departments_ticket_does_not_exist(sign_in: SignIn, opened: MakeTicket) -> None:
    number = opened("投诉：漏油")
    assert "不归您的部门" in _page(sign_in("sam"), number, 404)


def test_a_ticket_goes_from_the_desk_to_closed(
    sign_in: SignIn, opened: MakeTicket, ticket_now: TicketNow, sqlite: Database, tools: Tools
) -> None:
    number, alice, bob = opened("投诉：没有人管"), sign_in("alice"), sign_in("bob")
    _do(alice, number, "accept", department="质量技术", severity="normal", topic="整车质量", summary="没人管")
    assert "您成为经办人" in _page(bob, number)
    _do(bob, number, "take_on")
    answer = {
        "outcome": "upheld",
        "remedy": "repair",
        "root_cause": "批次",
        "text": "我们给您换新的。",
        "reached": "电话",
    }
    page = _do(bob, number, "respond", **answer)
    assert "已答复" in page
    assert "我们给您换新的。" in page
    with sqlite.writing.begin() as session:
        ticket = session.scalars(select(Ticket)).one()
        act_on(session, ticket, Action.TURN_TO_CALLBACK, SYSTEM, {}, tools=tools, now=NOW)
    _do(alice, number, "close", contacted="yes", solved="yes", satisfaction="5", note="很快")
    assert ticket_now(number).status is Status.CLOSED
    assert "回访：已解决，非常满意" in _page(alice, number)


def test_what_is_missing_is_named_and_what_was_typed_is_kept(sign_in: SignIn, opened: MakeTicket) -> None:
    number, bob = opened("投诉：漏油"), sign_in("bob")
    _do(bob, number, "take_on")
    response = bob.post(f"/tickets/{number}/respond", data={"text": "写了很久的一段话"})
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "请补上：处理结论" in page
    assert "写了很久的一段话</textarea>" in page


def test_a_change_that_comes_too_late_is_not_lost(sign_in: SignIn, opened: MakeTicket, ticket_now: TicketNow) -> None:
    number, bob, carol = opened("投诉：漏油"), sign_in("bob"), sign_in("carol")
    version = str(ticket_now(number).row_version)
    _do(bob, number, "take_on", row_version=version)
    late = carol.post(f"/tickets/{number}/return", data={"reason": "不归我们管", "row_version": version})
    page = late.get_data(as_text=True)
    assert late.status_code == 409
    assert "陈工刚刚做了“签收”" in page
    assert "不归我们管</p>" in page
    assert ticket_now(number).status is Status.IN_PROGRESS


def test_what_was_typed_for_a_step_that_is_still_open_is_shown_again(
    sign_in: SignIn, opened: MakeTicket, ticket_now: TicketNow
) -> None:
    number, bob = opened("投诉：漏油"), sign_in("bob")
    _do(bob, number, "take_on")
    question = {"question": "是冷车还是热车？", "reason": "要复现"}
    late = bob.post(f"/tickets/{number}/ask_customer", data={**question, "row_version": "1"})
    page = late.get_data(as_text=True)
    assert late.status_code == 409
    assert "是冷车还是热车？</textarea>" in page


def test_what_the_state_forbids_is_told_and_noted(sign_in: SignIn, opened: MakeTicket, sqlite: Database) -> None:
    number, bob = opened("投诉：漏油"), sign_in("bob")
    page = _do(bob, number, "respond", outcome="upheld")
    assert "工单现在是“已受理”，不能“答复”" in page
    with sqlite.reading() as session:
        refusal = session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).one()
    assert (refusal.name, refusal.data["attempted"]) == ("陈工", "respond")


def test_voiding_waits_for_a_second_person(sign_in: SignIn, opened: MakeTicket, ticket_now: TicketNow) -> None:
    number, alice, erin = opened("投诉：没有人管"), sign_in("alice"), sign_in("erin")
    assert "等另一位同事审批" in _do(alice, number, "void", reason="说的是别家的车")
    assert ticket_now(number).status is Status.RECEIVED
    assert "同意作废" not in _page(alice, number)
    assert "同意作废" in _page(erin, number)
    _do(erin, number, "approval", decision="grant")
    assert ticket_now(number).status is Status.VOIDED


def test_a_note_is_kept_in_the_timeline(sign_in: SignIn, opened: MakeTicket) -> None:
    number = opened("投诉：漏油")
    assert "下午再打一次" in _do(sign_in("bob"), number, "notes", text="下午再打一次")
    too_long = sign_in("bob").post(f"/tickets/{number}/notes", data={"text": "长" * (notes.MAX_NOTE + 1)})
    assert too_long.status_code == 422


def test_a_follow_up_is_set_and_ticked_off(sign_in: SignIn, opened: MakeTicket) -> None:
    number, bob = opened("投诉：漏油"), sign_in("bob")
    due = (NOW + timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M")
    page = _do(bob, number, "follow-ups", text="带报告回电", due_at=due)
    assert "带报告回电" in page
    done = re.search(r"/follow-ups/(\d+)/done", page)
    assert done
    assert "完成跟进：带报告回电" in _do(bob, number, f"follow-ups/{done[1]}/done")


def test_a_follow_up_without_a_time_keeps_its_text(sign_in: SignIn, opened: MakeTicket) -> None:
    number = opened("投诉：漏油")
    response = sign_in("bob").post(f"/tickets/{number}/follow-ups", data={"text": "带报告回电", "due_at": "明天"})
    assert response.status_code == 422
    assert 'value="带报告回电"' in response.get_data(as_text=True)


def test_giving_a_ticket_away_leads_back_to_the_inbox(sign_in: SignIn, opened: MakeTicket) -> None:
    number, carol, erin = opened("投诉：漏油"), sign_in("carol"), sign_in("erin")
    carol.post(f"/tickets/{number}/return", data={"reason": "不归我们管"})
    erin.post(f"/tickets/{number}/reassign", data={"department": "售后服务", "reason": "归售后"})
    assert carol.get(f"/tickets/{number}").status_code == 404


def test_an_earlier_wording_can_be_read(sign_in: SignIn, opened: MakeTicket, sqlite: Database) -> None:
    number = opened("投诉：漏油")
    with sqlite.writing.begin() as session:
        post = session.scalars(select(Post)).one()
        post.revisions.append(PostRevision(title="", text="原来骂得更凶", content_hash="x", replaced_at=NOW))
    page = _page(sign_in("bob"), number)
    assert "作者改过 1 次" in page
    assert "原来骂得更凶" in page


def test_overdue_clocks_are_said_in_words(sign_in: SignIn, opened: MakeTicket) -> None:
    number = opened("投诉：漏油", at=NOW - timedelta(days=30))
    page = _page(sign_in("bob"), number)
    assert 'class="left left-late"' in page
    assert "超 " in page


def test_an_unknown_action_is_not_found(sign_in: SignIn, opened: MakeTicket) -> None:
    assert sign_in("alice").post(f"/tickets/{opened()}/explode").status_code == 404


def test_the_ticket_page_asks_the_same_number_of_questions_for_many_posts(
    sign_in: SignIn, opened: MakeTicket, questions: Callable[[], object], sqlite: Database, people: Cast
) -> None:
    number, alice = opened("投诉：漏油"), sign_in("alice")
    with questions() as one:  # type: ignore[attr-defined]
        _page(alice, number)
    with sqlite.writing.begin() as session:
        ticket = session.scalars(select(Ticket)).one()
        for n in range(30):
            notes.add_note(session, ticket, f"备注{n}", doer(session.get_one(Member, people.bob.id)), NOW)
    with questions() as many:  # type: ignore[attr-defined]
        _page(alice, number)
    assert len(many) <= len(one) + 1


def test_merging_into_a_number_that_does_not_exist_keeps_it_in_the_form(sign_in: SignIn, opened: MakeTicket) -> None:
    response = sign_in("alice").post(f"/tickets/{opened('投诉：没有人管')}/merge", data={"target": "TS-1"})
    assert response.status_code == 422
    assert 'value="TS-1"' in response.get_data(as_text=True)


def test_a_page_stays_light_however_much_was_said(sign_in: SignIn, opened: MakeTicket, sqlite: Database) -> None:
    number = opened("投诉：" + "等了又等。" * 2000)
    with sqlite.writing.begin() as session:
        post = session.scalars(select(Post)).one()
        for n in range(30):
            more = {
                c.name: getattr(post, c.name) for c in Post.__table__.columns if c.name not in ("id", "external_id")
            }
            session.add(Post(external_id=f"more-{n}", **more))
    assert len(_page(sign_in("alice"), number).encode()) < 60_000


def _with_contact(sqlite: Database, number: str) -> None:
    with sqlite.writing.begin() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        ticket.customer = Customer(
            pseudonym="p", name="李女士", phone="13812345678", email="li@mail.cn", created_at=NOW
        )


def test_contact_data_is_hidden_until_somebody_says_why(sign_in: SignIn, opened: MakeTicket, sqlite: Database) -> None:
    number = opened()
    _with_contact(sqlite, number)
    alice, erin = sign_in("alice"), sign_in("erin")
    before = _page(alice, number)
    assert "138****5678" in before
    assert "13812345678" not in before
    assert "请选择" in _do(alice, number, "contact", reason="好奇")
    shown = _do(alice, number, "contact", reason="contact")
    assert "13812345678" in shown
    assert "查看了客户的联系方式" in shown
    assert "13812345678" not in _page(erin, number)
    with sqlite.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "contact_revealed")).one()
        assert (entry.name, entry.reason) == ("王小满", "联系客户办理这件投诉")


def test_contact_data_is_hidden_again_after_ten_minutes(
    app: Flask, sign_in: SignIn, opened: MakeTicket, sqlite: Database
) -> None:
    number = opened()
    _with_contact(sqlite, number)
    alice = sign_in("alice")
    _do(alice, number, "contact", reason="contact")
    app.config["CLOCK"] = lambda: NOW + timedelta(minutes=11)
    assert "13812345678" not in _page(alice, number)


def test_an_ended_ticket_offers_no_further_follow_up(
    sign_in: SignIn, opened: MakeTicket, sqlite: Database, tools: Tools
) -> None:
    number = opened()
    with sqlite.writing.begin() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        act_on(session, ticket, Action.WITHDRAW, CUSTOMER, {"evidence": "不用了"}, tools=tools, now=NOW)
    assert "定一个跟进" not in _page(sign_in("erin"), number)


@pytest.mark.parametrize(("policy", "shown"), [("hide", False), ("keep", True)])
def test_a_post_that_its_source_deleted_is_marked_and_its_words_are_hidden_by_policy(
    sign_in: SignIn, sqlite: Database, tools: Tools, people: Cast, policy: str, shown: bool
) -> None:
    with sqlite.writing.begin() as session:
        ticket = make_ticket(session, tools, NOW, "投诉：等了三个月，没人理")
        post = ticket.posts[0]
        lost = Batch((), {}, gone=(Gone(post.external_id, "来源标明已删除"),))
        note_losses(session, post.source, lost, DeletedPosts(policy), NOW)
        number = ticket.number
    page = sign_in("alice").get(f"/tickets/{number}").get_data(as_text=True)
    assert "来源删掉了这一条" in page
    assert "来源标明已删除" in page
    assert ("等了三个月，没人理" in page) == shown
    assert ("原有 12 字" in page) == (not shown)
    assert "作者改过" not in page
