"""Where posts come from, and every visit there."""

from datetime import datetime
from typing import Any

from sqlalchemy import Double, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.domain.backfills import BackfillState
from monitor.domain.health import Health
from monitor.storage.models.base import Base


class Source(Base):
    """A place posts come from. `next_run_at` null means that nothing is to be fetched: paused, or not that kind."""

    __tablename__ = "sources"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    options: Mapped[dict[str, Any]]
    interval_seconds: Mapped[int] = mapped_column(default=900)
    enabled: Mapped[bool] = mapped_column(default=True)
    origin: Mapped[str] = mapped_column(String(20), default="page")
    """`config`: stands in sources.toml; `page`: made in the browser; `built-in`: form, API, import."""
    direct: Mapped[bool] = mapped_column(default=False)
    """Whether what comes from here is addressed to us as a complaint, so that it always becomes a ticket."""
    cursor: Mapped[dict[str, Any]] = mapped_column(default=dict)
    query: Mapped[str] = mapped_column(default="")
    """A boolean query; what does not match is not kept. Empty: everything is."""
    host: Mapped[str] = mapped_column(String(255), default="", index=True)
    """The host that a visit goes to; sources that share one are visited one after the other. Empty: no network."""
    next_run_at: Mapped[datetime | None] = mapped_column(index=True)
    leased_until: Mapped[datetime | None]
    """While a visit is under way: when another process may take it over."""
    last_success_at: Mapped[datetime | None]
    last_new_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    blocked: Mapped[bool] = mapped_column(default=False)
    """A permanent refusal: not tried again until a person looked at it."""
    health: Mapped[Health] = mapped_column(default=Health.NEW)
    health_reason: Mapped[str] = mapped_column(default="")
    health_advice: Mapped[str] = mapped_column(default="")
    health_since: Mapped[datetime | None]
    health_told_at: Mapped[datetime | None]
    """When people were last told how the source is."""


class CollectRun(Base):
    """One visit: its counts always add up to `fetched`."""

    __tablename__ = "collect_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"), index=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    occasion: Mapped[str] = mapped_column(String(20), default="visit")
    """`visit`, `backfill` or `push`."""
    fetched: Mapped[int] = mapped_column(default=0)
    """new + edited + unchanged + filtered + rejected."""
    new: Mapped[int] = mapped_column(default=0)
    edited: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    filtered: Mapped[int] = mapped_column(default=0)
    """Posts that the source's query did not want; they were not kept."""
    rejected: Mapped[int] = mapped_column(default=0)
    gone: Mapped[int] = mapped_column(default=0)
    """Posts kept earlier that are no longer at the source; not among those fetched."""
    rejections: Mapped[list[Any]] = mapped_column(default=list)
    error: Mapped[str] = mapped_column(default="")
    notes: Mapped[list[Any]] = mapped_column(default=list)
    """Remarks about the visit as a whole: `{"sign", "text", "link"}`."""
    filled: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """How many of the posts had which field: `{"author": 18, "created_at": 20}`."""
    pages: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(default=0)
    """Bytes that came over the line."""
    repeated: Mapped[int] = mapped_column(default=0)
    """Pages whose body was the same as that of another page of the visit."""
    garbled: Mapped[float] = mapped_column(default=0.0)
    """The share of characters that are no longer what was written, from 0 to 1."""


class HealthChange(Base):
    """A source's state changed: from what to what, when and why."""

    __tablename__ = "health_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"), index=True)
    changed_at: Mapped[datetime]
    before: Mapped[Health]
    after: Mapped[Health]
    reason: Mapped[str] = mapped_column(default="")


class Backfill(Base):
    """A run into the past of a source; `next_run_at` null means that nothing is to be done."""

    __tablename__ = "backfills"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    state: Mapped[BackfillState] = mapped_column(default=BackfillState.RUNNING)
    cursor: Mapped[dict[str, Any]] = mapped_column(default=dict)
    until: Mapped[datetime | None]
    """Posts older than this are not wanted."""
    started_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    next_run_at: Mapped[datetime | None] = mapped_column(index=True)
    reached_at: Mapped[datetime | None]
    """When the oldest post read so far was written."""
    steps: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    fetched: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")

    source: Mapped[Source] = relationship()


class HostTurn(Base):
    """Whose turn it is at a host, shared by every process: the pause, and the breaker."""

    __tablename__ = "host_turns"

    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    free_at: Mapped[float] = mapped_column(Double, default=0.0)
    """Seconds since 1970 from which on the next request may go out."""
    failures: Mapped[int] = mapped_column(default=0)
    open_until: Mapped[float] = mapped_column(Double, default=0.0)
    """While the breaker is open: when one request may try again."""
