"""Reading TOML strictly: every mistake is named with file, key and what was expected."""

import tomllib
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from monitor.domain.errors import ConfigError

_T = TypeVar("_T")

_NAMES: dict[type, str] = {
    str: "文字",
    int: "整数",
    float: "数字",
    bool: "true 或 false",
    list: "列表",
    dict: "表（[…] 一节）",
}


class Table:
    """One table of a TOML file, whose keys are taken one by one; `finish` refuses what was not taken."""

    def __init__(self, data: dict[str, Any], place: str) -> None:
        self._data = data
        self._taken: set[str] = set()
        self.place = place

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def take(self, key: str, kind: type[_T], default: _T | None = None) -> _T:
        """The value under `key`. Raises `ConfigError` when it is missing without a default, or of another type."""
        self._taken.add(key)
        if key not in self._data:
            if default is None:
                raise ConfigError(f"{self.place}：缺少 {key}，应为{_NAMES[kind]}")
            return default
        value = self._data[key]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise ConfigError(f"{self.place}：{key} 应为{_NAMES[kind]}，给的是 {value!r}")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty when the key is missing."""
        values = self.take(key, list, [])
        for value in values:
            if not isinstance(value, str) or not value:
                raise ConfigError(f"{self.place}：{key} 里应全是非空的文字，其中有 {value!r}")
        return tuple(values)

    def choice(self, key: str, choices: Iterable[str], default: str | None = None) -> str:
        """A text out of `choices`."""
        value = self.take(key, str, default)
        allowed = list(choices)
        if value not in allowed:
            raise ConfigError(f"{self.place}：{key} 应为 {' / '.join(allowed)}，给的是 {value!r}")
        return value

    def table(self, key: str) -> "Table":
        """A nested table, empty when it is missing."""
        return Table(self.take(key, dict, {}), f"{self.place} [{key}]")

    def tables(self, key: str) -> list["Table"]:
        """A list of nested tables ([[key]]), empty when there is none."""
        rows = self.take(key, list, [])
        if not all(isinstance(row, dict) for row in rows):
            raise ConfigError(f"{self.place}：{key} 应写成 [[{key}]] 的若干节")
        return [Table(row, f"{self.place} 第 {number} 个 [[{key}]]") for number, row in enumerate(rows, 1)]

    def items(self) -> dict[str, Any]:
        """Everything in it, taken."""
        self._taken.update(self._data)
        return dict(self._data)

    def finish(self, known: Iterable[str] = ()) -> None:
        """Raises `ConfigError` for keys that nobody asked for."""
        expected = self._taken.union(known)
        for key in self._data:
            if key not in expected:
                raise ConfigError(f"{self.place}：不认识的 {key}；可以写的有 {'、'.join(sorted(expected))}")


def read_toml(path: Path) -> Table:
    """The file as a table; an absent file is an empty one. Raises `ConfigError` when it is not TOML or not UTF-8."""
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Table({}, str(path))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}：不是 UTF-8 编码（第 {error.start} 字节起）") from error
    try:
        return Table(tomllib.loads(content), str(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}：不是正确的 TOML：{error}") from error


def folded(words: tuple[str, ...]) -> tuple[str, ...]:
    """Words in half width and lower case, as the texts are in which they are looked for."""
    return tuple(unicodedata.normalize("NFKC", word).lower() for word in words)


def refuse_repeats(place: str, names: Iterable[str]) -> None:
    """Raises `ConfigError` for a name that is empty or stands there twice."""
    seen: set[str] = set()
    for name in names:
        if not name.strip():
            raise ConfigError(f"{place}：name 应为不空的文字")
        if name in seen:
            raise ConfigError(f"{place}：名称“{name}”出现了两次")
        seen.add(name)
