"""Bringing a database to the present shape."""

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
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Takes migrations back."""
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), revision)


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
