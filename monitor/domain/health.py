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

    @property
    def is_bad(self) -> bool:
        """Whether somebody should know of it."""
        return self in _GRAVITY

    @property
    def gravity(self) -> int:
        """How bad it is; 0 when it is not."""
        return _GRAVITY.get(self, 0)


_GRAVITY = {Health.LATE: 1, Health.DEGRADED: 2, Health.SILENT: 3, Health.BROKEN: 4, Health.BLOCKED: 5}
"""What turns from bad to worse is told again."""
