"""Posts in batches; one that breaks stops no other."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from monitor.jobs import handle
from monitor.jobs.context import JobContext
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Post, Ticket
from tests.factories import make_post
from tests.fakes import collectors


@pytest.fixture
def context(database: Database, tools: Tools, now: datetime) -> JobContext:
    """What jobs are handed, with the clock standing still."""
    return JobContext(database, tools, collectors([]), lambda: now)


def test_everything_that_waits_is_handled(context: JobContext, tools: Tools, now: datetime) -> None:
    with context.database.writing.begin() as session:
        for number in range(handle.BATCH + 5):
            make_post(session, tools, now, f"投诉：第{number}件")
    handle.run(context)
    with context.database.reading() as session:
        assert len(session.scalars(select(Ticket.id)).all()) == handle.BATCH + 5
        assert session.scalars(select(Post).where(Post.handle_after.is_not(None))).all() == []


def test_a_broken_post_is_put_off_and_stops_no_other(context: JobContext, tools: Tools, now: datetime) -> None:
    with context.database.writing.begin() as session:
        for text in ("投诉：一", "坏帖", "投诉：二"):
            make_post(session, tools, now, text)
    handle.run(context)
    with context.database.reading() as session:
        posts = session.scalars(select(Post).order_by(Post.id)).all()
        assert [post.ticket_id is not None for post in posts] == [True, False, True]
        assert (posts[1].handle_after, posts[1].failures) == (now + timedelta(hours=1), 1)
        assert posts[1].outcome is None
