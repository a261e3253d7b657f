"""Sources by command: checked, previewed, backfilled, written as TOML; and the seals over what they brought."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from monitor.storage.models import Backfill, Post
from tests.cli.conftest import Command
from tests.fixture_server import Site, say
from tests.installing import TestInstallation

ROWS = "编号,正文\n1,投诉：刹车异响没人管\n2,空调不凉\n3,\n"


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """A folder with one file."""
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "posts.csv").write_text(ROWS, encoding="utf-8")
    return folder


@pytest.fixture
def added(ready: Command, drop: Path, tmp_path: Path) -> Command:
    """An installation with that folder as a source, added from TOML."""
    file = tmp_path / "mine.toml"
    file.write_text('[[source]]\nname = "表格"\nkind = "folder"\noptions = { path = "drop" }\n', encoding="utf-8")
    answer = ready("sources", "import", file)
    assert (answer.status, answer.out) == (0, "添加：表格\n"), answer.err
    return ready


def test_a_preview_says_what_would_be_stored_and_stores_nothing(added: Command) -> None:
    answer = added("sources", "preview", "表格", "--format", "json")
    assert [row["fate"] for row in json.loads(answer.out)] == ["新", "新"]
    assert "取到 2 条（新 2），什么也没有保存" in answer.err
    assert "不能用" in answer.err
    listed = json.loads(added("sources", "list", "--format", "json").out)
    assert [row["state"] for row in listed if row["name"] == "表格"] == ["new"]


def test_a_visit_tells_counts_that_add_up(added: Command) -> None:
    said = added("sources", "collect", "表格").out
    assert "取到 3 = 新 2 + 改 0 + 已有 0 + 不合关键词 0 + 不能用 1" in said
    listed = json.loads(added("sources", "list", "--format", "json").out)
    assert [row["state"] for row in listed if row["name"] == "表格"] == ["healthy"]


def test_what_is_exported_is_what_was_imported(added: Command, drop: Path, tmp_path: Path) -> None:
    exported = added("sources", "export", "表格").out
    assert tomllib.loads(exported)["source"][0]["options"] == {"path": str(drop)}
    again = tmp_path / "again.toml"
    again.write_text(exported, encoding="utf-8")
    assert added("sources", "import", again).out == "更改：表格\n"
    assert added("sources", "export", "表格").out == exported


def test_a_faulty_file_adds_nothing(ready: Command, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    good = '[[source]]\nname = "好的"\nkind = "folder"\noptions = { path = "." }\n'
    file.write_text(f'{good}[[source]]\nname = "坏的"\nkind = "feed"\noptions = {{}}\n', encoding="utf-8")
    answer = ready("sources", "import", file)
    assert answer.status == 2
    assert "来源“坏的”：缺少选项 url" in answer.err
    assert "好的" not in ready("sources", "list").out


def test_a_check_names_the_source_that_does_not_work_and_fails(added: Command, drop: Path) -> None:
    assert added("sources", "check").status == 0
    (drop / "posts.csv").unlink()
    drop.rmdir()
    assert added("sources", "check", "--offline").status == 0
    answer = added("sources", "check", "表格", "--format", "json")
    assert answer.status == 1
    row = json.loads(answer.out)[0]
    assert (row["ok"], "不存在" in row["result"]) == (False, True)


def test_an_unknown_source_is_answered_with_those_there_are(added: Command) -> None:
    answer = added("sources", "check", "论坛")
    assert answer.status == 1
    assert "表格" in answer.err


@pytest.fixture
def site() -> Iterator[Site]:
    """A web server of the test's own."""
    server = Site()
    yield server
    server.close()


@pytest.fixture
def archive(ready: Command, site: Site, tmp_path: Path) -> Command:
    """A source with three pages of history, each with two entries."""
    for number in range(3):
        following = f'<link rel="next" href="{site.address}/feed/{number + 1}"/>' if number < 2 else ""
        entries = "".join(
            f"<entry><id>e{number}-{each}</id><title>第 {number} 页第 {each} 条</title>"
            f"<updated>2026-0{3 - number}-01T00:00:0{each}Z</updated></entry>"
            for each in range(2)
        )
        feed = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{following}{entries}</feed>'
        site.routes[f"/feed/{number}"] = say(feed.encode(), headers={"Content-Type": "application/atom+xml"})
    file = tmp_path / "feed.toml"
    file.write_text(
        f'[[source]]\nname = "论坛"\nkind = "feed"\n[source.options]\nurl = "{site.address}/feed/0"\n'
        'own_site = true\nown_reason = "测试用的网站"\n',
        encoding="utf-8",
    )
    assert ready("sources", "import", file).status == 0
    return ready


def test_the_past_is_read_with_progress(archive: Command, place: TestInstallation) -> None:
    answer = archive("sources", "backfill", "论坛")
    assert answer.status == 0, answer.err
    assert "补完了" in answer.err
    database = place.database()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Post)) == 6
    database.engine.dispose()
    assert "取到 6 条，新 6 条" in archive("sources", "backfill", "论坛", "--status").out


def test_the_past_is_gone_on_with_where_it_was_stopped(archive: Command, place: TestInstallation) -> None:
    archive("sources", "backfill", "论坛")
    database = place.database()
    with database.writing.begin() as session:
        session.execute(update(Backfill).values(state="running", next_run_at=None))
    assert "停下了" in archive("sources", "backfill", "论坛", "--stop").err
    assert archive("sources", "backfill", "论坛").status == 0
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Backfill)) == 1
    database.engine.dispose()


def test_a_source_without_a_past_says_so(added: Command) -> None:
    answer = added("sources", "backfill", "表格")
    assert answer.status == 1
    assert "读不到更早的" in answer.err


def test_seals_are_verified_and_tampering_is_found(added: Command, place: TestInstallation) -> None:
    added("sources", "collect", "表格")
    good = added("evidence", "verify", "--format", "json")
    assert good.status == 0
    report = json.loads(good.out)[0]
    assert (report["source"], report["posts"], report["problems"]) == ("表格", 2, 0)
    assert added("evidence", "verify", "--head", report["head"]).status == 0
    lost = added("evidence", "verify", "--head", "0" * 64)
    assert (lost.status, "整条链可能被换过" in lost.err) == (1, True)
    database = place.database()
    with database.writing.begin() as session:
        session.execute(update(Post).where(Post.external_id == "2").values(text="空调很好"))
    database.engine.dispose()
    bad = added("evidence", "verify", "表格")
    assert bad.status == 1
    assert "文字与收到时不同" in bad.err


def test_the_history_of_a_post_names_its_seals_and_not_its_words(added: Command) -> None:
    added("sources", "collect", "表格")
    shown = json.loads(added("evidence", "show", "1").out)
    assert (shown["source"], shown["external_id"], shown["gone_at"]) == ("表格", "1", None)
    assert [seal["number"] for seal in shown["seals"]] == [1]
    assert shown["seals"][0]["content_sha256"] == [shown["content_sha256"]]
    assert "刹车" not in json.dumps(shown, ensure_ascii=False)
    assert added("evidence", "show", "999").status == 1


def test_a_query_that_cannot_be_read_stops_the_start_and_names_its_source(
    command: Command, place: TestInstallation
) -> None:
    place.write(
        "sources.toml", '[[source]]\nname = "论坛"\nkind = "folder"\nquery = "(刹车"\noptions = { path = "." }\n'
    )
    answer = command("config", "check")
    assert answer.status == 2
    assert "来源“论坛”：第 1 个字" in answer.err
