"""What was done, by whom, when and why."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from monitor.storage.models.base import Base


class AuditEntry(Base):
    """One change, written in the transaction that makes it. The database itself refuses to alter or delete it."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_subject", "subject", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(20))
    """A role, `customer` or `system`."""
    member_id: Mapped[int | None]
    name: Mapped[str] = mapped_column(default="")
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None]
    data: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(default="")
