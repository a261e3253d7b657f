"""Customers' contact data: hidden until somebody says why they need to see it, and that is noted."""

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid
from monitor.services import audit
from monitor.services.audit import Doer
from monitor.storage.models import Ticket

REVEAL_REASONS = {
    "contact": "联系客户办理这件投诉",
    "call_back": "回访",
    "verify": "核实身份",
}
"""Why somebody may look at a customer's contact data (个人信息保护法 Art. 6: no more than the purpose needs)."""


def reveal_contact(session: Session, ticket: Ticket, by: Doer, reason: str, now: datetime) -> None:
    """Notes who looked at the customer's contact data, and why. Raises `Invalid` for an unknown reason."""
    if reason not in REVEAL_REASONS:
        raise Invalid("请选择为什么要看联系方式。", fields={"reason": "请选择"})
    audit.record(session, by, "contact_revealed", "ticket", ticket.id, now, reason=REVEAL_REASONS[reason])
