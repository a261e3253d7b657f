"""Looks at clocks that ran out."""

import logging
from datetime import timedelta

from monitor.jobs.context import JobContext
from monitor.services.timers import check_next, put_off_next

PUT_OFF = timedelta(hours=1)
_log = logging.getLogger(__name__)


def run(context: JobContext) -> None:
    """Deals with every clock that ran out, each in its own transaction."""
    while _check(context):
        pass


def _check(context: JobContext) -> bool:
    now = context.clock()
    try:
        with context.database.writing.begin() as session:
            return check_next(session, context.tools, now)
    except Exception:  # noqa: BLE001 - the job's boundary: one clock that cannot be dealt with stops no other
        _log.exception("a clock that ran out cannot be dealt with and is put off")
        with context.database.writing.begin() as session:
            return put_off_next(session, now, now + PUT_OFF)
