"""Fixtures for every test: a database, a cast, tools made of fakes. No network, no mail, no real clock."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

from monitor.configuration import Configuration, load_configuration
from monitor.services.setup import sync
from monitor.services.tools import Tools
from monitor.settings import Settings, resource_folder
from monitor.storage.db import Database, open_database
from monitor.storage.models import Base
from monitor.storage.schema import upgrade
from tests.cast import Cast, assemble
from tests.fakes import Outbox, fake_tools
from tests.requirements import POSTGRES, need_postgres

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday 2026-11-23, 10:00 in Shanghai: office hours."""


@pytest.fixture
def now() -> datetime:
    """The moment at which every test takes place."""
    return NOW


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings as shipped, in a folder of the tests' own."""
    return Settings(data=tmp_path_factory.mktemp("data"), secret_key="not a secret", example=False)


@pytest.fixture(scope="session")
def configuration(settings: Settings) -> Configuration:
    """The configuration as shipped."""
    return load_configuration(resource_folder("config"), settings.zone)


@pytest.fixture(scope="session")
def blank_sqlite(tmp_path_factory: pytest.TempPathFactory, configuration: Configuration) -> Path:
    """A migrated and configured SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("blank") / "blank.db"
    database = open_database(f"sqlite:///{path}")
    _prepare(database, configuration)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    database.engine.dispose()
    return path


def _prepare(database: Database, configuration: Configuration) -> None:
    upgrade(database.engine)
    with database.writing.begin() as session:
        sync(session, configuration.departments, configuration.sources, with_example=False, now=NOW)


@pytest.fixture
def sqlite(blank_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """A SQLite database of this test's own."""
    path = tmp_path / "test.db"
    shutil.copy(blank_sqlite, path)
    database = open_database(f"sqlite:///{path}")
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def postgres_schema(configuration: Configuration) -> Iterator[Database]:
    """A PostgreSQL schema of this worker's own, migrated and configured once."""
    need_postgres()
    schema = f"xianwai_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    server = open_database(POSTGRES)
    with server.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    # Nothing a test writes must survive a power cut.
    database = open_database(f"{POSTGRES}?options=-csearch_path%3D{schema}%20-csynchronous_commit%3Doff")
    _prepare(database, configuration)
    yield database
    database.engine.dispose()
    with server.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    server.engine.dispose()


@pytest.fixture
def postgres(postgres_schema: Database, configuration: Configuration) -> Iterator[Database]:
    """PostgreSQL as after setting up; what a test committed is taken away after it."""
    commits: list[Connection] = []
    note = commits.append
    event.listen(postgres_schema.engine, "commit", note)
    yield postgres_schema
    event.remove(postgres_schema.engine, "commit", note)
    if commits:
        _empty(postgres_schema)
        with postgres_schema.writing.begin() as session:
            sync(session, configuration.departments, configuration.sources, with_example=False, now=NOW)


def _empty(database: Database) -> None:
    names = ", ".join([*(table.name for table in Base.metadata.sorted_tables), "ticket_search"])
    with database.engine.begin() as connection:
        # As a replica would: else the trigger that keeps the audit rows stops this, as it must.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Database:
    """Each database the product runs on."""
    chosen: Database = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session whose work is rolled back, on each database."""
    with database.writing() as session:
        yield session


@pytest.fixture
def outbox() -> Outbox:
    """The mail channel of the test."""
    return Outbox()


@pytest.fixture
def tools(configuration: Configuration, settings: Settings, outbox: Outbox) -> Tools:
    """Tools with a classifier that judges by marks and a channel that remembers; everything else is as shipped."""
    return fake_tools(configuration, settings, outbox)


@pytest.fixture
def cast(session: Session, now: datetime) -> Cast:
    """The fixed people, in `session`."""
    return assemble(session, now)


@pytest.fixture
def people(sqlite: Database, now: datetime) -> Cast:
    """The fixed people, committed, for tests that go through the web."""
    with sqlite.writing.begin() as session:
        return assemble(session, now)


@pytest.fixture
def app(sqlite: Database, settings: Settings, configuration: Configuration, tools: Tools) -> Flask:
    """The web application over this test's SQLite database, with CSRF off and the clock standing still."""
    # Imported here, so that tests of the rules and the database need neither pages nor classifiers.
    from monitor.app import create_app
    from monitor.wiring import Installation

    place = Installation(replace(settings, sign_in_attempts=3), configuration, sqlite)
    app = create_app(place, tools)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, CLOCK=lambda: NOW)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a sign-in."""
    return app.test_client()
