"""What the outbox asks."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session, defer

from monitor.storage.models import Notification, Ticket

PAGE = 50


class Delivery(StrEnum):
    """How far a message has come."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


def delivery_of(message: Notification) -> Delivery:
    """How far this message has come."""
    if message.sent_at is not None:
        return Delivery.SENT
    return Delivery.FAILED if message.next_attempt_at is None else Delivery.WAITING


def _is(delivery: Delivery | None) -> ColumnElement[bool]:
    conditions: dict[Delivery | None, ColumnElement[bool]] = {
        None: true(),
        Delivery.SENT: Notification.sent_at.is_not(None),
        Delivery.WAITING: Notification.next_attempt_at.is_not(None),
        Delivery.FAILED: and_(Notification.sent_at.is_(None), Notification.next_attempt_at.is_(None)),
    }
    return conditions[delivery]


def messages(
    session: Session, *, delivery: Delivery | None = None, before: int | None = None, size: int = PAGE
) -> Sequence[Notification]:
    """Messages, the newest first, without their bodies; one more than `size` says that there are more."""
    statement = select(Notification).where(_is(delivery))
    if before is not None:
        statement = statement.where(Notification.id < before)
    return session.scalars(
        statement.order_by(Notification.id.desc())
        .limit(size + 1)
        .options(defer(Notification.text), defer(Notification.html))
    ).all()


def count_failed(session: Session) -> int:
    """How many messages were given up."""
    return session.scalar(select(func.count()).select_from(Notification).where(_is(Delivery.FAILED))) or 0


def ticket_number_of(session: Session, message: Notification) -> str:
    """The number of the ticket a message is about, or ""."""
    if message.ticket_id is None:
        return ""
    return session.scalar(select(Ticket.number).where(Ticket.id == message.ticket_id)) or ""
