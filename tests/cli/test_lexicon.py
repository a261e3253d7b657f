"""`monitor lexicon`: the care team edits word lists and sees what that would do before it counts."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Answer, Command
from tests.installing import TestInstallation

POSTS = """text
等了三天，店里像挤牙膏一样回话
挤牙膏挤得真好，牙膏也好用
今天天气不错
"""


@pytest.fixture
def edited(place: TestInstallation, tmp_path: Path) -> Path:
    """A copy of the word lists to be changed."""
    folder = tmp_path / "edited"
    shutil.copytree(place.config / "lexicon", folder)
    return folder


@pytest.fixture
def stocked(ready: Command, tmp_path: Path) -> Command:
    """An installation with three posts."""
    posts = tmp_path / "posts.csv"
    posts.write_text(POSTS, encoding="utf-8")
    ready("posts", "import", posts)
    return ready


def _change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _rows(answer: Answer) -> list[dict[str, object]]:
    assert answer.status == 0, answer.err
    rows: list[dict[str, object]] = json.loads(answer.out)
    return rows


def test_lists_as_shipped_are_right(command: Command) -> None:
    answer = command("lexicon", "check")
    assert "没有问题" in answer.out
    assert "20 个话题" in answer.out


def test_a_wrong_list_is_told_with_its_file_and_section(command: Command, edited: Path) -> None:
    _change(edited, "spam.toml", "weight = 0.45", "weight = 45")
    answer = command("lexicon", "check", edited)
    assert answer.status == 2
    assert f"{edited}/spam.toml [contact] weight" in answer.err
    assert "0 到 1" in answer.err


def test_an_endless_pattern_is_refused(command: Command, edited: Path) -> None:
    _change(edited, "topics.toml", '["动力"]\nwords = [', '["动力"]\nwords = ["动力.*", ')
    answer = command("lexicon", "test", edited)
    assert answer.status == 2
    assert "topics.toml [动力] words" in answer.err


def test_a_new_word_shows_the_stored_posts_it_would_find(stocked: Command, edited: Path) -> None:
    _change(
        edited,
        "cues.toml",
        "[waiting]",
        '[waiting_new]\nname = "挤牙膏"\nreason = "慢慢才给"\npatterns = ["挤牙膏"]\n\n[waiting]',
    )
    rows = _rows(stocked("lexicon", "test", edited, "--format", "json"))
    assert [(row["name"], row["gained"], row["lost"]) for row in rows] == [("挤牙膏", 2, 0)]
    assert "像「挤牙膏」一样回话" in str(rows[0]["gained_examples"])


def test_a_word_taken_away_shows_the_posts_that_are_lost(stocked: Command, edited: Path) -> None:
    text = (edited / "cues.toml").read_text(encoding="utf-8")
    begin, end = text.index("[waiting]"), text.index("[again]")
    (edited / "cues.toml").write_text(text[:begin] + text[end:], encoding="utf-8")
    rows = _rows(stocked("lexicon", "test", edited, "--format", "json"))
    assert [(row["key"], row["gained"], row["lost"]) for row in rows] == [("waiting", 0, 1)]
    assert "「等了三天" in str(rows[0]["lost_examples"])


def test_only_the_newest_posts_are_read_when_asked(stocked: Command, edited: Path) -> None:
    _change(edited, "topics.toml", '["动力"]\nwords = [', '["动力"]\nwords = ["天气", "挤牙膏", ')
    rows = _rows(stocked("lexicon", "test", edited, "--limit", "1", "--format", "json"))
    assert [(row["name"], row["gained"]) for row in rows] == [("动力", 1)]
    assert "今天「天气」不错" in str(rows[0]["gained_examples"])


def test_the_table_has_examples_below_and_progress_elsewhere(stocked: Command, edited: Path) -> None:
    _change(edited, "topics.toml", '["动力"]\nwords = [', '["动力"]\nwords = ["天气", ')
    answer = stocked("lexicon", "test", edited)
    assert "话题 · 动力：新命中\n  今天「天气」不错" in answer.out
    assert "看了 3 条帖子" in answer.err
    assert "看了" not in answer.out


def test_without_a_folder_the_lists_in_force_are_held_against_those_shipped(
    place: TestInstallation, stocked: Command
) -> None:
    assert _rows(stocked("lexicon", "test", "--format", "json")) == []
    _change(place.config / "lexicon", "topics.toml", '["动力"]\nwords = [', '["动力"]\nwords = ["天气", ')
    assert [row["name"] for row in _rows(stocked("lexicon", "test", "--format", "json"))] == ["动力"]


def test_lists_are_measured_on_labelled_sets(command: Command, tmp_path: Path) -> None:
    sets = tmp_path / "sets"
    sets.mkdir()
    (sets / "own.csv").write_text(
        "text,label\n等了三个月还没交车,negative\n等了俩小时没人理,negative\n等了五分钟就修好了,positive\n"
        "空间宽敞我很满意,positive\n",
        encoding="utf-8",
    )
    rows = _rows(command("lexicon", "measure", "--data", sets, "--format", "json", "--by-set"))
    waiting = next(row for row in rows if row["key"] == "waiting" and row["set"] == "own")
    assert (waiting["rows"], waiting["hits"]) == (4, 2)
    assert (waiting["precision"], waiting["base"], waiting["lift"], waiting["coverage"]) == (1.0, 0.5, 2.0, 1.0)
    assert waiting["implicit_coverage"] is None
    spam = next(row for row in rows if row["name"] == "当作广告")
    assert (spam["hits"], spam["rows"], spam["precision"]) == (0, 4, None)
