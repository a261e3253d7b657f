"""What people said, as rows to train and to test on."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.learning import AuditRow, Lesson, Stratum, is_frozen
from monitor.domain.tickets import Status
from monitor.domain.verdicts import Expression, Polarity
from monitor.services.audit import doer
from monitor.services.correcting import correct
from monitor.services.pipeline import handle_posts
from monitor.services.routing import department_named, reassign
from monitor.services.signals import accept_signal, dismiss_signal
from monitor.services.spot_checks import answer
from monitor.services.teaching import audit_rows, department_rows, lessons
from monitor.services.tools import Tools
from monitor.storage.models import Post, SpotCheck, Ticket
from tests.cast import Cast
from tests.factories import make_post

MakePost = Callable[..., Post]


@pytest.fixture
def handled(session: Session, tools: Tools, now: datetime) -> MakePost:
    """Makes posts that were handled, frozen or not as wanted: being frozen hangs on the number alone."""

    def make(text: str, *, frozen: bool = False) -> Post:
        while True:
            post = make_post(session, tools, now, text)
            if is_frozen(post.id) is frozen:
                handle_posts(session, [post], tools, now)
                session.flush()
                session.refresh(post)
                return post
            post.text, post.fingerprint, post.handle_after = "", f"passed over {post.id}", None

    return make


def test_a_correction_becomes_a_lesson_with_what_was_said_and_no_more(
    session: Session, handled: MakePost, cast: Cast, now: datetime
) -> None:
    first, second = handled("今天天气不错"), handled("投诉：电话 13800138000 没人接")
    correct(session, first, doer(cast.alice), now, polarity=Polarity.NEGATIVE, expression=Expression.IMPLICIT)
    correct(session, first, doer(cast.alice), now, topic="配件")
    correct(session, second, doer(cast.alice), now, department="售后服务")
    assert lessons(session) == [
        Lesson("今天天气不错", "negative", "implicit", "配件", ""),
        Lesson("投诉：电话 〔联系方式〕 没人接", "", "", "", "售后服务"),
    ]


def test_deciding_a_signal_teaches_too(
    session: Session, tools: Tools, handled: MakePost, cast: Cast, now: datetime
) -> None:
    reasons = ("satisfied", "neutral", "advert", "handled", "not_ours")
    for reason in reasons:
        dismiss_signal(session, handled(f"算了{reason}"), doer(cast.alice), reason, now)
    accept_signal(session, handled("算了，真的"), doer(cast.alice), tools=tools, now=now)
    found = {lesson.text: (lesson.label, lesson.expression) for lesson in lessons(session)}
    assert found == {
        "算了satisfied": ("positive", "none"),
        "算了neutral": ("neutral", "none"),
        "算了advert": ("neutral", "none"),
        "算了，真的": ("negative", ""),
    }


def test_a_correction_weighs_more_than_a_decision(
    session: Session, handled: MakePost, cast: Cast, now: datetime
) -> None:
    post = handled("算了")
    dismiss_signal(session, post, doer(cast.alice), "handled", now)
    correct(session, post, doer(cast.erin), now, polarity=Polarity.NEGATIVE)
    assert [lesson.label for lesson in lessons(session)] == ["negative"]


def test_a_frozen_post_and_its_copies_never_teach(
    session: Session, handled: MakePost, cast: Cast, now: datetime
) -> None:
    frozen, copy, other = handled("天气不错", frozen=True), handled("天气不错！"), handled("天气很热")
    check = SpotCheck(post=frozen, drawn_at=now, stratum=Stratum.UNFLAGGED, weight=1.0, frozen=True)
    session.add(check)
    session.flush()
    answer(session, check, doer(cast.alice), now, polarity=Polarity.NEGATIVE, department="售后服务")
    for post in (frozen, copy, other):
        correct(session, post, doer(cast.alice), now, polarity=Polarity.NEGATIVE, department="售后服务")
    assert [lesson.text for lesson in lessons(session)] == ["天气很热"]
    assert department_rows(session) == [("天气很热", "售后服务")]
    assert audit_rows(session) == [AuditRow(frozen.id, "天气不错", Polarity.NEGATIVE)]


def test_a_frozen_post_does_not_teach_even_before_it_is_drawn(
    session: Session, handled: MakePost, cast: Cast, now: datetime
) -> None:
    correct(session, handled("天气不错", frozen=True), doer(cast.alice), now, polarity=Polarity.NEGATIVE)
    assert lessons(session) == []
    assert audit_rows(session) == [], "it was not drawn, so it says nothing of the other posts"


def test_an_edited_post_neither_teaches_nor_tests(
    session: Session, handled: MakePost, cast: Cast, now: datetime
) -> None:
    post = handled("天气不错")
    correct(session, post, doer(cast.alice), now, polarity=Polarity.NEGATIVE)
    post.edited_at = now + timedelta(hours=1)
    session.flush()
    assert [lesson.label for lesson in lessons(session)] == []


def test_a_closed_case_teaches_who_was_responsible_in_the_end(
    session: Session, handled: MakePost, cast: Cast, now: datetime
) -> None:
    for text in ("投诉：一", "投诉：二"):
        handled(text)
    first, second = session.scalars(select(Ticket).order_by(Ticket.id))
    reassign(first, department_named(session, "质量技术"), doer(cast.erin), "查过了", now)
    first.status = Status.CLOSED
    session.flush()
    assert department_rows(session) == [("投诉：一", "质量技术")], "the other case is still open"
    correct(session, second.posts[0], doer(cast.alice), now, department="配件物流")
    correct(session, first.posts[0], doer(cast.alice), now, department="售后服务")
    assert department_rows(session) == [("投诉：一", "售后服务"), ("投诉：二", "配件物流")]
    department_named(session, "配件物流").active = False
    session.flush()
    assert department_rows(session) == [("投诉：一", "售后服务")]
