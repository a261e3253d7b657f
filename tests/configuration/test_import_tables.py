"""Empty tables: what stands in them, and that they are read as their template means."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from monitor.configuration.import_tables import NOTE_COLUMN, csv_table, xlsx_table
from monitor.configuration.import_templates import ImportTemplate, load_templates
from monitor.settings import resource_folder
from monitor.wiring.imports import read_by_template
from scrapers.base import RawPost

TEMPLATES = load_templates(resource_folder("config") / "imports")


def test_a_csv_table_opens_in_excel_and_carries_its_notes_in_a_column() -> None:
    content = csv_table(TEMPLATES["weibo"])
    assert content.startswith(b"\xef\xbb\xbf")
    header, example = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert header[:2] == ["评论内容", "评论ID"]
    assert header[-1] == NOTE_COLUMN
    assert example[0] == TEMPLATES["weibo"].example["text"]
    assert "这一行是示例，请删掉" in example[-1]
    assert "不读入的个人信息：用户ID" in example[-1]


def test_a_workbook_has_notes_on_its_header_and_on_a_second_sheet() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_table(TEMPLATES["taobao"])))
    sheet, notes = book.worksheets
    assert [cell.value for cell in sheet[1]][:2] == ["评价内容", "评价ID"]
    comment = sheet["A1"].comment
    assert comment is not None
    assert "也认得的列名：初评内容" in comment.text
    assert any("千牛" in str(row[0].value) for row in notes.iter_rows())


def test_long_numbers_stay_text_in_a_workbook() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx_table(TEMPLATES["weibo"]))).worksheets[0]
    assert sheet["B2"].number_format == "@"
    assert sheet.column_dimensions["B"].number_format == "@"


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize(("ending", "write"), [("csv", csv_table), ("xlsx", xlsx_table)])
def test_a_filled_table_is_read_as_its_template_means(
    tmp_path: Path, name: str, ending: str, write: Callable[[ImportTemplate], bytes]
) -> None:
    template = TEMPLATES[name]
    path = tmp_path / f"a.{ending}"
    path.write_bytes(write(template))
    # As if somebody had written other words over the example.
    (post,) = read_by_template(path, replace(template, example={"text": ""}), {}).items
    assert isinstance(post, RawPost)
    assert post.text.startswith(template.example["text"])
    assert all(template.example[label] in post.text for label in template.more)
    assert post.external_id == template.example.get("id", template.example.get("url"))
    assert post.author == template.example.get("author", "")
    assert post.created_at == datetime(2026, 3, 5, 1, 30, tzinfo=UTC)
    assert post.zone_assumed is (name != "google_play")
    assert post.rating == (float(template.example["rating"]) if "rating" in template.columns else None)
    assert post.thread_id == template.example.get("thread", "")
