"""Rows with sensible defaults, made by the same services that make them in life; override by keyword."""

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.tickets import Action
from monitor.services.acting import act_on
from monitor.services.audit import doer
from monitor.services.intake import accept_posts
from monitor.services.pipeline import handle_posts
from monitor.services.setup import built_in_source
from monitor.services.tools import Tools
from monitor.storage.models import Member, Post, Source, Ticket
from scrapers.base import RawPost

_numbers = count(1)


def make_post(
    session: Session,
    tools: Tools,
    now: datetime,
    text: str = "投诉：等了三个月",
    *,
    source: Source | None = None,
    author: str = "",
    thread_id: str = "",
    title: str = "",
    **more: Any,
) -> Post:
    """A post that was taken in and waits to be handled; `more` are further fields of the post as its source gave it."""
    place = source or built_in_source(session, "api")
    external_id = f"made-{next(_numbers)}"
    named: dict[str, Any] = {"title": title, "author": author, "thread_id": thread_id, "created_at": now}
    raw = RawPost(external_id=external_id, text=text, **named, **more)
    accept_posts(session, place, [raw], pseudonym_key=tools.pseudonym_key, now=now)
    return session.scalars(select(Post).where(Post.external_id == external_id)).one()


def make_ticket(
    session: Session,
    tools: Tools,
    now: datetime,
    text: str = "投诉：等了三个月",
    *,
    author: str = "",
    department: str = "",
    agent: Member | None = None,
) -> Ticket:
    """A ticket opened by the pipeline; with `department` and `agent` also accepted and dispatched there."""
    post = make_post(session, tools, now, text, author=author)
    ticket = handle_posts(session, [post], tools, now)[0]
    session.flush()
    if department and agent:
        fields = {"department": department, "severity": ticket.severity.value}
        act_on(session, ticket, Action.ACCEPT, doer(agent), fields, tools=tools, now=now)
    return ticket
