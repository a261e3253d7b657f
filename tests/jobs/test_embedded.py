"""The table of jobs, ticking inside this process."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from monitor.jobs import embedded
from monitor.jobs.context import JobContext
from monitor.jobs.schedule import JOBS, Job
from monitor.services.tools import Tools
from monitor.settings import Settings
from monitor.storage.db import Database
from tests.fakes import collectors


@pytest.fixture
def context(sqlite: Database, tools: Tools) -> JobContext:
    """What jobs are handed; with the real clock, because the scheduler ticks by it."""
    return JobContext(sqlite, tools, collectors([]))


def _job(name: str, run: Callable[[JobContext], None]) -> Job:
    return Job(name, run, "handle_seconds")


def test_every_job_names_a_setting_for_its_interval(settings: Settings) -> None:
    assert all(getattr(settings, job.interval) >= 1 for job in JOBS)
    assert len({job.name for job in JOBS}) == len(JOBS)


def test_the_jobs_run_on_an_empty_installation(context: JobContext) -> None:
    for job in JOBS:
        job.run(context)


def test_one_failing_job_stops_neither_the_others_nor_itself(
    context: JobContext, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed, worked = threading.Semaphore(0), threading.Semaphore(0)

    def fail(_: JobContext) -> None:
        failed.release()
        raise RuntimeError("bug")

    monkeypatch.setattr(embedded, "JOBS", (_job("fails", fail), _job("works", lambda _: worked.release())))
    with embedded.ticking(context, replace(settings, handle_seconds=1)):
        for signal in (failed, failed, worked, worked):
            assert signal.acquire(timeout=20), "each ran at least twice"


def test_the_block_ends_when_the_job_under_way_has_ended(
    context: JobContext, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work(_: JobContext) -> None:
        begun.set()
        may_end.wait(20)
        ended.set()

    monkeypatch.setattr(embedded, "JOBS", (_job("works", work),))
    with embedded.ticking(context, settings):
        assert begun.wait(20)
        may_end.set()
    assert ended.is_set()
