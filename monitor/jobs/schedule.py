"""The table of jobs, and the setting that says how often each one runs."""

from collections.abc import Callable
from dataclasses import dataclass

from monitor.jobs import backfill, collect, deliver, followups, handle, health, prune, rescore, spot_checks
from monitor.jobs.context import JobContext


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its name, what it does, and the name of the setting with its interval in seconds."""

    name: str
    run: Callable[[JobContext], None]
    interval: str


JOBS = (
    Job("collect", collect.run, "collect_seconds"),
    Job("handle", handle.run, "handle_seconds"),
    Job("followups", followups.run, "follow_up_seconds"),
    Job("deliver", deliver.run, "deliver_seconds"),
    Job("backfill", backfill.run, "collect_seconds"),
    Job("health", health.run, "health_seconds"),
    Job("prune", prune.run, "prune_seconds"),
    Job("rescore", rescore.run, "handle_seconds"),
    Job("spot_checks", spot_checks.run, "spot_check_seconds"),
)
