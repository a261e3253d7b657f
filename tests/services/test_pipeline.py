"""From a post to exactly one desk."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.alerts import Event
from monitor.domain.places import DealerEntry, PlaceFinder
from monitor.domain.routing import DecidedBy
from monitor.domain.tickets import Action, Status
from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Severity, Suggestion, TwoPassJudge
from monitor.services.acting import act_on
from monitor.services.audit import CUSTOMER
from monitor.services.pipeline import due_posts, handle_posts, put_off
from monitor.services.routing import department_named
from monitor.services.setup import built_in_source
from monitor.services.tools import Tools
from monitor.storage.models import Assessment, Assignment, AuditEntry, FollowUp, Notification, Post, Ticket
from tests.factories import make_post, make_ticket
from tests.fakes import FixedClassifier, FixedSuggester
from tests.wordings import COMPLAINTS, EDITS


def suggesting(tools: Tools, suggestion: Suggestion) -> Tools:
    """The tools with a model that always suggests this."""
    return replace(tools, judge=TwoPassJudge(FixedClassifier(), FixedSuggester((suggestion,))))


def test_a_complaint_becomes_a_ticket_in_one_department(session: Session, tools: Tools, now: datetime) -> None:
    post = make_post(session, tools, now, "投诉：变速箱异响")
    ticket = handle_posts(session, [post], tools, now)[0]
    assert (ticket.department.name, ticket.status) == ("质量技术", Status.ACCEPTED)
    assignment = session.scalars(select(Assignment)).one()
    assert (assignment.decided_by, assignment.rule, assignment.words) == (
        DecidedBy.RULE,
        "车辆故障",
        ["变速箱", "异响"],
    )
    assert (post.ticket_id, post.outcome, post.outcome_reason) == (ticket.id, Outcome.OPEN, "outspoken")
    assert post.handle_after is None
    assert ticket.next_action_at == session.scalar(select(func.min(FollowUp.due_at)))
    assert session.scalars(select(AuditEntry.action)).all() == ["open", "accept"]
    assert session.scalars(select(Notification.recipient)).all() == ["quality@example.com"]
    assert session.scalars(select(Assessment.version)).all() == ["fixed-1"]


def test_what_nothing_decides_waits_at_the_fallback_with_its_suggestions(
    session: Session, tools: Tools, now: datetime
) -> None:
    ticket = make_ticket(session, tools, now)
    assert (ticket.department.name, ticket.status, ticket.accepted_at) == ("客服中心", Status.RECEIVED, None)
    assignment = session.scalars(select(Assignment)).one()
    assert assignment.decided_by is DecidedBy.FALLBACK
    assert [choice["department"] for choice in assignment.suggestions] == ["售后服务", "质量技术"]


def test_a_certain_model_dispatches(session: Session, tools: Tools, now: datetime) -> None:
    sure = suggesting(tools, Suggestion("配件物流", 0.9, ("等",)))
    ticket = make_ticket(session, sure, now)
    assert (ticket.department.name, ticket.status) == ("配件物流", Status.ACCEPTED)


def test_a_model_trained_for_other_departments_ends_at_the_fallback_and_says_so(
    session: Session, tools: Tools, now: datetime
) -> None:
    sure = suggesting(tools, Suggestion("火星事务部", 0.99))
    ticket = make_ticket(session, sure, now)
    assert (ticket.department.name, ticket.status) == ("客服中心", Status.RECEIVED)
    assert session.scalars(select(Assignment.decided_by)).one() is DecidedBy.FALLBACK


@pytest.mark.parametrize(
    ("text", "outcome", "reason"),
    [("今天提车很开心", Outcome.IGNORE, "not-dissatisfied"), ("算了不说了", Outcome.SIGNAL, "hinted")],
)
def test_what_becomes_no_ticket_keeps_its_reason(
    session: Session, tools: Tools, now: datetime, text: str, outcome: Outcome, reason: str
) -> None:
    post = make_post(session, tools, now, text)
    assert handle_posts(session, [post], tools, now) == []
    assert (post.outcome, post.outcome_reason, post.handle_after) == (outcome, reason, None)
    assert session.scalar(select(func.count()).select_from(Ticket)) == 0


def test_what_is_addressed_to_us_is_never_dropped(session: Session, tools: Tools, now: datetime) -> None:
    post = make_post(session, tools, now, "今天提车很开心", source=built_in_source(session, "api-complaints"))
    assert len(handle_posts(session, [post], tools, now)) == 1


def test_the_same_author_in_the_same_thread_goes_on_with_the_ticket(
    session: Session, tools: Tools, now: datetime
) -> None:
    first = make_post(session, tools, now, "投诉：异响", author="甲", thread_id="t")
    ticket = handle_posts(session, [first], tools, now)[0]
    more = make_post(session, tools, now, "投诉：还没人管", author="甲", thread_id="t")
    assert handle_posts(session, [more], tools, now) == []
    assert (more.ticket_id, more.outcome) == (ticket.id, Outcome.JOIN)
    assert session.scalar(select(func.count()).where(Notification.event == "customer_message")) == 1


@pytest.mark.parametrize(
    ("author", "thread", "text"),
    [("乙", "t", "投诉：还没人管"), ("甲", "u", "投诉：还没人管"), ("", "t", "投诉：异响")],
    ids=["another author", "another thread", "nobody known"],
)
def test_others_and_other_threads_have_their_own_ticket(
    session: Session, tools: Tools, now: datetime, author: str, thread: str, text: str
) -> None:
    handle_posts(session, [make_post(session, tools, now, "投诉：异响", author="甲", thread_id="t")], tools, now)
    other = make_post(session, tools, now, text, author=author, thread_id=thread)
    assert len(handle_posts(session, [other], tools, now)) == 1


def test_the_same_words_of_the_same_author_are_one_case_wherever_posted(
    session: Session, tools: Tools, now: datetime
) -> None:
    posts = [make_post(session, tools, now, "投诉：异响！", author="甲", thread_id=thread) for thread in ("t", "u")]
    assert len(handle_posts(session, posts, tools, now)) == 1
    assert posts[0].ticket_id == posts[1].ticket_id


@pytest.mark.parametrize("together", [True, False])
def test_nearly_the_same_words_of_the_same_author_are_one_case(
    session: Session, tools: Tools, now: datetime, together: bool
) -> None:
    texts = (f"投诉：{COMPLAINTS[0]}", f"投诉：{EDITS['words swapped'](COMPLAINTS[0])}")
    posts = [make_post(session, tools, now, text, author="甲", thread_id=text[-3:]) for text in texts]
    for batch in [posts] if together else [posts[:1], posts[1:]]:
        handle_posts(session, batch, tools, now)
    assert posts[0].ticket_id == posts[1].ticket_id is not None
    assert posts[1].outcome is Outcome.JOIN


@pytest.mark.parametrize(
    ("author", "source"), [("乙", "api"), ("", "api"), ("甲", "import")], ids=["another", "nobody known", "elsewhere"]
)
def test_copies_of_others_have_their_own_outcome_and_share_a_cluster(
    session: Session, tools: Tools, now: datetime, author: str, source: str
) -> None:
    text = f"投诉：{COMPLAINTS[0]}"
    first = make_post(session, tools, now, text, author="甲")
    handle_posts(session, [first], tools, now)
    other = make_post(session, tools, now, text, author=author, source=built_in_source(session, source))
    assert len(handle_posts(session, [other], tools, now)) == 1
    assert first.cluster_id == other.cluster_id is not None


def test_after_the_end_of_a_case_the_author_gets_a_new_ticket(session: Session, tools: Tools, now: datetime) -> None:
    ticket = handle_posts(session, [make_post(session, tools, now, author="甲", thread_id="t")], tools, now)[0]
    act_on(session, ticket, Action.WITHDRAW, CUSTOMER, {"evidence": "好了"}, tools=tools, now=now)
    session.flush()
    again = make_post(session, tools, now, "投诉：又坏了", author="甲", thread_id="t")
    assert len(handle_posts(session, [again], tools, now)) == 1


@pytest.mark.parametrize("together", [True, False])
def test_a_follow_up_in_a_thread_goes_where_the_matter_is(
    session: Session, tools: Tools, now: datetime, together: bool
) -> None:
    posts = [
        make_post(session, tools, now, text, author=author, thread_id="t")
        for author, text in (("甲", "投诉：变速箱异响"), ("乙", "投诉：还是没人联系"))
    ]
    for batch in [posts] if together else [posts[:1], posts[1:]]:
        handle_posts(session, batch, tools, now)
    assert set(session.scalars(select(Assignment.department_id))) == {department_named(session, "质量技术").id}
    decided = session.scalars(select(Assignment.decided_by).order_by(Assignment.id)).all()
    assert decided == [DecidedBy.RULE, DecidedBy.THREAD]


@pytest.mark.parametrize(
    ("thread", "text", "department", "decided_by"),
    [
        ("u", "投诉：还是没人联系", "售后服务", DecidedBy.RULE),
        ("t", "投诉：发票一直没开，还是没人联系", "质量技术", DecidedBy.THREAD),
        ("t", "投诉：发票开错了", "财务与金融", DecidedBy.RULE),
    ],
    ids=["another thread", "the same thread", "a matter of its own"],
)
def test_only_a_follow_up_of_the_same_thread_inherits(
    session: Session, tools: Tools, now: datetime, thread: str, text: str, department: str, decided_by: DecidedBy
) -> None:
    handle_posts(session, [make_post(session, tools, now, "投诉：变速箱异响", author="甲", thread_id="t")], tools, now)
    ticket = handle_posts(session, [make_post(session, tools, now, text, author="乙", thread_id=thread)], tools, now)[0]
    session.flush()
    decided = session.scalars(select(Assignment.decided_by).where(Assignment.ticket_id == ticket.id)).one()
    assert (ticket.department.name, decided) == (department, decided_by)


def test_a_matter_that_nobody_took_is_not_inherited(session: Session, tools: Tools, now: datetime) -> None:
    for author, text in (("甲", "投诉：等了三个月"), ("乙", "投诉：没有任何答复")):
        handle_posts(session, [make_post(session, tools, now, text, author=author, thread_id="t")], tools, now)
    assert set(session.scalars(select(Assignment.decided_by))) == {DecidedBy.FALLBACK}


def test_the_places_of_a_post_are_kept_with_its_verdict(session: Session, tools: Tools, now: datetime) -> None:
    finder = PlaceFinder({"杭州": ("浙江", "杭州")}, {}, (), [DealerEntry("云栖店", ("云栖店",))])
    make_ticket(session, replace(tools, places=finder), now, "投诉：杭州云栖店不给修")
    details = session.scalars(select(Assessment.details)).one()
    assert (details["regions"], details["dealers"]) == (["浙江", "杭州"], ["云栖店"])


def test_safety_words_make_a_case_grave_at_once_and_supervisors_hear_of_it(
    session: Session, tools: Tools, now: datetime, cast: object
) -> None:
    ticket = make_ticket(session, tools, now, "刹车失灵，差点出事")
    assert (ticket.severity, ticket.severity_reason) == (Severity.CRITICAL, "安全：刹车失灵")
    told = session.scalars(select(Notification.recipient).where(Notification.event == "ticket_opened")).all()
    assert told == ["erin@example.com"]


@pytest.mark.parametrize("together", [True, False])
def test_a_graver_word_later_makes_the_case_graver(
    session: Session, tools: Tools, now: datetime, together: bool
) -> None:
    posts = [
        make_post(session, tools, now, text, author="甲", thread_id="t") for text in ("投诉：异响", "投诉：刹车失灵")
    ]
    for batch in [posts] if together else [posts[:1], posts[1:]]:
        handle_posts(session, batch, tools, now)
    ticket = session.scalars(select(Ticket)).one()
    assert (ticket.severity, ticket.severity_reason) == (Severity.CRITICAL, "安全：刹车失灵")


def test_a_case_that_grew_graver_has_shorter_clocks_and_is_told(session: Session, tools: Tools, now: datetime) -> None:
    for text in ("投诉：异响", "投诉：刹车失灵"):
        handle_posts(session, [make_post(session, tools, now, text, author="甲", thread_id="t")], tools, now)
    due = {f.kind.value: f.due_at for f in session.scalars(select(FollowUp))}
    assert due["first_contact"] == now + timedelta(hours=2)
    assert session.scalars(select(Ticket.next_action_at)).one() == min(due.values())
    told = select(Notification.recipient).where(Notification.event == Event.SEVERITY_RAISED)
    assert set(session.scalars(told)) == {"quality@example.com", "care@example.com"}


def test_a_milder_word_later_changes_nothing(session: Session, tools: Tools, now: datetime) -> None:
    for text in ("投诉：刹车失灵", "投诉：等回电"):
        handle_posts(session, [make_post(session, tools, now, text, author="甲", thread_id="t")], tools, now)
    assert session.scalars(select(Ticket.severity)).one() is Severity.CRITICAL


def test_posts_are_due_in_the_order_they_came_and_a_put_off_one_later(
    session: Session, tools: Tools, now: datetime
) -> None:
    posts = [make_post(session, tools, now) for _ in range(3)]
    put_off(posts[0], now.replace(year=2027))
    session.flush()
    assert due_posts(session, now, 10) == posts[1:]
    assert due_posts(session, now, 1) == posts[1:2]
    assert posts[0].failures == 1


def test_nothing_to_handle_is_no_error(session: Session, tools: Tools, now: datetime) -> None:
    assert handle_posts(session, [], tools, now) == []


def test_many_at_once_each_have_number_department_clock_and_history(
    session: Session, tools: Tools, now: datetime
) -> None:
    posts = [make_post(session, tools, now, f"投诉：第{number}件事") for number in range(150)]
    tickets = handle_posts(session, posts, tools, now)
    assert len({ticket.number for ticket in tickets}) == 150
    assert [ticket.id for ticket in tickets] == [post.ticket_id for post in posts]
    for column in (Assignment.ticket_id, FollowUp.ticket_id, AuditEntry.subject_id):
        assert session.scalar(select(func.count(column.distinct()))) == 150


def test_imported_history_becomes_tickets_of_which_nobody_is_mailed(
    session: Session, tools: Tools, now: datetime
) -> None:
    post: Post = make_post(session, tools, now, "投诉：变速箱异响")
    post.quiet = True
    assert handle_posts(session, [post], tools, now)[0].quiet
    assert session.scalar(select(func.count()).select_from(Notification)) == 0
