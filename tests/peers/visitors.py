"""Rounds of the collect job in processes that may be killed, and whether we hold what the source holds."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from monitor.storage.db import Database
from monitor.storage.models import CollectRun, Post, Source
from tests.conftest import NOW

DEATHS = 50
"""How often a process of ours ends between fetch and commit, at each engine."""

STEP = timedelta(minutes=20)
"""From one round to the next: longer than a killed visit keeps its source, and than the source's interval."""


@dataclass
class Visitors:
    """Sends processes out, each a while after the last by our clock."""

    process: subprocess.Popen[str]
    now: datetime = NOW
    died: int = 0
    """How often one ended between fetch and commit."""
    killed: int = 0
    """How often one was ended at any other moment."""
    seconds: float = 0.5
    """How long a round took that nobody disturbed."""
    chance: random.Random = field(default_factory=lambda: random.Random(4))

    def visit(self) -> None:
        """One round from beginning to end."""
        started = time.monotonic()
        self._send()
        assert self._end() == 0
        self.seconds = time.monotonic() - started

    def die_before_commit(self) -> None:
        """One round that ends by kill -9 when everything was fetched and nothing is kept."""
        self._send(die=True)
        assert self._end() == -signal.SIGKILL
        self.died += 1

    def be_killed(self) -> None:
        """One round that is ended by kill -9 at some moment; now and then it was over before."""
        child = self._send()
        time.sleep(self.chance.uniform(0, self.seconds))
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        self.killed += self._end() == -signal.SIGKILL

    def meanwhile(self, happens: Callable[[], object]) -> None:
        """One round during which something happens to the source."""
        self._send()
        time.sleep(self.seconds / 4)
        happens()
        assert self._end() == 0

    def _send(self, *, die: bool = False) -> int:
        self.now += STEP
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"now": self.now.isoformat(), "die": die}) + "\n")
        self.process.stdin.flush()
        return self._end()

    def _end(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


@contextmanager
def visitors(database: Database, data: Path, **environment: str) -> Iterator[Visitors]:
    """Processes for rounds over `database`, gone afterwards."""
    address = str(database.engine.url)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.peers.visiting", address, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[2],
    )
    try:
        yield Visitors(process)
    finally:
        process.kill()
        process.communicate()


def add_source(database: Database, kind: str, options: Mapping[str, Any]) -> None:
    """A source that is due at once."""
    with database.writing.begin() as session:
        session.add(Source(name="车友评论", kind=kind, options=dict(options), cursor={}, next_run_at=NOW))


def kept(database: Database) -> dict[str, str]:
    """What we hold: external id → text, of all that is not gone. Every id is there once, or this fails."""
    with database.reading() as session:
        rows = session.execute(select(Post.external_id, Post.text, Post.gone_at)).all()
    assert len({row.external_id for row in rows}) == len(rows)
    return {row.external_id: row.text for row in rows if row.gone_at is None}


def check_runs(database: Database, *, failed: int = 0) -> None:
    """Every run adds up, and no more than so many failed."""
    with database.reading() as session:
        runs = session.scalars(select(CollectRun)).all()
    assert runs
    for run in runs:
        assert run.fetched == run.new + run.edited + run.unchanged + run.filtered + run.rejected
    errors = [run.error for run in runs if run.error]
    assert len(errors) <= failed, errors
