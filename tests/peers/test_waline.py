"""Collecting from a real comment engine that others wrote: Waline, over loopback.

Write, edit, delete, a thousand comments over many pages, restarts, and twenty times kill -9 of ours.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from monitor.storage.db import Database
from tests.peers.visitors import DEATHS, Visitors, add_source, check_runs, kept, visitors
from tests.peers.waline_engine import Waline, running_waline

pytestmark = [pytest.mark.peers, pytest.mark.postgres]

PATHS = ("/t/baoyang", "/t/tiche", "/t/long")


@pytest.fixture
def waline() -> Iterator[Waline]:
    with running_waline() as engine:
        yield engine


def test_what_waline_holds_and_what_we_hold_are_equal(waline: Waline, sqlite: Database, settings: Any) -> None:
    top = waline.write("保养完方向盘是歪的", PATHS[0])
    answers = [waline.write(f"我也是，第 {number} 个", PATHS[0], answers=top) for number in range(40)]
    others = waline.write_all([f"提车第 {number} 天" for number in range(130)], PATHS[1])
    add_source(sqlite, "waline", waline.options(max_pages=30, paths=",".join(PATHS)))
    with visitors(sqlite, settings.data) as ours:
        ours.visit()
        assert kept(sqlite) == waline.held()
        waline.edit(answers[3], "我也是，今天又歪了")
        waline.edit(others[0], "提车第零天")
        waline.delete(answers.pop())
        waline.delete(others.pop())
        ours.visit()
        assert kept(sqlite) == waline.held()
        # Its answers go with it; that a thread is empty all at once is believed the second time.
        waline.delete(top)
        ours.visit()
        ours.visit()
        assert kept(sqlite) == waline.held()
        _disturb(waline, ours, others)
        ours.visit()
        ours.visit()
        assert kept(sqlite) == waline.held()
    assert ours.died >= DEATHS
    assert ours.killed >= 5
    assert len(waline.held()) > 1100
    check_runs(sqlite, failed=1)


def _disturb(waline: Waline, ours: Visitors, others: list[int]) -> None:
    """Writes and deletes while our processes die, and kills the engine while one of them reads."""
    for number in range(DEATHS):
        waline.write(f"在死掉之前说的 {number}", PATHS[number % 2])
        waline.delete(others.pop())
        ours.die_before_commit()
    waline.write_all([f"一千条里的第 {number} 条" for number in range(1000)], PATHS[2])
    while ours.killed < 5:
        ours.be_killed()
    ours.meanwhile(waline.restart)


def test_threads_are_found_through_their_newest_comments(waline: Waline, sqlite: Database, settings: Any) -> None:
    add_source(sqlite, "waline", waline.options())
    with visitors(sqlite, settings.data) as ours:
        ours.visit()
        for thread in ("/t/a", "/t/有,逗号", "/t/c?d=1&e=2#f"):
            top = waline.write(f"在 {thread} 说的", thread)
            answer = waline.write("回一句", thread, answers=top)
            ours.visit()
            assert kept(sqlite) == waline.held()
            waline.delete(answer)
        ours.visit()
        assert kept(sqlite) == waline.held()
    check_runs(sqlite)
