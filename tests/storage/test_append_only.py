"""A table made append-only, and made ordinary again."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from monitor.storage.append_only import forbid_changes, permit_changes
from monitor.storage.db import Database


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A connection with a small table of its own; all of it is rolled back."""
    with database.engine.connect() as connection:
        connection.execute(text("CREATE TABLE diary (words text)"))
        connection.execute(text("INSERT INTO diary VALUES ('first')"))
        yield connection
        connection.rollback()


def _words(connection: Connection) -> list[str]:
    return list(connection.scalars(text("SELECT words FROM diary ORDER BY words")))


@pytest.mark.parametrize("statement", ["UPDATE diary SET words = 'x'", "DELETE FROM diary"])
def test_rows_can_be_added_and_not_touched(connection: Connection, statement: str) -> None:
    forbid_changes(connection, "diary")
    connection.execute(text("INSERT INTO diary VALUES ('second')"))
    with pytest.raises(DatabaseError, match="diary is append-only"), connection.begin_nested():
        connection.execute(text(statement))
    assert _words(connection) == ["first", "second"]


def test_the_ban_can_be_lifted(connection: Connection) -> None:
    forbid_changes(connection, "diary")
    permit_changes(connection, "diary")
    connection.execute(text("DELETE FROM diary"))
    assert _words(connection) == []
