"""Which posts of a source its keyword query wants, and how many stored ones another query would have wanted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid
from monitor.domain.queries import Query, parse_query
from monitor.domain.text import summarize
from monitor.services.intake import Wanted, everything
from monitor.services.tools import Tools
from monitor.storage.models import Post, Source

MOST_POSTS = 200_000
MOST_CHARACTERS = 100_000_000
_CHUNK = 500
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Example:
    """One stored post that the query asks for."""

    post_id: int
    summary: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What a query made of the stored posts, the newest first."""

    looked_at: int
    matched: int
    examples: tuple[Example, ...]
    """The newest that match."""
    since: datetime | None
    """When the oldest of those looked at was first seen; None when there are none."""
    whole: bool
    """Whether all stored posts were looked at; False when there were more than the bounds allow."""


def wanted_by(source: Source, tools: Tools) -> Wanted:
    """What the query of the source wants."""
    if not source.query.strip():
        return everything
    try:
        return parse_query(source.query, fold=tools.fold).matches
    except Invalid:
        # Queries are checked when they are written. One that can no longer be read must not cost posts.
        return everything


def would_match(
    session: Session,
    query: Query,
    *,
    source_id: int | None = None,
    most_posts: int = MOST_POSTS,
    most_characters: int = MOST_CHARACTERS,
    examples: int = _EXAMPLES,
) -> Counted:
    """What the query makes of the newest stored posts of one source, or of all sources.

    It stops after `most_posts`, or after the post with which `most_characters` are reached. Posts of which no words
    are kept are passed over.
    """
    ids = _newest(session, source_id, most_posts + 1)
    looked_at, matched, characters = 0, 0, 0
    shown: list[Example] = []
    since: datetime | None = None
    whole = len(ids) <= most_posts
    for post_id, title, text, url, seen_at in _texts(session, ids[:most_posts]):
        if characters >= most_characters:
            whole = False
            break
        characters += len(title) + len(text)
        looked_at, since = looked_at + 1, seen_at
        if query.matches(title, text, url):
            matched += 1
            shown += [Example(post_id, summarize(title, text))] if len(shown) < examples else []
    return Counted(looked_at, matched, tuple(shown), since, whole)


def _newest(session: Session, source_id: int | None, most: int) -> list[int]:
    # The ids alone first: they come from an index, while asking for the texts of one quiet source, newest first, can
    # read the whole table of the others.
    newest = select(Post.id).order_by(Post.id.desc()).limit(most)
    return list(session.scalars(newest if source_id is None else newest.where(Post.source_id == source_id)))


def _texts(session: Session, ids: list[int]) -> Iterator[Row[int, str, str, str, datetime]]:
    """Id, title, text, address and when it was first seen, newest first, a chunk at a time."""
    columns = select(Post.id, Post.title, Post.text, Post.url, Post.first_seen_at).order_by(Post.id.desc())
    for start in range(0, len(ids), _CHUNK):
        chunk = columns.where(Post.id.in_(ids[start : start + _CHUNK]), (Post.text != "") | (Post.title != ""))
        yield from session.execute(chunk)
