"""The command that prints a source's posts without a database."""

import json
from pathlib import Path

import pytest

from scrapers.__main__ import main
from tests.scrapers.conftest import Site, say


def test_alone_it_lists_the_kinds_with_their_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    for word in ("feed", "json", "html", "folder", "timezone", "必填", "Asia/Shanghai"):
        assert word in out


def test_posts_are_printed_as_json_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("id,text,created\n1,门把手不弹出,2026-01-05 09:00\n2,\n", "utf-8")
    assert main(["folder", f"path={tmp_path}"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["text"] == "门把手不弹出"
    assert "门把手" in out
    assert "a.csv 第 3 行" in err


def test_all_pieces_of_a_large_file_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("text\n" + "".join(f"{number}\n" for number in range(2100)), "utf-8")
    assert main(["folder", f"path={tmp_path}"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2100


def test_a_feed_on_one_s_own_machine_is_read(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.routes["/feed"] = say("<rss><channel><item><title>你好</title></item></channel></rss>".encode())
    assert main(["feed", f"url={site.address}/feed", "own_site=true", "own_reason=本机测试"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "你好"


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["mailbox"], 2, "配置错误：没有“mailbox”"),
        (["feed"], 2, "配置错误：缺少选项 url"),
        (["feed", "url"], 2, "应写成 选项=值"),
        (["feed", "url=http://127.0.0.1:1/feed"], 1, "采集失败："),
        (["folder", "path=/nowhere/at/all"], 1, "采集失败：文件夹"),
    ],
)
def test_an_error_is_one_line_and_a_status(
    words: list[str], status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1
