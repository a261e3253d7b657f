"""A model made from sets for research only measures, and is never put to work."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.classifiers.candidates import adopt
from monitor.classifiers.model_file import ARRAYS, RESEARCH_LICENCE, refuse_research_only, save_model
from monitor.domain.errors import ConfigError
from monitor.wiring import open_installation


def _model(folder: Path, *sets: Mapping[str, Any]) -> Path:
    lists = dict.fromkeys(("families", "heads", "network", "context", "topics", "departments"), ())
    card = {"bits": 1, "seed": 7, "threshold": 0.5, "explicit_from": 0.0, "sets": sets, **lists}
    save_model(folder, {name: np.zeros(2, np.float32) for name in ARRAYS}, card)
    return folder


@pytest.fixture
def researched(tmp_path: Path) -> Path:
    return _model(tmp_path / "model", {"name": "study", "rows": 9, "licence": RESEARCH_LICENCE})


def test_such_a_model_is_refused_with_the_sets_and_how_to_mend_it(researched: Path) -> None:
    with pytest.raises(ConfigError, match="study") as told:
        refuse_research_only(researched)
    assert "--without study" in str(told.value)


def test_any_other_model_is_let_through(tmp_path: Path) -> None:
    refuse_research_only(_model(tmp_path / "own", {"name": "own", "rows": 9, "licence": "own data"}))
    refuse_research_only(tmp_path / "not there")


def test_a_folder_without_a_card_is_let_through(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"")
    refuse_research_only(tmp_path)


def test_such_a_model_is_not_adopted(researched: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="只许研究"):
        adopt(tmp_path / "models", researched, by="lin", at="2026-11-25", comparison=None, forced=True)


def test_an_installation_does_not_open_with_such_a_model(
    researched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_MODEL", str(researched))
    with pytest.raises(ConfigError, match="只许研究"):
        open_installation(data=tmp_path / "data")
