"""Near-copies and reposts: which posts say one and the same, from whichever source, and how it spread.

A post joins the cluster of the first copy that is confirmed among its candidates. Clusters are never united: a wording
halfway between two of them belongs to one, and what is unlike does not become one over many steps. Posts that their
source deleted stay counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from monitor.domain.likeness import (
    COPIES_FROM,
    Spread,
    Voice,
    is_passed_on,
    is_short,
    judge_spread,
    likeness,
    normal_form,
    pairs_of,
)
from monitor.storage.models import Cluster, Post
from monitor.storage.near_copies import STEPS, BandRow, forget, keep, look_up, sign
from monitor.storage.queries.clusters import (
    clusters_of,
    earlier_words,
    figures_of,
    held_clusters,
    newest_members,
    posts_by_author,
    words_of,
)

Fold = Callable[[str], str]
_NEWEST = 50
"""Posts from which the spread of a cluster is judged. One that has no more is counted anew each time; to the figures
of a larger one is added, so that a wording of a hundred thousand posts costs no more than one of fifty."""


def cluster_posts(session: Session, posts: Sequence[Post], fold: Fold) -> None:
    """Finds the copies of posts among all that are stored and among one another, and puts them in clusters.

    A post that was edited is looked at anew, and leaves a cluster whose words it no longer says.
    """
    said = {post.id: normal for post in posts if (normal := said_by(post.title, post.text, fold))}
    _forget_earlier_words(session, posts, fold)
    copies, rows = find_copies(session, said, fold)
    keep(session, rows)
    _put_in_clusters(session, posts, copies, fold)


def said_by(title: str, text: str, fold: Fold) -> str:
    """The normal form of what a post says: its text, or its title when it has none.

    Never both, because forums give every reply the title of its thread.
    """
    return normal_form(text or title, fold)


def _forget_earlier_words(session: Session, posts: Iterable[Post], fold: Fold) -> None:
    edited = [post.id for post in posts if post.edited_at is not None]
    forget(session, [(post_id, said_by(title, text, fold)) for post_id, title, text in earlier_words(session, edited)])


def find_copies(session: Session, said: Mapping[int, str], fold: Fold) -> tuple[dict[int, int], list[BandRow]]:
    """Post → a post that it copies, given what posts say, by id; and the places they are to have in the index."""
    comparing = _Comparing(session, dict(said), fold)
    signed, rows = sign(list(said.items())), list[BandRow]()
    for bands in STEPS:
        alone = [each.step(bands) for each in signed if each.post_id not in comparing.copies]
        look = look_up(session, alone)
        comparing.confirm(look.candidates)
        rows += look.rows
    return comparing.copies, rows


@dataclass(slots=True)
class _Comparing:
    """Compares what posts of a batch say with what their candidates say; each is read and cut into pairs once."""

    session: Session
    normals: dict[int, str]
    fold: Fold
    copies: dict[int, int] = field(default_factory=dict)
    pairs: dict[str, frozenset[int]] = field(default_factory=dict)

    def confirm(self, candidates: Mapping[int, Sequence[int]]) -> None:
        """Notes for each post the first of its candidates that says the same.

        Nearly every copy is confirmed by its first candidate, and the words of the others need not even be read. Whom
        most of the batch names comes first, so that a wording of thousands is read once for all.
        """
        named = Counter(other for others in candidates.values() for other in others)
        for ranks in (slice(0, 1), slice(1, None)):
            asked = {
                post_id: sorted(others, key=named.__getitem__, reverse=True)[ranks]
                for post_id, others in candidates.items()
                if others and post_id not in self.copies
            }
            self._read({other for others in asked.values() for other in others})
            for post_id, others in asked.items():
                copy = next((other for other in others if self._are_copies(post_id, other)), None)
                if copy is not None:
                    self.copies[post_id] = copy

    def _read(self, post_ids: Set[int]) -> None:
        words = words_of(self.session, post_ids - self.normals.keys())
        self.normals |= {post_id: said_by(*each, self.fold) for post_id, each in words.items()}

    def _are_copies(self, post_id: int, other: int) -> bool:
        """What `likeness.are_copies` says."""
        first, second = self.normals[post_id], self.normals.get(other, "")
        if first == second:
            return True
        mine, yours = self._pairs_of(first), self._pairs_of(second)
        return not (is_short(mine) or is_short(yours)) and likeness(mine, yours) >= COPIES_FROM

    def _pairs_of(self, normal: str) -> frozenset[int]:
        if normal not in self.pairs:
            self.pairs[normal] = pairs_of(normal)
        return self.pairs[normal]


@dataclass(slots=True)
class _Change:
    """What happens to a cluster in one batch."""

    came: list[Post] = field(default_factory=list)
    lost: bool = False
    """Whether a post of it says something else now."""


def _put_in_clusters(session: Session, posts: Sequence[Post], copies: Mapping[int, int], fold: Fold) -> None:
    """Writes to which cluster each post belongs now, and what is to be said of the clusters that changed."""
    strangers = clusters_of(session, set(copies.values()) - {post.id for post in posts})
    before = {post.id: post.cluster_id for post in posts} | strangers
    held = held_clusters(session, {cluster_id for cluster_id in before.values() if cluster_id})
    places = {post_id: held[cluster_id] for post_id, cluster_id in strangers.items() if cluster_id}
    _find_places(session, posts, copies, places)
    after = {post_id: places[post_id].id if post_id in places else None for post_id in before}
    moves = {post_id: place for post_id, place in after.items() if place != before[post_id]}
    _move(session, posts, moves)
    changes: dict[Cluster, _Change] = {}
    for post in (post for post in posts if post.id in moves):
        if post.id in places:
            changes.setdefault(places[post.id], _Change()).came.append(post)
        if left := before[post.id]:
            changes.setdefault(held[left], _Change()).lost = True
    with session.no_autoflush:
        _describe(session, changes, fold)


def _move(session: Session, posts: Iterable[Post], moves: Mapping[int, int | None]) -> None:
    """Writes the clusters of posts in one statement, and tells them to the posts that this session knows."""
    if not moves:
        return
    session.connection().execute(_MOVE, [{"post": post_id, "place": place} for post_id, place in moves.items()])
    known = {post.id: post for post in posts}
    for post_id, place in moves.items():
        post = known.get(post_id) or session.identity_map.get(identity_key(Post, post_id))
        if post is not None:
            set_committed_value(post, "cluster_id", place)


_MOVE = update(Post).where(Post.id == bindparam("post")).values(cluster_id=bindparam("place"))


def _find_places(
    session: Session, posts: Iterable[Post], copies: Mapping[int, int], places: dict[int, Cluster]
) -> None:
    """Puts each post beside the one that it copies, in a new cluster where that has none."""
    fresh: list[Cluster] = []
    for post in (post for post in posts if post.id in copies):
        other = copies[post.id]
        if other not in places:
            moment = post.first_seen_at
            fresh.append(Cluster(spread=Spread.SINGLE, size=0, authors=0, first_at=moment, last_at=moment))
            places[other] = fresh[-1]
        places[post.id] = places[other]
    session.add_all(fresh)
    session.flush()


def _describe(session: Session, changes: Mapping[Cluster, _Change], fold: Fold) -> None:
    """Brings figures and spread of clusters up to date; one without posts ends."""
    small = [
        cluster.id
        for cluster, change in changes.items()
        if change.lost or cluster.size == 0 or cluster.size + len(change.came) <= _NEWEST
    ]
    figures = figures_of(session, small)
    large = {cluster: change.came for cluster, change in changes.items() if cluster.id not in small}
    _add(session, large)
    for cluster in changes:
        if cluster.id in figures:
            cluster.size, cluster.authors, cluster.first_at, cluster.last_at = figures[cluster.id]
        elif cluster not in large:
            session.delete(cluster)
            continue
        if cluster.spread is not Spread.CAMPAIGN or cluster.size <= _NEWEST:
            cluster.spread = _spread_of(session, cluster, fold)


def _add(session: Session, large: Mapping[Cluster, Sequence[Post]]) -> None:
    """Adds what came to the figures of large clusters; an author is new who has no other post there than these."""
    came = Counter((cluster.id, post.customer_id) for cluster, posts in large.items() for post in posts)
    authors = {author for _, author in came if author is not None}
    held = posts_by_author(session, authors)
    new = Counter(cluster_id for (cluster_id, author), posts in came.items() if held.get((cluster_id, author)) == posts)
    for cluster, posts in large.items():
        moments = [post.created_at or post.first_seen_at for post in posts]
        cluster.size += len(posts)
        cluster.authors += new[cluster.id]
        cluster.first_at, cluster.last_at = min(cluster.first_at, *moments), max(cluster.last_at, *moments)


def _spread_of(session: Session, cluster: Cluster, fold: Fold) -> Spread:
    newest = newest_members(session, cluster.id, _NEWEST)
    there = {(member.source_id, member.external_id) for member in newest}
    # Who answers a post with its own words quotes it.
    voices = [
        Voice(
            member.author,
            member.at,
            passed_on=is_passed_on(member.text) or (member.source_id, member.parent_id) in there,
        )
        for member in newest
    ]
    words = next((normal for member in newest if (normal := normal_form(member.text, fold))), "")
    return judge_spread(
        voices,
        authors=cluster.authors,
        lasted=cluster.last_at - cluster.first_at,
        is_short=bool(words) and is_short(pairs_of(words)),
    )
