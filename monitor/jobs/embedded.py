"""Runs the table of jobs inside this process, with APScheduler for the ticks."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from monitor.jobs.context import JobContext
from monitor.jobs.schedule import JOBS, Job
from monitor.settings import Settings

_log = logging.getLogger(__name__)


@contextmanager
def ticking(context: JobContext, settings: Settings) -> Iterator[None]:
    """Runs the jobs in the background for as long as the block lasts; waits for those under way at its end."""
    scheduler = BackgroundScheduler(timezone="UTC", executors={"default": ThreadPoolExecutor(len(JOBS))})
    # The first round starts at once and in the order of the table, so that a newcomer sees posts within seconds.
    start = context.clock()
    for place, job in enumerate(JOBS):
        scheduler.add_job(
            _run,
            "interval",
            seconds=getattr(settings, job.interval),
            next_run_time=start + timedelta(milliseconds=200 * place),
            args=(job, context),
            id=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=True)


def _run(job: Job, context: JobContext) -> None:
    try:
        job.run(context)
    except Exception:  # noqa: BLE001 - the boundary of a job
        # The next tick tries again; what was claimed comes back when its lease runs out.
        _log.exception("job %s failed", job.name)
