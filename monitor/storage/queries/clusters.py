"""What is asked of posts that say nearly the same."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select, true, union_all
from sqlalchemy.orm import Session

from monitor.storage.models import Cluster, Post, PostRevision, Source

_SPOKEN_AT = func.coalesce(Post.created_at, Post.first_seen_at)
_FIRST_WORDS = func.substr(func.coalesce(func.nullif(Post.text, ""), Post.title), 1, 300)
"""Enough of a post to show it in a list, and to tell whether it passes words on and whether it is short."""


class Member(NamedTuple):
    """A post as part of a cluster."""

    source_id: int
    external_id: str
    parent_id: str
    author: int | None
    at: datetime
    text: str
    """How it begins."""


class Figures(NamedTuple):
    """A cluster, counted."""

    size: int
    authors: int
    first_at: datetime
    last_at: datetime


class Copy(NamedTuple):
    """A post that says nearly the same as another."""

    cluster_id: int
    post_id: int
    source: str
    author: int | None
    at: datetime
    text: str
    """How it begins; "" when its source deleted it and it is hidden."""
    url: str


class Copies(NamedTuple):
    """The cluster of a post, and some of the other posts in it, the newest first."""

    cluster: Cluster
    shown: list[Copy]


def copies_of(
    session: Session, posts: Iterable[Post], *, each: int = 5, outside: int | None = None
) -> dict[int, Copies]:
    """Post → its copies, `each` of them, for posts that have some outside ticket number `outside`; in two questions."""
    asked = {post.id: post.cluster_id for post in posts if post.cluster_id is not None}
    if not asked:
        return {}
    clusters = {row.id: row for row in session.scalars(select(Cluster).where(Cluster.id.in_(set(asked.values()))))}
    elsewhere = true() if outside is None else or_(Post.ticket_id.is_(None), Post.ticket_id != outside)
    columns = (Post.cluster_id, Post.id, Source.name, Post.customer_id, _SPOKEN_AT, _FIRST_WORDS, Post.url)
    found = select(*columns).join(Post.source).where(elsewhere).order_by(Post.id.desc()).limit(each + 1)
    parts = [select(found.where(Post.cluster_id == cluster_id).subquery()) for cluster_id in clusters]
    copies = [Copy._make(row) for row in session.execute(union_all(*parts))]
    told = {
        post_id: [copy for copy in copies if copy.cluster_id == cluster_id and copy.post_id != post_id][:each]
        for post_id, cluster_id in asked.items()
    }
    return {post_id: Copies(clusters[asked[post_id]], shown) for post_id, shown in told.items() if shown}


def newest_members(session: Session, cluster_id: int, size: int) -> Sequence[Member]:
    """The posts of a cluster that came in last."""
    columns = (Post.source_id, Post.external_id, Post.parent_id, Post.customer_id, _SPOKEN_AT, _FIRST_WORDS)
    found = select(*columns).where(Post.cluster_id == cluster_id).order_by(Post.id.desc()).limit(size)
    return [Member._make(row) for row in session.execute(found)]


def figures_of(session: Session, cluster_ids: Collection[int]) -> dict[int, Figures]:
    """Clusters counted anew; one without posts is not among them."""
    if not cluster_ids:
        return {}
    columns = (func.count(), func.count(Post.customer_id.distinct()), func.min(_SPOKEN_AT), func.max(_SPOKEN_AT))
    counted = select(Post.cluster_id, *columns).where(Post.cluster_id.in_(cluster_ids)).group_by(Post.cluster_id)
    return {cluster_id: Figures._make(figures) for cluster_id, *figures in session.execute(counted) if cluster_id}


def posts_by_author(session: Session, authors: Collection[int]) -> dict[tuple[int | None, int | None], int]:
    """How many posts these authors have in whichever clusters, by (cluster, author)."""
    if not authors:
        return {}
    # Not narrowed to some clusters: SQLite would then go through all of a cluster instead of all of an author.
    counted = select(Post.cluster_id, Post.customer_id, func.count()).where(Post.customer_id.in_(authors))
    found = session.execute(counted.group_by(Post.customer_id, Post.cluster_id))
    return {(cluster_id, author): posts for cluster_id, author, posts in found}


def clusters_of(session: Session, post_ids: Collection[int]) -> dict[int, int | None]:
    """The clusters of posts, or None; the posts are held for this transaction, so that nobody else gives them one."""
    found = select(Post.id, Post.cluster_id).where(Post.id.in_(post_ids)).order_by(Post.id)
    return dict(session.execute(found.with_for_update(key_share=True)).all()) if post_ids else {}


def held_clusters(session: Session, cluster_ids: Collection[int]) -> dict[int, Cluster]:
    """Clusters by number, held for this transaction: their figures are about to be changed."""
    found = select(Cluster).where(Cluster.id.in_(cluster_ids)).order_by(Cluster.id).with_for_update()
    clusters = session.scalars(found, execution_options={"populate_existing": True}) if cluster_ids else ()
    return {cluster.id: cluster for cluster in clusters}


def words_of(session: Session, post_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Title and text of posts; of one whose text is hidden, because its source deleted it, what it said last."""
    if not post_ids:
        return {}
    found = select(Post.id, Post.title, Post.text).where(Post.id.in_(post_ids))
    words = {post_id: (title, text) for post_id, title, text in session.execute(found)}
    hidden = [post_id for post_id, said in words.items() if not any(said)]
    return words | {post_id: (title, text) for post_id, title, text in earlier_words(session, hidden)}


def earlier_words(session: Session, post_ids: Collection[int]) -> Iterable[tuple[int, str, str]]:
    """Every earlier wording of posts: post, title and text, the oldest first."""
    if not post_ids:
        return ()
    found = select(PostRevision.post_id, PostRevision.title, PostRevision.text).order_by(PostRevision.id)
    return session.execute(found.where(PostRevision.post_id.in_(post_ids)))
