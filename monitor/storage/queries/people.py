"""What pages ask about departments and members."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from monitor.storage.models import Department, Member


def active_departments(session: Session) -> Sequence[Department]:
    """Departments that can be responsible, the fallback first, then in the order they were configured."""
    return session.scalars(
        select(Department).where(Department.active).order_by(Department.is_fallback.desc(), Department.id)
    ).all()


def all_members(session: Session) -> Sequence[Member]:
    """Every member with the department: active ones first, by name."""
    return session.scalars(
        select(Member).order_by(Member.active.desc(), Member.id).options(joinedload(Member.department))
    ).all()


def member_signed_in(session: Session, member_id: int) -> Member | None:
    """A member with the department, as each request needs them."""
    return session.scalars(
        select(Member).where(Member.id == member_id).options(joinedload(Member.department))
    ).one_or_none()
