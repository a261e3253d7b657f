"""What every job is handed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from monitor.clock import utc_now
from monitor.services.collecting import BuildCollector
from monitor.services.tools import Tools
from monitor.storage.db import Database


@dataclass(frozen=True)
class JobContext:
    """The database, the tools, a maker of collectors, the clock, and how many sources may be visited at a time."""

    database: Database
    tools: Tools
    collectors: BuildCollector
    clock: Callable[[], datetime] = utc_now
    workers: int = 1
