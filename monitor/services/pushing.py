"""Taking in a signed delivery: once, however often it is sent."""

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.domain.errors import InvalidAction, NotFound
from monitor.services import health
from monitor.services.collecting import take_in
from monitor.services.intake import Accepted, insert_or_skip
from monitor.services.runs import note_run
from monitor.services.setup import PUSHED
from monitor.services.sources import LAST_ID
from monitor.services.tools import Tools
from monitor.storage.models import HookDelivery, Source
from scrapers.base import Batch


def pushed_source(session: Session, source_id: int) -> Source:
    """The source that takes deliveries under this number. Raises `NotFound` and `InvalidAction`."""
    source = session.get(Source, source_id) if source_id <= LAST_ID else None
    if source is None or source.kind != PUSHED:
        raise NotFound("没有这个推送地址；请到来源页上核对。")
    if not source.enabled:
        raise InvalidAction("这个来源已停用，暂不接收；启用以后请重发。")
    return source


def take_delivery(
    session: Session, source: Source, delivery: str, batch: Batch, tools: Tools, now: datetime
) -> Accepted | None:
    """Takes in what a delivery brought; None when it was taken in before."""
    row = {"source_id": source.id, "delivery": delivery, "received_at": now}
    if not session.execute(insert_or_skip(session, HookDelivery).returning(HookDelivery.id), [row]).all():
        return None
    accepted, losses = take_in(session, source, batch, tools, now)
    note_run(session, source, batch, accepted, losses, now, occasion="push")
    source.last_success_at = now
    source.last_new_at = now if accepted.new else source.last_new_at
    session.flush()
    health.review(session, source, tools, now)
    return accepted
