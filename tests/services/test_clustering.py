"""Posts that say the same find each other, and their cluster says how it spread."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from monitor.domain.deletions import DeletedPosts
from monitor.domain.likeness import Spread
from monitor.services.clustering import cluster_posts
from monitor.services.deletions import note_losses
from monitor.services.intake import accept_posts
from monitor.services.setup import built_in_source
from monitor.services.tools import Tools
from monitor.storage.models import Cluster, Post, PostBand, Source
from scrapers.base import Batch, Gone, RawPost
from tests.wordings import COMPLAINTS, EDITS, OTHER_ORDER, simplify

TEXT = COMPLAINTS[0]
Say = Callable[..., Post]


@pytest.fixture
def forum(session: Session) -> Source:
    """Where the posts of most tests stand."""
    return built_in_source(session, "api")


@pytest.fixture
def say(session: Session, tools: Tools, forum: Source, now: datetime) -> Say:
    """Takes a post in, or another wording of one that is there; it is not yet compared with others."""
    numbers = count(1)

    def take(text: str, author: str = "甲", *, at: datetime = now, source: Source = forum, **more: Any) -> Post:
        given = {"external_id": f"said-{next(numbers)}"} | more
        raw = RawPost(text=text, author=author, created_at=at, **given)
        accept_posts(session, source, [raw], pseudonym_key=tools.pseudonym_key, now=now)
        return session.scalars(select(Post).filter_by(external_id=raw.external_id, source_id=source.id)).one()

    return take


@pytest.fixture
def said(session: Session, say: Say) -> Say:
    """Takes a post in and clusters it."""

    def take(*given: str, **more: Any) -> Post:
        post = say(*given, **more)
        cluster_posts(session, [post], simplify)
        return post

    return take


def _cluster(session: Session, post: Post) -> Cluster:
    session.flush()
    assert post.cluster_id is not None
    return session.get_one(Cluster, post.cluster_id, populate_existing=True)


def _figures(session: Session, post: Post) -> tuple[Spread, int, int]:
    cluster = _cluster(session, post)
    return cluster.spread, cluster.size, cluster.authors


def test_copies_of_other_authors_and_sources_are_one_cluster(session: Session, said: Say, now: datetime) -> None:
    first = said(TEXT, "甲", at=now - timedelta(days=1))
    assert first.cluster_id is None
    second = said(EDITS["passed on"](TEXT), "乙", source=built_in_source(session, "import"))
    third = said(EDITS["words swapped"](TEXT), "")
    session.refresh(first)
    assert first.cluster_id == second.cluster_id == third.cluster_id
    assert _figures(session, first) == (Spread.REPOST, 3, 2)
    assert (_cluster(session, first).first_at, _cluster(session, first).last_at) == (now - timedelta(days=1), now)


def test_posts_of_one_batch_are_compared_with_one_another(session: Session, say: Say) -> None:
    posts = [say(text) for text in (TEXT, COMPLAINTS[1], EDITS["traditional"](TEXT), EDITS["faces"](COMPLAINTS[1]))]
    cluster_posts(session, posts, simplify)
    assert posts[0].cluster_id == posts[2].cluster_id != posts[1].cluster_id == posts[3].cluster_id


def test_what_is_unlike_is_no_cluster(session: Session, say: Say) -> None:
    texts = (
        *COMPLAINTS,
        *OTHER_ORDER[0],
        *OTHER_ORDER[1],
        "好评",
        "差评",
        "服务太差了",
        "服务太差",
        "转发微博",
        "转发微博",
    )
    posts = [say(text) for text in texts]
    cluster_posts(session, posts, simplify)
    assert {post.cluster_id for post in posts} == {None}
    assert session.scalars(select(Cluster)).all() == []


def test_a_title_is_compared_only_where_there_is_no_text(session: Session, say: Say) -> None:
    replies = [say(text, title=f"Re: {TEXT}") for text in ("顶", "路过，同问")]
    posts = [say("", title=COMPLAINTS[1], external_id="bare"), say(COMPLAINTS[1])]
    cluster_posts(session, [*replies, *posts], simplify)
    assert [reply.cluster_id for reply in replies] == [None, None]
    assert posts[0].cluster_id == posts[1].cluster_id is not None


def test_one_author_repeats_himself(session: Session, said: Say) -> None:
    said(TEXT)
    assert _figures(session, said(EDITS["cut to 70 %"](TEXT))) == (Spread.DUPLICATE, 2, 1)
    assert _figures(session, said(TEXT)) == (Spread.DUPLICATE, 3, 1)


def test_many_authors_within_hours_are_a_campaign_and_over_months_a_form(
    session: Session, said: Say, now: datetime
) -> None:
    fast = [said(TEXT, f"车友{n}", at=now + timedelta(minutes=n)) for n in range(4)]
    slow = [said(COMPLAINTS[1], f"车友{n}", at=now - n * timedelta(days=30)) for n in range(4)]
    assert _figures(session, fast[-1]) == (Spread.CAMPAIGN, 4, 4)
    assert _figures(session, slow[-1]) == (Spread.TEMPLATE, 4, 4)


def test_who_answers_a_post_with_its_own_words_quotes_it(session: Session, said: Say) -> None:
    said(TEXT, "甲", external_id="first")
    answers = [said(TEXT + "同感", author, parent_id="first") for author in "乙丙丁戊"]
    assert _figures(session, answers[-1]) == (Spread.REPOST, 5, 5)


@pytest.mark.parametrize("text", ["服务太差了！", "哈" * 30])
def test_equal_short_posts_are_votes(session: Session, said: Say, text: str) -> None:
    posts = [said(text, f"车友{n}") for n in range(5)]
    assert _figures(session, posts[-1]) == (Spread.TEMPLATE, 5, 5)


def test_a_post_edited_into_something_else_leaves_its_cluster(session: Session, said: Say, now: datetime) -> None:
    first, second = said(TEXT, "甲", at=now - timedelta(days=1)), said(TEXT, "乙")
    left = _cluster(session, second)
    edited = said(COMPLAINTS[1], "甲", external_id=first.external_id)
    assert edited is first
    assert first.cluster_id is None
    assert _figures(session, second) == (Spread.SINGLE, 1, 1)
    assert left.first_at == now
    assert said(COMPLAINTS[1], "丙").cluster_id == first.cluster_id is not None
    assert said(TEXT, "丙").cluster_id == second.cluster_id == left.id


def test_a_post_edited_into_a_copy_joins(session: Session, said: Say) -> None:
    first, other = said(TEXT, "甲"), said(COMPLAINTS[1], "乙")
    said(TEXT, "乙", external_id=other.external_id)
    assert first.cluster_id == other.cluster_id is not None
    assert _figures(session, other) == (Spread.REPOST, 2, 2)


def test_a_small_edit_changes_nothing(session: Session, said: Say) -> None:
    first, second = said(TEXT, "甲"), said(TEXT, "乙")
    before = second.cluster_id
    said(EDITS["faces"](TEXT), "乙", external_id=second.external_id)
    assert first.cluster_id == second.cluster_id == before
    assert _figures(session, second) == (Spread.REPOST, 2, 2)


def test_a_cluster_that_nobody_is_left_in_ends(session: Session, said: Say, say: Say) -> None:
    posts = [said(TEXT, author) for author in "甲乙"]
    edited = [say(COMPLAINTS[n + 1], external_id=post.external_id) for n, post in enumerate(posts)]
    cluster_posts(session, edited, simplify)
    session.flush()
    assert session.scalars(select(Cluster)).all() == []


def test_an_edited_post_is_found_by_its_new_words_alone(session: Session, said: Say) -> None:
    post = said(TEXT)
    said(COMPLAINTS[1], external_id=post.external_id)
    rows = session.scalars(select(PostBand).filter_by(post_id=post.id)).all()
    assert said(COMPLAINTS[2]).cluster_id is None
    assert len(rows) == 20


@pytest.mark.parametrize("policy", list(DeletedPosts))
def test_deleted_posts_stay_counted(
    session: Session, said: Say, forum: Source, now: datetime, policy: DeletedPosts
) -> None:
    first, second = said(TEXT, "甲"), said(TEXT, "乙")
    lost = Batch((), {}, gone=(Gone(first.external_id, "已删除"), Gone(second.external_id, "已删除")))
    note_losses(session, forum, lost, policy, now)
    session.flush()
    third = said(TEXT, "丙")
    if policy is DeletedPosts.ERASE:  # nothing is left to compare with
        assert third.cluster_id is None
        assert _figures(session, second) == (Spread.REPOST, 2, 2)
    else:
        assert _figures(session, third) == (Spread.REPOST, 3, 3)


def test_a_large_cluster_is_counted_exactly_and_stays_a_campaign(session: Session, say: Say, now: datetime) -> None:
    posts = [say(TEXT + str(n), f"车友{n // 2}", at=now + timedelta(minutes=n)) for n in range(90)]
    for start in range(0, 90, 30):
        cluster_posts(session, posts[start : start + 30], simplify)
    assert _figures(session, posts[-1]) == (Spread.CAMPAIGN, 90, 45)
    late = [say(TEXT, author, at=now + timedelta(days=90)) for author in ("车友3", "新来的", "新来的", "", "")]
    cluster_posts(session, late, simplify)
    assert _figures(session, late[0]) == (Spread.CAMPAIGN, 95, 46)
    assert _cluster(session, late[0]).last_at == now + timedelta(days=90)


def test_a_large_cluster_that_a_post_leaves_is_counted_anew(session: Session, say: Say, said: Say) -> None:
    posts = [say(TEXT, f"车友{n}") for n in range(60)]
    cluster_posts(session, posts, simplify)
    said(COMPLAINTS[1], "车友3", external_id=posts[3].external_id)
    assert _figures(session, posts[0]) == (Spread.CAMPAIGN, 59, 59)


def _statements(session: Session, work: Callable[[], None]) -> int:
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    work()
    event.remove(engine, "before_cursor_execute", note)
    return len(asked)


def test_a_large_batch_asks_no_more_often_than_a_small_one(session: Session, say: Say) -> None:
    def batch(texts: Iterable[str]) -> int:
        posts = [say(text, f"车友{n}") for n, text in enumerate(texts)]
        return _statements(session, lambda: cluster_posts(session, posts, simplify))

    batch([TEXT] * 60)
    assert batch([TEXT, *COMPLAINTS[4:]]) == batch(
        [TEXT] * 40 + [f"{n}{text}" for n, text in enumerate(COMPLAINTS[1:3])]
    )


def test_places_of_posts_that_are_no_more_do_no_harm(session: Session, say: Say, said: Say) -> None:
    stored = said(TEXT)
    session.execute(update(PostBand).values(post_id=stored.id + 999_000))
    assert said(TEXT).cluster_id is None
