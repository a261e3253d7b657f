"""Kill -9 while stored posts are judged again, and start again: each has one new verdict, and all are undone."""

import json
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from monitor.domain.rescoring import RunState
from monitor.storage.db import Database
from monitor.storage.models import Assessment, RescoreRun
from tests.installing import TestInstallation, stop, wait_until

POSTS = 4_000
KILLS = 4

pytestmark = pytest.mark.kill


def _fill(place: TestInstallation, folder: Path) -> None:
    rows = [{"id": str(n), "text": f"第{n}位：等配件等了{n % 9 + 2}周，算了，随它去吧。"} for n in range(POSTS)]
    path = folder / "posts.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    assert place.run("posts", "import", str(path)).returncode == 0


def _run(database: Database) -> RescoreRun | None:
    with database.reading() as session:
        return session.scalars(select(RescoreRun)).one_or_none()


def _done(database: Database) -> int:
    run = _run(database)
    return run.done if run else 0


def _verdicts(database: Database) -> Counter[int]:
    """How many verdicts each post has."""
    with database.reading() as session:
        return Counter(session.scalars(select(Assessment.post_id)))


def test_a_run_survives_being_killed_and_judges_every_post_once(tmp_path: Path) -> None:
    place = TestInstallation(tmp_path, {"handle_seconds": "1"})
    assert place.run("db", "upgrade").returncode == 0
    _fill(place, tmp_path)
    words = place.config / "lexicon" / "topics.toml"
    words.write_text(words.read_text(encoding="utf-8") + "\n# 改过\n", encoding="utf-8")
    database, moments, places = place.database(), random.Random(20261125), [0]
    for number in range(KILLS):
        # Both ways in take turns: the command, which begins the run, and the job, which goes on with it.
        process = place.start("jobs", "run") if number % 2 else place.start("classifier", "rescore")
        wait_until(lambda: _done(database) > places[-1], 60, "nobody works on the run")
        time.sleep(moments.uniform(0, 0.2))
        stop(process, kill=True)
        places.append(_done(database))
    assert places[1] < POSTS, "the first kill fell into the run"
    assert place.run("classifier", "rescore").returncode == 0
    run = _run(database)
    assert run is not None
    assert (run.state, run.done, run.failed) == (RunState.DONE, POSTS, 0)
    assert _verdicts(database) == dict.fromkeys(range(1, POSTS + 1), 2)
    assert f"收回了 {POSTS} 条判断" in place.run("classifier", "undo-rescore", run.version).stdout.decode()
    assert set(_verdicts(database).values()) == {1}
