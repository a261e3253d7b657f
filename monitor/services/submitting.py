"""The customer's door: filing a complaint, asking how it stands, adding to it, rating the answer.

A submission is a post like any other and goes through the same intake; only the number is told at once.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.alerts import Event
from monitor.domain.errors import Invalid, InvalidAction, NotFound
from monitor.domain.text import clean_text
from monitor.domain.ticket_numbers import query_code_for, query_code_hash, read_ticket_number
from monitor.domain.tickets import OPEN_STATES, Action, Status
from monitor.domain.wording import REMEDIES_WISHED, SOLVED
from monitor.services import alerting, audit
from monitor.services.acting import act_on
from monitor.services.alerting import ticket_alarm
from monitor.services.audit import CUSTOMER
from monitor.services.effects import add_callback
from monitor.services.intake import accept_posts, pseudonym
from monitor.services.pipeline import handle_posts
from monitor.services.setup import built_in_source
from monitor.services.steps import Step
from monitor.services.tools import Tools
from monitor.storage.models import Customer, Post, Reply, Ticket
from scrapers.base import RawPost

MAX_TEXT = 20_000
MIN_TEXT = 5


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a customer typed in. Contact is optional: a complaint may be anonymous."""

    text: str
    name: str = ""
    phone: str = ""
    email: str = ""
    remedy_wished: str = ""
    once: str = ""
    """A value made when the form was shown; sending the same form twice gives the same ticket."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the customer gets: the number, and the code; "" when this joined a case whose code they have already."""

    number: str
    code: str


def submit_complaint(session: Session, complaint: Complaint, tools: Tools, now: datetime) -> Receipt:
    """Files a complaint and opens its ticket. Raises `Invalid` naming the fields."""
    _check(complaint)
    source = built_in_source(session, "form")
    external_id = clean_text(complaint.once)[:100] or secrets.token_urlsafe(16)
    raw = RawPost(external_id=external_id, text=complaint.text, author=_author(complaint), created_at=now)
    accept_posts(session, source, [raw], pseudonym_key=tools.pseudonym_key, now=now)
    session.flush()
    post = session.scalars(select(Post).where(Post.source_id == source.id, Post.external_id == external_id)).one()
    if post.ticket_id is None:
        _keep_contact(session, post, complaint, tools, now)
        _open(session, post, complaint, tools, now)
    return _receipt(session, post, tools)


def _receipt(session: Session, post: Post, tools: Tools) -> Receipt:
    """Number and code. A form sent twice gets the same answer twice.

    After a double click a browser shows the second answer only, and the code must not be lost with the first.
    """
    assert post.ticket_id is not None  # what comes through the form is never dropped
    ticket = session.get_one(Ticket, post.ticket_id)
    code = query_code_for(tools.pseudonym_key, post.external_id)
    return Receipt(ticket.number, code if query_code_hash(code) == ticket.code_hash else "")


def _check(complaint: Complaint) -> None:
    fields: dict[str, str] = {}
    length = len(clean_text(complaint.text))
    if length < MIN_TEXT:
        fields["text"] = "请写下发生了什么，几个字也可以"
    elif length > MAX_TEXT:
        fields["text"] = f"最多 {MAX_TEXT} 个字，现在有 {length} 个"
    if complaint.email and not _looks_like_mail(complaint.email):
        fields["email"] = "邮箱写得不完整"
    if complaint.phone and sum(c.isdigit() for c in complaint.phone) < 5:
        fields["phone"] = "电话号码写得不完整"
    if complaint.remedy_wished and complaint.remedy_wished not in REMEDIES_WISHED:
        fields["remedy_wished"] = "请从列表中选择"
    if fields:
        raise Invalid("有几处请再看一下，您写的内容都还在。", fields=fields)


def _looks_like_mail(address: str) -> bool:
    name, at, host = address.strip().rpartition("@")
    plain = not any(c.isspace() or ord(c) < 32 for c in address.strip())
    return bool(name and at and "." in host.strip(".") and plain and len(address) <= 254)


def _author(complaint: Complaint) -> str:
    """One customer, one key: whoever leaves the same contact is the same customer; the anonymous are each their own.

    Phone and address count together. Were the phone enough, a stranger who knows it could put an address of their own
    beside it and be sent the answers.
    """
    digits = "".join(c for c in complaint.phone if c.isdigit())[-11:]
    email = complaint.email.strip().lower()
    return f"{digits}|{email}" if digits or email else ""


def _keep_contact(session: Session, post: Post, complaint: Complaint, tools: Tools, now: datetime) -> None:
    customer = post.customer
    if customer is None:
        if not complaint.name.strip():
            return
        key = pseudonym(tools.pseudonym_key, post.source_id, post.external_id)
        customer = Customer(pseudonym=key, created_at=now)
        session.add(customer)
        post.customer = customer
    customer.name = customer.name or complaint.name.strip()[:80]
    customer.phone = customer.phone or complaint.phone.strip()[:40]
    customer.email = customer.email or complaint.email.strip()[:254]
    session.flush()


def _open(session: Session, post: Post, complaint: Complaint, tools: Tools, now: datetime) -> None:
    handle_posts(session, [post], tools, now)
    session.flush()
    ticket = session.get_one(Ticket, post.ticket_id)
    ticket.remedy_wished = complaint.remedy_wished or ticket.remedy_wished
    if ticket.code_hash:  # it joined this customer's open ticket: that one's code goes on being valid
        return
    ticket.code_hash = query_code_hash(query_code_for(tools.pseudonym_key, post.external_id))
    alarm = ticket_alarm(Event.RECEIPT, ticket, tools, now, occurrence="receipt")
    alerting.queue_alerts(session, [alarm], tools, now)


def tracked_ticket(session: Session, number: str, code: str) -> Ticket:
    """The ticket of number and code. Raises `NotFound`, the same for an unknown number and a wrong code."""
    ticket = session.scalars(select(Ticket).where(Ticket.number == read_ticket_number(number))).first()
    stored = ticket.code_hash if ticket else ""
    right = hmac.compare_digest(stored or "-" * 64, query_code_hash(code))
    if ticket is None or not stored or not right:
        raise NotFound("工单号或查询码不对，请核对后再试。")
    return ticket


def followed_ticket(session: Session, number: str) -> Ticket:
    """The ticket a customer has shown the code of before, or the one it was merged into. Raises `NotFound`."""
    ticket = session.scalars(select(Ticket).where(Ticket.number == read_ticket_number(number))).first()
    if ticket is None or not ticket.code_hash:
        raise NotFound("没有这张工单。")
    while ticket.merged_into is not None:
        ticket = ticket.merged_into
    return ticket


def add_words(session: Session, ticket: Ticket, text: str, tools: Tools, now: datetime) -> None:
    """What the customer adds: it joins the ticket, and goes on with a case that waited for it."""
    words = clean_text(text)
    if not words or len(words) > MAX_TEXT:
        raise Invalid("请写下要补充的内容。", fields={"text": f"1 到 {MAX_TEXT} 个字"})
    if ticket.status not in OPEN_STATES:
        raise InvalidAction("这张工单已经结束。需要的话可以要求重开，或重新提交。")
    if ticket.status is Status.WAITING_CUSTOMER:
        act_on(session, ticket, Action.CUSTOMER_REPLIED, CUSTOMER, {"text": words}, tools=tools, now=now)
        return
    ticket.replies.append(Reply(member_id=None, text=words, at=now))
    ticket.updated_at = now
    audit.record(session, CUSTOMER, "customer_wrote", "ticket", ticket.id, now)
    alarm = ticket_alarm(
        Event.CUSTOMER_MESSAGE, ticket, tools, now, occurrence=f"words {now.isoformat()}", quote=words[:300]
    )
    alerting.queue_alerts(session, [alarm], tools, now)


def rate(session: Session, ticket: Ticket, fields: Mapping[str, str], tools: Tools, now: datetime) -> None:
    """The customer's own call-back: solved or not, how satisfied. "Not solved" sends the case back to work."""
    if ticket.status not in (Status.RESPONDED, Status.CALLBACK_DUE):
        raise InvalidAction("现在还不能评价：要等我们答复之后。")
    if fields.get("solved") not in SOLVED:
        raise Invalid("请告诉我们解决了没有。", fields={"solved": "请选择"})
    answers = {**fields, "note": clean_text(fields.get("note", "")), "contacted": "yes"}
    add_callback(Step(session, ticket, Action.RECORD_CALLBACK, CUSTOMER, answers, tools, now))
    audit.record(session, CUSTOMER, "rated", "ticket", ticket.id, now, solved=fields["solved"])
    if fields["solved"] == "no":
        reason = answers["note"] or "客户表示没有解决"
        act_on(session, ticket, Action.REDO, CUSTOMER, {"reason": reason}, tools=tools, now=now)
    elif ticket.status is Status.RESPONDED:
        act_on(session, ticket, Action.TURN_TO_CALLBACK, CUSTOMER, {}, tools=tools, now=now)
