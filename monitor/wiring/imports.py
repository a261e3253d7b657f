"""What edges need to import by a template: the templates in force, and a file's posts as one of them reads it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from monitor.configuration.import_templates import (
    Choice,
    ImportTemplate,
    choose_columns,
    finish,
    load_templates,
    remarks_on,
    why_unreadable,
)
from monitor.domain.errors import Invalid
from monitor.settings import resource_folder
from scrapers.base import RawPost, Rejection
from scrapers.reading.files import LINE, guess_columns, read_file
from scrapers.reading.rows import Row, Unreadable, read_rows

_FOLDER = "imports"
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as a template reads it."""

    items: Iterator[RawPost | Rejection]
    remarks: tuple[str, ...]


def templates_in_force(configuration: Path) -> dict[str, ImportTemplate]:
    """The templates that came with the program, replaced by those of the same name in the configuration folder.

    Raises `ConfigError`.
    """
    return load_templates(resource_folder("config") / _FOLDER, configuration / _FOLDER)


def read_by_template(path: Path, template: ImportTemplate, given: Mapping[str, str]) -> Reading:
    """The posts of a file by a template; `given` says which column holds which field and wins.

    Raises `Invalid` when no column of words is found.
    """
    cells = _sample(path)
    columns = list(cells)
    choice = choose_columns(template, columns, given)
    if columns and not {"text", "title"} & guess_columns(columns, choice.mapping).keys():
        raise Invalid(why_unreadable(template, columns))
    remarks = tuple(remarks_on(template, choice, cells)) if columns else ()
    return Reading(_items(path, template, choice), remarks)


def _sample(path: Path) -> dict[str, list[str]]:
    """The first rows' cells by column; nothing for a file that cannot be read, which reading it will tell."""
    cells: dict[str, list[str]] = {}
    try:
        for row in islice(read_rows(path), _SAMPLE):
            for column, cell in row.cells.items() if isinstance(row, Row) else ():
                cells.setdefault(column, []).append(cell)
    except (Unreadable, OSError):
        return {}
    return cells


def _items(path: Path, template: ImportTemplate, choice: Choice) -> Iterator[RawPost | Rejection]:
    for item in read_file(path, choice.mapping, zone=template.zone, rating_scale=template.rating_scale):
        if isinstance(item, RawPost):
            yield finish(template, choice, item, f"{path.name} 第 {item.extra.get(LINE, '?')} 行")
        else:
            yield item
