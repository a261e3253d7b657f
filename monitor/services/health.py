"""How a source is doing, looked at after every visit."""

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.services.tools import Tools
from monitor.storage.models import Source


def review(session: Session, source: Source, tools: Tools, now: datetime) -> None:
    """Looks at the state of a source and keeps it."""
