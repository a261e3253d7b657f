"""Training on a small set made here: the same bytes twice, sets chosen by name, nothing learned from research sets."""

import csv
import gzip
import io
import os
from pathlib import Path

import numpy as np
import pytest

from monitor.classifiers.evaluation import auc, evaluate, expected_calibration_error, recall_at_false_alarms
from monitor.classifiers.model_file import WEIGHTS, load_card
from monitor.classifiers.reading import Reader
from monitor.classifiers.snow import SnowClassifier
from monitor.classifiers.trained import TrainedClassifier, open_model
from monitor.classifiers.training import train
from monitor.domain.errors import ConfigError

PARTS = ["座椅", "空调", "导航", "音响", "雨刷", "车窗", "大灯", "轮胎", "后备箱", "仪表"]
LABELS = {
    "negative": ["{}总是坏，没人管", "{}修了又坏", "{}太难用了"],
    "positive": ["{}很好用，满意", "{}做得漂亮", "喜欢这个{}"],
    "neutral": ["请问{}怎么设置", "昨天看了{}", "{}在哪里买"],
}


def _write(path: Path, rows: list[tuple[str, str]]) -> None:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["text", "label"])
    writer.writerows(rows)
    data = file.getvalue().encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    rows = [(shape.format(part), label) for label, shapes in LABELS.items() for shape in shapes for part in PARTS]
    _write(folder / "own_posts.csv", rows)
    _write(folder / "own_reviews.csv.gz", [(text + "，真的", label) for text, label in rows if label != "neutral"])
    (folder / "unlabelled.csv").write_text("text,source\n随便一句,forum\n", encoding="utf-8")
    _write(folder / "ecisa.csv.gz", [(text + "呀", label) for text, label in rows])
    return folder


def _quiet(_message: str) -> None:
    """Progress nobody reads."""


def test_the_same_data_and_seed_give_the_same_bytes(data: Path, tmp_path: Path, lexicon_folder: Path) -> None:
    first = train(data, tmp_path / "one", progress=_quiet, lexicon=lexicon_folder)
    second = train(data, tmp_path / "two", progress=_quiet, lexicon=lexicon_folder)
    assert (tmp_path / "one" / WEIGHTS).read_bytes() == (tmp_path / "two" / WEIGHTS).read_bytes()
    assert first == second == load_card(tmp_path / "one")


def test_a_trained_model_serves(data: Path, tmp_path: Path, lexicon_folder: Path, reader: Reader) -> None:
    train(data, tmp_path / "model", progress=_quiet, lexicon=lexicon_folder)
    classifier = TrainedClassifier(open_model(reader, tmp_path / "model"))
    bad, good = classifier.classify(["雨刷总是坏，没人管", "音响很好用，满意"])
    assert bad.dissatisfied > good.dissatisfied
    rows = evaluate(data, {"ours": classifier, "snownlp": SnowClassifier(reader)}, limit=20, progress=_quiet)
    assert {row.classifier for row in rows} == {"ours", "snownlp", "majority"}
    assert {row.set for row in rows if row.seen} == {"own_posts", "own_reviews", "pooled", "macro"}
    assert {row.set for row in rows} == {"ecisa", "own_posts", "own_reviews", "pooled", "macro"}


def test_sets_are_chosen_by_name(data: Path, tmp_path: Path, lexicon_folder: Path) -> None:
    def sets(**choice: list[str]) -> set[str]:
        card = train(data, tmp_path / "model", progress=_quiet, lexicon=lexicon_folder, **choice)  # type: ignore[arg-type]
        return {each["name"] for each in card.sets}

    assert sets() == {"own_posts", "own_reviews"}
    assert sets(only=["own_posts"]) == {"own_posts"}
    assert sets(without=["own_posts"]) == {"own_reviews"}


def test_a_research_set_teaches_only_who_names_it_and_the_model_says_so(
    data: Path, tmp_path: Path, lexicon_folder: Path
) -> None:
    card = train(data, tmp_path / "model", only=["ecisa"], progress=_quiet, lexicon=lexicon_folder)
    assert card.research_only == ("ecisa",)
    assert train(data, tmp_path / "other", progress=_quiet, lexicon=lexicon_folder).research_only == ()


def test_a_further_folder_of_ones_own_joins_in(data: Path, tmp_path: Path, lexicon_folder: Path) -> None:
    extra = tmp_path / "extra"
    extra.mkdir()
    _write(extra / "own_corrections.csv", [("灯又不亮了", "negative"), ("灯修好了，谢谢", "positive")] * 3)
    card = train(data, tmp_path / "model", extra=extra, progress=_quiet, lexicon=lexicon_folder)
    assert {each["name"]: each["rows"] for each in card.sets}["own_corrections"] == 6


def test_what_was_said_before_helps_where_threads_are_told(
    tmp_path: Path, lexicon_folder: Path, reader: Reader
) -> None:
    folder = tmp_path / "threads"
    folder.mkdir()
    said = ["那天的{}就是这样", "{}的事大家都知道", "说的还是{}"]
    threads = {"negative": "坏了修，修了坏，没人管", "positive": "师傅热情，修得又快又好"}
    rows = [
        [text.format(part), label, f"{part}：{thread}"]
        for label, thread in threads.items()
        for text in said
        for part in PARTS
    ]
    with (folder / "own_threads.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["text", "label", "context"], *rows])
    card = train(folder, tmp_path / "model", progress=_quiet, lexicon=lexicon_folder)
    assert card.context
    classifier = TrainedClassifier(open_model(reader, tmp_path / "model"))
    bad, good = classifier.classify(["那天的座椅就是这样"] * 2, ["坏了修，修了坏", "师傅热情，修得好"])
    assert bad.dissatisfied > good.dissatisfied


def test_enough_texts_teach_a_network_too(
    data: Path, tmp_path: Path, lexicon_folder: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.classifiers.opinions.FEWEST_TEXTS", 50)
    card = train(data, tmp_path / "model", progress=_quiet, lexicon=lexicon_folder)
    assert card.network == card.heads
    again = train(data, tmp_path / "again", progress=_quiet, lexicon=lexicon_folder)
    assert again.sha256 == card.sha256
    bad, good = TrainedClassifier(open_model(reader, tmp_path / "model")).classify(
        ["雨刷总是坏，没人管", "音响很好用，满意"]
    )
    assert bad.dissatisfied > good.dissatisfied


def test_a_set_that_is_not_there_is_told(data: Path, tmp_path: Path, lexicon_folder: Path) -> None:
    with pytest.raises(ConfigError, match="own_posts"):
        train(data, tmp_path, only=["nothing"], progress=_quiet, lexicon=lexicon_folder)


def test_an_empty_folder_is_told(tmp_path: Path, lexicon_folder: Path) -> None:
    with pytest.raises(ConfigError, match="没有"):
        train(tmp_path, tmp_path / "model", progress=_quiet, lexicon=lexicon_folder)


def test_a_file_without_the_columns_is_told(tmp_path: Path, lexicon_folder: Path) -> None:
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"wrong\.csv"):
        train(tmp_path, tmp_path / "model", progress=_quiet, lexicon=lexicon_folder)


def test_measures_are_what_their_names_say() -> None:
    scores, wanted = np.array([0.9, 0.8, 0.3, 0.1], np.float32), np.array([True, True, False, False])
    assert auc(scores, wanted) == 1.0
    assert auc(scores, ~wanted) == 0.0
    assert recall_at_false_alarms(scores, wanted) == 1.0
    assert expected_calibration_error(np.array([1.0, 0.0], np.float32), np.array([True, False])) == 0.0


def test_the_shipped_model_beats_snownlp_on_the_open_sets(reader: Reader) -> None:
    folder = os.environ.get("MONITOR_DATASETS")
    if not folder:
        pytest.skip("MONITOR_DATASETS 没有指向公开数据集的文件夹")
    ours = TrainedClassifier(open_model(reader))
    rows = evaluate(Path(folder), {"ours": ours, "snownlp": SnowClassifier(reader)}, limit=100, progress=_quiet)
    area = {(row.set, row.classifier): row.auc for row in rows}
    assert all((area[name, "ours"] or 0) > (area[name, "snownlp"] or 1) for name in ("auto_implicit", "auto_koubei"))
