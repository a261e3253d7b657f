"""Candidates in their folder, and the file that says which model is in force."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from monitor.classifiers.candidates import (
    POINTER,
    active_folder,
    adopt,
    find_candidate,
    keep_candidate,
    list_candidates,
    read_comparison,
    roll_back,
    staging_folder,
    write_comparison,
    write_lessons,
)
from monitor.classifiers.datasets import rows_of
from monitor.classifiers.model_file import ARRAYS, CARD, WEIGHTS, load_card, save_model
from monitor.domain.candidates import Comparison, Figure
from monitor.domain.errors import ConfigError
from monitor.domain.learning import Lesson

MakeModel = Callable[[float], Path]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def trained(models: Path) -> MakeModel:
    """Makes a candidate whose weights are this number."""

    def make(weight: float) -> Path:
        with staging_folder(models) as staged:
            arrays = {name: np.full(2, weight, np.float32) for name in ARRAYS}
            card = {"bits": 1, "seed": 7, "threshold": 0.5, "explicit_from": 0.0}
            lists = ("families", "heads", "network", "context", "topics", "departments")
            save_model(staged / "model", arrays, card | dict.fromkeys(lists, ()))
            return keep_candidate(models, staged / "model")

    return make


def _adopt(models: Path, folder: Path, comparison: Comparison | None = None) -> str:
    return adopt(models, folder, by="lin", at="2026-11-25T10:00:00", comparison=comparison, forced=False).version


def test_without_an_adoption_the_shipped_model_is_in_force(models: Path) -> None:
    assert active_folder(models) is None
    assert list_candidates(models) == []


def test_a_candidate_is_kept_by_its_version_and_nothing_else_stays(models: Path, trained: MakeModel) -> None:
    folder = trained(1.0)
    assert folder == models / load_card(folder).version
    assert trained(1.0) == folder, "the same weights again take the same place"
    assert [path.name for path in models.iterdir()] == [folder.name]


def test_what_people_said_does_not_stay_on_disk_when_training_fails(models: Path) -> None:
    def train() -> None:
        with staging_folder(models) as staged:
            write_lessons(staged / "own.csv", [Lesson("很私密", "negative", "", "", "")])
            raise RuntimeError("the training failed")

    with pytest.raises(RuntimeError):
        train()
    assert list(models.iterdir()) == []


def test_lessons_are_a_set_as_the_trainer_reads_it(tmp_path: Path) -> None:
    lesson = Lesson("一行，\n又一行", "negative", "implicit", "配件", "配件物流")
    write_lessons(tmp_path / "new" / "own.csv", [lesson])
    assert rows_of(tmp_path / "new" / "own.csv") == [asdict(lesson)]


def test_adopting_and_going_back_walk_along_the_chain(models: Path, trained: MakeModel) -> None:
    first, second = trained(1.0), trained(2.0)
    _adopt(models, first)
    _adopt(models, second)
    assert active_folder(models) == second.resolve()
    assert [candidate.active for candidate in list_candidates(models)] == [
        folder == second for folder in sorted((first, second))
    ]
    taken, present = roll_back(models)
    assert (taken.version, present and present.version) == (second.name, first.name)
    assert active_folder(models) == first.resolve()
    assert roll_back(models)[1] is None
    assert active_folder(models) is None
    with pytest.raises(ConfigError, match="自带模型"):
        roll_back(models)


def test_the_chain_tells_who_when_and_why(models: Path, trained: MakeModel) -> None:
    figure = Figure("accuracy", 60, 0.8, 0.7, 0.9, 0.85001, 0.75, 0.95, -0.01, 0.1)
    _adopt(models, trained(1.0), Comparison(60, (figure,), 1, 4, 0.9, ()))
    kept = json.loads((models / POINTER).read_text(encoding="utf-8"))["adoptions"]
    assert kept[0] | {"version": "", "folder": ""} == {
        "version": "",
        "folder": "",
        "adopted_at": "2026-11-25T10:00:00",
        "by": "lin",
        "figures": {"n": 60, "accuracy": 0.85},
        "forced": False,
    }


def test_adopted_candidates_move_with_the_data_folder(models: Path, trained: MakeModel, tmp_path: Path) -> None:
    name = trained(1.0).name
    _adopt(models, models / name)
    moved = models.rename(tmp_path / "elsewhere")
    assert active_folder(moved) == (moved / name).resolve()


def test_a_model_from_elsewhere_can_be_adopted(models: Path, trained: MakeModel, tmp_path: Path) -> None:
    elsewhere = trained(1.0).rename(tmp_path / "mine")
    assert find_candidate(models, str(elsewhere)) == elsewhere.resolve()
    _adopt(models, elsewhere)
    assert active_folder(models) == elsewhere.resolve()
    assert list_candidates(models) == []


def test_a_model_that_does_not_load_is_not_adopted(models: Path, trained: MakeModel) -> None:
    folder = trained(1.0)
    (folder / WEIGHTS).write_bytes(b"broken")
    with pytest.raises(ConfigError, match="校验和"):
        _adopt(models, folder)
    assert active_folder(models) is None


def test_a_missing_model_in_force_stops_and_says_how_to_mend_it(models: Path, trained: MakeModel) -> None:
    first, second = trained(1.0), trained(2.0)
    _adopt(models, first)
    _adopt(models, second)
    (second / CARD).unlink()
    with pytest.raises(ConfigError, match="monitor classifier rollback"):
        active_folder(models)
    roll_back(models)
    assert active_folder(models) == first.resolve()


@pytest.mark.parametrize("content", ["", "[]", '{"adoptions": [{"version": "x"}]}', '{"adoptions": 3}', "\udcff"])
def test_a_broken_pointer_stops_and_says_how_to_mend_it(models: Path, content: str) -> None:
    models.mkdir()
    (models / POINTER).write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=r"active\.json.*自带模型"):
        active_folder(models)


def test_a_candidate_is_found_by_version_and_the_others_are_named(models: Path, trained: MakeModel) -> None:
    folder = trained(1.0)
    assert find_candidate(models, folder.name) == folder.resolve()
    with pytest.raises(ConfigError, match=folder.name):
        find_candidate(models, "unheard-of")


def test_what_a_comparison_found_is_kept_beside_the_model(models: Path, trained: MakeModel) -> None:
    folder = trained(1.0)
    assert read_comparison(folder) is None
    figure = Figure("auc", 60, 0.8, 0.7, 0.9, 0.85, 0.75, 0.95, -0.01, 0.1)
    comparison = Comparison(60, (figure,), 1, 4, 0.9, ("recall",))
    write_comparison(folder, comparison)
    assert list_candidates(models)[0].comparison == comparison


def test_a_broken_candidate_is_listed_with_its_trouble(models: Path, trained: MakeModel) -> None:
    (trained(1.0) / CARD).write_text("{", encoding="utf-8")
    (broken,) = list_candidates(models)
    assert CARD in broken.trouble
