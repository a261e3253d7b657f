"""Looks at how every source is doing: one that is late or silent is not visited, and so cannot say so itself."""

import logging

from monitor.jobs.context import JobContext
from monitor.services.health import review_numbered, watched_sources

BATCH = 50
_log = logging.getLogger(__name__)


def run(context: JobContext) -> None:
    """Looks at all sources, each in its own transaction; one that cannot be looked at stops no other."""
    after = 0
    while numbers := _next(context, after):
        for number in numbers:
            _review(context, number)
        after = numbers[-1]


def _next(context: JobContext, after: int) -> list[int]:
    with context.database.reading() as session:
        return list(watched_sources(session, after=after, size=BATCH))


def _review(context: JobContext, number: int) -> None:
    now = context.clock()
    try:
        with context.database.writing.begin() as session:
            review_numbered(session, number, context.tools, now)
    except Exception:  # noqa: BLE001 - the boundary of a job
        _log.exception("the health of source %s cannot be told", number)
