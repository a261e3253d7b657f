"""The book of hosts that all processes share: when each may be visited next, and whether it rests."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from monitor.storage.db import Database
from monitor.storage.models import HostTurn


class HostFigures(Protocol):
    """What is kept of a host."""

    @property
    def free_at(self) -> float:
        """When the next request may go out, in seconds since 1970."""
        ...

    @property
    def failures(self) -> int:
        """How often in a row it failed."""
        ...

    @property
    def open_until(self) -> float:
        """Until when it rests."""
        ...


State = TypeVar("State", bound=HostFigures)
T = TypeVar("T")


class HostTurns(Generic[State]):
    """A table of hosts, each changed in one short transaction that nobody else can come between."""

    def __init__(self, database: Database, state: Callable[[float, int, float], State]) -> None:
        self._database, self._state = database, state

    def change(self, host: str, step: Callable[[State], tuple[State, T]]) -> T:
        """Puts the state that `step` makes of the present one in its place; gives what `step` says."""
        with self._database.writing.begin() as session:
            row = self._locked(session, host[:255])
            before = self._state(row.free_at, row.failures, row.open_until)
            after, answer = step(before)
            row.free_at, row.failures, row.open_until = after.free_at, after.failures, after.open_until
            return answer

    def _locked(self, session: Session, host: str) -> HostTurn:
        # On SQLite a writing transaction is alone from its beginning; on PostgreSQL the row is locked.
        wanted = select(HostTurn).where(HostTurn.host == host).with_for_update()
        row = session.scalars(wanted).first()
        if row is None:
            session.execute(self._first(host))
            row = session.scalars(wanted).one()
        return row

    def _first(self, host: str) -> Insert:
        values = {"host": host, "free_at": 0.0, "failures": 0, "open_until": 0.0}
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        return insert(HostTurn).values(values).on_conflict_do_nothing()
