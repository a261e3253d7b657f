"""A process that has loaded everything and goes on its rounds in children, so that a test can kill them by the dozen.

Started with the address of a database; every line it reads is one round of the collect job, in JSON: `now`, and
whether to `die` between fetch and commit. It answers with the child's process number, and then with how that ended.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.configuration import load_configuration
from monitor.jobs import collect
from monitor.jobs.context import JobContext
from monitor.settings import Settings, resource_folder
from monitor.storage.db import open_database
from monitor.wiring import build_collectors
from scrapers.base import Batch, Collector, Cursor
from tests.fakes import Outbox, fake_tools


@dataclass(frozen=True)
class _Dying:
    """A collector whose process does not live to keep what it brought."""

    inner: Collector

    def collect(self, cursor: Cursor) -> Batch:
        self.inner.collect(cursor)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("still alive")


def go_round(address: str, settings: Settings, now: datetime, *, die: bool) -> None:
    """Visits everything that is due."""
    database = open_database(address)
    build = build_collectors(settings, database)

    def dying(kind: str, options: Mapping[str, Any]) -> Collector:
        return _Dying(build(kind, options))

    tools = fake_tools(load_configuration(resource_folder("config"), settings.zone), settings, Outbox())
    collect.run(JobContext(database, tools, dying if die else build, clock=lambda: now))
    database.engine.dispose()


def main() -> None:
    """Goes on one round for every line, until there are no more."""
    address, data = sys.argv[1:]
    settings = replace(Settings(data=Path(data), secret_key="not a secret", example=False), host_delay_seconds=0.0)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            go_round(address, settings, datetime.fromisoformat(asked["now"]), die=asked["die"])
            os._exit(0)
        _answer(child)
        _answer(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
