"""Who may see what, asked in one place. A ticket one may not see does not exist."""

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.orm import Session

from monitor.domain.errors import Forbidden, NotFound
from monitor.domain.people import Permission, may
from monitor.domain.ticket_numbers import read_ticket_number
from monitor.storage.models import Member, Ticket


def require(member: Member, permission: Permission) -> None:
    """Raises `Forbidden` when the member's role has not this permission."""
    if not may(member.role, permission):
        raise Forbidden("您的角色没有这项权限，需要的话请联系管理员。")


def visible_tickets(member: Member) -> ColumnElement[bool]:
    """The condition on tickets that this member may see."""
    if may(member.role, Permission.SEE_ALL_TICKETS):
        return true()
    if may(member.role, Permission.SEE_DEPARTMENT_TICKETS) and member.department_id is not None:
        return Ticket.department_id == member.department_id
    return false()


def ticket_for(session: Session, member: Member, number: str) -> Ticket:
    """The ticket of this number. Raises `NotFound` when there is none, or none for this member."""
    ticket = session.scalars(
        select(Ticket).where(Ticket.number == (read_ticket_number(number) or number), visible_tickets(member))
    ).first()
    if ticket is None:
        raise NotFound(f"没有找到工单 {number}，或者它不归您的部门。")
    return ticket
