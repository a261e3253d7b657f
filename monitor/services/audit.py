"""Who did what: one row a change, in the transaction that makes the change."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from monitor.domain.tickets import ACTOR_NAMES, Actor
from monitor.storage.models import AuditEntry, Member


@dataclass(frozen=True, slots=True)
class Doer:
    """Who acts: a member, the customer, or a timer."""

    actor: Actor
    member: Member | None = None

    @property
    def name(self) -> str:
        """As it stands in a timeline."""
        return self.member.name if self.member else ACTOR_NAMES[self.actor]

    @property
    def member_id(self) -> int | None:
        """The member's id, or None for customer and timer."""
        return self.member.id if self.member else None


SYSTEM = Doer(Actor.SYSTEM)
CUSTOMER = Doer(Actor.CUSTOMER)


def doer(member: Member) -> Doer:
    """A member as the one who acts."""
    return Doer(Actor(member.role.value), member)


def entry(
    by: Doer, action: str, subject: str, subject_id: int | None, now: datetime, *, reason: str = "", **data: Any
) -> dict[str, Any]:
    """An audit row, ready to be written with others in one statement."""
    return {
        "at": now,
        "actor": by.actor.value,
        "member_id": by.member_id,
        "name": by.name,
        "action": action,
        "subject": subject,
        "subject_id": subject_id,
        "data": data,
        "reason": reason,
    }


def record_all(session: Session, entries: Iterable[dict[str, Any]]) -> None:
    """Writes audit rows in one statement."""
    rows = list(entries)
    if rows:
        session.execute(insert(AuditEntry), rows)


def record(
    session: Session, by: Doer, action: str, subject: str, subject_id: int | None, now: datetime, **data: Any
) -> None:
    """Writes one audit row; `reason` goes into its own column."""
    record_all(session, [entry(by, action, subject, subject_id, now, **data)])
