"""Judging stored posts again: how far a run is, and what a new verdict says otherwise."""

from enum import StrEnum


class RunState(StrEnum):
    """How far a run is; a stopped one was given up for a run of a newer version."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"
    UNDONE = "undone"


class Shift(StrEnum):
    """What became of the flag of a post when it was judged again."""

    NEWLY_FLAGGED = "newly_flagged"
    NO_LONGER_FLAGGED = "no_longer_flagged"
    SAME = "same"


UNFINISHED = frozenset({RunState.RUNNING, RunState.PAUSED})
"""States from which a run can go on."""


def shift_of(*, was_flagged: bool, is_flagged: bool) -> Shift:
    """What a new verdict does to the flag."""
    if was_flagged == is_flagged:
        return Shift.SAME
    return Shift.NEWLY_FLAGGED if is_flagged else Shift.NO_LONGER_FLAGGED
