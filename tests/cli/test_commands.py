"""Commands about members, tokens, sources, configuration and the state of things."""

import json
import shutil
from pathlib import Path

import pytest

from monitor.cli import COMMANDS
from monitor.settings import resource_folder
from tests.cli.conftest import Command
from tests.installing import TestInstallation


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(command: Command, name: str) -> None:
    answer = command(name, "--help")
    assert answer.status == 0
    assert "Usage" in answer.out


def test_without_a_database_a_command_says_what_to_run(command: Command) -> None:
    answer = command("members", "list")
    assert answer.status == 2
    assert "monitor db upgrade" in answer.err


def test_an_upgrade_can_be_repeated(ready: Command) -> None:
    assert "已是最新" in ready("db", "upgrade").out


def test_a_member_gets_a_one_time_password_and_is_listed(ready: Command) -> None:
    answer = ready("members", "add", "chen", "--name", "陈工", "--role", "handler", "--department", "质量技术")
    assert "一次性密码" in answer.out
    listed = json.loads(ready("members", "list", "--format", "json").out)
    assert [(row["login"], row["department"]) for row in listed] == [("chen", "质量技术")]


def test_a_handler_without_a_department_is_refused_in_one_line(ready: Command) -> None:
    answer = ready("members", "add", "chen", "--name", "陈工", "--role", "handler")
    assert answer.status == 1
    assert answer.err.startswith("错误：")
    assert "部门" in answer.err


def test_an_unknown_department_is_answered_with_those_there_are(ready: Command) -> None:
    answer = ready("members", "add", "chen", "--name", "陈工", "--role", "head", "--department", "质检")
    assert "质量技术" in answer.err


def test_a_password_can_be_reset_and_a_member_switched_off(ready: Command) -> None:
    ready("members", "add", "chen", "--name", "陈工", "--role", "agent")
    assert "新一次性密码" in ready("members", "reset-password", "chen").out
    assert "已停用" in ready("members", "switch-off", "chen").out
    assert ready("members", "reset-password", "nobody").status == 1


def test_a_token_is_shown_once_and_never_listed(ready: Command) -> None:
    token = ready("tokens", "add", "crm").out.strip()
    listed = ready("tokens", "list", "--format", "json").out
    assert token.startswith("xw_")
    assert token not in listed
    assert json.loads(listed)[0]["may_read"] is False
    assert "已停用" in ready("tokens", "revoke", "crm").out


def test_sources_are_listed_and_an_unknown_one_is_named(ready: Command) -> None:
    names = [row["name"] for row in json.loads(ready("sources", "list", "--format", "json").out)]
    assert "公开投诉表单" in names
    answer = ready("sources", "preview", "没有这个")
    assert answer.status == 1
    assert "公开投诉表单" in answer.err


def test_a_source_is_previewed_without_storing_and_then_collected(
    place: TestInstallation, command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "posts"
    folder.mkdir()
    (folder / "a.csv").write_text("编号,内容\n1,等了俩月还没到货\n2,今天天气不错\n", encoding="utf-8")
    place.write("sources.toml", f'[[source]]\nname = "夹子"\nkind = "folder"\noptions = {{ path = "{folder}" }}\n')
    command("db", "upgrade")
    seen = json.loads(command("sources", "preview", "夹子", "--format", "json").out)
    assert [row["text"] for row in seen] == ["等了俩月还没到货", "今天天气不错"]
    assert "取到 2 = 新 2" in command("sources", "collect", "夹子").out
    assert "取到 0" in command("sources", "collect", "夹子").out


def test_the_shipped_configuration_is_in_order(command: Command) -> None:
    answer = command("config", "check")
    assert answer.status == 0
    assert "没有问题" in answer.out


def test_a_wrong_key_stops_every_command_with_file_and_key(place: TestInstallation, command: Command) -> None:
    place.write("settings.toml", "prot = 8000\n")
    answer = command("db", "upgrade")
    assert answer.status == 2
    assert "settings.toml" in answer.err
    assert "prot" in answer.err


def test_a_source_with_a_wrong_option_stops_the_start(place: TestInstallation, command: Command) -> None:
    place.write("sources.toml", '[[source]]\nname = "坏"\nkind = "feed"\noptions = { adress = "x" }\n')
    answer = command("db", "upgrade")
    assert answer.status == 2
    assert "坏" in answer.err
    assert "adress" in answer.err


def test_the_configuration_is_copied_but_never_over_something(command: Command, tmp_path: Path) -> None:
    assert command("config", "copy", tmp_path / "mine").status == 0
    assert (tmp_path / "mine" / "routing.toml").exists()
    assert command("config", "copy", tmp_path / "mine").status == 1


def test_the_doctor_names_what_is_wrong_and_fails(command: Command) -> None:
    answer = command("doctor", "--format", "json")
    assert answer.status == 1
    states = {row["part"]: row["state"] for row in json.loads(answer.out)}
    assert states == {"配置": "正常", "数据库": "有问题"}


def test_routing_explains_itself(command: Command) -> None:
    answer = json.loads(command("routing", "explain", "贷款多收了三千块手续费", "--json").out)
    assert (answer["department"], answer["decided_by"], answer["rule"]) == ("财务与金融", "rule", "费用与金融")
    assert "手续费" in answer["words"]
    assert "主办部门：财务与金融" in command("routing", "explain", "贷款多收了三千块手续费").out


def test_the_model_says_what_it_was_made_of(command: Command) -> None:
    card = json.loads(command("classifier", "info", "--json").out)
    assert card["sets"]
    assert "ecisa" not in {entry["name"] for entry in card["sets"]}
    assert card["sha256"][:8] in command("classifier", "info").out


def test_a_text_is_explained_word_by_word(command: Command) -> None:
    answer = command("classifier", "explain", "配件说要等两个月，算了，就这么放着吧")
    assert answer.status == 0
    assert "“等两个月”" in answer.out
    assert "久候" in answer.out


def test_two_models_are_compared_on_a_folder_of_sets(command: Command, tmp_path: Path) -> None:
    rows = ["text,label", *(f"等了{n}周还没到货,negative\n师傅很热情第{n}次来都满意,positive" for n in range(1, 20))]
    (tmp_path / "own.csv").write_text("\n".join(rows), encoding="utf-8")
    shipped = resource_folder("config").parent / "monitor" / "classifiers" / "models" / "shipped"
    twin = tmp_path / "twin"
    shutil.copytree(shipped, twin)
    answer = command("classifier", "compare", shipped, twin, "--data", tmp_path, "--format", "json")
    assert answer.status == 0, answer.err
    by_name = {row["classifier"]: row["accuracy"] for row in json.loads(answer.out) if row["set"] == "own"}
    assert by_name["shipped"] == by_name["twin"]
