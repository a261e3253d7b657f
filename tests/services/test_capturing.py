"""Posts copied by hand: once, with who, when and a hash."""

import hashlib
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid
from monitor.services.audit import doer
from monitor.services.capturing import MOST, Copied, capture, count_from
from monitor.services.tools import Tools
from monitor.storage.models import AuditEntry, Capture, Post
from tests.cast import assemble

URL = "https://weibo.example/1"


def test_who_when_and_what_is_kept(session: Session, tools: Tools, now: datetime) -> None:
    carol = assemble(session, now).carol
    copied = Copied(text="  刹车异响，算了。 ", url=URL, author="某车主", written_at=now - timedelta(hours=3))
    captured = capture(session, copied, doer(carol), tools, now)
    assert (captured.fresh, captured.post.text, captured.post.url) == (True, "刹车异响，算了。", URL)
    assert captured.post.customer_id is not None
    assert "某车主" not in str(captured.post.customer.pseudonym if captured.post.customer else "")
    row = session.scalars(select(Capture)).one()
    assert (row.member_id, row.captured_at, row.url) == (carol.id, now, URL)
    assert row.sha256 == hashlib.sha256("  刹车异响，算了。 ".encode()).hexdigest()
    assert session.scalars(select(AuditEntry.action)).all()[-1] == "post_captured"


def test_the_same_words_of_the_same_page_are_one_post_and_both_copies_are_noted(
    session: Session, tools: Tools, now: datetime
) -> None:
    cast = assemble(session, now)
    first = capture(session, Copied(text="刹车异响，算了。", url=URL), doer(cast.alice), tools, now)
    second = capture(session, Copied(text="刹车异响,算了", url=URL), doer(cast.carol), tools, now)
    assert (second.fresh, second.post.id) == (False, first.post.id)
    assert len(session.scalars(select(Capture)).all()) == 2


def test_two_comments_of_one_page_are_two_posts(session: Session, tools: Tools, now: datetime) -> None:
    alice = doer(assemble(session, now).alice)
    capture(session, Copied(text="刹车异响", url=URL), alice, tools, now)
    assert capture(session, Copied(text="空调不凉", url=URL), alice, tools, now).fresh
    assert (count_from(session, URL), count_from(session, "https://other.example")) == (2, 0)
    assert len(session.scalars(select(Post)).all()) == 2


@pytest.mark.parametrize(
    ("copied", "field"),
    [
        (Copied(text=" \x00 "), "text"),
        (Copied(text="长" * (MOST + 1)), "text"),
        (Copied(text="好", url="javascript:alert(1)"), "url"),
        (Copied(text="好", url="https://a.example/" + "x" * 2000), "url"),
    ],
)
def test_what_cannot_be_kept_is_named(
    session: Session, tools: Tools, now: datetime, copied: Copied, field: str
) -> None:
    alice = doer(assemble(session, now).alice)
    with pytest.raises(Invalid) as refused:
        capture(session, copied, alice, tools, now)
    assert list(refused.value.fields) == [field]
