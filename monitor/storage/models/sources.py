"""Where posts come from, and every visit there."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

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
    next_run_at: Mapped[datetime | None] = mapped_column(index=True)
    last_success_at: Mapped[datetime | None]
    last_new_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    blocked: Mapped[bool] = mapped_column(default=False)
    """A permanent refusal: not tried again until a person looked at it."""


class CollectRun(Base):
    """One visit: its counts always add up to `fetched`."""

    __tablename__ = "collect_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"), index=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    fetched: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    edited: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    rejections: Mapped[list[Any]] = mapped_column(default=list)
    error: Mapped[str] = mapped_column(default="")
