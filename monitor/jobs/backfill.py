"""Reads the past of sources that people asked it of."""

from monitor.jobs.context import JobContext
from monitor.services.backfilling import step_next

_STEPS = 20  # then the tick ends, and the next one goes on: other sources shall not wait for one long past


def run(context: JobContext) -> None:
    """Takes some steps of the runs that are due."""
    for _ in range(_STEPS):
        if not step_next(context.database.writing, context.collectors, context.tools, context.clock()):
            return
