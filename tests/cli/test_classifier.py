"""Evaluating and comparing classifiers on the command line, on sets made here."""

import csv
import json
import shutil
from io import StringIO
from pathlib import Path

import pytest

from monitor.settings import resource_folder
from tests.cli.conftest import Command

SHIPPED = resource_folder("config").parent / "monitor" / "classifiers" / "models" / "shipped"


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    folder = tmp_path / "sets"
    folder.mkdir()
    own = ["text,label", *(f"等了{n}周还没到货,negative\n师傅很热情第{n}次来都满意,positive" for n in range(1, 12))]
    (folder / "own.csv").write_text("\n".join(own), encoding="utf-8")
    kinds = ["text,label", "修了三次还没好,implicit_negative", "气死了太差,explicit_negative", "几点关门,none"]
    (folder / "kinds.csv").write_text("\n".join(kinds), encoding="utf-8")
    return folder


def test_ours_snownlp_and_the_majority_stand_side_by_side(command: Command, sets: Path) -> None:
    answer = command("classifier", "evaluate", "--data", sets)
    assert answer.status == 0, answer.err
    heading = answer.out.splitlines()[0]
    assert all(name in heading for name in ("我们的", "SnowNLP", "总猜多数"))
    accuracy = next(line for line in answer.out.splitlines() if "正负准确率" in line)
    assert accuracy.count("–") == 3
    assert {"全部合并", "各集平均"} <= set(answer.out.split())


@pytest.mark.parametrize("option", [["--json"], ["--format", "json"]])
def test_the_same_as_json_has_every_interval(command: Command, sets: Path, option: list[str]) -> None:
    rows = json.loads(command("classifier", "evaluate", "--data", sets, *option).out)
    assert {row["set"] for row in rows} == {"own", "kinds", "pooled", "macro"}
    assert {row["classifier"] for row in rows} == {"ours", "snownlp", "majority"}
    (ours,) = [row for row in rows if (row["set"], row["classifier"]) == ("own", "ours")]
    assert ours["n"] == 22
    assert ours["accuracy_low"] <= ours["accuracy"] <= ours["accuracy_high"]
    (kinds,) = [row for row in rows if (row["set"], row["classifier"]) == ("kinds", "ours")]
    assert kinds["kind_macro_f1"] is not None
    assert kinds["implicit_flagged"] is not None


def test_the_same_as_csv_has_one_line_a_set_and_classifier(command: Command, sets: Path) -> None:
    answer = command("classifier", "evaluate", "--data", sets, "--format", "csv", "--limit", "4")
    rows = list(csv.DictReader(StringIO(answer.out)))
    assert len(rows) == 12
    assert {"auc", "auc_low", "auc_high", "seen"} <= set(rows[0])


def test_two_models_are_compared_in_pairs(command: Command, sets: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    shutil.copytree(SHIPPED, twin)
    answer = command("classifier", "compare", SHIPPED, twin, "--data", sets)
    assert answer.status == 0, answer.err
    assert "差（后减前）" in answer.out.splitlines()[0]
    assert "1.000" in next(line for line in answer.out.splitlines() if "p（正负准确率）" in line)
    rows = json.loads(command("classifier", "compare", SHIPPED, twin, "--data", sets, "--json").out)
    (gap,) = [row for row in rows if (row["set"], row["classifier"]) == ("own", "difference")]
    assert (gap["accuracy"], gap["auc"], gap["p"]) == (0, 0, 1)


def test_a_folder_without_sets_is_told(command: Command, tmp_path: Path) -> None:
    answer = command("classifier", "evaluate", "--data", tmp_path)
    assert answer.status != 0
    assert "没有" in answer.err


def test_a_folder_that_holds_no_model_is_told(command: Command, sets: Path) -> None:
    answer = command("classifier", "evaluate", "--data", sets, "--model", sets)
    assert answer.status != 0
    assert "card.json" in answer.err
