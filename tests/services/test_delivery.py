"""Handing over: once, in turn, and again later when it failed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from monitor.domain.alerts import Event, Message, retry_delay
from monitor.domain.errors import DeliveryError
from monitor.services.delivery import LEASE, deliver_next, retry_now
from monitor.storage.db import Database
from monitor.storage.models import Notification
from tests.fakes import Outbox


def _queue(database: Database, now: datetime, count: int = 1, **fields: Any) -> None:
    with database.writing.begin() as session:
        for number in range(count):
            row = {"recipient": f"{number}@example.com", "channel": "mail", "next_attempt_at": now, **fields}
            session.add(
                Notification(
                    key=f"key-{number}", event=Event.ANSWER, subject="s", text="t", html="h", created_at=now, **row
                )
            )


def _row(database: Database) -> Notification:
    with database.reading() as session:
        return session.scalars(select(Notification).order_by(Notification.id)).all()[0]


def test_a_message_is_handed_over_and_marked(database: Database, outbox: Outbox, now: datetime) -> None:
    _queue(database, now)
    assert deliver_next(database.writing, {"mail": outbox}, now)
    assert outbox.sent == [Message("0@example.com", "s", "t", "h", "key-0")]
    row = _row(database)
    assert (row.sent_at, row.next_attempt_at, row.attempts, row.error) == (now, None, 1, "")
    assert not deliver_next(database.writing, {"mail": outbox}, now)


@pytest.mark.parametrize("error", [DeliveryError("忙\x00"), RuntimeError("忙")])
def test_a_passing_failure_waits_and_the_next_message_goes_out(
    database: Database, outbox: Outbox, now: datetime, error: Any
) -> None:
    _queue(database, now, 2)
    outbox.refusals.append(error)
    while deliver_next(database.writing, {"mail": outbox}, now):
        pass
    assert [message.key for message in outbox.sent] == ["key-1"]
    row = _row(database)
    assert (row.sent_at, row.next_attempt_at) == (None, now + timedelta(minutes=1))
    assert "忙" in row.error
    assert "\0" not in row.error
    assert deliver_next(database.writing, {"mail": outbox}, now + timedelta(minutes=1))
    assert (_row(database).sent_at, _row(database).error) == (now + timedelta(minutes=1), "")


def test_a_permanent_refusal_is_not_tried_again_until_a_person_says_so(
    database: Database, outbox: Outbox, now: datetime
) -> None:
    _queue(database, now)
    outbox.refusals.append(DeliveryError("没有这个人", permanent=True))
    deliver_next(database.writing, {"mail": outbox}, now)
    row = _row(database)
    assert (row.next_attempt_at, row.sent_at, row.error) == (None, None, "没有这个人")
    with database.writing.begin() as session:
        assert retry_now(session, row.id, now)
        assert not retry_now(session, row.id + 1, now)
    assert deliver_next(database.writing, {"mail": outbox}, now)
    with database.writing.begin() as session:
        assert not retry_now(session, row.id, now), "it is sent"


def test_what_is_being_sent_at_this_moment_is_not_put_back(database: Database, now: datetime) -> None:
    _queue(database, now, next_attempt_at=now + LEASE, error="上一次没有成功")
    with database.writing.begin() as session:
        assert not retry_now(session, _row(database).id, now)
    with database.writing.begin() as session:
        assert retry_now(session, _row(database).id, now - LEASE)


def test_it_is_given_up_after_two_days(database: Database, outbox: Outbox, now: datetime) -> None:
    _queue(database, now)
    due: datetime | None = now
    attempts = 0
    while due is not None:
        outbox.refusals.append(DeliveryError("忙"))
        deliver_next(database.writing, {"mail": outbox}, due)
        attempts += 1
        wait = retry_delay(attempts)
        assert _row(database).next_attempt_at == (due + wait if wait else None)
        due = _row(database).next_attempt_at
    assert (attempts, _row(database).error) == (12, "忙")


def test_a_channel_that_does_not_exist_is_told(database: Database, now: datetime) -> None:
    _queue(database, now, channel="pigeon")
    assert deliver_next(database.writing, {}, now)
    assert (_row(database).next_attempt_at, "pigeon" in _row(database).error) == (None, True)


def test_what_died_in_mid_send_is_sent_again_when_its_lease_is_over(
    database: Database, outbox: Outbox, now: datetime
) -> None:
    class Dying:
        def send(self, message: Message) -> None:
            raise SystemExit

    _queue(database, now)
    with pytest.raises(SystemExit):
        deliver_next(database.writing, {"mail": Dying()}, now)
    assert not deliver_next(database.writing, {"mail": outbox}, now + LEASE - timedelta(seconds=1))
    assert deliver_next(database.writing, {"mail": outbox}, now + LEASE)
    assert [message.key for message in outbox.sent] == ["key-0"]


def test_who_comes_back_after_the_lease_does_not_overwrite_what_another_did(
    database: Database, outbox: Outbox, now: datetime
) -> None:
    class Slow:
        def send(self, message: Message) -> None:
            deliver_next(database.writing, {"mail": outbox}, now + LEASE)
            raise DeliveryError("zu spät")

    _queue(database, now)
    deliver_next(database.writing, {"mail": Slow()}, now)
    assert (_row(database).sent_at, _row(database).error) == (now + LEASE, "")


def test_many_deliverers_send_every_message_once(database: Database, outbox: Outbox, now: datetime) -> None:
    _queue(database, now, 60)
    together = threading.Barrier(4)

    def deliver(_: int) -> None:
        together.wait()
        while deliver_next(database.writing, {"mail": outbox}, now):
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deliver, range(4)))
    while deliver_next(database.writing, {"mail": outbox}, now):
        pass
    assert sorted(message.key for message in outbox.sent) == sorted(f"key-{number}" for number in range(60))
