"""Deletes what need not be kept any longer."""

from monitor.jobs.context import JobContext
from monitor.services.retention import prune


def run(context: JobContext) -> None:
    """Deletes old payloads, records of visits and deliveries."""
    with context.database.writing.begin() as session:
        prune(session, context.tools, context.clock())
