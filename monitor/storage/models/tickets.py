"""Tickets and everything that hangs on them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.domain.routing import DecidedBy
from monitor.domain.sla import FollowUpKind
from monitor.domain.tickets import Action, Status
from monitor.domain.verdicts import Severity
from monitor.storage.models.base import Base
from monitor.storage.models.people import Department, Member
from monitor.storage.models.posts import Customer, Post


class Ticket(Base):
    """A complaint and where it stands. It has one responsible department at every moment: the column cannot be null."""

    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_status_next", "status", "next_action_at"),
        Index("ix_tickets_department", "department_id", "status", "id"),
        Index("ix_tickets_department_next", "department_id", "next_action_at"),
        Index("ix_tickets_newest", "status", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    code_hash: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 of the query code the customer got; "" where nobody can ask."""
    status: Mapped[Status]
    severity: Mapped[Severity]
    severity_reason: Mapped[str] = mapped_column(default="")
    topic: Mapped[str] = mapped_column(String(40), default="")
    summary: Mapped[str]
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"))
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"), index=True)
    implicit: Mapped[bool] = mapped_column(default=False)
    remedy_wished: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    first_contact_at: Mapped[datetime | None]
    responded_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    next_action_at: Mapped[datetime | None] = mapped_column(index=True)
    """The earliest open follow-up: every open ticket has one."""
    paused_at: Mapped[datetime | None]
    escalation_level: Mapped[int] = mapped_column(default=0)
    questions_asked: Mapped[int] = mapped_column(default=0)
    redone_count: Mapped[int] = mapped_column(default=0)
    reopened_count: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(String(40), default="")
    remedy: Mapped[str] = mapped_column(String(40), default="")
    root_cause: Mapped[str] = mapped_column(default="")
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    status_before_merge: Mapped[Status | None]
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    """The closed ticket that this one takes up again."""
    quiet: Mapped[bool] = mapped_column(default=False)
    row_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy reads it from the class

    department: Mapped[Department] = relationship()
    handler: Mapped[Member | None] = relationship()
    customer: Mapped[Customer | None] = relationship()
    posts: Mapped[list[Post]] = relationship(order_by="Post.id")
    assignments: Mapped[list["Assignment"]] = relationship(order_by="Assignment.id", back_populates="ticket")
    follow_ups: Mapped[list["FollowUp"]] = relationship(order_by="FollowUp.due_at", back_populates="ticket")
    replies: Mapped[list["Reply"]] = relationship(order_by="Reply.id", back_populates="ticket")
    notes: Mapped[list["Note"]] = relationship(order_by="Note.id", back_populates="ticket")
    call_backs: Mapped[list["CallBack"]] = relationship(order_by="CallBack.id", back_populates="ticket")
    approvals: Mapped[list["Approval"]] = relationship(order_by="Approval.id", back_populates="ticket")
    merged_into: Mapped["Ticket | None"] = relationship(remote_side="Ticket.id", foreign_keys=[merged_into_id])
    follows: Mapped["Ticket | None"] = relationship(remote_side="Ticket.id", foreign_keys=[follows_id])


class Assignment(Base):
    """Which department was responsible from when to when, and who or what decided so; one a ticket is open."""

    __tablename__ = "assignments"
    __table_args__ = (
        Index(
            "uq_assignments_current",
            "ticket_id",
            unique=True,
            sqlite_where=text("until_at IS NULL"),
            postgresql_where=text("until_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"))
    decided_by: Mapped[DecidedBy]
    rule: Mapped[str] = mapped_column(default="")
    words: Mapped[list[Any]] = mapped_column(default=list)
    confidence: Mapped[float] = mapped_column(default=0.0)
    suggestions: Mapped[list[Any]] = mapped_column(default=list)
    """Other desks the model would choose: [{department, confidence}], most likely first."""
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    reason: Mapped[str] = mapped_column(default="")
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]

    ticket: Mapped[Ticket] = relationship(back_populates="assignments")
    department: Mapped[Department] = relationship()
    member: Mapped[Member | None] = relationship()


class FollowUp(Base):
    """Something that must happen by a time. `check_at` is the queue: null when done, or when its lateness was told."""

    __tablename__ = "follow_ups"
    __table_args__ = (Index("ix_follow_ups_open", "ticket_id", "done_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    kind: Mapped[FollowUpKind]
    text: Mapped[str] = mapped_column(default="")
    due_at: Mapped[datetime]
    check_at: Mapped[datetime | None] = mapped_column(index=True)
    done_at: Mapped[datetime | None]
    missed: Mapped[bool] = mapped_column(default=False)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    ticket: Mapped[Ticket] = relationship(back_populates="follow_ups")
    member: Mapped[Member | None] = relationship()


class Reply(Base):
    """Words exchanged with the customer: a question, the answer, or what the customer wrote."""

    __tablename__ = "replies"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    """Null: the customer wrote it."""
    text: Mapped[str]
    at: Mapped[datetime]

    ticket: Mapped[Ticket] = relationship(back_populates="replies")
    member: Mapped[Member | None] = relationship()


class Note(Base):
    """A note among colleagues; never shown to the customer."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    text: Mapped[str]
    at: Mapped[datetime]

    ticket: Mapped[Ticket] = relationship(back_populates="notes")
    member: Mapped[Member] = relationship()


class CallBack(Base):
    """One try to ask the customer: reached? solved? satisfied? By a member, or by the customer on the query page."""

    __tablename__ = "call_backs"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    at: Mapped[datetime]
    contacted: Mapped[bool]
    solved: Mapped[str] = mapped_column(String(20), default="")
    satisfaction: Mapped[int | None]
    """5 非常满意 … 1 非常不满意; null when not asked or not answered, never filled in."""
    note: Mapped[str] = mapped_column(default="")

    ticket: Mapped[Ticket] = relationship(back_populates="call_backs")
    member: Mapped[Member | None] = relationship()


class Approval(Base):
    """An action that waits for a second person; at most one a ticket is open."""

    __tablename__ = "approvals"
    __table_args__ = (
        Index(
            "uq_approvals_open",
            "ticket_id",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    action: Mapped[Action]
    fields: Mapped[dict[str, Any]]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    asked_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None]
    granted: Mapped[bool | None]

    ticket: Mapped[Ticket] = relationship(back_populates="approvals")
    asked_by: Mapped[Member] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[Member | None] = relationship(foreign_keys=[decided_by_id])
