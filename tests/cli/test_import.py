"""`monitor posts import` and `monitor tickets`: files of any state, all the way to tickets and out again."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

ROWS = [
    ("1", "刹车失灵，4S店说一切正常，要求给说法"),
    ("2", "贷款多收了三千块手续费，发票也不给开，我要投诉"),
    ("3", "周末去郊外转了一圈，挺开心"),
]


def _write(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["工单", "客户说"])
        writer.writerows(rows)
    return path


MAPPING = ("--map", "id=工单", "--map", "text=客户说")


def test_a_file_goes_all_the_way_to_departments(ready: Command, tmp_path: Path) -> None:
    answer = ready("posts", "import", _write(tmp_path / "a.csv", ROWS), *MAPPING, "--complaints")
    assert answer.status == 0, answer.err
    assert "读到 3 行 = 新 3" in answer.err
    tickets = json.loads(ready("tickets", "list", "--format", "json").out)
    assert {ticket["department"] for ticket in tickets} >= {"质量技术", "财务与金融"}
    assert len(tickets) == 3


def test_the_same_file_again_changes_nothing(ready: Command, tmp_path: Path) -> None:
    path = _write(tmp_path / "a.csv", ROWS)
    ready("posts", "import", path, *MAPPING, "--complaints")
    assert "新 0 + 改 0 + 已有 3" in ready("posts", "import", path, *MAPPING, "--complaints").err
    assert len(json.loads(ready("tickets", "list", "--format", "json").out)) == 3


def test_a_broken_row_is_named_with_its_line_and_the_rest_is_imported(ready: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id":1,"text":"等了俩月"}\n{"id":2,\n{"id":3,"text":"谢谢"}\n', encoding="utf-8")
    answer = ready("posts", "import", path)
    assert answer.status == 0
    assert "2" in next(line for line in answer.err.splitlines() if "a.jsonl" in line)
    assert "新 2 + 改 0 + 已有 0 + 不能用 1" in answer.err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("noise.csv", bytes(range(256)) * 40),
        ("fake.xlsx", b"not a zip"),
        ("cut.csv.gz", b"\x1f\x8b\x08\x00"),
    ],
)
def test_a_file_that_is_not_what_it_says_gets_a_clear_answer(
    ready: Command, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    answer = ready("posts", "import", path)
    assert "Traceback" not in answer.err
    assert name in answer.err


def test_a_compressed_file_is_read(ready: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress("text\n等了俩月还没到货\n".encode()))
    assert "新 1" in ready("posts", "import", path).err


def test_a_ten_megabyte_post_is_kept_whole(ready: Command, tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text(json.dumps({"id": 1, "text": "等了俩月还没到货。" * 400_000}), encoding="utf-8")
    assert "新 1" in ready("posts", "import", path).err


def test_history_is_imported_without_mails(ready: Command, tmp_path: Path) -> None:
    ready("posts", "import", _write(tmp_path / "a.csv", ROWS), *MAPPING, "--complaints", "--quiet")
    mail = next(row for row in json.loads(ready("doctor", "--format", "json").out) if row["part"] == "工单")
    assert "未结 3 张" in mail["detail"]


def test_a_wrong_mapping_is_told(ready: Command, tmp_path: Path) -> None:
    path = _write(tmp_path / "a.csv", ROWS)
    assert ready("posts", "import", path, "--map", "text").status == 2
    assert "没有" in ready("posts", "import", path, "--map", "text=没有这列").err


def test_an_export_is_complete_and_runs_no_formula(ready: Command, tmp_path: Path) -> None:
    rows = [("1", "=cmd|' /C calc'!A0 我要投诉"), ("2", "+86 打了五通电话没人回，投诉")]
    ready("posts", "import", _write(tmp_path / "a.csv", rows), *MAPPING, "--complaints")
    exported = list(csv.DictReader(io.StringIO(ready("tickets", "export").out.lstrip("\ufeff"))))
    assert len(exported) == 2
    assert all(row["summary"].startswith("'") for row in exported)


def test_lists_come_as_csv_too(ready: Command, tmp_path: Path) -> None:
    ready("posts", "import", _write(tmp_path / "a.csv", ROWS), *MAPPING, "--complaints")
    listed = list(csv.DictReader(io.StringIO(ready("tickets", "list", "--format", "csv").out)))
    assert len(listed) == 3
