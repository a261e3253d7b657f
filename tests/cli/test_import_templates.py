"""`monitor posts templates` and importing by a template."""

import json
from pathlib import Path

import openpyxl
import pytest

from tests.cli.conftest import Command


def test_templates_are_listed(command: Command) -> None:
    listed = json.loads(command("posts", "templates", "--format", "json").out)
    assert {"name": "zhihu", "title": "知乎"}.items() <= next(row for row in listed if row["name"] == "zhihu").items()


def test_a_template_is_explained(command: Command) -> None:
    answer = command("posts", "templates", "weibo")
    assert "评论内容、微博内容" in answer.out
    assert "为什么没有采集器：" in answer.err
    assert "不读入的个人信息：用户ID" in answer.err


def test_an_unknown_template_is_answered_with_those_there_are(command: Command) -> None:
    answer = command("posts", "templates", "vk")
    assert answer.status == 1
    assert "有的是：autohome" in answer.err


@pytest.mark.parametrize("name", ["空表.csv", "空表.xlsx"])
def test_an_empty_table_is_written_once(command: Command, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    answer = command("posts", "templates", "weibo", "--output", path)
    assert answer.status == 0
    assert "monitor posts import" in answer.err
    assert path.stat().st_size > 100
    again = command("posts", "templates", "weibo", "--output", path)
    assert again.status == 1
    assert "没有覆盖" in again.err


@pytest.mark.parametrize("arguments", [("weibo", "--output", "a.doc"), ("--output", "a.csv")])
def test_an_output_that_makes_no_sense_is_refused(command: Command, arguments: tuple[str, ...]) -> None:
    assert command("posts", "templates", *arguments).status == 2


def test_an_output_that_cannot_be_written_is_told(command: Command, tmp_path: Path) -> None:
    answer = command("posts", "templates", "weibo", "--output", tmp_path / "none" / "a.csv")
    assert answer.status == 1
    assert "写不进去" in answer.err


def test_a_filled_table_becomes_posts_of_its_platform(ready: Command, tmp_path: Path) -> None:
    path = tmp_path / "表.xlsx"
    ready("posts", "templates", "weibo", "--output", path)
    book = openpyxl.load_workbook(path)
    book.worksheets[0].append(["交车时间改了四次，客服只会说抱歉", "9001", "", "某人", "2026-03-05 09:30"])
    book.save(path)
    answer = ready("posts", "import", path, "--template", "weibo")
    assert answer.status == 0, answer.err
    assert "模板“微博”：正文 = 评论内容" in answer.err
    assert "第 2 行：这是模板里的示例行，没有导入" in answer.err
    assert "读到 2 行 = 新 1 + 改 0 + 已有 0 + 不能用 1" in answer.err
    # A source of its own, for ids are unique within one platform only.
    assert any(row["name"] == "导入：微博" for row in json.loads(ready("sources", "list", "--format", "json").out))


def test_a_table_that_does_not_fit_is_explained_and_nothing_is_imported(ready: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("日期,金额\n2026-03-05,3\n", encoding="utf-8")
    answer = ready("posts", "import", path, "--template", "weibo")
    assert answer.status == 1
    assert "找过：评论内容" in answer.err
    assert "表里有：日期、金额" in answer.err


def test_checking_the_configuration_checks_the_templates(command: Command) -> None:
    assert "15 份导入模板" in command("config", "check").out
