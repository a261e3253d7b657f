"""Takes new posts through the pipeline, a batch a transaction."""

import logging
from datetime import timedelta

from monitor.jobs.context import JobContext
from monitor.services.pipeline import due_posts, handle_posts, put_off
from monitor.storage.models import Post

BATCH = 200
PUT_OFF = timedelta(hours=1)
_log = logging.getLogger(__name__)


def run(context: JobContext) -> None:
    """Handles batches until no post waits."""
    while handle_batch(context):
        pass


def handle_batch(context: JobContext) -> int:
    """Handles one batch in one transaction; gives how many posts it was. One bad post stops no other."""
    now = context.clock()
    try:
        with context.database.writing.begin() as session:
            posts = due_posts(session, now, BATCH)
            handle_posts(session, posts, context.tools, now)
            return len(posts)
    except Exception:  # noqa: BLE001 - the job's boundary: whatever one post does, the others are handled
        _log.warning("a batch of posts failed and is taken again post by post", exc_info=True)
        return _handle_one_by_one(context)


def _handle_one_by_one(context: JobContext) -> int:
    now = context.clock()
    with context.database.reading() as session:
        ids = [post.id for post in due_posts(session, now, BATCH)]
    for post_id in ids:
        _handle_alone(context, post_id)
    return len(ids)


def _handle_alone(context: JobContext, post_id: int) -> None:
    now = context.clock()
    try:
        with context.database.writing.begin() as session:
            post = session.get_one(Post, post_id)
            if post.handle_after is not None:
                handle_posts(session, [post], context.tools, now)
    except Exception:  # noqa: BLE001 - the boundary of a job
        _log.exception("post %s cannot be handled and is put off", post_id)
        with context.database.writing.begin() as session:
            put_off(session.get_one(Post, post_id), now + PUT_OFF)
