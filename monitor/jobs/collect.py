"""Visits every source that is due."""

from monitor.jobs.context import JobContext
from monitor.services.collecting import collect_next


def run(context: JobContext) -> None:
    """Visits due sources, one after the other, until none is due."""
    while collect_next(context.database.writing, context.collectors, context.tools, context.clock()):
        pass
