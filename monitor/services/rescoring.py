"""Judging stored posts again after the model, the router or the word lists changed: resumable, visible, to be undone.

Every verdict is kept; the newest one counts. A run goes through the posts in order and keeps its place in the
transaction that keeps the verdicts, so that it may be killed at any moment and two workers never do one post twice.
Tickets stay as they are: people have worked on them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, Select, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, selectinload

from monitor.domain.errors import InvalidAction, NotFound
from monitor.domain.rescoring import UNFINISHED, RunState, Shift, shift_of
from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Judged, Verdict
from monitor.services import audit
from monitor.services.assessing import assessment_row, judge_posts, named_in
from monitor.services.audit import Doer
from monitor.services.correcting import effective
from monitor.services.tools import Tools
from monitor.storage.models import Assessment, Post, RescoreChange, RescoreRun
from monitor.storage.queries.posts import has_words

RESCORED = "rescored"
"""The reason on a post that only the new version flagged."""
_PUT_ASIDE = (Outcome.IGNORE, "not-dissatisfied")


def count_outdated(session: Session, tools: Tools) -> int:
    """How many posts have a verdict, but the one that counts is of another version of model, word lists or router."""
    return session.scalar(select(func.count()).select_from(_outdated(tools).with_only_columns(Post.id).subquery())) or 0


def _outdated(tools: Tools) -> Select[Post]:
    return (
        select(Post)
        .join(Assessment, Assessment.id == _newest_of_post())
        .where(
            or_(Assessment.version != tools.judge.version, Assessment.router_version != tools.router_version),
            has_words(),
        )
    )


def _newest_of_post() -> ScalarSelect[int]:
    """The id of the verdict that counts, for the post of the query around it."""
    any_of_post = aliased(Assessment)
    newest = select(func.max(any_of_post.id)).where(any_of_post.post_id == Post.id)
    return newest.correlate(Post).scalar_subquery()


def start(session: Session, tools: Tools, by: Doer, now: datetime) -> RescoreRun:
    """Begins a run over everything outdated. Raises `InvalidAction` when there is nothing, or one is under way.

    An unfinished run of another version is given up for it: what it did stays, and can be undone.
    """
    for other in session.scalars(select(RescoreRun).where(RescoreRun.state.in_(UNFINISHED)).with_for_update()):
        if is_of_this_version(other, tools):
            raise InvalidAction("已经有一次重新判断没做完，请接着做，或先收回。")
        other.state, other.ended_at = RunState.STOPPED, now
    total = count_outdated(session, tools)
    if not total:
        raise InvalidAction("存下的帖子都是按现在的版本判断的，不用重新判断。")
    run = RescoreRun(
        version=tools.judge.version,
        router_version=tools.router_version,
        state=RunState.RUNNING,
        started_at=now,
        started_by=by.name,
        heartbeat_at=now,
        total=total,
    )
    session.add(run)
    try:
        session.flush()
    except IntegrityError as error:  # somebody else began one in the same moment
        raise InvalidAction("刚刚有人开始了一次重新判断。") from error
    audit.record(session, by, "rescoring_started", "classifier", run.id, now, version=run.version, count=total)
    return run


def is_of_this_version(run: RescoreRun, tools: Tools) -> bool:
    """Whether this program, with the model and the word lists it has loaded, can go on with the run."""
    return (run.version, run.router_version) == (tools.judge.version, tools.router_version)


def run_to_change(session: Session, run_id: int) -> RescoreRun:
    """The run, held until the transaction ends. Raises `NotFound`."""
    run = session.get(RescoreRun, run_id, with_for_update=True)
    if run is None:
        raise NotFound("没有这次重新判断。")
    return run


def pause(session: Session, run: RescoreRun, by: Doer, now: datetime) -> None:
    """Lets a run rest after the batch under way. Raises `InvalidAction` when it is not running."""
    if run.state is not RunState.RUNNING:
        raise InvalidAction("这次重新判断现在没有在做。")
    run.state = RunState.PAUSED
    audit.record(session, by, "rescoring_paused", "classifier", run.id, now, done=run.done)


def resume(session: Session, run: RescoreRun, tools: Tools, by: Doer, now: datetime) -> None:
    """Lets a paused run go on. Raises `InvalidAction` when it is not paused, or is of another version."""
    if run.state is not RunState.PAUSED:
        raise InvalidAction("这次重新判断没有暂停。")
    if not is_of_this_version(run, tools):
        raise InvalidAction("分类器已经换了版本，这次接不下去了，请重新开始一次。")
    run.state, run.heartbeat_at = RunState.RUNNING, now
    audit.record(session, by, "rescoring_resumed", "classifier", run.id, now, done=run.done)


def advance(session: Session, tools: Tools, now: datetime, *, limit: int = 200) -> int:
    """Judges the next posts of the run under way anew; gives how many, 0 when none is left or no run is under way.

    A post that was put aside as not dissatisfied and is flagged now waits for a person as a signal.
    """
    run = _running(session, tools)
    if run is None:
        return 0
    posts = _next_posts(session, run, tools, limit)
    run.heartbeat_at = now
    if not posts:
        run.state, run.ended_at = RunState.DONE, now
        return 0
    _keep(session, run, posts, tools, now)
    run.after_id, run.done = posts[-1].id, run.done + len(posts)
    return len(posts)


def skip_next(session: Session, tools: Tools, now: datetime) -> int:
    """Leaves the next post of the run as it is, because it cannot be judged; gives how many that were."""
    run = _running(session, tools)
    posts = _next_posts(session, run, tools, 1) if run else []
    if run is None or not posts:
        return 0
    run.after_id, run.heartbeat_at = posts[0].id, now
    run.done, run.failed = run.done + 1, run.failed + 1
    return 1


def _running(session: Session, tools: Tools) -> RescoreRun | None:
    """The run under way, held: of two workers one waits here, and then finds the place where the other left off."""
    statement = select(RescoreRun).where(
        RescoreRun.state == RunState.RUNNING,
        RescoreRun.version == tools.judge.version,
        RescoreRun.router_version == tools.router_version,
    )
    return session.scalars(statement.with_for_update().execution_options(populate_existing=True)).first()


def _next_posts(session: Session, run: RescoreRun, tools: Tools, limit: int) -> Sequence[Post]:
    query = _outdated(tools).where(Post.id > run.after_id).order_by(Post.id).limit(limit)
    return session.scalars(query.options(selectinload(Post.assessments), selectinload(Post.corrections))).all()


def _keep(session: Session, run: RescoreRun, posts: Sequence[Post], tools: Tools, now: datetime) -> None:
    judged = judge_posts(session, posts, tools)
    shifts = [_shift(post, verdict) for post, (verdict, _) in zip(posts, judged, strict=True)]
    changes = [
        _change(run, post, shift, verdict)
        for post, shift, (verdict, _) in zip(posts, shifts, judged, strict=True)
        if shift is not Shift.SAME
    ]
    rows = [
        {**_row(post, judgement, tools, now), "run_id": run.id} for post, judgement in zip(posts, judged, strict=True)
    ]
    _show_newly_flagged(posts, shifts)
    session.execute(insert(Assessment), rows)
    if changes:
        session.execute(insert(RescoreChange), changes)
    counts = Counter(shifts)
    run.newly_flagged += counts[Shift.NEWLY_FLAGGED]
    run.no_longer_flagged += counts[Shift.NO_LONGER_FLAGGED]
    run.same += counts[Shift.SAME]


def _row(post: Post, judgement: Judged, tools: Tools, now: datetime) -> Mapping[str, Any]:
    return named_in(post, assessment_row(post.id, *judgement, now, router_version=tools.router_version), tools)


def _shift(post: Post, verdict: Verdict) -> Shift:
    return shift_of(was_flagged=post.assessments[-1].flagged, is_flagged=verdict.flagged)


def _change(run: RescoreRun, post: Post, shift: Shift, verdict: Verdict) -> dict[str, Any]:
    last = post.assessments[-1]
    return {
        "run_id": run.id,
        "post_id": post.id,
        "what": shift,
        "dissatisfied_before": last.dissatisfied,
        "dissatisfied_after": verdict.dissatisfied,
        "expression_before": last.expression,
        "expression_after": verdict.expression,
    }


def _show_newly_flagged(posts: Sequence[Post], shifts: Sequence[Shift]) -> None:
    for post, shift in zip(posts, shifts, strict=True):
        put_aside = (post.outcome, post.outcome_reason) == _PUT_ASIDE
        # What a person said of the writer's attitude stands above any version.
        if shift is Shift.NEWLY_FLAGGED and put_aside and "polarity" not in effective(post).corrected:
            post.outcome, post.outcome_reason = Outcome.SIGNAL, RESCORED


def undo(session: Session, run: RescoreRun, by: Doer, now: datetime) -> int:
    """Takes every verdict of the run back, so that the earlier ones count again; gives how many.

    Signals that only this run raised, and nobody decided yet, are put aside again. Raises `InvalidAction` the second
    time.
    """
    if run.state is RunState.UNDONE:
        raise InvalidAction("这次重新判断已经收回过了。")
    taken = session.execute(
        delete(Assessment)
        .where(Assessment.run_id == run.id)
        .returning(Assessment.id)
        .execution_options(synchronize_session=False)
    ).all()
    _put_aside_again(session, run)
    run.state, run.ended_at = RunState.UNDONE, now
    audit.record(session, by, "rescoring_undone", "classifier", run.id, now, version=run.version, count=len(taken))
    return len(taken)


def _put_aside_again(session: Session, run: RescoreRun) -> None:
    raised = select(RescoreChange.post_id).where(
        RescoreChange.run_id == run.id, RescoreChange.what == Shift.NEWLY_FLAGGED
    )
    # A later run may have heard the same: then the signal stands on that one.
    still_flagged = select(Assessment.flagged).where(Assessment.id == _newest_of_post()).scalar_subquery()
    session.execute(
        update(Post)
        .where(
            Post.id.in_(raised),
            Post.outcome == Outcome.SIGNAL,
            Post.outcome_reason == RESCORED,
            still_flagged.is_(False),
        )
        .values(outcome=_PUT_ASIDE[0], outcome_reason=_PUT_ASIDE[1])
        .execution_options(synchronize_session=False)
    )
