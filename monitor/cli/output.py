"""How commands answer: a table for people, JSON or CSV for programs."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

_F = TypeVar("_F", bound=Callable[..., Any])
Rows = Iterable[Mapping[str, Any]]


def format_option(function: _F) -> _F:
    """Adds --format table|json|csv to a command."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["table", "json", "csv"]),
        default="table",
        show_default=True,
        help="输出成表格、JSON 还是 CSV",
    )(function)


def emit(rows: Rows, columns: Mapping[str, str], form: str) -> None:
    """Prints rows; `columns` maps keys to their headings in the table. JSON and CSV keep the keys."""
    if form == "json":
        _emit_json(rows)
    elif form == "csv":
        _emit_csv(rows, list(columns))
    else:
        _emit_table(rows, columns)


def _emit_json(rows: Rows) -> None:
    click.echo("[", nl=False)
    for place, row in enumerate(rows):
        click.echo(("," if place else "") + "\n  " + json.dumps(row, ensure_ascii=False, default=_plain), nl=False)
    click.echo("\n]")


def _emit_csv(rows: Rows, keys: Sequence[str]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(keys)
    for row in rows:
        writer.writerow([defused(_plain(row.get(key))) for key in keys])


def _emit_table(rows: Rows, columns: Mapping[str, str]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    count = 0
    for row in rows:
        count += 1
        table.add_row(*(str(_plain(row.get(key))) for key in columns))
    # Into a pipe or file nothing is wrapped; on a screen the table takes what there is.
    Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False).print(table)
    if not count:
        click.echo("（没有）", err=True)


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else value


def defused(value: Any) -> Any:
    """A cell that a spreadsheet would run as a formula gets an apostrophe before it."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value


def remark(text: str) -> None:
    """Tells the person something that is not the answer."""
    click.echo(text, err=True)
