"""A preview says what would be stored, and stores nothing."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.services.intake import accept_posts
from monitor.services.previewing import preview_of
from monitor.storage.models import Post, Source
from scrapers.base import Batch
from tests.fakes import raw


def _source(session: Session) -> Source:
    row = Source(name="论坛", kind="feed", options={}, cursor={})
    session.add(row)
    session.flush()
    return row


def test_each_post_is_told_its_fate(session: Session, now: datetime) -> None:
    source = _source(session)
    accept_posts(session, source, [raw("1", "刹车异响"), raw("2", "空调不凉")], pseudonym_key=b"k", now=now)
    batch = Batch(
        (raw("1", "刹车异响"), raw("2", "空调不凉，去了两次"), raw("3", "招聘"), raw("4", "油耗高"), raw("5", " ")), {}
    )
    preview = preview_of(session, batch, source_id=source.id, wanted=lambda _title, text, _url: "招聘" not in text)
    assert [each.fate for each in preview.seen] == ["known", "edited", "filtered", "new", "refused"]
    assert preview.count("new") == 1
    assert session.scalar(select(func.count()).select_from(Post)) == 2


def test_before_a_source_is_stored_the_same_words_from_anywhere_are_known(session: Session, now: datetime) -> None:
    accept_posts(session, _source(session), [raw("1", "刹车异响！")], pseudonym_key=b"k", now=now)
    preview = preview_of(session, Batch((raw("x", "刹车异响"), raw("y", "油耗高")), {}))
    assert [each.fate for each in preview.seen] == ["known", "new"]


def test_the_share_of_filled_fields_is_told(session: Session) -> None:
    preview = preview_of(session, Batch((raw("1", author="甲"), raw("2"), raw("3", author="乙", rating=2.0)), {}))
    shares = dict(preview.shares)
    assert (round(shares["author"], 2), round(shares["rating"], 2), shares["text"]) == (0.67, 0.33, 1.0)


def test_nothing_at_all_has_no_shares_but_zero(session: Session) -> None:
    assert {share for _, share in preview_of(session, Batch((), {})).shares} == {0.0}
