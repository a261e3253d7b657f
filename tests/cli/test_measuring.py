"""A model for research only measures, with a remark, and is not put to work."""

import json
import shutil
from pathlib import Path

import pytest

from monitor.classifiers.model_file import CARD, RESEARCH_LICENCE
from monitor.classifiers.trained import SHIPPED
from tests.cli.conftest import Command

REMARK = "用了 study，这些数据集只许研究"


@pytest.fixture
def researched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped model, with a card that names a set for research only, as the setting `model`."""
    folder = shutil.copytree(SHIPPED, tmp_path / "researched")
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    card["sets"] = [*card["sets"], {"name": "study", "rows": 9, "licence": RESEARCH_LICENCE}]
    (folder / CARD).write_text(json.dumps(card, ensure_ascii=False), encoding="utf-8")
    monkeypatch.setenv("MONITOR_MODEL", str(folder))
    return folder


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts"
    path.write_text("等了三周还没到货\n修了三次还是响\n", encoding="utf-8")
    return path


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    folder = tmp_path / "sets"
    folder.mkdir()
    (folder / "own.csv").write_text("text,label\n等了三周还没到货,negative\n师傅很热情,positive\n", encoding="utf-8")
    return folder


def test_texts_are_judged_with_one_remark(researched: Path, command: Command, texts: Path) -> None:
    answer = command("classify", texts)
    assert (answer.status, len(answer.out.splitlines())) == (0, 2), answer.err
    assert answer.err.count(REMARK) == 1
    assert str(researched) in answer.err


def test_it_is_described_and_explains_with_one_remark(researched: Path, command: Command) -> None:
    for arguments in (("info", "--json"), ("explain", "等了三周还没到货")):
        answer = command("classifier", *arguments)
        assert answer.status == 0, answer.err
        assert answer.err.count(REMARK) == 1
        assert REMARK not in answer.out


def test_it_is_evaluated_and_compared_with_one_remark(researched: Path, command: Command, sets: Path) -> None:
    for arguments in (("evaluate",), ("compare", SHIPPED, researched)):
        answer = command("classifier", *arguments, "--data", sets)
        assert answer.status == 0, answer.err
        assert answer.err.count(REMARK) == 1


def test_it_does_not_open_an_installation(researched: Path, command: Command) -> None:
    for arguments in (("web",), ("jobs", "run"), ("serve",), ("db", "upgrade")):
        answer = command(*arguments)
        assert answer.status != 0
        assert str(researched) in answer.err
        assert "--without study" in answer.err


def test_it_is_not_adopted(researched: Path, ready_without_it: Command) -> None:
    answer = ready_without_it("classifier", "adopt", researched, "--force")
    assert answer.status != 0
    assert "study" in answer.err
    assert ready_without_it("classifier", "rollback").status != 0, "nothing was brought into force"


@pytest.fixture
def ready_without_it(researched: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The installation with its database made, working with the shipped model."""
    monkeypatch.delenv("MONITOR_MODEL")
    assert command("db", "upgrade").status == 0
    return command


def test_the_shipped_model_is_used_without_a_remark(command: Command, texts: Path) -> None:
    assert "只许研究" not in command("classify", texts).err
