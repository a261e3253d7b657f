"""What people said of verdicts: corrections, and posts drawn at random to be checked."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.domain.learning import CorrectionOrigin, Stratum
from monitor.domain.verdicts import Expression, Polarity
from monitor.storage.models.base import Base
from monitor.storage.models.people import Member
from monitor.storage.models.posts import Post


class Correction(Base):
    """What a person says a verdict should have been. Null leaves a field as it was; the newest of each field counts."""

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    made_at: Mapped[datetime]
    version: Mapped[str] = mapped_column(String(80), default="")
    """The version of the verdict that was corrected; "" when there was none."""
    origin: Mapped[CorrectionOrigin]
    polarity: Mapped[Polarity | None]
    expression: Mapped[Expression | None]
    topic: Mapped[str | None] = mapped_column(String(40))
    department: Mapped[str | None] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(default="")

    post: Mapped[Post] = relationship(back_populates="corrections")
    member: Mapped[Member | None] = relationship()


class SpotCheck(Base):
    """A post drawn at random for a person to judge. Open while `checked_at` is null and it was not skipped."""

    __tablename__ = "spot_checks"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), unique=True)
    drawn_at: Mapped[datetime] = mapped_column(index=True)
    stratum: Mapped[Stratum]
    weight: Mapped[float]
    """How many posts this one stands for: one over the probability with which it was drawn."""
    frozen: Mapped[bool]
    """Whether it belongs to the audit set, which tests models and never trains one."""
    checked_at: Mapped[datetime | None] = mapped_column(index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    skipped: Mapped[bool] = mapped_column(default=False)

    post: Mapped[Post] = relationship()
    member: Mapped[Member | None] = relationship()
