"""Bringing a database to the present shape."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings for our migrations, over this connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Runs every migration that has not run yet."""
    with _migrating(engine) as connection:
        command.upgrade(alembic_config(connection), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Takes migrations back."""
    with _migrating(engine) as connection:
        command.downgrade(alembic_config(connection), revision)


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """One transaction for migrations; raises RuntimeError when a reference would lead nowhere after them."""
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if is_sqlite:
            # SQLite changes a table by writing a new one and dropping the old, and dropping deletes what refers to it.
            _pragma(connection, "foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
                if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                    raise RuntimeError(f"a migration broke a reference: {broken}")
        finally:
            if is_sqlite:
                _pragma(connection, "foreign_keys = ON")


def _pragma(connection: Connection, setting: str) -> None:
    """Sets it outside any transaction, where alone SQLite takes it."""
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def revisions(engine: Engine) -> tuple[str | None, str | None]:
    """The revision the database has, and the newest there is."""
    with engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        newest = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
    return present, newest


def is_current(engine: Engine) -> bool:
    """Whether the database has the shape this program expects."""
    present, newest = revisions(engine)
    return present == newest
