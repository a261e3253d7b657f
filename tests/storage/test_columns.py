"""Moments come back as they were, in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, literal, select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from monitor.storage.columns import UtcDateTime
from monitor.storage.models import Customer

zones = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
moments = st.datetimes(datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2100-01-01"), timezones=zones)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments)
def test_a_moment_survives_the_database(session: Session, moment: datetime) -> None:
    session.execute(Customer.__table__.delete())  # type: ignore[attr-defined]
    row = {"pseudonym": "p", "name": "", "phone": "", "email": "", "created_at": moment}
    session.execute(insert(Customer), [row])
    read = session.scalars(select(Customer.created_at)).one()
    assert read == moment
    assert read.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(session: Session) -> None:
    naive = datetime.fromisoformat("2026-11-23T10:00")
    with pytest.raises(StatementError, match="naive datetime refused"):
        session.execute(select(literal(naive, UtcDateTime())))


def test_no_moment_stays_none() -> None:
    column = UtcDateTime()
    dialect = __import__("sqlalchemy.dialects.sqlite", fromlist=["dialect"]).dialect()
    assert column.process_bind_param(None, dialect) is None
    assert column.process_result_value(None, dialect) is None
