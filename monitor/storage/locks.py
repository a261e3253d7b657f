"""Work that one process at a time may do, held until the end of the transaction."""

import zlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def hold(session: Session, name: str) -> None:
    """Waits until nobody else holds `name`. On SQLite every writing transaction is alone from its start."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(func.pg_advisory_xact_lock(zlib.crc32(name.encode()))))
