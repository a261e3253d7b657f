"""Every action: what it changes, what it refuses, which clocks it starts and stops."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid, InvalidAction, NotFound
from monitor.domain.sla import FollowUpKind
from monitor.domain.tickets import Action, Status
from monitor.domain.verdicts import Severity
from monitor.services.acting import act_on, record_refusal
from monitor.services.audit import CUSTOMER, SYSTEM, Doer, doer
from monitor.services.followups import open_follow_ups
from monitor.services.tools import Tools
from monitor.storage.models import AuditEntry, Notification, Ticket
from tests.cast import Cast
from tests.factories import make_ticket

Act = Callable[..., Ticket]
ANSWER = {"outcome": "upheld", "remedy": "repair", "root_cause": "零件批次", "text": "已更换", "reached": "电话"}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def ticket(session: Session, tools: Tools, now: datetime, cast: Cast) -> Ticket:
    """A ticket that 质量技术 is responsible for, accepted just now."""
    return make_ticket(session, tools, now, author="李先生", department="质量技术", agent=cast.alice)


@pytest.fixture
def act(session: Session, tools: Tools, now: datetime, ticket: Ticket) -> Act:
    """Takes an action on `ticket`, `later` than now."""

    def take(action: Action, by: Doer, later: timedelta = timedelta(), /, **fields: Any) -> Ticket:
        act_on(session, ticket, action, by, fields, tools=tools, now=now + later)
        session.flush()
        return ticket

    return take


def clocks(ticket: Ticket) -> dict[str, datetime]:
    """The clocks that run, by kind."""
    return {follow_up.kind.value: follow_up.due_at for follow_up in open_follow_ups(ticket)}


def test_accepting_names_the_department_and_starts_its_clocks(act: Act, ticket: Ticket, now: datetime) -> None:
    assert (ticket.status, ticket.department.name) == (Status.ACCEPTED, "质量技术")
    assert clocks(ticket).keys() == {"take_on", "first_contact", "resolve", "statutory"}
    assert clocks(ticket)["resolve"] == now + 7 * DAY
    assert ticket.next_action_at == min(clocks(ticket).values())
    assert [a.department.name for a in ticket.assignments if a.until_at is None] == ["质量技术"]


def test_severity_is_not_lowered_without_a_reason(session: Session, tools: Tools, now: datetime, cast: Cast) -> None:
    grave = make_ticket(session, tools, now, "投诉：车子开不了")
    grave.severity, grave.status = Severity.RAISED, Status.RECEIVED
    fields = {"department": "售后服务", "severity": "normal"}
    with pytest.raises(Invalid, match="调低"):
        act_on(session, grave, Action.ACCEPT, doer(cast.alice), fields, tools=tools, now=now)
    act_on(session, grave, Action.ACCEPT, doer(cast.alice), {**fields, "reason": "误判"}, tools=tools, now=now)
    assert grave.severity is Severity.NORMAL


@pytest.mark.parametrize("fields", [{"department": "没有这个"}, {"severity": "gravest"}, {"department": ""}])
def test_accepting_needs_a_real_department_and_severity(
    session: Session, tools: Tools, now: datetime, cast: Cast, fields: dict[str, str]
) -> None:
    fresh = make_ticket(session, tools, now)
    given = {"department": "质量技术", "severity": "normal", **fields}
    with pytest.raises(Invalid) as refused:
        act_on(session, fresh, Action.ACCEPT, doer(cast.alice), given, tools=tools, now=now)
    assert refused.value.fields.keys() == fields.keys()


def test_taking_on_names_a_person_and_stops_that_clock(act: Act, cast: Cast) -> None:
    ticket = act(Action.TAKE_ON, doer(cast.bob))
    assert (ticket.status, ticket.handler) == (Status.IN_PROGRESS, cast.bob)
    assert "take_on" not in clocks(ticket)


def test_asking_the_customer_pauses_the_answer_but_never_the_law(act: Act, cast: Cast, now: datetime) -> None:
    act(Action.TAKE_ON, doer(cast.bob))
    ticket = act(Action.ASK_CUSTOMER, doer(cast.bob), HOUR, question="哪个店？", reason="缺门店")
    law = clocks(ticket)["statutory"]
    assert ticket.paused_at == now + HOUR
    assert next(f for f in ticket.follow_ups if f.kind is FollowUpKind.RESOLVE).check_at is None
    act(Action.CUSTOMER_REPLIED, CUSTOMER, HOUR + 2 * DAY, text="城西店")
    assert clocks(ticket)["resolve"] == now + 9 * DAY
    assert clocks(ticket)["statutory"] == law
    assert "customer_answer" not in clocks(ticket)
    assert [reply.text for reply in ticket.replies] == ["哪个店？", "城西店"]


def test_a_customer_is_asked_twice_at_most(act: Act, cast: Cast) -> None:
    act(Action.TAKE_ON, doer(cast.bob))
    for _ in range(2):
        act(Action.ASK_CUSTOMER, doer(cast.bob), question="哪个店？", reason="缺")
        act(Action.CUSTOMER_REPLIED, CUSTOMER)
    with pytest.raises(InvalidAction, match="2 次"):
        act(Action.ASK_CUSTOMER, doer(cast.bob), question="再问", reason="缺")


def test_a_customer_who_never_answers_is_answered_without(act: Act, cast: Cast, now: datetime) -> None:
    act(Action.TAKE_ON, doer(cast.bob))
    act(Action.ASK_CUSTOMER, doer(cast.bob), question="哪个店？", reason="缺")
    ticket = act(Action.RESPOND_UNANSWERED, SYSTEM, 7 * DAY)
    assert (ticket.status, ticket.outcome, ticket.paused_at) == (Status.RESPONDED, "no_reply", None)
    assert clocks(ticket) == {"turn_to_call_back": now + 8 * DAY}


def test_a_returned_ticket_goes_to_the_fallback_and_the_answer_is_due_as_before(
    act: Act, cast: Cast, ticket: Ticket, now: datetime
) -> None:
    due = clocks(ticket)["resolve"]
    act(Action.RETURN, doer(cast.carol), HOUR, reason="不是质量问题")
    assert (ticket.status, ticket.department.is_fallback) == (Status.RECEIVED, True)
    assert clocks(ticket)["accept"] > now + HOUR
    act(Action.ACCEPT, doer(cast.alice), 2 * DAY, department="售后服务", severity="normal")
    assert clocks(ticket)["resolve"] == due
    assert clocks(ticket)["take_on"] > now + 2 * DAY
    assert [a.department.name for a in ticket.assignments][-2:] == ["客服中心", "售后服务"]
    assert sum(a.until_at is None for a in ticket.assignments) == 1


def test_after_four_working_hours_a_ticket_is_no_longer_returned(act: Act, cast: Cast) -> None:
    with pytest.raises(InvalidAction, match="班长"):
        act(Action.RETURN, doer(cast.carol), DAY, reason="不是质量问题")


@pytest.mark.parametrize(("day", "allowed"), [(-1, False), (0, True), (7, True), (8, False)])
def test_a_hold_is_looked_at_again_within_seven_days(
    act: Act, cast: Cast, now: datetime, day: int, allowed: bool
) -> None:
    act(Action.TAKE_ON, doer(cast.bob))
    review = (now + day * DAY).date().isoformat()
    fields = {"reason": "等配件", "review_on": review, "told": "yes"}
    if not allowed:
        with pytest.raises(Invalid, match="7 天"):
            act(Action.HOLD, doer(cast.carol), **fields)
        return
    ticket = act(Action.HOLD, doer(cast.carol), **fields)
    assert "review" in clocks(ticket)
    assert "resolve" in clocks(ticket)
    assert "review" not in clocks(act(Action.RESUME, doer(cast.bob)))


@pytest.mark.parametrize("review", ["tomorrow", "2026-13-01", "0001-01-01", "9999-12-31"])
def test_an_impossible_review_date_is_told_and_no_crash(act: Act, cast: Cast, review: str) -> None:
    act(Action.TAKE_ON, doer(cast.bob))
    with pytest.raises(Invalid) as refused:
        act(Action.HOLD, doer(cast.carol), reason="等", review_on=review, told="yes")
    assert "review_on" in refused.value.fields


@pytest.mark.parametrize("missing", list(ANSWER))
def test_an_answer_needs_every_part(act: Act, cast: Cast, missing: str) -> None:
    act(Action.TAKE_ON, doer(cast.bob))
    with pytest.raises(Invalid) as refused:
        act(Action.RESPOND, doer(cast.bob), **{**ANSWER, missing: "  "})
    assert missing in refused.value.fields


def test_an_answer_stops_the_clocks_and_turns_to_the_call_back_a_day_later(act: Act, cast: Cast, now: datetime) -> None:
    act(Action.TAKE_ON, doer(cast.bob))
    ticket = act(Action.RESPOND, doer(cast.bob), HOUR, **ANSWER)
    assert clocks(ticket) == {"turn_to_call_back": now + HOUR + DAY}
    assert (ticket.responded_at, ticket.first_contact_at) == (now + HOUR, now + HOUR)
    act(Action.TURN_TO_CALLBACK, SYSTEM, HOUR + DAY)
    assert clocks(ticket).keys() == {"call_back"}


def _answered(act: Act, cast: Cast) -> Ticket:
    act(Action.TAKE_ON, doer(cast.bob))
    act(Action.RESPOND, doer(cast.bob), HOUR, **ANSWER)
    return act(Action.TURN_TO_CALLBACK, SYSTEM, HOUR + DAY)


def test_closing_with_a_call_back_notes_it_once(act: Act, cast: Cast, now: datetime) -> None:
    _answered(act, cast)
    ticket = act(Action.CLOSE, doer(cast.alice), 2 * DAY, contacted="yes", solved="yes", satisfaction="5")
    assert (ticket.status, ticket.closed_at, ticket.next_action_at) == (Status.CLOSED, now + 2 * DAY, None)
    assert [(c.contacted, c.solved, c.satisfaction) for c in ticket.call_backs] == [(True, "yes", 5)]


def test_closing_without_having_reached_the_customer_is_refused(act: Act, cast: Cast) -> None:
    _answered(act, cast)
    with pytest.raises(InvalidAction, match="联系上"):
        act(Action.CLOSE, doer(cast.alice), 2 * DAY)
    with pytest.raises(InvalidAction, match="联系上"):
        act(Action.CLOSE, doer(cast.alice), 2 * DAY, contacted="no")


def test_the_third_try_on_another_day_and_time_closes(act: Act, cast: Cast) -> None:
    ticket = _answered(act, cast)
    for later in (2 * DAY, 2 * DAY + HOUR):
        act(Action.RECORD_CALLBACK, doer(cast.alice), later, contacted="no", satisfaction="9", solved="?")
    act(Action.CLOSE, doer(cast.alice), 3 * DAY + 6 * HOUR, contacted="no")
    assert [(c.satisfaction, c.solved) for c in ticket.call_backs[:2]] == [(None, ""), (None, "")]
    assert len(ticket.call_backs) == 3


def test_tries_before_the_newest_answer_do_not_count(act: Act, cast: Cast) -> None:
    _answered(act, cast)
    act(Action.RECORD_CALLBACK, doer(cast.alice), 2 * DAY, contacted="yes", solved="no")
    act(Action.REDO, doer(cast.alice), 2 * DAY + HOUR, reason="没修好")
    act(Action.RESPOND, doer(cast.bob), 3 * DAY, **ANSWER)
    act(Action.TURN_TO_CALLBACK, SYSTEM, 4 * DAY)
    with pytest.raises(InvalidAction, match="联系上"):
        act(Action.CLOSE, doer(cast.alice), 5 * DAY)


def test_redoing_goes_on_with_what_was_left_of_the_time(act: Act, cast: Cast, now: datetime) -> None:
    _answered(act, cast)
    ticket = act(Action.REDO, CUSTOMER, 3 * DAY, reason="没修好")
    assert clocks(ticket)["resolve"] == now + 3 * DAY + (7 * DAY - HOUR)
    assert (ticket.redone_count, ticket.escalation_level) == (1, 0)


def test_redoing_late_leaves_a_working_day_and_the_second_time_escalates(
    act: Act, cast: Cast, tools: Tools, now: datetime
) -> None:
    act(Action.TAKE_ON, doer(cast.bob))
    act(Action.RESPOND, doer(cast.bob), 9 * DAY, **ANSWER)
    ticket = act(Action.REDO, CUSTOMER, 9 * DAY, reason="没修好")
    assert clocks(ticket)["resolve"] == tools.hours.workdays(now + 9 * DAY, 1)
    act(Action.RESPOND, doer(cast.bob), 10 * DAY, **ANSWER)
    act(Action.REDO, CUSTOMER, 10 * DAY, reason="还是没修好")
    assert (ticket.redone_count, ticket.escalation_level) == (2, 1)


def test_a_customer_reopens_within_fifteen_days_and_a_supervisor_any_time(act: Act, cast: Cast) -> None:
    _answered(act, cast)
    act(Action.CLOSE, doer(cast.alice), 2 * DAY, contacted="yes")
    with pytest.raises(InvalidAction, match="15 天"):
        act(Action.REOPEN, CUSTOMER, 18 * DAY, reason="又坏了")
    ticket = act(Action.REOPEN, doer(cast.erin), 90 * DAY, reason="又坏了")
    assert (ticket.status, ticket.reopened_count, ticket.closed_at) == (Status.IN_PROGRESS, 1, None)
    assert "resolve" in clocks(ticket)


def test_a_case_withdrawn_while_it_waited_and_reopened_has_its_clock_back(act: Act, cast: Cast, now: datetime) -> None:
    act(Action.TAKE_ON, doer(cast.bob))
    act(Action.ASK_CUSTOMER, doer(cast.bob), DAY, question="哪个店？", reason="缺")
    act(Action.WITHDRAW, CUSTOMER, 3 * DAY, evidence="不投诉了")
    ticket = act(Action.REOPEN, CUSTOMER, 10 * DAY, reason="还是要投诉")
    assert ticket.paused_at is None
    assert clocks(ticket)["resolve"] == now + 10 * DAY + 6 * DAY
    assert ticket.next_action_at == clocks(ticket)["resolve"]


def test_a_reopened_case_of_a_dissolved_department_goes_to_the_fallback(act: Act, cast: Cast, ticket: Ticket) -> None:
    act(Action.WITHDRAW, CUSTOMER, evidence="算了")
    ticket.department.active = False
    act(Action.REOPEN, CUSTOMER, reason="又坏了")
    assert ticket.department.is_fallback
    assert sum(a.until_at is None for a in ticket.assignments) == 1


@pytest.mark.parametrize("action", [Action.VOID, Action.WITHDRAW, Action.MERGE])
def test_a_safety_case_cannot_be_waved_away(
    session: Session, tools: Tools, now: datetime, cast: Cast, action: Action
) -> None:
    grave = make_ticket(session, tools, now, "投诉：刹车失灵")
    grave.status = Status.RECEIVED
    fields = {"reason": "误报", "evidence": "算了", "target": "x"}
    with pytest.raises(InvalidAction, match="安全"):
        act_on(session, grave, action, doer(cast.erin), fields, tools=tools, now=now)


def test_reassigning_moves_the_one_assignment_and_never_the_answer(
    act: Act, cast: Cast, ticket: Ticket, now: datetime
) -> None:
    act(Action.TAKE_ON, doer(cast.bob))
    due = clocks(ticket)["resolve"]
    act(Action.REASSIGN, doer(cast.erin), HOUR, department="售后服务", reason="误派")
    assert (ticket.status, ticket.department.name, ticket.handler) == (Status.IN_PROGRESS, "售后服务", None)
    assert clocks(ticket)["resolve"] == due
    assert [(a.department.name, a.until_at is None) for a in ticket.assignments][-2:] == [
        ("质量技术", False),
        ("售后服务", True),
    ]
    with pytest.raises(Invalid, match="已经在"):
        act(Action.REASSIGN, doer(cast.erin), department="售后服务", reason="误派")


def _second(session: Session, tools: Tools, later: datetime) -> Ticket:
    """A further ticket of the same customer."""
    return make_ticket(session, tools, later, "投诉：还有一件事", author="李先生")


def test_merging_keeps_the_earliest_promise_and_can_be_undone(
    session: Session, act: Act, ticket: Ticket, tools: Tools, now: datetime, cast: Cast
) -> None:
    target = _second(session, tools, now + DAY)
    act(Action.MERGE, doer(cast.alice), DAY, target=target.number)
    assert (ticket.status, ticket.merged_into, ticket.next_action_at) == (Status.MERGED, target, None)
    assert all(follow_up.check_at is None for follow_up in ticket.follow_ups)
    assert clocks(target)["statutory"] == clocks(ticket)["statutory"]
    assert clocks(target)["resolve"] == now + 7 * DAY, "an answer promised already stays promised"
    act(Action.UNMERGE, doer(cast.erin), 2 * DAY, reason="不是一回事")
    assert (ticket.status, ticket.merged_into) == (Status.ACCEPTED, None)
    assert ticket.next_action_at == min(clocks(ticket).values())
    assert all(f.check_at == f.due_at for f in open_follow_ups(ticket))


def test_merging_into_a_case_that_waits_leaves_its_pause_alone(
    session: Session, act: Act, ticket: Ticket, tools: Tools, now: datetime, cast: Cast
) -> None:
    act(Action.TAKE_ON, doer(cast.bob))
    act(Action.ASK_CUSTOMER, doer(cast.bob), question="哪个店？", reason="缺")
    resolve = next(f for f in ticket.follow_ups if f.kind is FollowUpKind.RESOLVE)
    other = _second(session, tools, now - 3 * DAY)
    accept = {"department": "质量技术", "severity": "normal"}
    act_on(session, other, Action.ACCEPT, doer(cast.alice), accept, tools=tools, now=now - 3 * DAY)
    act_on(session, other, Action.MERGE, doer(cast.alice), {"target": ticket.number}, tools=tools, now=now)
    assert (resolve.due_at, resolve.check_at) == (now + 4 * DAY, None)


def test_a_ticket_merges_neither_into_itself_nor_a_stranger_nor_an_ended_one(
    session: Session, act: Act, ticket: Ticket, tools: Tools, now: datetime, cast: Cast
) -> None:
    stranger = make_ticket(session, tools, now, "投诉：别人的事", author="王女士")
    ended = _second(session, tools, now)
    act_on(session, ended, Action.WITHDRAW, CUSTOMER, {"evidence": "算了"}, tools=tools, now=now)
    for number in (ticket.number, stranger.number, ended.number):
        with pytest.raises(InvalidAction):
            act(Action.MERGE, doer(cast.alice), target=number)
    with pytest.raises(NotFound):
        act(Action.MERGE, doer(cast.alice), target="TS-1")


def test_every_action_is_audited_with_old_new_and_reason(
    session: Session, act: Act, ticket: Ticket, cast: Cast
) -> None:
    act(Action.REASSIGN, doer(cast.erin), department="售后服务", reason="误派", csrf_token="x", action="y", old="z")
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.actor, entry.member_id, entry.reason) == (
        "reassign",
        "supervisor",
        cast.erin.id,
        "误派",
    )
    assert entry.data == {"old": "accepted", "new": "accepted", "department": "售后服务"}
    assert (entry.subject, entry.subject_id) == ("ticket", ticket.id)


def test_a_refusal_can_be_noted(session: Session, ticket: Ticket, cast: Cast, now: datetime) -> None:
    record_refusal(session, ticket.id, Action.CLOSE, doer(cast.bob), "不能", now)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).one()
    assert (entry.data, entry.reason) == ({"attempted": "close"}, "不能")


def test_an_answer_with_unprintable_signs_is_stored_without_them(act: Act, cast: Cast) -> None:
    act(Action.TAKE_ON, doer(cast.bob))
    ticket = act(Action.RESPOND, doer(cast.bob), **{**ANSWER, "text": "已\x00更换\ud800"})
    assert ticket.replies[-1].text == "已更换"


def test_those_concerned_hear_of_it_in_the_same_transaction(
    session: Session, act: Act, cast: Cast, ticket: Ticket
) -> None:
    act(Action.REASSIGN, doer(cast.erin), department="售后服务", reason="误派")
    told = session.scalars(select(Notification.recipient).where(Notification.event == "ticket_reassigned")).all()
    assert told == ["service@example.com"]
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Notification)) == 0
