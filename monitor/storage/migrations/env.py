"""How Alembic connects: with the connection it is handed."""

from typing import Literal

from alembic import context

from monitor.storage.columns import UtcDateTime
from monitor.storage.models import Base
from monitor.storage.search import is_search_table


def _include(_object: object, name: str | None, kind: str, *_: object) -> bool:
    return not (kind == "table" and is_search_table(name))


def _render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """A migration outlives our own types: a moment is written down as the database's own kind of column."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    include_object=_include,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
