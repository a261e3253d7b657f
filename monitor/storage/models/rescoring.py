"""Runs that judge stored posts again, and the posts whose flag they changed."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.domain.rescoring import RunState, Shift
from monitor.domain.verdicts import Expression
from monitor.storage.models.base import Base
from monitor.storage.models.posts import Post

_RUNNING = text("state = 'running'")


class RescoreRun(Base):
    """One run over the stored posts, oldest first; `after_id` is the last post it dealt with. One runs at a time."""

    __tablename__ = "rescore_runs"
    __table_args__ = (
        Index("uq_rescore_runs_running", "state", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(80))
    router_version: Mapped[str] = mapped_column(String(80), default="")
    state: Mapped[RunState]
    started_at: Mapped[datetime]
    started_by: Mapped[str] = mapped_column(String(80))
    heartbeat_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    total: Mapped[int]
    after_id: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    newly_flagged: Mapped[int] = mapped_column(default=0)
    no_longer_flagged: Mapped[int] = mapped_column(default=0)
    same: Mapped[int] = mapped_column(default=0)


class RescoreChange(Base):
    """A post whose flag a run changed: how it was judged before and after."""

    __tablename__ = "rescore_changes"
    __table_args__ = (Index("ix_rescore_changes_run", "run_id", "what", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("rescore_runs.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    what: Mapped[Shift]
    dissatisfied_before: Mapped[float]
    dissatisfied_after: Mapped[float]
    expression_before: Mapped[Expression]
    expression_after: Mapped[Expression]

    post: Mapped[Post] = relationship()
