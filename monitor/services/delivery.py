"""Handing messages over: claim one, talk to the outside with no transaction open, write down the outcome.

A process killed in mid-send leaves a lease that runs out, and the message is tried again: at least once, and the same
Message-ID every time, so that a mailbox can recognise the repeat.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.domain.alerts import Channel, Message, retry_delay
from monitor.domain.errors import DeliveryError
from monitor.domain.text import clean_text
from monitor.storage.models import Notification

_log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Claim:
    notification_id: int
    channel: str
    message: Message
    attempts: int
    leased_until: datetime


def deliver_next(sessions: sessionmaker[Session], channels: Mapping[str, Channel], now: datetime) -> bool:
    """Delivers one due message; says whether there was one."""
    with sessions.begin() as session:
        claim = _claim(session, now)
    if claim is None:
        return False
    error = _send(claim, channels)
    with sessions.begin() as session:
        _settle(session, claim, error, now)
    return True


def _claim(session: Session, now: datetime) -> _Claim | None:
    row = session.scalars(
        select(Notification)
        .where(Notification.next_attempt_at <= now)
        .order_by(Notification.next_attempt_at, Notification.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    row.attempts += 1
    row.next_attempt_at = now + LEASE
    message = Message(row.recipient, row.subject, row.text, row.html, row.key)
    return _Claim(row.id, row.channel, message, row.attempts, row.next_attempt_at)


def _send(claim: _Claim, channels: Mapping[str, Channel]) -> DeliveryError | None:
    channel = channels.get(claim.channel)
    if channel is None:
        return DeliveryError(f"没有“{claim.channel}”这个渠道", permanent=True)
    try:
        channel.send(claim.message)
    except DeliveryError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the boundary to code of any kind
        # Whatever a channel did, its message must say so, wait its turn and be given up in the end.
        _log.exception("channel %s failed", claim.channel)
        return DeliveryError(f"渠道程序出错：{type(error).__name__}: {error}")
    return None


def _settle(session: Session, claim: _Claim, error: DeliveryError | None, now: datetime) -> None:
    """Writes the outcome, unless the lease ran out meanwhile and somebody else has the message now."""
    mine = (Notification.id == claim.notification_id, Notification.next_attempt_at == claim.leased_until)
    if error is None:
        session.execute(update(Notification).where(*mine).values(next_attempt_at=None, sent_at=now, error=""))
        return
    delay = None if error.permanent else retry_delay(claim.attempts)
    again = None if delay is None else now + delay
    session.execute(
        update(Notification).where(*mine).values(next_attempt_at=again, error=clean_text(str(error))[:1000])
    )


def _nobody_sends_it(now: datetime) -> ColumnElement[bool]:
    """A message that is being sent at this moment has a lease; putting it back would send it twice."""
    return or_(Notification.next_attempt_at.is_(None), Notification.next_attempt_at > now + LEASE)


def retry_now(session: Session, notification_id: int, now: datetime) -> bool:
    """Puts a message that was given up back in the queue; says whether there was such a one."""
    done = session.execute(
        update(Notification)
        .where(Notification.id == notification_id, Notification.sent_at.is_(None), _nobody_sends_it(now))
        .values(next_attempt_at=now, attempts=0, error="")
        .returning(Notification.id)
    ).all()
    return bool(done)
