"""Judging stored posts again after the model or the word lists changed: resumable, visible, and to be undone.

Every verdict is kept; the newest one counts. What has a verdict of the present version already is left alone, so a
run that was stopped goes on where it was. Tickets stay as they are: people have worked on them.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session, aliased, selectinload

from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Verdict
from monitor.services import audit
from monitor.services.assessing import assessment_row, judged_text
from monitor.services.audit import SYSTEM
from monitor.services.tools import Tools
from monitor.storage.models import Assessment, Post

RESCORED = "rescored"
"""The reason on a post that only the new version flagged."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a new verdict says otherwise than the one before."""

    post_id: int
    before: float
    after: float
    was_flagged: bool
    is_flagged: bool

    @property
    def what(self) -> str:
        """newly_flagged, no_longer_flagged, or same."""
        if self.was_flagged == self.is_flagged:
            return "same"
        return "newly_flagged" if self.is_flagged else "no_longer_flagged"


def count_outdated(session: Session, version: str) -> int:
    """How many posts have verdicts, but none of this version."""
    return session.scalar(select(func.count()).select_from(_outdated(version).subquery())) or 0


def rescore_some(session: Session, tools: Tools, now: datetime, *, limit: int = 200) -> list[Change]:
    """Judges the next posts anew, oldest first; an empty list when none is left.

    A post that was put aside as not dissatisfied and is flagged now waits for a person as a signal.
    """
    query = _outdated(tools.judge.version).order_by(Post.id).limit(limit).options(selectinload(Post.assessments))
    posts = list(session.scalars(query))
    judged = tools.judge.judge([judged_text(post) for post in posts])
    rows = [assessment_row(post.id, *judgement, now) for post, judgement in zip(posts, judged, strict=True)]
    changes = [_change(post, verdict) for post, (verdict, _) in zip(posts, judged, strict=True)]
    if rows:
        session.execute(insert(Assessment), rows)
    _show_newly_flagged(posts, changes)
    return changes


def _outdated(version: str) -> Select[Post]:
    judged_so = exists().where(Assessment.post_id == Post.id, Assessment.version == version)
    judged = exists().where(Assessment.post_id == Post.id)
    return select(Post).where(judged, ~judged_so)


def _change(post: Post, verdict: Verdict) -> Change:
    last = post.assessments[-1]
    return Change(post.id, last.dissatisfied, verdict.dissatisfied, last.flagged, verdict.flagged)


def _show_newly_flagged(posts: Iterable[Post], changes: Iterable[Change]) -> None:
    for post, change in zip(posts, changes, strict=True):
        if change.what == "newly_flagged" and (post.outcome, post.outcome_reason) == (
            Outcome.IGNORE,
            "not-dissatisfied",
        ):
            post.outcome, post.outcome_reason = Outcome.SIGNAL, RESCORED


def tally(changes: Iterable[Change]) -> Counter[str]:
    """How many of each kind."""
    return Counter(change.what for change in changes)


def undo(session: Session, version: str, now: datetime) -> int:
    """Takes the verdicts of a version back wherever there is an earlier one; gives how many.

    Signals that only this version raised, and nobody decided yet, are put aside again.
    """
    signals = select(Post.id).where(Post.outcome == Outcome.SIGNAL, Post.outcome_reason == RESCORED)
    raised = signals.where(exists().where(Assessment.post_id == Post.id, Assessment.version == version))
    session.execute(
        update(Post)
        .where(Post.id.in_(raised))
        .values(outcome=Outcome.IGNORE, outcome_reason="not-dissatisfied")
        .execution_options(synchronize_session=False)
    )
    taken = session.execute(
        delete(Assessment)
        .where(Assessment.version == version, _has_an_earlier_one())
        .returning(Assessment.id)
        .execution_options(synchronize_session=False)
    ).all()
    audit.record(session, SYSTEM, "rescoring_undone", "classifier", None, now, version=version, count=len(taken))
    return len(taken)


def _has_an_earlier_one() -> ColumnElement[bool]:
    earlier = aliased(Assessment)
    return exists().where(earlier.post_id == Assessment.post_id, earlier.id < Assessment.id)
