"""The life of a source, played visit by visit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from monitor.domain.alerts import Rendered
from monitor.domain.health import Health
from monitor.services import health
from monitor.services.collecting import take_in
from monitor.services.runs import note_run
from monitor.services.tools import Tools
from monitor.storage.models import CollectRun, Notification, Post, Source
from scrapers.base import Batch, RawPost

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def words_of(name: str, facts: Any) -> Rendered:
    """A renderer that says how a source turned, into what, after how long, and what may be missing."""
    said = f"{facts['turn']} {facts['state']} {facts['lasted']} #{facts['again']} {facts['missing']}".strip()
    return Rendered(said, said, said)


@dataclass
class Life:
    """A source whose visits a test plays."""

    session: Session
    source: Source
    tools: Tools
    now: datetime
    number: int = 0

    def wait(self, time: timedelta) -> None:
        """Lets time pass in which nothing happens."""
        self.now += time

    def visit(self, posts: Sequence[RawPost] = (), **more: Any) -> Health:
        """A visit that succeeds."""
        self.session.flush()
        batch = Batch(tuple(posts), {}, **more)
        accepted, losses = take_in(self.session, self.source, batch, self.tools, self.now)
        note_run(self.session, self.source, batch, accepted, losses, self.now)
        self.source.last_success_at = self.now
        self.source.last_new_at = self.now if accepted.new else self.source.last_new_at
        self.source.failures, self.source.error, self.source.blocked = 0, "", False
        self.source.next_run_at = self.now + timedelta(minutes=15)
        return self.review()

    def fail(self, error: str = "超时", *, permanent: bool = False) -> Health:
        """A visit that does not."""
        self.source.failures += 1
        self.source.error, self.source.blocked = error, permanent
        self.source.next_run_at = None if permanent else self.now + timedelta(minutes=15)
        self.session.add(
            CollectRun(source_id=self.source.id, started_at=self.now, finished_at=self.now, error=error, rejections=[])
        )
        return self.review()

    def review(self) -> Health:
        """A look without a visit."""
        found = health.review(self.session, self.source, self.tools, self.now)
        assert self.source.health is found.state
        return found.state

    def post(self, **more: Any) -> RawPost:
        """A new post, written now."""
        self.number += 1
        return RawPost(f"p{self.number}", "刹车异响", author="甲", **({"created_at": self.now} | more))

    def live(self, days: int) -> None:
        """Days with a post and a visit an hour, day and night."""
        times = [self.now + n * HOUR for n in range(1, days * 24 + 1)]
        common: dict[str, Any] = {"source_id": self.source.id}
        posts = [
            {"external_id": f"h{n}", "text": "x", "content_hash": "", "fingerprint": "", "created_at": at,
             "first_seen_at": at, **common}
            for n, at in enumerate(times)
        ]  # fmt: skip
        self.session.execute(insert(Post), posts)
        runs = [{"started_at": at, "finished_at": at, "fetched": 1, "new": 1, **common} for at in times]
        self.session.execute(insert(CollectRun), runs)
        self.now = times[-1] + timedelta(minutes=1)
        self.visit([self.post()])

    def repeat(self, times: int, every: timedelta, **counts: Any) -> None:
        """Many visits that succeed with these counts, as they are written down."""
        moments = [self.now + n * every for n in range(1, times + 1)]
        runs = [{"source_id": self.source.id, "started_at": at, "finished_at": at, **counts} for at in moments]
        self.session.execute(insert(CollectRun), runs)
        self.now = self.source.last_success_at = moments[-1]
        self.source.next_run_at = self.now + timedelta(minutes=15)

    @property
    def state(self) -> Health:
        """The state that is kept."""
        return self.source.health

    def told(self) -> list[str]:
        """What people were told so far."""
        return list(self.session.scalars(select(Notification.subject).order_by(Notification.id)))


def born(session: Session, tools: Tools, now: datetime) -> Life:
    """A source that was just added."""
    source = Source(name="论坛", kind="feed", options={}, cursor={}, next_run_at=now)
    session.add(source)
    session.flush()
    return Life(session, source, replace(tools, render=words_of), now)
