"""Goes on with judging stored posts again, a batch a transaction."""

import logging

from monitor.jobs.context import JobContext
from monitor.services.rescoring import advance, skip_next

BATCHES = 20
"""Batches a tick, so that stopping the program waits for seconds at most."""
_log = logging.getLogger(__name__)


def run(context: JobContext) -> None:
    """Goes on with the run under way for a while; there is nothing to do when there is none."""
    for _ in range(BATCHES):
        if not advance_batch(context):
            return


def advance_batch(context: JobContext) -> int:
    """Judges one batch in one transaction; gives how many posts it was. One bad post stops no other."""
    now = context.clock()
    try:
        with context.database.writing.begin() as session:
            return advance(session, context.tools, now)
    except Exception:  # noqa: BLE001 - the job's boundary: whatever one post does, the others are judged
        _log.warning("a batch could not be judged again and is taken post by post", exc_info=True)
        return _advance_one(context)


def _advance_one(context: JobContext) -> int:
    now = context.clock()
    try:
        with context.database.writing.begin() as session:
            return advance(session, context.tools, now, limit=1)
    except Exception:  # noqa: BLE001 - the boundary of a job
        _log.exception("a post cannot be judged again and keeps its verdict")
        with context.database.writing.begin() as session:
            return skip_next(session, context.tools, now)
