"""A company's own labelled cases: text and departments, read from a CSV file as people have it."""

import csv
import gzip
import io
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.domain.errors import ConfigError

_ENCODINGS = ("utf-8-sig", "gb18030")  # spreadsheets on a Chinese Windows still write the second
FEWEST = 5
"""Rows a department must have to be learned: one for each fold of the cross-validation."""


LABELS = ("label", "department")
"""Columns that hold the department, when nobody names another; the first there is."""
_BAR = "|"

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts and their departments, one beside the other; `skipped` rows lacked one of the two."""

    texts: tuple[str, ...]
    labels: tuple[Names, ...]
    several: bool = False
    """Whether a case may have more than one department."""
    skipped: int = 0
    rare: Mapping[str, int] = field(default_factory=dict)
    """Departments left out because they have too few rows, with how many they have."""


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError) as error:
        raise ConfigError(f"{path}: 读不了：{error}") from error
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigError(f"{path}: 应是 UTF-8 或 GB18030 编码的 CSV 文件")


def _table(path: Path, text: str, label: str) -> list[tuple[str, str]]:
    csv.field_size_limit(sys.maxsize)
    reader = csv.DictReader(io.StringIO(_decoded(path), newline=""))
    try:
        names = reader.fieldnames or []
        label = label or next((name for name in LABELS if name in names), LABELS[0])
        missing = [name for name in (text, label) if name not in names]
        if missing:
            raise ConfigError(
                f"{path}: 没有列 {'、'.join(missing)}，实有 {'、'.join(names) or '空文件'}；用 --text 和 --label 指出"
            )
        return [((row[text] or "").strip(), (row[label] or "").strip()) for row in reader]
    except csv.Error as error:
        raise ConfigError(f"{path}: 第 {reader.line_num} 行不是 CSV：{error}") from error


def read_rows(path: Path, *, text: str = "text", label: str = "", several: bool = False) -> Rows:
    """The rows that have both text and department. Raises `ConfigError` naming file and column.

    Where a label holds `|`, or when `several` says so, a case may have more than one department.
    """
    table = _table(path, text, label)
    kept = [pair for pair in table if pair[0] and pair[1].strip(_BAR)]
    if not kept:
        raise ConfigError(f"{path}: 没有一行同时有 {text} 和 {label or LABELS[0]}")
    labels = tuple(tuple(dict.fromkeys(part.strip() for part in name.split(_BAR) if part.strip())) for _, name in kept)
    several = several or any(len(names) > 1 for names in labels)
    return Rows(tuple(t for t, _ in kept), labels, several, len(table) - len(kept))


def learnable(rows: Rows, path: Path) -> Rows:
    """The rows of departments that have enough of them. Raises `ConfigError` when fewer than two are left."""
    counts = Counter(name for names in rows.labels for name in names)
    rare = {name: count for name, count in sorted(counts.items()) if count < FEWEST}
    if len(counts) - len(rare) < 2:
        seen = "、".join(f"{name} {count} 条" for name, count in sorted(counts.items()))
        raise ConfigError(f"{path}: 至少要有两个部门各 {FEWEST} 条才学得到，实有 {seen}")
    labels = [tuple(name for name in names if name not in rare) for names in rows.labels]
    pairs = [(t, names) for t, names in zip(rows.texts, labels, strict=True) if names]
    return Rows(tuple(t for t, _ in pairs), tuple(names for _, names in pairs), rows.several, rows.skipped, rare)
