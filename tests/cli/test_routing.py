"""Training, measuring and using a company's own router from the command line."""

import json
from pathlib import Path

import pytest

from monitor.configuration import load_configuration
from monitor.settings import config_folder, load_settings
from monitor.wiring import DISPATCH_AT, build_tools
from tests.cli.conftest import Command
from tests.routing_cases import CASES, write_cases


@pytest.fixture
def trained(command: Command, tmp_path: Path) -> Path:
    """The folder of a trained router."""
    file = write_cases(tmp_path / "cases.csv", CASES, ("内容", "部门"))
    answer = command("routing", "train", file, "--output", tmp_path / "router", "--text", "内容", "--label", "部门")
    assert answer.status == 0, answer.err
    assert "自动派单线" in answer.out
    assert "宏 F1" in answer.out
    assert "第 5/5 折" in answer.err
    return tmp_path / "router"


def test_a_router_is_measured(command: Command, trained: Path, tmp_path: Path) -> None:
    file = write_cases(tmp_path / "new.csv", CASES[:20])
    found = json.loads(command("routing", "evaluate", file, "--model", trained, "--json").out)
    assert found["accuracy"] > 0.9
    assert 0 <= found["macro_f1"] <= 1
    assert found["micro_f1"] == found["accuracy"]
    assert found["n"] == 20
    low, high = found["intervals"]["accuracy"]
    assert low <= found["accuracy"] <= high
    assert found["top3"] >= found["accuracy"]
    assert set(found["per_department"]["安装队"]) == {"precision", "recall", "f1", "n"}
    table = command("routing", "evaluate", file, "--model", trained).out
    assert "行是应派的部门" in table
    assert "最常见的错派" in table


def test_a_file_without_the_columns_is_refused_in_one_line(command: Command, tmp_path: Path) -> None:
    file = write_cases(tmp_path / "cases.csv", CASES, ("内容", "部门"))
    answer = command("routing", "train", file, "--output", tmp_path / "router")
    assert answer.status != 0
    assert answer.err.startswith("错误：")
    assert "内容、部门" in answer.err


def test_the_router_in_the_settings_suggests_its_own_departments(
    command: Command, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_ROUTER", str(trained))
    found = json.loads(command("routing", "explain", "买电视的发票还没开", "--json").out)
    assert found["suggestions"][0]["department"] == "财务"


def test_the_threshold_is_the_routers_unless_the_settings_name_one(
    command: Command, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del command

    def threshold() -> float:
        settings = load_settings(config_folder())
        return build_tools(settings, load_configuration(config_folder(), settings.zone)).dispatch_at

    assert threshold() == DISPATCH_AT
    monkeypatch.setenv("MONITOR_ROUTER", str(trained))
    assert threshold() == json.loads((trained / "card.json").read_text(encoding="utf-8"))["dispatch_at"]
    monkeypatch.setenv("MONITOR_DISPATCH_AT", "0.6")
    assert threshold() == 0.6


def test_explain_says_what_a_model_would_choose_and_which_places_it_read(command: Command, trained: Path) -> None:
    found = json.loads(command("routing", "explain", "在广州买的电视，发票还没开", "--model", trained, "--json").out)
    assert found["suggestions"][0]["department"] == "财务"
    assert found["suggestions"][0]["words"]
    assert found["regions"] == ["广东", "广州"]
    assert "地区：广东、广州" in command("routing", "explain", "在广州买的电视", "--model", trained).out


def test_departments_are_listed_with_their_division(command: Command) -> None:
    rows = json.loads(command("routing", "departments", "--format", "json").out)
    assert {"name": "客服中心", "parent": "", "email": "care@example.com", "fallback": True} in rows
    assert "事业部" in command("routing", "departments").out
