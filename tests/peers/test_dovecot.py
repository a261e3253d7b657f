"""Collecting from a real mail server that others wrote: Dovecot, over loopback.

Deliver, save anew, delete, a thousand mails in batches, restarts, new numbers, and kill -9 of ours twenty times. What
is deleted in a mailbox was put away and not taken back: we keep it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from monitor.storage.db import Database
from scrapers.base import Historian
from scrapers.fetching.client import PoliteClient
from scrapers.registry import build
from tests.peers.dovecot_engine import PASSWORD, Dovecot, running_dovecot
from tests.peers.visitors import DEATHS, Visitors, add_source, check_runs, kept, visitors

pytestmark = pytest.mark.peers


@dataclass
class Delivered:
    """Puts mails into the mailbox and remembers every one that there ever was."""

    engine: Dovecot
    texts: dict[int, str] = field(default_factory=dict)

    def deliver(self, count: int, words: str) -> list[int]:
        start = len(self.texts)
        fresh = {number: f"{words} {number}" for number in range(start, start + count)}
        self.engine.write_all(fresh)
        self.texts |= fresh
        return list(fresh)

    def save_anew(self, number: int, words: str) -> None:
        self.engine.edit(number, words)
        self.texts[number] = words


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    with running_dovecot() as engine:
        yield engine


def _ours(database: Database) -> dict[str, str]:
    """What we hold by Message-ID; without the mark of writer and date, that no two share it can still be seen."""
    found = kept(database)
    by_id = {name.partition("~")[0]: words for name, words in found.items()}
    assert len(by_id) == len(found)
    return by_id


def _ever(delivered: Delivered) -> dict[str, str]:
    return {f"n{number}@mail.example.com": words for number, words in delivered.texts.items()}


def test_what_the_mailbox_ever_held_and_what_we_hold_are_equal(
    dovecot: Dovecot, sqlite: Database, settings: Any
) -> None:
    mails = Delivered(dovecot)
    mails.deliver(120, "刹车响了，第")
    add_source(sqlite, "imap", dovecot.options(password="env:PEER_MAIL"))
    with visitors(sqlite, settings.data, PEER_MAIL=PASSWORD) as ours:
        ours.visit()
        assert _ours(sqlite) == dovecot.held() == _ever(mails)
        mails.save_anew(7, "刹车又响了")
        dovecot.delete([3, 4, 119])
        mails.deliver(2, "方向盘歪了，第")
        ours.visit()
        assert _ours(sqlite) == _ever(mails)
        assert dovecot.held().items() < _ever(mails).items()
        _disturb(dovecot, ours, mails)
        ours.visit()
        assert _ours(sqlite) == _ever(mails)
        dovecot.stop()
        dovecot.forget_numbers()
        dovecot.start()
        mails.deliver(3, "重新编号以后，第")
        ours.visit()
        assert _ours(sqlite) == _ever(mails)
    assert ours.died >= DEATHS
    assert ours.killed >= 5
    assert len(mails.texts) > 1100
    assert not dovecot.flags()
    check_runs(sqlite, failed=1)


def _disturb(dovecot: Dovecot, ours: Visitors, mails: Delivered) -> None:
    """Delivers while our processes die, and kills the server while one of them reads."""
    for _ in range(DEATHS):
        mails.deliver(3, "在死掉之前来的，第")
        ours.die_before_commit()
    mails.deliver(1000, "一千封里的第")
    while ours.killed < 5:
        ours.be_killed()
    mails.deliver(100, "服务器倒下之前来的，第")
    ours.meanwhile(dovecot.restart)


def test_the_past_is_read_to_its_beginning(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEER_MAIL", PASSWORD)
    mails = Delivered(dovecot)
    mails.deliver(120, "从前的第")
    collector = build("imap", dovecot.options(password="env:PEER_MAIL"), PoliteClient())
    assert isinstance(collector, Historian)
    steps = [collector.history({})]
    while steps[-1].more:
        steps.append(collector.history(steps[-1].cursor))
    assert [len(step.posts) for step in steps] == [50, 50, 20]
    assert {post.text for step in steps for post in step.posts} == set(mails.texts.values())
