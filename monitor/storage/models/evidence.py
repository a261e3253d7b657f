"""What came in, sealed: each source has a chain of seals, each over the one before it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from monitor.storage.models.base import Base


class Seal(Base):
    """One link of a source's chain; `seal` is the SHA-256 of `previous` and of everything else here but `body`."""

    __tablename__ = "seals"
    __table_args__ = (UniqueConstraint("source_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    number: Mapped[int]
    sealed_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]
    """What is sealed: payloads (address, size, SHA-256) and posts (id and content hash), canonical JSON."""
    previous: Mapped[str] = mapped_column(String(64))
    seal: Mapped[str] = mapped_column(String(64))


class SealedPayload(Base):
    """The body of a payload, packed, for as long as the retention keeps it."""

    __tablename__ = "sealed_payloads"

    id: Mapped[int] = mapped_column(primary_key=True)
    seal_id: Mapped[int] = mapped_column(ForeignKey("seals.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    kept_at: Mapped[datetime] = mapped_column(index=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class HookDelivery(Base):
    """A signed delivery that was taken in, by its id: the same one sent again changes nothing."""

    __tablename__ = "hook_deliveries"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    delivery: Mapped[str] = mapped_column(String(200))
    received_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (UniqueConstraint("source_id", "delivery"),)
