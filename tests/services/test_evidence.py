"""A chain of seals per source, and what checking it finds."""

import zlib
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from monitor.domain.text import content_hash
from monitor.services.evidence import Report, drop_old_bodies, keep_bodies, verify
from monitor.services.intake import accept_posts
from monitor.storage.models import Post, PostRevision, Seal, SealedPayload, Source
from scrapers.base import Payload
from tests.fakes import raw

PAGE = Payload("https://bbs.example.com/1?token=geheim", "<p>刹车异响</p>".encode())
Take = Callable[..., None]


@pytest.fixture
def source(session: Session) -> Source:
    """A forum."""
    row = Source(name="论坛", kind="feed", options={}, cursor={})
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def take(session: Session, source: Source, now: datetime) -> Take:
    """Takes posts in, with the page they stood on, whose body is kept."""

    def go(*texts: str, later: int = 0) -> None:
        raws = [raw(str(number), text) for number, text in enumerate(texts)]
        at = now + timedelta(hours=later)
        accepted = accept_posts(session, source, raws, pseudonym_key=b"k", now=at, payloads=(PAGE,))
        if accepted.seal is not None:
            keep_bodies(session, accepted.seal, (PAGE,), at)
        session.flush()

    return go


def _check(session: Session, source: Source) -> Report:
    session.flush()
    session.expire_all()
    return verify(session, source)


def test_what_nobody_touched_is_in_order(session: Session, source: Source, take: Take) -> None:
    take("刹车异响", "空调不凉")
    take("刹车异响，去了三次", "空调不凉", later=1)
    take("刹车异响，去了三次", "空调不凉", later=2)
    report = _check(session, source)
    assert (report.problems, report.seals, report.posts, report.bodies) == ([], 2, 2, 2)
    assert report.head == session.scalars(select(Seal.seal).order_by(Seal.number.desc())).first()


def test_secrets_in_an_address_are_not_sealed_with_it(session: Session, take: Take) -> None:
    take("刹车异响")
    assert "geheim" not in str(session.scalars(select(Seal.facts)).one())


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (update(Post).where(Post.external_id == "0").values(text="刹车很好"), "文字与收到时不同"),
        (
            update(Post)
            .where(Post.external_id == "0")
            .values(text="刹车很好", content_hash=content_hash("", "刹车很好")),
            "没有对应的封条",
        ),
        (delete(PostRevision), ""),
        (update(PostRevision).values(text="刹车很好"), "较早的文字被改过"),
        (delete(Post).where(Post.external_id == "1"), "1 条封存过的帖子不在库里"),
        (update(Seal).where(Seal.number == 1).values(facts={"posts": []}), "第 1 个封条的内容被改过"),
        (update(SealedPayload).values(body=zlib.compress(b"other")), "原始页面被改过"),
        (update(SealedPayload).values(body=b"rubbish"), "原始页面被改过"),
    ],
)
def test_what_was_altered_is_found(session: Session, source: Source, take: Take, tamper: object, found: str) -> None:
    take("刹车异响", "空调不凉")
    take("刹车异响，去了三次", "空调不凉", later=1)
    session.execute(tamper)  # type: ignore[call-overload]
    problems = _check(session, source).problems
    assert any(found in problem for problem in problems) if found else problems == []


def test_a_seal_that_was_taken_out_is_missed(session: Session, source: Source, take: Take) -> None:
    for number in range(3):
        take(f"第 {number} 次去", later=number)
    session.execute(delete(SealedPayload))
    session.execute(delete(Seal).where(Seal.number == 2))
    problems = _check(session, source).problems
    assert "第 2 个封条不见了（下一个是第 3 个）" in problems


def test_posts_from_before_sealing_are_counted_and_no_fault(
    session: Session, source: Source, take: Take, now: datetime
) -> None:
    take("很早的一条", later=-1)
    session.execute(delete(SealedPayload))
    session.execute(delete(Seal))
    accept_posts(session, source, [raw("neu", "刚来的一条")], pseudonym_key=b"k", now=now)
    report = _check(session, source)
    assert (report.problems, report.unsealed, report.posts) == ([], 1, 2)


def test_bodies_are_kept_for_their_days_and_the_chain_stays_whole(
    session: Session, source: Source, take: Take, now: datetime
) -> None:
    take("刹车异响")
    drop_old_bodies(session, now + timedelta(days=29), 30)
    assert _check(session, source).bodies == 1
    drop_old_bodies(session, now + timedelta(days=31), 30)
    report = _check(session, source)
    assert (report.bodies, report.problems) == (0, [])
