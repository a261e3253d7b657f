"""Migrations lead from nothing to the models, and back, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from monitor.storage.db import Database, open_database
from monitor.storage.models import Base
from monitor.storage.schema import downgrade, is_current, revisions, upgrade
from monitor.storage.search import is_search_table
from tests.requirements import POSTGRES, need_postgres


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a table."""
    if request.param == "sqlite":
        database = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
        yield database
        database.engine.dispose()
        return
    need_postgres()
    schema = f"migrations_{tmp_path.name}_{tmp_path.parent.name}".replace("-", "_")
    server = open_database(POSTGRES)
    with server.engine.begin() as connection:
        connection.execute(text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))
        connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    database = open_database(f"{POSTGRES}?options=-csearch_path%3D{schema}")
    yield database
    database.engine.dispose()
    with server.engine.begin() as connection:
        connection.execute(text(f'DROP SCHEMA "{schema}" CASCADE'))
    server.engine.dispose()


def _differences(database: Database) -> list[object]:
    def concerns_models(_: object, name: str | None, kind: str, *__: object) -> bool:
        return not (kind == "table" and is_search_table(name))

    with database.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_object": concerns_models}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


def _tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_from_nothing_the_migrations_make_what_the_models_say(empty: Database) -> None:
    assert not is_current(empty.engine)
    upgrade(empty.engine)
    assert is_current(empty.engine)
    assert _differences(empty) == []
    assert _tables(empty) >= {table.name for table in Base.metadata.sorted_tables} | {"ticket_search"}


def test_running_them_again_changes_nothing(empty: Database) -> None:
    upgrade(empty.engine)
    before = revisions(empty.engine)
    upgrade(empty.engine)
    assert revisions(empty.engine) == before
    assert before[0] == before[1]


def test_all_the_way_back_leaves_nothing_behind_and_the_way_is_open_again(empty: Database) -> None:
    upgrade(empty.engine)
    downgrade(empty.engine)
    assert _tables(empty) == set()
    upgrade(empty.engine)
    assert _differences(empty) == []
