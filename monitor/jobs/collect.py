"""Visits every source that is due, several at a time."""

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from monitor.jobs.context import JobContext
from monitor.services.collecting import collect_next

LOOK_AGAIN = 5.0
"""Seconds after which workers that found nothing look again while others are still away."""


def run(context: JobContext) -> None:
    """Visits due sources until none is due; one that is slow keeps its own worker and nobody else's."""
    if context.workers == 1:
        while _visit(context):
            pass
        return
    with ThreadPoolExecutor(context.workers, thread_name_prefix="collect") as pool:
        away: set[Future[bool]] = set()
        looked_at = -LOOK_AGAIN
        while True:
            if time.monotonic() - looked_at >= LOOK_AGAIN:
                looked_at = time.monotonic()
                away |= {pool.submit(_visit, context) for _ in range(context.workers - len(away))}
            back, away = wait(away, timeout=LOOK_AGAIN, return_when=FIRST_COMPLETED)
            # Whoever found a source goes out again; whoever found none stays until the next look.
            away |= {pool.submit(_visit, context) for found in back if found.result()}
            if not away:
                return


def _visit(context: JobContext) -> bool:
    return collect_next(context.database.writing, context.collectors, context.tools, context.clock())
