"""Kill -9 at any moment and start again: no post, ticket or mail is lost or doubled."""

import json
import random
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from monitor.clock import utc_now
from monitor.storage.db import Database
from monitor.storage.models import Assignment, AuditEntry, Notification, Post, Source, Ticket
from tests.installing import TestInstallation, stop, wait_until
from tests.smtp_server import KeepingServer

KILLS = 24
ROWS = 40

pytestmark = pytest.mark.kill


def _drop(folder: Path, number: int) -> None:
    """Drops a file of complaints, by renaming, as a careful program does."""
    rows = [
        {
            "id": f"{number}-{row}",
            "text": f"第{number}批第{row}位：等配件等了{row + 2}周，没人回电，我要投诉。",
            "author": f"车主{number}-{row}",
        }
        for row in range(ROWS)
    ]
    draft = folder / f".{number}.tmp"
    draft.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    draft.rename(folder / f"{number}.jsonl")


def _release_leases(database: Database) -> None:
    """Time passes: what a killed process had claimed may be claimed again."""
    with database.writing.begin() as session:
        now = utc_now()
        session.execute(
            update(Source).where(Source.next_run_at.is_not(None)).values(next_run_at=now, leased_until=None)
        )
        session.execute(
            update(Notification).where(Notification.next_attempt_at.is_not(None)).values(next_attempt_at=now)
        )


def _is_done(database: Database, posts: int) -> bool:
    with database.reading() as session:
        handled = session.scalar(select(func.count()).select_from(Post).where(Post.handle_after.is_(None)))
        waiting = session.scalar(
            select(func.count()).select_from(Notification).where(Notification.next_attempt_at.is_not(None))
        )
        return handled == posts and waiting == 0


def test_nothing_is_lost_or_doubled_by_killing_at_random_moments(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    moments = random.Random(20261123)
    with KeepingServer() as mail:
        place = _installation(tmp_path, inbox, mail.port)
        assert place.run("db", "upgrade").returncode == 0
        database = place.database()
        for number in range(KILLS):
            _drop(inbox, number)
            process = place.start("jobs", "run")
            # A start takes about a second and a half; kills fall on the start, the fetch, the batches and the mails.
            time.sleep(moments.uniform(0.5, 4.0))
            stop(process, kill=True)
            _release_leases(database)
        process = place.start("jobs", "run")
        wait_until(lambda: _is_done(database, KILLS * ROWS), 120, "the last run did not finish the work")
        stop(process)
        _check_counts(database)
        _check_mails(database, mail)


def _installation(root: Path, inbox: Path, smtp_port: int) -> TestInstallation:
    settings = {
        "mail_transport": "smtp",
        "smtp_host": "127.0.0.1",
        "smtp_port": str(smtp_port),
        "smtp_security": "none",
        "collect_seconds": "1",
        "handle_seconds": "1",
        "deliver_seconds": "1",
    }
    place = TestInstallation(root, settings)
    head = '[[source]]\nname = "收件夹"\nkind = "folder"\ninterval = 1\ndirect = true'
    place.write("sources.toml", f'{head}\noptions = {{ path = "{inbox}" }}\n')
    return place


def _check_counts(database: Database) -> None:
    with database.reading() as session:
        posts = session.scalar(select(func.count()).select_from(Post))
        tickets = session.scalar(select(func.count()).select_from(Ticket))
        linked = session.scalar(select(func.count(func.distinct(Post.ticket_id))))
        owners = session.scalar(select(func.count()).select_from(Assignment).where(Assignment.until_at.is_(None)))
        opened = session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "open"))
    assert posts == tickets == linked == owners == opened == KILLS * ROWS


def _check_mails(database: Database, mail: KeepingServer) -> None:
    """Every message arrived. One that was being sent when its sender died came twice under the same Message-ID."""
    with database.reading() as session:
        keys = set(session.scalars(select(Notification.key)))
        unsent = session.scalar(select(func.count()).select_from(Notification).where(Notification.sent_at.is_(None)))
    arrived = [str(message["Message-ID"]).strip("<>").partition("@")[0] for message in mail.mails]
    assert unsent == 0
    assert set(arrived) == keys
    assert len(arrived) - len(keys) <= KILLS
