"""`monitor classifier rescore`: after the word lists changed, stored posts are judged again."""

import json
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from monitor.domain.rescoring import RunState
from monitor.storage.models import Assessment, RescoreRun
from tests.cli.conftest import Command
from tests.installing import TestInstallation
from tests.routing_cases import CASES, write_cases


def test_a_changed_word_list_is_applied_to_stored_posts_and_taken_back(
    place: TestInstallation, ready: Command, tmp_path: Path
) -> None:
    posts = tmp_path / "a.csv"
    posts.write_text("text\n配件等了俩月，算了\n今天天气不错\n", encoding="utf-8")
    ready("posts", "import", posts)
    unchanged = json.loads(ready("classifier", "rescore", "--format", "json").out)
    assert sum(row["count"] for row in unchanged) == 0
    words = place.config / "lexicon" / "topics.toml"
    words.write_text(words.read_text(encoding="utf-8") + "\n# 改过\n", encoding="utf-8")
    changed = json.loads(ready("classifier", "rescore", "--format", "json").out)
    assert sum(row["count"] for row in changed) == 2
    version = changed[0]["version"]
    assert sum(row["count"] for row in json.loads(ready("classifier", "rescore", "--format", "json").out)) == 0
    assert "2" in ready("classifier", "undo-rescore", version).out
    assert "0" in ready("classifier", "undo-rescore", version).out


def test_a_router_of_ones_own_makes_stored_posts_outdated(
    ready: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = tmp_path / "a.csv"
    posts.write_text("text\n今天天气不错\n", encoding="utf-8")
    ready("posts", "import", posts)
    cases = write_cases(tmp_path / "cases.csv", CASES)
    trained = ready("routing", "train", cases, "--output", tmp_path / "router")
    assert trained.status == 0, trained.err
    monkeypatch.setenv("MONITOR_ROUTER", str(tmp_path / "router"))
    rows = json.loads(ready("classifier", "rescore", "--format", "json").out)
    assert sum(row["count"] for row in rows) == 1


def test_a_paused_run_is_taken_up_by_the_command(ready: Command, place: TestInstallation, tmp_path: Path) -> None:
    posts = tmp_path / "a.csv"
    posts.write_text("text\n今天天气不错\n路上有点堵\n", encoding="utf-8")
    ready("posts", "import", posts)
    words = place.config / "lexicon" / "topics.toml"
    words.write_text(words.read_text(encoding="utf-8") + "\n# 改过\n", encoding="utf-8")
    ready("classifier", "rescore")
    database = place.database()
    with database.writing.begin() as session:
        run = session.scalars(select(RescoreRun)).one()
        # As a person leaves it who paused it after the first post.
        session.execute(delete(Assessment).where(Assessment.run_id == run.id, Assessment.post_id == run.after_id))
        run.state, run.done, run.same, run.after_id = RunState.PAUSED, 1, 1, run.after_id - 1
    rows = {row["what"]: row["count"] for row in json.loads(ready("classifier", "rescore", "--format", "json").out)}
    assert rows["判断不变"] == 2
    with database.reading() as session:
        assert session.scalars(select(RescoreRun.state)).one() is RunState.DONE
