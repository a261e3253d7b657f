"""`monitor classifier rescore`: after the word lists changed, stored posts are judged again."""

import json
from pathlib import Path

from tests.cli.conftest import Command
from tests.installing import TestInstallation


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
