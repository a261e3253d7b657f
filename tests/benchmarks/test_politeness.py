"""Many sources due at once, and a day of visits: how polite, how fast, how much memory."""

import gc
import itertools
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from monitor.jobs import collect
from monitor.jobs.context import JobContext
from monitor.services.tools import Tools
from monitor.settings import Settings
from monitor.storage.db import Database
from monitor.storage.host_turns import HostTurns
from monitor.storage.models import CollectRun, Post, Source
from monitor.wiring import build_collectors
from scrapers.fetching.addresses import own_network
from scrapers.fetching.client import Limits, PoliteClient, Surroundings
from scrapers.fetching.gates import CONNECTIONS
from scrapers.fetching.pacing import HostState
from scrapers.registry import build
from tests.benchmarks.conftest import Note
from tests.fixture_server import Site
from tests.scrapers.polite import FakeTime

pytestmark = pytest.mark.benchmark

SOURCES = 200
OWN = {"own_site": True, "own_reason": "本机上的测试服务器"}


@pytest.fixture
def site() -> Iterator[Site]:
    """A server that is as many hosts as are asked for."""
    server = Site(hosts=True)
    yield server
    server.close()


def _host(number: int) -> str:
    return f"127.0.{number // 250}.{number % 250 + 1}"


def _feed(first: int, count: int) -> bytes:
    entries = "".join(
        f"<item><guid>{number}</guid><title>第 {number} 条</title><pubDate>Mon, 23 Nov 2026 01:00:00 GMT</pubDate>"
        f"<description>&lt;p&gt;车友 {number} 说：等配件等了{number}天，没人回电，算了。&lt;/p&gt;</description></item>"
        for number in range(first, first + count)
    )
    return f'<rss version="2.0"><channel><title>论坛</title>{entries}</channel></rss>'.encode()


@pytest.mark.parametrize("workers", [8, 16])
@pytest.mark.parametrize("hosts", [200, 50])
def test_two_hundred_sources_due_at_once(
    benchmark: Any,
    site: Site,
    sqlite: Database,
    settings: Settings,
    tools: Tools,
    now: datetime,
    note: Note,
    hosts: int,
    workers: int,
) -> None:
    """The job as it runs, over real sockets; each answer takes a tenth of a second."""
    site.routes["/feed"] = site.think(_feed(0, 20), 0.1)
    with sqlite.writing.begin() as session:
        for number in range(SOURCES):
            host = _host(number % hosts)
            options = {"url": f"http://{host}:{site.port}/feed", **OWN}
            session.add(
                Source(name=f"来源 {number}", kind="feed", options=options, cursor={}, host=host, next_run_at=now)
            )
    context = JobContext(sqlite, tools, build_collectors(settings, sqlite), lambda: now, workers=workers)
    began = time.perf_counter()
    benchmark.pedantic(lambda: collect.run(context), rounds=1)
    seconds = time.perf_counter() - began
    with sqlite.reading() as session:
        runs = session.scalar(select(func.count()).select_from(CollectRun).where(CollectRun.error == ""))
        posts = session.scalar(select(func.count()).select_from(Post))
    assert (runs, posts, len(site.asked)) == (SOURCES, SOURCES * 20, SOURCES)
    most = site.busiest.pop("all")
    assert most <= CONNECTIONS
    assert max(site.busiest.values()) == 1
    note(
        f"{SOURCES} sources on {hosts} hosts, {workers} workers: {seconds:.1f} s, "
        f"at most {most} connections in all and {max(site.busiest.values())} at a host"
    )


def test_strangers_are_asked_no_faster_than_they_like(benchmark: Any, site: Site, sqlite: Database, note: Note) -> None:
    """Two clients of two threads a host, robots.txt among the requests, pauses kept in the database."""
    hosts, pause = 40, 0.5
    site.routes["/robots.txt"] = site.think(f"User-agent: *\nCrawl-delay: {pause}\n".encode(), 0.0)
    site.routes["/feed"] = site.think(_feed(0, 20), 0.02)
    world = Surroundings(find=lambda host, _port: [_host(int(host.split(".")[0]))], check=own_network)
    clients = [
        PoliteClient(limits=Limits(delay=pause), surroundings=world, book=HostTurns(sqlite, HostState))
        for _ in range(2)
    ]
    waiting = list(range(hosts)) * 2
    lock = threading.Lock()

    def work(client: PoliteClient) -> None:
        while True:
            with lock:
                if not waiting:
                    return
                number = waiting.pop()
            for _ in range(2):
                client(f"http://{number}.example:{site.port}/feed")

    def all_at_once() -> None:
        threads = [threading.Thread(target=work, args=(clients[number % 2],)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    benchmark.pedantic(all_at_once, rounds=1)
    gaps = [later - earlier for times in site.times.values() for earlier, later in itertools.pairwise(sorted(times))]
    assert len(gaps) >= hosts * 4
    # A server notices a request a little after it was sent, never before: some thousandths are the machine's.
    assert min(gaps) >= pause * 0.8
    assert max(count for host, count in site.busiest.items() if host != "all") == 1
    note(f"{len(gaps) + hosts} requests to {hosts} strangers who want {pause} s: never closer than {min(gaps):.3f} s")


def _memory() -> tuple[float, int]:
    """Megabytes in use by this process, and how many objects there are."""
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return resident / 1024, len(gc.get_objects())


def test_a_day_of_visits_leaves_nothing_behind(benchmark: Any, site: Site, note: Note) -> None:
    """Twenty sources every quarter of an hour for a simulated day, each visit over a socket and with new posts."""
    clock = FakeTime()
    client = PoliteClient(own_hosts=[_host(number) for number in range(20)], surroundings=clock.world())
    sources = [
        build("feed", {"url": f"http://{_host(number)}:{site.port}/feed", **OWN}, client) for number in range(20)
    ]
    cursors: list[Any] = [{} for _ in sources]

    def visit_all(numbers: range) -> None:
        for number in numbers:
            visit_each(number)

    def visit_each(number: int) -> None:
        site.routes["/feed"] = site.think(_feed(number * 5, 30), 0.0)
        for place, source in enumerate(sources):
            batch = source.collect(cursors[place])
            assert len(batch.posts) == 30
            cursors[place] = dict(batch.cursor)
        site.asked.clear()
        site.times.clear()
        clock.slept.clear()
        clock.now += 900

    visit_all(range(12))
    before, objects = _memory()
    benchmark.pedantic(lambda: visit_all(range(12, 12 + 96)), rounds=1)
    after, left = _memory()
    visits = f"24 simulated hours, {96 * len(sources)} visits"
    note(f"{visits}: {before:.1f} MB before, {after:.1f} MB after, {left - objects:+} objects")
    assert after - before < 4
    assert left - objects < objects * 0.01
