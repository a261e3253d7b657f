"""Turns at a host that several processes share."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.storage.db import Database, open_database
from monitor.storage.host_turns import HostTurns
from monitor.storage.models import HostTurn
from scrapers.errors import CollectError
from scrapers.fetching.pacing import FAILURES, HostState, Turns

NOW = 1_800_000_000.0
ROOT = Path(__file__).parent.parent.parent

_TAKE_TEN = """
import sys, time
from monitor.storage.db import open_database
from monitor.storage.host_turns import HostTurns
from scrapers.fetching.pacing import HostState, Turns

now = [0.0]
def clock():
    now[0] = time.time()
    return now[0]

turns = Turns(HostTurns(open_database(sys.argv[1]), HostState), clock=clock, jitter=lambda longest: 0.0)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(10):
    wait = turns.take("shop.example", 5.0, longest=1000.0)
    print(repr(now[0] + wait), flush=True)
"""


def turns(database: Database, now: float = NOW) -> Turns:
    return Turns(HostTurns(database, HostState), clock=lambda: now, jitter=lambda longest: longest / 2)


def test_twenty_requests_of_two_processes_keep_their_distance(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _TAKE_TEN, url], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    moments = sorted(float(line) for output in outputs for line in output.splitlines())
    assert len(moments) == 20
    assert all(later - earlier >= 5.0 - 1e-4 for earlier, later in itertools.pairwise(moments))
    assert moments[-1] - moments[0] < 19 * 5.0 + 5.0


@pytest.fixture
def neighbour(database: Database) -> Iterator[Database]:
    """The same database, as another process opens it."""
    opened = open_database(database.engine.url.render_as_string(hide_password=False))
    yield opened
    opened.engine.dispose()


def test_what_one_process_learned_holds_for_another(database: Database, neighbour: Database) -> None:
    one, other = turns(database), turns(neighbour)
    assert (one.take("a.example", 2, longest=30), other.take("a.example", 2, longest=30)) == (0.0, 2.0)
    one.hold("a.example", 600)
    with pytest.raises(CollectError, match="600 秒后"):
        other.take("a.example", 2, longest=30)
    assert other.take("b.example", 2, longest=30) == 0.0


def test_a_host_rests_for_everybody_and_one_probe_among_all_goes_through(database: Database) -> None:
    for _ in range(FAILURES):
        turns(database).failed("a.example")
    with pytest.raises(CollectError, match="连续 5 次"):
        turns(database).take("a.example", 2, longest=30)
    probing, late = turns(database, NOW + 60), turns(database, NOW + 60)
    assert probing.take("a.example", 2, longest=30) == 0.0
    with pytest.raises(CollectError, match="连续 5 次"):
        late.take("a.example", 2, longest=30)
    probing.succeeded("a.example")
    assert late.take("a.example", 2, longest=30) == 2.0


def test_a_step_that_fails_changes_nothing(database: Database) -> None:
    book = HostTurns(database, HostState)

    def fail(_state: HostState) -> tuple[HostState, None]:
        raise RuntimeError("bug")

    with pytest.raises(RuntimeError):
        book.change("a.example", fail)
    with database.reading() as session:
        assert session.get(HostTurn, "a.example") is None


def test_a_name_longer_than_any_is_kept_by_its_beginning(database: Database) -> None:
    name = "a" * 300
    assert [turns(database).take(name, 2, longest=30) for _ in range(2)] == [0.0, 2.0]
