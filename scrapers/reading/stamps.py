"""Reviews whose source tells only when they were last changed: an edit is seen by a stamp that moved."""

from dataclasses import replace
from datetime import UTC, datetime

from scrapers.base import RawPost


def stamp_of(post: RawPost) -> int:
    """When a post was last changed, in Unix seconds; 0 when the source does not say."""
    return int(post.created_at.timestamp()) if post.created_at else 0


def told_as_edit(post: RawPost, old: int) -> RawPost:
    """The post with both its moments where its stamp moved on from `old`, which is 0 for one not met before."""
    if not 0 < old < stamp_of(post):
        return post
    return replace(post, created_at=datetime.fromtimestamp(old, UTC), edited_at=post.created_at)
