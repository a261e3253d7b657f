"""How a source is doing: the states it can be in."""

from enum import StrEnum


class Health(StrEnum):
    """The state of a source."""

    NEW = "new"
    HEALTHY = "healthy"
    LATE = "late"
    SILENT = "silent"
    """Suspiciously silent: by its own habits something should have come."""
    DEGRADED = "degraded"
    """Posts come, but parts of them no longer do."""
    BLOCKED = "blocked"
    BROKEN = "broken"
    PAUSED = "paused"
