"""Table files read row by row: CSV, JSON Lines and XLSX, plain or gzipped, however large and however broken."""

import csv
import gzip
import io
import json
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from scrapers.reading.charsets import sniff_charset

TEXT_ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson")
ENDINGS = (*TEXT_ENDINGS, *(f"{ending}.gz" for ending in TEXT_ENDINGS), ".xlsx")
"""The names of files that can be read."""

MAX_LINE = 64 * 1024 * 1024
MAX_UNPACKED = 2 * 1024**3
MAX_RECORD_LINES = 2000
_SAMPLE = 256 * 1024

# The limit is the module's, not a reader's; the default of 128 kB refuses a long post.
csv.field_size_limit(MAX_LINE)


class Unreadable(Exception):
    """A file, or the rest of it, cannot be read; says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line (or sheet row) it begins at, and its cells by column name."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read, and why."""

    line: int
    reason: str


def read_rows(source: Path | IO[bytes], name: str = "") -> Iterator[Row | BadRow]:
    """The rows of a file in order, blank ones left out. Raises `Unreadable` where nothing more can be read."""
    name = (name or (source.name if isinstance(source, Path) else "")).lower()
    if not name.endswith(ENDINGS):
        raise Unreadable(_unknown(name))
    with _opened(source) as stream:
        if name.endswith(".xlsx"):
            yield from _sheet_rows(stream)
        else:
            yield from _text_rows(stream, name)


def _unknown(name: str) -> str:
    if name.endswith(".xls"):
        return "是旧版 Excel（.xls），请另存为 .xlsx 或 CSV"
    if name.endswith(".json"):
        return "是 .json；请存成一行一个对象的 .jsonl"
    return f"不是可读取的文件类型；可用：{'、'.join(ENDINGS)}"


@contextmanager
def _opened(source: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield stream
    else:
        yield source


def _text_rows(stream: IO[bytes], name: str) -> Iterator[Row | BadRow]:
    packed = name.endswith(".gz")
    # A gzip reader never closes the stream it was given, and nothing else needs closing.
    read = _csv_rows if name.removesuffix(".gz").endswith((".csv", ".tsv")) else _json_rows
    try:
        yield from read(_Lines(gzip.GzipFile(fileobj=stream) if packed else stream))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Unreadable("压缩包不完整或已损坏，之后的内容没有读到") from error


class _Lines:
    """A file's lines as text, numbered; remembers those of the record being read, and can take them back."""

    def __init__(self, stream: Any) -> None:
        sample = stream.read(_SAMPLE)
        if not sample:
            raise Unreadable("是空文件")
        self.encoding = sniff_charset(sample)
        self._stream = _Prefixed(sample, stream)
        wide = self.encoding.startswith(("utf-16", "utf-32"))
        self._wide = io.TextIOWrapper(io.BufferedReader(self._stream), self.encoding, "replace") if wide else None
        self._waiting: deque[str] = deque()
        self._bytes = 0
        self.number = 0
        self.taken: list[str] = []
        self.broken = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_RECORD_LINES:
            raise csv.Error("引号没有收尾")
        line = self._waiting.popleft() if self._waiting else self._next_line()
        self.number += 1
        self.taken.append(line)
        return line

    def _next_line(self) -> str:
        # UTF-16 and UTF-32 write a line's end as several bytes, so those are cut after decoding.
        if self._wide is not None:
            wide = self._wide.readline(MAX_LINE)
            if not wide:
                raise StopIteration
            return wide
        raw = self._stream.readline(MAX_LINE)
        if not raw:
            raise StopIteration
        self._bytes += len(raw)
        if self._bytes > MAX_UNPACKED:
            raise Unreadable("解压后过大，之后的内容没有读")
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError:
            self.broken = True
            return raw.decode(self.encoding, "replace")

    def begin(self) -> int:
        """Starts a record; gives the number of its first line."""
        self.taken = []
        self.broken = False
        return self.number + 1

    def peek(self) -> str:
        """The next line, left to be read; raises `StopIteration` at the end."""
        line = next(self)
        self._waiting.appendleft(line)
        self.number -= 1
        self.taken.pop()
        return line

    def give_back(self) -> None:
        """Takes back all lines of the record but its first, so that they are read anew."""
        rest = self.taken[1:]
        self.number -= len(rest)
        self._waiting.extendleft(reversed(rest))


class _Prefixed(io.RawIOBase):
    """A stream whose beginning was read already."""

    def __init__(self, start: bytes, rest: Any) -> None:
        self._start, self._rest = io.BytesIO(start), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._start.read(len(buffer)) or self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readline(self, size: int | None = -1) -> bytes:
        line = self._start.readline(-1 if size is None else size)
        if line.endswith(b"\n"):
            return bytes(line)
        return bytes(line + self._rest.readline(size))


def _csv_rows(lines: _Lines) -> Iterator[Row | BadRow]:
    columns: list[str] = []
    reader: Any = None
    while True:
        first = lines.begin()
        try:
            if reader is None:
                reader = csv.reader(lines, delimiter=_delimiter(lines))
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            lines.give_back()
            yield BadRow(first, f"这一行的引号或格式有误（{error}）")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            columns = _columns(cells)
            continue
        yield _csv_row(first, cells, columns, lines)
    if not columns:
        raise Unreadable("没有表头，也没有内容")


def _delimiter(lines: _Lines) -> str:
    """The mark between cells, by the first line, which is then read again."""
    first = lines.peek()
    return max(",\t;|", key=lambda mark: (first.count(mark), -",\t;|".index(mark)))


def _columns(cells: list[str]) -> list[str]:
    names: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = cell.strip().strip("\ufeff") or f"第{number}列"
        names.append(name if name not in names else f"{name}（{number}）")
    return names


def _csv_row(first: int, cells: list[str], columns: list[str], lines: _Lines) -> Row | BadRow:
    # A quote without its partner swallows the lines below it until the next quote: those are given back and read anew.
    if len(lines.taken) > 1 and (len(cells) != len(columns) or sum(line.count('"') for line in lines.taken) % 2):
        lines.give_back()
        return BadRow(first, "引号没有收尾，这一行没有读入")
    if lines.broken:
        return BadRow(first, f"有无法识别的字节（按 {lines.encoding} 读取）")
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        return BadRow(first, f"有 {len(cells)} 格，表头只有 {len(columns)} 列；内容里的逗号可能没有加引号")
    return Row(first, dict(zip(columns, cells, strict=False)))


def _json_rows(lines: _Lines) -> Iterator[Row | BadRow]:
    while True:
        number = lines.begin()
        line = next(lines, None)
        if line is None:
            return
        if not line.strip():
            continue
        yield _json_row(number, line, lines)


def _json_row(number: int, line: str, lines: _Lines) -> Row | BadRow:
    if lines.broken:
        return BadRow(number, f"有无法识别的字节（按 {lines.encoding} 读取）")
    if len(line) >= MAX_LINE:
        return BadRow(number, f"这一行超过 {MAX_LINE // 1024**2} MB，没有读入")
    try:
        found = json.loads(line.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return BadRow(number, "不是完整的 JSON")
    if not isinstance(found, dict):
        return BadRow(number, '不是 JSON 对象（应类似 {"text": "…"}）')
    return Row(number, {str(name): _cell(value) for name, value in found.items()})


def _cell(value: Any) -> str:
    """A cell's value as words; whole numbers without a point, moments as ISO 8601."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _sheet_rows(stream: IO[bytes]) -> Iterator[Row | BadRow]:
    try:
        _check_size(stream)
        # Formulas are read as the value Excel last computed; nothing is ever computed here.
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, SyntaxError, TypeError) as error:
        raise Unreadable("不是真正的 .xlsx 文件或已损坏；若是 CSV 请改回 .csv 后缀，否则请用 Excel 重新另存") from error
    try:
        yield from _cells_of(book)
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, SyntaxError, TypeError, EOFError) as error:
        raise Unreadable("工作表已损坏，之后的内容没有读到") from error
    finally:
        book.close()


def _check_size(stream: IO[bytes]) -> None:
    with zipfile.ZipFile(stream) as packed:
        if sum(entry.file_size for entry in packed.infolist()) > MAX_UNPACKED:
            raise Unreadable("解压后过大，没有读")


def _cells_of(book: Any) -> Iterator[Row]:
    sheet = book.worksheets[0] if book.worksheets else None
    columns: list[str] = []
    for number, values in enumerate(sheet.iter_rows(values_only=True) if sheet else (), start=1):
        cells = [_cell(value) for value in values]
        if not any(cell.strip() for cell in cells):
            continue
        if columns:
            yield Row(number, dict(zip(columns, cells, strict=False)))
        else:
            columns = _columns(cells)
    if not columns:
        raise Unreadable("工作表是空的")
