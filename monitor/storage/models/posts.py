"""What was said, by whom, its earlier wordings, and what the classifier made of it."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Expression, Polarity, Severity
from monitor.storage.models.base import Base
from monitor.storage.models.sources import Source

if TYPE_CHECKING:
    from monitor.storage.models.learning import Correction


class Customer(Base):
    """Who speaks: an author of a source, known by a keyed pseudonym only, or somebody who left a contact."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    pseudonym: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


class Post(Base):
    """One post. Its identity is (source, external id); `handle_after` null means that it has been handled."""

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("source_id", "external_id"),
        Index("ix_posts_signals", "outcome", "id"),
        Index("ix_posts_thread", "source_id", "thread_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    external_id: Mapped[str]
    thread_id: Mapped[str] = mapped_column(default="")
    parent_id: Mapped[str] = mapped_column(default="")
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    url: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    text: Mapped[str]
    rating: Mapped[float | None]
    rating_scale: Mapped[float | None]
    created_at: Mapped[datetime | None]
    zone_assumed: Mapped[bool] = mapped_column(default=False)
    first_seen_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    content_hash: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    handle_after: Mapped[datetime | None] = mapped_column(index=True)
    failures: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[Outcome | None]
    outcome_reason: Mapped[str] = mapped_column(default="")
    quiet: Mapped[bool] = mapped_column(default=False)
    """Imported history: becomes a ticket like any other, but nobody is mailed about it."""
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)

    source: Mapped[Source] = relationship()
    customer: Mapped[Customer | None] = relationship()
    revisions: Mapped[list["PostRevision"]] = relationship(order_by="PostRevision.id", back_populates="post")
    assessments: Mapped[list["Assessment"]] = relationship(order_by="Assessment.id", back_populates="post")
    corrections: Mapped[list["Correction"]] = relationship(
        order_by="Correction.id", back_populates="post", cascade="all, delete-orphan", passive_deletes=True
    )


class PostRevision(Base):
    """An earlier wording of a post that its author changed."""

    __tablename__ = "post_revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    title: Mapped[str]
    text: Mapped[str]
    content_hash: Mapped[str] = mapped_column(String(64))
    replaced_at: Mapped[datetime]

    post: Mapped[Post] = relationship(back_populates="revisions")


class Assessment(Base):
    """A verdict on a post: who gave it, when, and all of it. The newest one counts."""

    __tablename__ = "assessments"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    made_at: Mapped[datetime]
    version: Mapped[str] = mapped_column(String(80))
    router_version: Mapped[str] = mapped_column(String(80), default="")
    """The company's own router, where it has one; else "": the router is part of the model then."""
    run_id: Mapped[int | None] = mapped_column(ForeignKey("rescore_runs.id"), index=True)
    """The run that judged the post again, for verdicts that are not the first."""
    polarity: Mapped[Polarity]
    dissatisfied: Mapped[float]
    flagged: Mapped[bool]
    expression: Mapped[Expression]
    severity: Mapped[Severity]
    severity_reason: Mapped[str] = mapped_column(default="")
    main_topic: Mapped[str] = mapped_column(String(40), default="")
    details: Mapped[dict[str, Any]]
    """The rest of the verdict: scores, cues, topics, intent, spam, and the departments suggested."""

    post: Mapped[Post] = relationship(back_populates="assessments")
