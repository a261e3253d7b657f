"""The run that judges stored posts again, worked on by jobs: broken posts, killed workers, two workers at once."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import func, select

from monitor.domain.rescoring import RunState
from monitor.domain.verdicts import TwoPassJudge
from monitor.jobs import rescore
from monitor.jobs.context import JobContext
from monitor.services.audit import SYSTEM
from monitor.services.pipeline import handle_posts
from monitor.services.rescoring import advance, start
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Assessment, Post, RescoreRun
from tests.factories import make_post
from tests.fakes import FixedSuggester, SharperClassifier, collectors

POSTS = 450


@pytest.fixture
def context(database: Database, tools: Tools, now: datetime) -> JobContext:
    """Jobs with the next version of the classifier, over posts that the first one judged, and a run begun."""
    with database.writing.begin() as session:
        posts = [make_post(session, tools, now, f"随它去吧，第{n}次") for n in range(POSTS)]
        handle_posts(session, posts, tools, now)
    sharper = replace(tools, judge=TwoPassJudge(SharperClassifier(), FixedSuggester()))
    with database.writing.begin() as session:
        start(session, sharper, SYSTEM, now)
    return JobContext(database, sharper, collectors([]), lambda: now)


def _run(context: JobContext) -> RescoreRun:
    with context.database.reading() as session:
        return session.scalars(select(RescoreRun)).one()


def _verdicts(context: JobContext) -> Counter[int]:
    """How often each post was judged by the new version."""
    with context.database.reading() as session:
        return Counter(session.scalars(select(Assessment.post_id).where(Assessment.version == "fixed-2")))


def test_the_job_takes_the_run_to_its_end(context: JobContext) -> None:
    rescore.run(context)
    run = _run(context)
    assert (run.state, run.done, run.newly_flagged) == (RunState.DONE, POSTS, POSTS)
    assert set(_verdicts(context).values()) == {1}


def test_what_a_killed_worker_had_in_hand_is_done_by_the_next_one(context: JobContext, now: datetime) -> None:
    rescore.advance_batch(context)
    with context.database.writing() as session:
        advance(session, context.tools, now)
        session.flush()  # and here the worker is killed: nothing of this batch was committed
    assert _run(context).done == 200
    rescore.run(context)
    assert _run(context).done == POSTS
    assert set(_verdicts(context).values()) == {1}


def test_two_workers_never_judge_a_post_twice(context: JobContext) -> None:
    workers = [threading.Thread(target=rescore.run, args=(context,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    run = _run(context)
    verdicts = _verdicts(context)
    assert (run.state, run.done, len(verdicts), set(verdicts.values())) == (RunState.DONE, POSTS, POSTS, {1})


def test_a_post_that_breaks_the_classifier_stops_no_other(context: JobContext) -> None:
    with context.database.writing.begin() as session:
        broken = session.scalars(select(Post).order_by(Post.id).offset(3)).first()
        assert broken is not None
        broken.text = "坏帖"
    rescore.run(context)
    run = _run(context)
    assert (run.state, run.done, run.failed) == (RunState.DONE, POSTS, 1)
    with context.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Assessment)) == 2 * POSTS - 1


def test_a_tick_ends_before_a_long_run_does(context: JobContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rescore, "BATCHES", 2)
    rescore.run(context)
    assert (_run(context).state, _run(context).done) == (RunState.RUNNING, 400)
