"""The engine and the makers of sessions."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

Sessions = sessionmaker[Session]


@dataclass(frozen=True, slots=True)
class Database:
    """One database, with a maker of sessions that write and one of sessions that only read."""

    engine: Engine
    writing: Sessions
    reading: Sessions

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self.engine.dialect.name == "sqlite"


def open_database(url: str) -> Database:
    """The database at `url` (SQLite or PostgreSQL); connects lazily."""
    engine = _sqlite(url) if url.startswith("sqlite") else _postgres(url)
    reader = engine.execution_options(reads_only=True)
    return Database(engine, sessionmaker(engine, expire_on_commit=False), sessionmaker(reader, expire_on_commit=False))


def _postgres(url: str) -> Engine:
    with_driver = url.replace("postgresql://", "postgresql+psycopg://", 1).replace(
        "postgres://", "postgresql+psycopg://"
    )
    return create_engine(with_driver, pool_pre_ping=True, pool_size=10, max_overflow=20)


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling is switched off; `_begin` says BEGIN. Otherwise a transaction that reads
    # first and writes later fails at once with "database is locked" whenever somebody wrote in between.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "busy_timeout = 30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
