"""Draws the posts of the day that people are asked to check."""

from monitor.jobs.context import JobContext
from monitor.services.spot_checks import draw, is_due


def run(context: JobContext) -> None:
    """Draws once on each day of the office; what was drawn waits until somebody answers."""
    now, tools = context.clock(), context.tools
    with context.database.reading() as session:
        due = is_due(session, now, tools.zone)
    if not due:
        return
    with context.database.writing.begin() as session:
        draw(session, now, wanted=tools.spot_checks_per_day, flag_at=tools.flag_at)
