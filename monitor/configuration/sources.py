"""Sources as TOML: what `sources.toml` says, and a source of the database written the same way."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from monitor.domain.errors import ConfigError
from monitor.tables import Table, refuse_repeats


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A source as configured; `example` ones are on only while the example is."""

    name: str
    kind: str
    options: Mapping[str, Any]
    interval: int = 900
    enabled: bool = True
    direct: bool = False
    example: bool = False
    query: str = ""


def read_sources(table: Table, folder: Path) -> tuple[SourceEntry, ...]:
    """The sources of a file; paths in it count from `folder`. Raises `ConfigError` naming file, key and expectation."""
    entries = tuple(_source(row, folder) for row in table.tables("source"))
    table.finish()
    refuse_repeats(table.place, (entry.name for entry in entries))
    return entries


def _source(row: Table, folder: Path) -> SourceEntry:
    options = row.table("options").items()
    if isinstance(options.get("path"), str):
        options["path"] = str(folder / options["path"])
    entry = SourceEntry(
        name=row.take("name", str),
        kind=row.take("kind", str),
        options=options,
        interval=row.take("interval", int, 900),
        enabled=row.take("enabled", bool, True),
        direct=row.take("direct", bool, False),
        example=row.take("example", bool, False),
        query=row.take("query", str, ""),
    )
    row.finish()
    if entry.interval < 1:
        raise ConfigError(f"{row.place}：interval 应为至少 1 的秒数，给的是 {entry.interval}")
    return entry


def sources_in(text: str, folder: Path) -> tuple[SourceEntry, ...]:
    """The sources in a piece of TOML that a person pasted. Raises `ConfigError`."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"不是正确的 TOML：{error}") from error
    entries = read_sources(Table(data, "粘贴的内容"), folder)
    if not entries:
        raise ConfigError("里面没有来源；每个来源以一行 [[source]] 开头。")
    return entries


def as_toml(entry: SourceEntry) -> str:
    """The source as a [[source]] of `sources.toml`; reading it gives the same entry."""
    row: dict[str, Any] = {"name": entry.name, "kind": entry.kind, "interval": entry.interval}
    row |= {"query": entry.query} if entry.query else {}
    row |= {"direct": True} if entry.direct else {}
    row |= {} if entry.enabled else {"enabled": False}
    row["options"] = {name: value for name, value in entry.options.items() if value is not None}
    # The writer knows no array of tables that is never put on one line; a string cannot hold a line of its own here.
    written = tomli_w.dumps(row).replace("\n[options]\n", "\n[source.options]\n")
    return f"[[source]]\n{written}"
