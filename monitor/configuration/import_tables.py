"""Empty tables to fill in, made of a template: its columns, one invented row, and what to write where."""

import csv
import io

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from monitor.configuration.import_templates import ImportTemplate

NOTE_COLUMN = "填写说明（不导入）"
_REPLACE = "这一行是示例，请删掉"


def csv_table(template: ImportTemplate) -> bytes:
    """The table as CSV, with the mark by which Excel knows UTF-8."""
    # A line above the header would be taken for the header, so that notes have a column of their own.
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([*_header(template), NOTE_COLUMN])
    writer.writerow([*_example(template), "；".join([_REPLACE, *_notes(template)])])
    return stream.getvalue().encode("utf-8-sig")


def xlsx_table(template: ImportTemplate) -> bytes:
    """The table as a workbook: notes stand on the header's cells and on a second sheet, which is not read."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "导入"
    sheet.append(_header(template))
    sheet.append(_example(template))
    for place, key in enumerate(template.headings, start=1):
        head = sheet.cell(row=1, column=place)
        head.font = Font(bold=True)
        head.comment = Comment(_note_on(template, key), "弦外")
        # As text, or Excel turns long numbers into 1.23E+17 and codes with leading noughts into numbers.
        sheet.cell(row=2, column=place).number_format = "@"
        sheet.column_dimensions[get_column_letter(place)].number_format = "@"
        sheet.column_dimensions[get_column_letter(place)].width = 40 if key == "text" else 18
    sheet.freeze_panes = "A2"
    notes = book.create_sheet("说明")
    for line in (f"第 2 行是示例，请删掉。模板：{template.title}", *_notes(template)):
        notes.append([line])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _header(template: ImportTemplate) -> list[str]:
    return [names[0] for names in template.headings.values()]


def _example(template: ImportTemplate) -> list[str]:
    return [template.example[key] for key in template.headings]


def _note_on(template: ImportTemplate, key: str) -> str:
    others = template.headings[key][1:]
    return f"{template.called(key)}。" + (f"也认得的列名：{'、'.join(others)}" if others else "")


def _notes(template: ImportTemplate) -> list[str]:
    dropped = f"不读入的个人信息：{'、'.join(template.dropped)}" if template.dropped else ""
    lines = (f"在哪里下载：{template.where}", *template.notes, dropped, "除了正文，都可以空着或删掉整列")
    return [line for line in lines if line]
