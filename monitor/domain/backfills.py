"""Reading the past of a source: the states that such a run goes through."""

from enum import StrEnum


class BackfillState(StrEnum):
    """Where a run into the past stands."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
