"""Import → classified → triaged → routed → stored, on SQLite, in one process; and what memory that takes."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from monitor.clock import utc_now
from monitor.configuration import load_configuration
from monitor.jobs.context import JobContext
from monitor.jobs.handle import handle_batch
from monitor.services.intake import accept_posts
from monitor.services.setup import built_in_source, sync
from monitor.settings import Settings, config_folder
from monitor.storage.db import open_database
from monitor.storage.models import Source
from monitor.storage.schema import upgrade
from monitor.wiring import build_collectors, build_tools
from tests.benchmarks.conftest import Note
from tests.benchmarks.corpus import made_up_posts

pytestmark = pytest.mark.benchmark
POSTS = 6_000


def measure(folder: Path) -> dict[str, Any]:
    """One run in a fresh process: posts a second end to end, and the peak of resident memory in MB."""
    settings = Settings(data=folder, secret_key="bench", example=False)
    configuration = load_configuration(config_folder({}), settings.zone)
    database = open_database(settings.url)
    upgrade(database.engine)
    tools = build_tools(settings, configuration)
    with database.writing.begin() as session:
        sync(session, configuration.departments, (), with_example=False, now=utc_now())
        source_id = built_in_source(session, "import").id
    raws = made_up_posts(POSTS)
    tools.judge.judge([raws[0].text])  # the dictionary is read on first use, which is start-up and not speed
    begun = time.perf_counter()
    for start in range(0, POSTS, 1000):
        with database.writing.begin() as session:
            source = session.get_one(Source, source_id)
            chunk = raws[start : start + 1000]
            accept_posts(session, source, chunk, pseudonym_key=tools.pseudonym_key, now=utc_now())
    context = JobContext(database, tools, build_collectors(settings, database))
    while handle_batch(context):
        pass
    seconds = time.perf_counter() - begun
    memory = _peak_memory()
    length = sum(len(raw.text) for raw in raws) / POSTS
    return {"posts_per_second": POSTS / seconds, "peak_mb": memory, "mean_length": length}


def _peak_memory() -> float:
    """The most memory this process had, in MB. `ru_maxrss` would do, but Linux lets it start at the parent's size."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def test_posts_a_second_end_to_end(benchmark: Any, note: Note, tmp_path: Path) -> None:
    numbers = iter(range(100))
    results: list[dict[str, Any]] = []

    def run() -> None:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        command = [sys.executable, "-m", "tests.benchmarks.test_pipeline_speed", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        results.append(json.loads(done.stdout))

    benchmark.pedantic(run, rounds=3, iterations=1)
    middle = sorted(results, key=lambda r: r["posts_per_second"])[1]
    note(
        f"end to end: {middle['posts_per_second']:,.0f} posts/s of {middle['mean_length']:.0f} characters,"
        f" peak memory {middle['peak_mb']:.0f} MB"
    )


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))  # noqa: T201 - the figures are this program's answer
