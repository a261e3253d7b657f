"""What is kept how long. Posts and tickets are not touched here."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from monitor.services import evidence
from monitor.services.tools import Tools
from monitor.storage.models import CollectRun, HookDelivery

_VISITS = timedelta(days=400)
"""Records of visits: the same month of last year can still be looked at."""
_DELIVERIES = timedelta(days=2)
"""Ids of signed deliveries; an older delivery is refused by its own time stamp."""


def prune(session: Session, tools: Tools, now: datetime) -> None:
    """Deletes payload bodies beyond their days, old records of visits, and the ids of old deliveries."""
    evidence.drop_old_bodies(session, now, tools.payload_days)
    session.execute(delete(CollectRun).where(CollectRun.started_at < now - _VISITS))
    session.execute(delete(HookDelivery).where(HookDelivery.received_at < now - _DELIVERIES))
