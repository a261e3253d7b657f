"""Notes among colleagues; the customer never sees them."""

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid
from monitor.services import audit
from monitor.services.audit import Doer
from monitor.storage.models import Note, Ticket

MAX_NOTE = 4000


def add_note(session: Session, ticket: Ticket, text: str, by: Doer, now: datetime) -> None:
    """Adds a note to a ticket. Raises `Invalid` when it is empty or too long."""
    words = text.strip()
    if not words or len(words) > MAX_NOTE:
        raise Invalid("请写下备注内容。", fields={"text": f"1 到 {MAX_NOTE} 个字"})
    ticket.notes.append(Note(member_id=by.member_id, text=words, at=now))
    audit.record(session, by, "note_added", "ticket", ticket.id, now)
