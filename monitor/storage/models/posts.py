"""What was said, by whom, its earlier wordings, and what the classifier made of it."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.domain.likeness import Spread
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
        Index("ix_posts_moments", "source_id", "created_at", "first_seen_at"),
        Index("ix_posts_cluster", "cluster_id", "id"),  # the newest of a cluster of a hundred thousand
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
    missing_since: Mapped[datetime | None]
    """When the post was first not found where it should be; not yet sure that it is gone."""
    gone_at: Mapped[datetime | None]
    gone_how: Mapped[str] = mapped_column(default="")
    """How we know that the source deleted it."""
    length: Mapped[int] = mapped_column(default=0)
    """Characters of the text when it was last seen: what is still known of a post whose text is hidden."""
    content_hash: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    handle_after: Mapped[datetime | None] = mapped_column(index=True)
    failures: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[Outcome | None]
    outcome_reason: Mapped[str] = mapped_column(default="")
    quiet: Mapped[bool] = mapped_column(default=False)
    """Imported history: becomes a ticket like any other, but nobody is mailed about it."""
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    cluster_id: Mapped[int | None] = mapped_column(ForeignKey("clusters.id"))

    source: Mapped[Source] = relationship()
    customer: Mapped[Customer | None] = relationship()
    cluster: Mapped["Cluster | None"] = relationship(back_populates="posts")
    revisions: Mapped[list["PostRevision"]] = relationship(order_by="PostRevision.id", back_populates="post")
    assessments: Mapped[list["Assessment"]] = relationship(order_by="Assessment.id", back_populates="post")
    corrections: Mapped[list["Correction"]] = relationship(
        order_by="Correction.id", back_populates="post", cascade="all, delete-orphan", passive_deletes=True
    )


class Cluster(Base):
    """Posts that say nearly the same, from any source."""

    __tablename__ = "clusters"

    id: Mapped[int] = mapped_column(primary_key=True)
    spread: Mapped[Spread] = mapped_column(default=Spread.SINGLE)
    size: Mapped[int] = mapped_column(default=1)
    authors: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]

    posts: Mapped[list[Post]] = relationship(order_by="Post.id", back_populates="cluster")


class PostBand(Base):
    """One band of a post's MinHash signature: posts that share one may be near-copies. Written by `near_copies`."""

    __tablename__ = "post_bands"
    __table_args__ = ({"sqlite_with_rowid": False},)

    band: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    # No foreign key: checking one for each of twenty rows a post costs more than all the rest of the index, and a row
    # of a post that is no more does no harm.
    post_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sketch: Mapped[int] = mapped_column(BigInteger)
    """One bit of each order of the signature: how many agree says how like two posts are."""


class Capture(Base):
    """A post that a member of staff copied by hand: who, when, from where, and the hash of what was pasted."""

    __tablename__ = "captures"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    captured_at: Mapped[datetime]
    url: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str] = mapped_column(String(64))


class PostRevision(Base):
    """An earlier wording of a post that its author changed."""

    __tablename__ = "post_revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    title: Mapped[str]
    text: Mapped[str]
    content_hash: Mapped[str] = mapped_column(String(64))
    replaced_at: Mapped[datetime]
    hidden: Mapped[bool] = mapped_column(default=False)
    """The source deleted the post: its wording is kept as evidence and not shown."""

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
