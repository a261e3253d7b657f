"""Collecting from a real comment engine that others wrote: Isso, over loopback, by its own kind, as JSON and as a feed.

The whole walk: write, edit, delete, a thousand comments over many pages, restarts, and twenty times kill -9.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.triage import Outcome
from monitor.jobs import collect, handle
from monitor.jobs.context import JobContext
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import CollectRun, Post, Ticket
from monitor.wiring import build_collectors
from tests.conftest import NOW
from tests.peers.isso_engine import Isso, running_isso
from tests.peers.visitors import DEATHS, Visitors, add_source, check_runs, kept, visitors

pytestmark = pytest.mark.peers

THREAD = "/t/baoyang"


@pytest.fixture
def isso() -> Iterator[Isso]:
    with running_isso() as engine:
        yield engine


def _visit(database: Database, tools: Tools, settings: Any, now: datetime) -> None:
    """One round of the jobs, at a moment when the source is due."""
    patient = replace(settings, host_delay_seconds=0.0)
    context = JobContext(database, tools, build_collectors(patient, database), clock=lambda: now)
    collect.run(context)
    handle.run(context)


def _texts(session: Session) -> list[str]:
    return [post.text for post in session.scalars(select(Post).order_by(Post.id))]


def _walk(isso: Isso, database: Database, tools: Tools, settings: Any) -> None:
    """Writes, edits and deletes comments, and looks after each visit at what arrived."""
    isso.write("周末去洗车顺便看了新车展厅，**挺**好看的。", THREAD)
    angry = isso.write("保养完方向盘是歪的，打电话没人管，我要投诉。", THREAD)
    _visit(database, tools, settings, NOW)
    with database.reading() as session:
        assert len(_texts(session)) == 2
        assert any("挺好看" in text for text in _texts(session))
        assert session.scalars(select(Ticket)).one().posts[0].text.startswith("保养完方向盘")
    _visit(database, tools, settings, NOW + timedelta(hours=1))
    with database.reading() as session:
        assert len(_texts(session)) == 2
    isso.edit(angry, "保养完方向盘是歪的，打电话没人管，我要投诉。刚又去了一次，还是歪的。")
    calm = isso.write("算了，不说了。", THREAD)
    _visit(database, tools, settings, NOW + timedelta(hours=2))
    with database.reading() as session:
        post = session.scalars(select(Post).where(Post.text.contains("还是歪的"))).one()
        assert [revision.text for revision in post.revisions] == ["保养完方向盘是歪的，打电话没人管，我要投诉。"]
        assert session.scalars(select(Post.outcome).where(Post.text.contains("不说了"))).one() is Outcome.SIGNAL
    isso.delete(calm)
    _visit(database, tools, settings, NOW + timedelta(hours=3))
    with database.reading() as session:
        assert len(_texts(session)) == 3
        assert len(session.scalars(select(Ticket)).all()) == 1
        for run in session.scalars(select(CollectRun)):
            assert not run.error, run.error
            assert run.fetched == run.new + run.edited + run.unchanged + run.rejected


def test_comments_arrive_through_the_json_api(isso: Isso, sqlite: Database, tools: Tools, settings: Any) -> None:
    options = {
        "url": f"{isso.url}/?uri={THREAD}",
        "items": "replies",
        "id": "id",
        "text": "text",
        "author": "author",
        "created": "created",
        "updated": "modified",
    }
    add_source(sqlite, "json", {**isso.options(), **options})
    _walk(isso, sqlite, tools, settings)


def test_comments_arrive_through_the_atom_feed(isso: Isso, sqlite: Database, tools: Tools, settings: Any) -> None:
    add_source(sqlite, "feed", isso.options(url=f"{isso.url}/feed?uri={THREAD}"))
    _walk(isso, sqlite, tools, settings)


THREADS = ("/t/baoyang", "/t/tiche", "/t/shouhou", "/t/long")


def test_what_isso_holds_and_what_we_hold_are_equal(isso: Isso, sqlite: Database, settings: Any) -> None:
    top = isso.write("保养完方向盘是歪的", THREADS[0])
    answers = [isso.write(f"我也是，第 {number} 个", THREADS[0], answers=top) for number in range(120)]
    others = isso.write_all([f"提车第 {number} 天" for number in range(30)], THREADS[1])
    add_source(sqlite, "isso", isso.options(max_pages=30, threads=",".join(THREADS)))
    with visitors(sqlite, settings.data) as ours:
        ours.visit()
        assert kept(sqlite) == isso.held()
        isso.edit(answers[3], "我也是，今天又歪了")
        isso.edit(others[0], "提车第零天")
        isso.delete(top)
        isso.delete(answers[7])
        newest = isso.write("马上删", THREADS[1])
        ours.visit()
        isso.delete(newest)
        # The number of the newest comment is given away again.
        assert isso.write("换一个人说的", THREADS[1]) == newest
        ours.visit()
        assert kept(sqlite) == isso.held()
        _disturb(isso, ours, answers)
        ours.visit()
        ours.visit()
        assert kept(sqlite) == isso.held()
    assert ours.died >= DEATHS
    assert ours.killed >= 5
    assert len(isso.held()) > 1100
    check_runs(sqlite, failed=1)


def _disturb(isso: Isso, ours: Visitors, answers: list[int]) -> None:
    """Writes and deletes while our processes die, and kills the engine while one of them reads."""
    for number in range(DEATHS):
        isso.write(f"在死掉之前说的 {number}", THREADS[number % 3])
        isso.delete(answers.pop())
        ours.die_before_commit()
    isso.write_all([f"一千条里的第 {number} 条" for number in range(1000)], THREADS[3])
    while ours.killed < 5:
        ours.be_killed()
    ours.meanwhile(isso.restart)


def test_threads_are_found_through_their_newest_comments(isso: Isso, sqlite: Database, settings: Any) -> None:
    add_source(sqlite, "isso", isso.options())
    with visitors(sqlite, settings.data) as ours:
        ours.visit()
        for thread in ("/t/a", "/t/有,逗号", "/t/c?d=1&e=2#f"):
            top = isso.write(f"在 {thread} 说的", thread)
            answer = isso.write("回一句", thread, answers=top)
            ours.visit()
            assert kept(sqlite) == isso.held()
            isso.delete(answer)
        ours.visit()
        assert kept(sqlite) == isso.held()
    check_runs(sqlite)
