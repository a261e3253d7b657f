"""Connections: what they guarantee, and that readers and writers do not stand in each other's way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from monitor.storage.db import Database, open_database
from monitor.storage.models import Customer, Member, Source


def test_foreign_keys_hold_from_the_first_statement_on(database: Database, now: datetime) -> None:
    nowhere = Member(login="x", name="x", role="agent", department_id=4711, password_hash="", created_at=now)
    with database.writing() as session:
        session.execute(text("UPDATE sources SET name = name"))
        session.add(nowhere)
        with pytest.raises(IntegrityError):
            session.flush()


def test_sqlite_writes_ahead_and_waits_for_its_turn(sqlite: Database) -> None:
    assert sqlite.is_sqlite
    with sqlite.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30000, "synchronous": 1}


def test_a_reader_sees_the_state_before_an_unfinished_write_and_does_not_wait(
    database: Database, now: datetime
) -> None:
    with database.writing() as writer:
        writer.add(Customer(pseudonym="p", created_at=now))
        writer.flush()
        with database.reading() as reader:
            assert reader.scalar(select(func.count()).select_from(Customer)) == 0


def test_many_who_read_first_and_write_later_lose_no_change(database: Database) -> None:
    def count_up(_: int) -> None:
        with database.writing.begin() as session:
            source = session.scalars(select(Source).where(Source.kind == "api").with_for_update()).one()
            source.failures += 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_up, range(20)))
    with database.reading() as session:
        assert session.scalars(select(Source.failures).where(Source.kind == "api")).one() == 20


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_usual_spellings_of_a_postgresql_address_are_understood(scheme: str) -> None:
    database = open_database(f"{scheme}://user:postgres@127.0.0.1:1/name")
    assert database.engine.url.drivername == "postgresql+psycopg"
    assert (database.engine.url.username, database.engine.url.password) == ("user", "postgres")
    assert not database.is_sqlite
