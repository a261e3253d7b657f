"""The one door: identity, edits, rubbish, and what is known of authors."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.services.intake import Accepted, accept_posts
from monitor.services.pipeline import handle_posts
from monitor.services.setup import built_in_source
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import AuditEntry, Customer, Post, PostRevision, Source
from scrapers.base import RawPost
from tests.fakes import raw

KEY = b"k" * 32


@pytest.fixture
def source(session: Session) -> Source:
    """Where the posts come from."""
    return built_in_source(session, "api")


def _accept(session: Session, source: Source, now: datetime, *raws: RawPost) -> Accepted:
    accepted = accept_posts(session, source, raws, pseudonym_key=KEY, now=now)
    session.flush()
    assert accepted.fetched == len(raws), "what came in is all accounted for"
    return accepted


def _posts(session: Session) -> list[Post]:
    return list(session.scalars(select(Post).order_by(Post.id)))


def test_a_new_post_is_kept_and_waits_to_be_handled(session: Session, source: Source, now: datetime) -> None:
    written = RawPost(
        "1", "正文", title="标题", url="https://example.com/1", created_at=now, rating=1.0, rating_scale=5
    )
    assert _accept(session, source, now, written).new == 1
    post = _posts(session)[0]
    assert (post.external_id, post.title, post.text, post.url) == ("1", "标题", "正文", "https://example.com/1")
    assert (post.handle_after, post.first_seen_at, post.created_at) == (now, now, now)


def test_a_second_fetch_changes_nothing(session: Session, source: Source, now: datetime) -> None:
    _accept(session, source, now, raw("1"), raw("2"))
    _posts(session)[0].handle_after = None
    again = _accept(session, source, now + timedelta(hours=1), raw("1"), raw("2"))
    assert (again.new, again.edited, again.unchanged) == (0, 0, 2)
    assert [post.handle_after for post in _posts(session)] == [None, now]
    assert session.scalar(select(func.count()).select_from(PostRevision)) == 0


def test_the_same_id_elsewhere_is_another_post(session: Session, source: Source, now: datetime) -> None:
    _accept(session, source, now, raw("1"))
    assert _accept(session, built_in_source(session, "import"), now, raw("1")).new == 1


def test_an_edit_becomes_a_revision_and_is_looked_at_again(
    session: Session, source: Source, tools: Tools, now: datetime
) -> None:
    _accept(session, source, now, raw("1", "今天提车", title="旧"))
    handle_posts(session, _posts(session), tools, now)
    later = now + timedelta(days=1)
    assert _accept(session, source, later, raw("1", "投诉：坏了", title="新")).edited == 1
    post = _posts(session)[0]
    session.refresh(post)
    assert (post.title, post.text, post.handle_after, post.edited_at) == ("新", "投诉：坏了", later, later)
    assert [(r.title, r.text, r.replaced_at) for r in post.revisions] == [("旧", "今天提车", later)]
    assert len(handle_posts(session, [post], tools, later)) == 1


def test_an_edit_of_a_ticketed_post_stays_in_its_ticket_and_in_its_history(
    session: Session, source: Source, tools: Tools, now: datetime
) -> None:
    _accept(session, source, now, raw("1", "投诉：坏了"))
    ticket = handle_posts(session, _posts(session), tools, now)[0]
    _accept(session, source, now, raw("1", "投诉：又坏了"))
    assert handle_posts(session, _posts(session), tools, now) == []
    assert _posts(session)[0].ticket_id == ticket.id
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == ticket.id)).all()
    assert {"post_edited", "post_joined"} <= set(actions)


def test_two_very_long_ids_that_begin_alike_stay_two(session: Session, source: Source, now: datetime) -> None:
    long = "https://example.com/?q=" + "x" * 600
    for _ in range(2):
        _accept(session, source, now, raw(long + "1"), raw(long + "2"))
    assert len(_posts(session)) == 2


def test_of_one_id_twice_in_a_batch_the_later_wording_stays(session: Session, source: Source, now: datetime) -> None:
    accepted = _accept(session, source, now, raw("1", "先"), raw("1", "后"), raw("2"))
    assert (accepted.new, accepted.unchanged) == (2, 1)
    assert _posts(session)[0].text == "后"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JavaScript:x", "data:text/html,x", " \x00javascript:x", "/path"]
)
def test_a_link_that_a_browser_must_not_follow_is_dropped(
    session: Session, source: Source, now: datetime, url: str
) -> None:
    _accept(session, source, now, raw("1", url=url))
    assert _posts(session)[0].url == ""


def test_a_post_without_id_or_words_is_refused_with_a_reason(session: Session, source: Source, now: datetime) -> None:
    accepted = _accept(session, source, now, raw(""), raw("\x00 "), raw("3", " \u200b\n"), raw("4", "", title="有标题"))
    assert accepted.new == 1
    assert [(r.place, r.reason) for r in accepted.rejections] == [
        ("", "没有编号，认不出是哪一条"),
        ("", "没有编号，认不出是哪一条"),
        ("3", "没有文字"),
    ]


def test_unprintable_signs_are_taken_out_and_the_words_kept(session: Session, source: Source, now: datetime) -> None:
    _accept(
        session,
        source,
        now,
        raw("1\x00", "刹\x00车\ud800坏\u200b了", title="\udfff题", author="\ud800", thread_id="\x00t"),
    )
    post = _posts(session)[0]
    assert (post.external_id, post.text, post.title, post.thread_id) == ("1", "刹车坏了", "题", "t")


def test_ten_megabytes_are_taken_in_and_handled(session: Session, source: Source, tools: Tools, now: datetime) -> None:
    long = "投诉：" + "等了三个月，" * 580_000
    assert len(long.encode()) > 10_000_000
    _accept(session, source, now, raw("1", long))
    ticket = handle_posts(session, _posts(session), tools, now)[0]
    assert len(ticket.posts[0].text) == len(long)
    assert len(ticket.summary) <= 60


def test_of_an_author_only_a_keyed_pseudonym_is_kept(session: Session, source: Source, now: datetime) -> None:
    _accept(
        session,
        source,
        now,
        raw("1", author="车友老李"),
        raw("2", author="车友老李"),
        raw("3", author="别人"),
        raw("4"),
    )
    posts = _posts(session)
    assert posts[0].customer_id == posts[1].customer_id != posts[2].customer_id
    assert posts[3].customer_id is None
    customer = session.get_one(Customer, posts[0].customer_id)
    assert (customer.name, customer.phone, customer.email) == ("", "", "")
    assert "老李" not in customer.pseudonym
    other = built_in_source(session, "import")
    accept_posts(session, other, [raw("1", author="车友老李")], pseudonym_key=KEY, now=now)
    accept_posts(session, source, [raw("9", author="车友老李")], pseudonym_key=b"other", now=now)
    assert len(set(session.scalars(select(Post.customer_id).where(Post.customer_id.is_not(None))))) == 4


raws = st.lists(
    st.builds(
        raw,
        st.sampled_from(["1", "2", "3", "", " "]),
        st.sampled_from(["投诉：坏了", "投诉：好了", "", "\x00", "今天"]),
        author=st.sampled_from(["", "甲", "乙"]),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(raws, max_size=3))
def test_whatever_comes_the_counts_add_up(
    session: Session, source: Source, now: datetime, batches: list[list[RawPost]]
) -> None:
    point = session.begin_nested()
    new = sum(_accept(session, source, now, *batch).new for batch in batches)
    assert len(_posts(session)) == new
    point.rollback()
    session.expire_all()


def test_more_than_a_chunk_is_taken_in_order(session: Session, source: Source, now: datetime) -> None:
    assert _accept(session, source, now, *[raw(str(n)) for n in range(1203)]).new == 1203
    assert [post.external_id for post in _posts(session)] == [str(n) for n in range(1203)]


def test_two_who_bring_the_same_posts_at_once_make_one_of_each(database: Database, now: datetime) -> None:
    batch = [raw(str(number), author=f"作者{number % 5}") for number in range(40)]

    def bring(_: int) -> Accepted:
        with database.writing.begin() as session:
            return accept_posts(session, built_in_source(session, "api"), batch, pseudonym_key=KEY, now=now)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(bring, range(4)))
    assert sum(accepted.new for accepted in results) == 40
    assert all(accepted.fetched == 40 for accepted in results)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Post)) == 40
        assert session.scalar(select(func.count()).select_from(Customer)) == 5
