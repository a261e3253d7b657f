"""Posts that their source deleted: when we believe it, and what is left of them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.deletions import DeletedPosts
from monitor.domain.triage import Outcome
from monitor.services import evidence
from monitor.services.deletions import NOT_LISTED, Losses, note_losses
from monitor.services.intake import accept_posts
from monitor.services.pipeline import handle_posts
from monitor.services.tools import Tools
from monitor.storage.models import AuditEntry, Post, Seal, Source, Ticket
from monitor.storage.search import found_by
from scrapers.base import Batch, Census, Gone
from tests.fakes import raw

Lose = Callable[..., Losses]


@pytest.fixture
def source(session: Session, now: datetime) -> Source:
    """A forum with a thread of two posts and one of four."""
    row = Source(name="论坛", kind="discourse", options={}, cursor={})
    session.add(row)
    session.flush()
    raws = [
        raw(
            f"{thread}-{number}",
            f"投诉：第 {number} 次去{thread}",
            thread_id=thread,
            author=f"{thread}{number}",
            created_at=now - timedelta(hours=number),
        )
        for thread, count in (("短", 2), ("长", 4))
        for number in range(count)
    ]
    accept_posts(session, row, raws, pseudonym_key=b"k", now=now)
    return row


@pytest.fixture
def lose(session: Session, source: Source, now: datetime) -> Lose:
    """Tells of losses at the hour given."""

    def go(
        *, gone: tuple[Gone, ...] = (), census: Census | None = None, later: int = 1, policy: str = "hide"
    ) -> Losses:
        batch = Batch((), {}, gone=gone, censuses=(census,) if census else ())
        losses = note_losses(session, source, batch, DeletedPosts(policy), now + timedelta(hours=later))
        session.flush()
        session.expire_all()
        return losses

    return go


def _post(session: Session, external_id: str) -> Post:
    return session.scalars(select(Post).where(Post.external_id == external_id)).one()


def _found(session: Session, words: str) -> list[int]:
    condition = found_by(session, words)
    assert condition is not None
    return list(session.scalars(select(Ticket.id).where(condition)))


def test_what_the_source_says_is_believed_at_once(session: Session, lose: Lose, now: datetime) -> None:
    losses = lose(gone=(Gone("短-1", "来源标明已删除"), Gone("never seen", "x")))
    post = _post(session, "短-1")
    assert (len(losses.posts), post.gone_at, post.gone_how) == (1, now + timedelta(hours=1), "来源标明已删除")
    assert lose(gone=(Gone("短-1", "来源标明已删除"),), later=2).posts == [], "told once"


def test_a_hidden_text_leaves_its_length_and_its_hash(session: Session, lose: Lose) -> None:
    before = _post(session, "短-1").content_hash
    lose(gone=(Gone("短-1", "已删除"),))
    post = _post(session, "短-1")
    assert (post.text, post.title, post.url, post.length, post.content_hash) == ("", "", "", 10, before)
    assert [(revision.text, revision.hidden) for revision in post.revisions] == [("投诉：第 1 次去短", True)]
    assert (post.outcome, post.outcome_reason, post.handle_after) == (Outcome.IGNORE, "gone", None)


def test_an_erased_text_is_nowhere(session: Session, source: Source, lose: Lose, now: datetime) -> None:
    accept_posts(session, source, [raw("短-1", "投诉：改过的话", author="短1")], pseudonym_key=b"k", now=now)
    lose(gone=(Gone("短-1", "已删除"),), policy="erase")
    post = _post(session, "短-1")
    assert (post.text, [revision.text for revision in post.revisions]) == ("", [""])


def test_a_kept_text_is_marked_only(session: Session, lose: Lose) -> None:
    lose(gone=(Gone("短-1", "已删除"),), policy="keep")
    post = _post(session, "短-1")
    assert (post.text, post.gone_how, post.revisions) == ("投诉：第 1 次去短", "已删除", [])


def test_a_sure_list_of_a_thread_is_believed_at_once(session: Session, lose: Lose) -> None:
    losses = lose(census=Census(frozenset({"长-0", "长-3"}), thread_id="长", sure=True))
    assert {post.external_id for post in losses.posts} == {"长-1", "长-2"}
    assert _post(session, "长-1").gone_how == NOT_LISTED
    assert _post(session, "短-1").gone_at is None, "another thread"


def test_an_unsure_list_must_lack_a_post_twice(session: Session, lose: Lose, now: datetime) -> None:
    census = Census(frozenset({"长-0", "长-1", "长-2"}), thread_id="长")
    assert lose(census=census).posts == []
    assert _post(session, "长-3").missing_since == now + timedelta(hours=1)
    assert lose(census=census).posts == [], "the same visit again is no second look"
    assert [post.external_id for post in lose(census=census, later=2).posts] == ["长-3"]


def test_a_post_that_is_back_is_missed_no_longer(session: Session, lose: Lose) -> None:
    lose(census=Census(frozenset({"长-0", "长-1", "长-2"}), thread_id="长"))
    lose(census=Census(frozenset({"长-0", "长-1", "长-2", "长-3"}), thread_id="长"), later=2)
    assert _post(session, "长-3").missing_since is None


def test_a_window_says_nothing_of_what_is_older(session: Session, lose: Lose, now: datetime) -> None:
    since = now - timedelta(hours=1)
    census = Census(frozenset({"长-0", "短-0", "短-1"}), since=since, sure=True)
    assert [post.external_id for post in lose(census=census).posts] == ["长-1"]


def test_a_list_that_suddenly_lacks_most_is_doubted(session: Session, lose: Lose) -> None:
    losses = lose(census=Census(frozenset({"长-0"})))
    assert losses.posts == []
    assert losses.notes[0].text == "列表里一下子少了 5 条（一共存有 6 条），更像是来源出了问题，没有当作删除。"
    assert _post(session, "长-1").missing_since is None


def test_a_deleted_post_that_comes_back_is_shown_again(
    session: Session, source: Source, lose: Lose, now: datetime
) -> None:
    lose(gone=(Gone("短-1", "已删除"),))
    accepted = accept_posts(
        session, source, [raw("短-1", "投诉：第 1 次去短", author="短1")], pseudonym_key=b"k", now=now
    )
    session.expire_all()
    post = _post(session, "短-1")
    assert (accepted.edited, post.text, post.gone_at, post.gone_how) == (1, "投诉：第 1 次去短", None, "")
    assert len(post.revisions) == 1
    assert evidence.verify(session, source).problems == []


def test_a_ticket_about_it_loses_the_words_and_says_why(
    session: Session, tools: Tools, lose: Lose, now: datetime
) -> None:
    handle_posts(session, [_post(session, "短-1")], tools, now)
    ticket = session.scalars(select(Ticket)).one()
    assert _found(session, "次去短") == [ticket.id]
    lose(gone=(Gone("短-1", "已删除"),))
    assert ticket.summary.startswith("（原帖已删除）")
    assert _post(session, "短-1").assessments[0].details["cues"] == [], "they quote the post"
    assert _found(session, "次去短") == []
    assert "post_gone" in session.scalars(select(AuditEntry.action)).all()


def test_a_deletion_is_sealed_and_the_chain_stays_in_order(session: Session, source: Source, lose: Lose) -> None:
    lose(gone=(Gone("短-1", "已删除"),))
    facts = session.scalars(select(Seal.facts).order_by(Seal.number.desc())).first()
    assert facts == {"posts": [], "gone": [["短-1", "已删除"]]}
    report = evidence.verify(session, source)
    assert (report.problems, report.posts) == ([], 6)
