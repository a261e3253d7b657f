"""Sends what waits in the outbox."""

from monitor.jobs.context import JobContext
from monitor.services.delivery import deliver_next


def run(context: JobContext) -> None:
    """Delivers every message that is due."""
    while deliver_next(context.database.writing, context.tools.channels, context.clock()):
        pass
