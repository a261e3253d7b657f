"""Looks at clocks that ran out."""

from monitor.jobs.context import JobContext
from monitor.services.timers import check_next


def run(context: JobContext) -> None:
    """Deals with every clock that ran out, each in its own transaction."""
    while _check(context):
        pass


def _check(context: JobContext) -> bool:
    with context.database.writing.begin() as session:
        return check_next(session, context.tools, context.clock())
