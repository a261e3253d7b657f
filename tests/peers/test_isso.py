"""Collecting from a real comment engine that others wrote: Isso, over loopback, by its JSON API and its Atom feed."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.triage import Outcome
from monitor.jobs import collect, handle
from monitor.jobs.context import JobContext
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import CollectRun, Post, Source, Ticket
from monitor.wiring import build_collectors
from tests.conftest import NOW
from tests.free_port import free_port
from tests.installing import wait_until
from tests.requirements import need

pytestmark = pytest.mark.peers

CONF = """
[general]
dbpath = {folder}/comments.db
host = http://127.0.0.1:{port}/
[server]
listen = http://127.0.0.1:{port}
public-endpoint = http://127.0.0.1:{port}
[guard]
enabled = false
[rss]
base = http://127.0.0.1:{port}/
limit = 200
"""
THREAD = "/t/baoyang"


@dataclass
class Isso:
    """A running engine, driven as its own page drives it."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def write(self, text: str, author: str = "路过的车主") -> requests.Response:
        body = {"text": text, "author": author, "title": "保养那些事"}
        answer = requests.post(f"{self.url}/new", params={"uri": THREAD}, json=body, timeout=30)
        assert answer.status_code == 201, answer.text
        return answer

    def edit(self, written: requests.Response, text: str) -> None:
        number = written.json()["id"]
        answer = requests.put(f"{self.url}/id/{number}", json={"text": text}, cookies=_own(written), timeout=30)
        assert answer.ok, answer.text

    def delete(self, written: requests.Response) -> None:
        number = written.json()["id"]
        answer = requests.delete(f"{self.url}/id/{number}", cookies=_own(written), timeout=30)
        assert answer.ok, answer.text


def _own(written: requests.Response) -> dict[str, str]:
    """The cookie by which the engine knows the author of a comment."""
    return {key: value for key, value in written.cookies.items() if not key.startswith("isso-")}


@pytest.fixture
def isso(tmp_path: Path) -> Iterator[Isso]:
    need("peers", "isso is not installed (pip install '.[peers]')", there=find_spec("isso") is not None)
    port = free_port()
    conf = tmp_path / "isso.cfg"
    conf.write_text(CONF.format(folder=tmp_path, port=port), encoding="utf-8")
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "isso"), "-c", str(conf), "run"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _is_up(port), 60, "isso does not answer")
        yield Isso(port)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _is_up(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/config", timeout=10).ok
    except requests.RequestException:
        return False


def _source(database: Database, kind: str, options: dict[str, Any]) -> None:
    with database.writing.begin() as session:
        session.add(Source(name="车友评论", kind=kind, options=options, cursor={}, next_run_at=NOW))


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
    isso.write("周末去洗车顺便看了新车展厅，**挺**好看的。")
    angry = isso.write("保养完方向盘是歪的，打电话没人管，我要投诉。")
    _visit(database, tools, settings, NOW)
    with database.reading() as session:
        assert len(_texts(session)) == 2
        assert any("挺好看" in text for text in _texts(session))
        assert session.scalars(select(Ticket)).one().posts[0].text.startswith("保养完方向盘")
    _visit(database, tools, settings, NOW + timedelta(hours=1))
    with database.reading() as session:
        assert len(_texts(session)) == 2
    isso.edit(angry, "保养完方向盘是歪的，打电话没人管，我要投诉。刚又去了一次，还是歪的。")
    calm = isso.write("算了，不说了。")
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
        "own_site": True,
        "own_reason": "测试自己启动的",
    }
    _source(sqlite, "json", options)
    _walk(isso, sqlite, tools, settings)


def test_comments_arrive_through_the_atom_feed(isso: Isso, sqlite: Database, tools: Tools, settings: Any) -> None:
    _source(sqlite, "feed", {"url": f"{isso.url}/feed?uri={THREAD}", "own_site": True, "own_reason": "测试自己启动的"})
    _walk(isso, sqlite, tools, settings)
