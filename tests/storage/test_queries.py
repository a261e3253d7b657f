"""The named questions, on each database."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import true
from sqlalchemy.orm import Session

from monitor.domain.alerts import Event
from monitor.domain.tickets import Action, Status
from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Severity
from monitor.services.acting import act_on
from monitor.services.audit import doer
from monitor.services.setup import built_in_source
from monitor.services.tools import Tools
from monitor.storage.models import CollectRun, Notification
from monitor.storage.queries.alerts import Delivery, count_failed, delivery_of, messages
from monitor.storage.queries.people import active_departments, all_members, member_signed_in
from monitor.storage.queries.posts import count_signals, known_fingerprints, newest_assessment, waiting_signals
from monitor.storage.queries.sources import all_sources, new_posts_by_day, runs_of
from monitor.storage.queries.tickets import (
    TicketLine,
    View,
    Wanted,
    history_of,
    load_case,
    other_tickets_of,
    ticket_lines,
    view_counts,
)
from tests.cast import Cast
from tests.factories import make_post, make_ticket


def _lines(session: Session, now: datetime, *, member_id: int = 0, **wanted: object) -> list[TicketLine]:
    asked = Wanted(**wanted)  # type: ignore[arg-type]
    return ticket_lines(session, asked, scope=true(), member_id=member_id, now=now).lines


def test_lists_and_counts_agree_in_every_view(session: Session, tools: Tools, cast: Cast, now: datetime) -> None:
    make_ticket(session, tools, now)
    make_ticket(session, tools, now - timedelta(days=30))
    taken = make_ticket(session, tools, now, "刹车失灵")
    act_on(session, taken, Action.TAKE_ON, doer(cast.bob), {}, tools=tools, now=now)
    gone = make_ticket(session, tools, now, "投诉：算我没说")
    act_on(session, gone, Action.WITHDRAW, doer(cast.alice), {"evidence": "不投诉了"}, tools=tools, now=now)
    session.flush()
    counts = view_counts(session, scope=true(), member_id=cast.bob.id, now=now)
    listed = {view: len(_lines(session, now, member_id=cast.bob.id, view=view)) for view in counts}
    assert listed == counts
    assert counts == {
        View.RECEIVED: 2,
        View.MINE: 1,
        View.SOON: 2,
        View.OVERDUE: 1,
        View.CALLBACK: 0,
        View.OPEN: 3,
        View.CLOSED: 1,
    }


@pytest.mark.parametrize("view", [View.OPEN, View.ALL])
def test_paging_shows_every_ticket_once(session: Session, tools: Tools, cast: Cast, now: datetime, view: View) -> None:
    made = {make_ticket(session, tools, now - timedelta(minutes=n % 3)).number for n in range(8)}
    session.flush()
    seen: list[str] = []
    after = ""
    while True:
        wanted = Wanted(view=view, after=after)
        page = ticket_lines(session, wanted, scope=true(), member_id=0, now=now, size=3)
        seen += [line.number for line in page.lines]
        after = page.next_after
        if not after:
            break
    assert len(seen) == len(set(seen)) == 8
    assert set(seen) == made


def test_filters_narrow_by_every_condition(session: Session, tools: Tools, cast: Cast, now: datetime) -> None:
    grave = make_ticket(session, tools, now, "刹车失灵")
    make_ticket(session, tools, now, "投诉：零件没到")
    session.flush()
    found = _lines(
        session,
        now,
        view=View.ALL,
        severity=Severity.CRITICAL,
        status=Status.ACCEPTED,
        department_id=grave.department_id,
        source_id=grave.source_id,
        text="刹车",
    )
    assert [line.number for line in found] == [grave.number]
    assert [line.summary for line in _lines(session, now, view=View.ALL, text="零件")] == ["投诉：零件没到"]


def test_a_case_comes_with_its_history_and_its_customers_other_cases(
    session: Session, tools: Tools, cast: Cast, now: datetime
) -> None:
    first = make_ticket(session, tools, now, "投诉：第一件", author="老王")
    second = make_ticket(session, tools, now, "投诉：第二件", author="老王")
    make_ticket(session, tools, now, "投诉：别人的", author="老李")
    session.flush()
    case = load_case(session, second.id)
    assert [post.text for post in case.posts] == ["投诉：第二件"]
    assert [line.number for line in other_tickets_of(session, case, scope=true())] == [first.number]
    assert [entry.action for entry in history_of(session, case.id)] == ["open"]


def test_signals_wait_newest_first(session: Session, tools: Tools, now: datetime) -> None:
    posts = [make_post(session, tools, now, f"算了，第{n}次") for n in range(3)]
    for post in posts:
        post.outcome = Outcome.SIGNAL
    session.flush()
    assert [p.id for p in waiting_signals(session, size=1)] == [posts[2].id, posts[1].id]
    assert [p.id for p in waiting_signals(session, before=posts[1].id)] == [posts[0].id]
    assert (count_signals(session), count_signals(session, most=2)) == (3, 2)
    assert newest_assessment(posts[0]) is None
    assert known_fingerprints(session, {posts[0].fingerprint, "never"}) == {posts[0].fingerprint}


def test_visits_are_counted_by_day(session: Session, now: datetime) -> None:
    source = built_in_source(session, "api")
    for hours, new in ((100, 50), (25, 7), (2, 3), (1, 2)):
        at = now - timedelta(hours=hours)
        session.add(CollectRun(source_id=source.id, started_at=at, finished_at=at, new=new, rejections=[]))
    session.flush()
    days = [now - timedelta(days=2), now - timedelta(days=1), now]
    assert new_posts_by_day(session, days)[source.id] == [7, 5]
    assert [run.new for run in runs_of(session, source.id, size=1)] == [2, 3]
    assert all_sources(session)[-1].origin == "built-in"


def test_messages_are_told_apart_by_how_far_they_came(session: Session, now: datetime) -> None:
    states = {"waiting": (None, now, ""), "sent": (now, None, ""), "failed": (None, None, "拒收")}
    for key, (sent_at, next_attempt_at, error) in states.items():
        session.add(
            Notification(key=key, event=Event.ANSWER, channel="mail", recipient="a@example.com", subject=key, text="",
                         html="", created_at=now, sent_at=sent_at, next_attempt_at=next_attempt_at, error=error)
        )  # fmt: skip
    session.flush()
    for delivery in Delivery:
        found = messages(session, delivery=delivery)
        assert [m.subject for m in found] == [delivery.value]
        assert delivery_of(found[0]) is delivery
    assert len(messages(session)) == 3
    assert count_failed(session) == 1


def test_people_come_with_their_departments(session: Session, cast: Cast) -> None:
    assert active_departments(session)[0].is_fallback
    cast.sam.active = False
    session.flush()
    assert all_members(session)[-1].login == "sam"
    bob = member_signed_in(session, cast.bob.id)
    assert bob is not None
    assert bob.department is not None
    assert bob.department.name == "质量技术"
    assert member_signed_in(session, 9999) is None
