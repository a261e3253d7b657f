"""Clocks of a ticket: what is waited for, until when, and what happens when the time is up."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid, InvalidAction, NotFound
from monitor.domain.sla import Deadline, FollowUpKind
from monitor.domain.text import clean_text
from monitor.domain.tickets import OPEN_STATES
from monitor.services import audit
from monitor.services.audit import Doer
from monitor.storage.models import FollowUp, Ticket


def open_follow_ups(ticket: Ticket) -> list[FollowUp]:
    """What is still waited for, the most urgent first."""
    return sorted((f for f in ticket.follow_ups if f.done_at is None), key=lambda f: f.due_at)


def rows_for(ticket_id: int, deadlines: Iterable[Deadline]) -> list[dict[str, Any]]:
    """Follow-ups as rows, ready to be written with others in one statement."""
    return [
        {"ticket_id": ticket_id, "kind": d.kind, "due_at": d.due_at, "check_at": d.due_at, "text": "", "missed": False}
        for d in deadlines
    ]


def plan(ticket: Ticket, kind: FollowUpKind, due_at: datetime, *, text: str = "", member_id: int | None = None) -> None:
    """Starts a clock; one of the same kind that still runs is replaced, save manual ones."""
    if kind is not FollowUpKind.MANUAL:
        for running in open_follow_ups(ticket):
            if running.kind is kind:
                running.due_at = due_at
                running.check_at = None if _stands_still(ticket, running) else due_at
                _refresh(ticket)
                return
    ticket.follow_ups.append(FollowUp(kind=kind, due_at=due_at, check_at=due_at, text=text, member_id=member_id))
    _refresh(ticket)


def hasten(ticket: Ticket, deadlines: Iterable[Deadline]) -> None:
    """Brings running clocks forward to these deadlines; none is put back, and none that has stopped is started."""
    sooner = {deadline.kind: deadline.due_at for deadline in deadlines}
    for running in open_follow_ups(ticket):
        due = sooner.get(running.kind)
        if due is not None and due < running.due_at and not _stands_still(ticket, running):
            running.due_at = running.check_at = due
    _refresh(ticket)


def finish(ticket: Ticket, kinds: Collection[FollowUpKind], now: datetime) -> None:
    """Stops the clocks of these kinds."""
    for follow_up in open_follow_ups(ticket):
        if follow_up.kind in kinds:
            follow_up.done_at, follow_up.check_at = now, None
    _refresh(ticket)


def finish_all(ticket: Ticket, now: datetime) -> None:
    """Stops every clock: the case is over."""
    resume_resolving(ticket, now)
    finish(ticket, frozenset(FollowUpKind), now)


def suspend(ticket: Ticket) -> None:
    """Stops watching without finishing, as for a merged ticket."""
    for follow_up in open_follow_ups(ticket):
        follow_up.check_at = None
    ticket.next_action_at = None


def revive(ticket: Ticket) -> None:
    """Watches again what `suspend` left."""
    for follow_up in open_follow_ups(ticket):
        follow_up.check_at = follow_up.due_at
    _refresh(ticket)


def pause_resolving(ticket: Ticket, now: datetime) -> None:
    """The clock of the answer stands still while the customer is asked; the statutory one never does."""
    ticket.paused_at = now
    for follow_up in open_follow_ups(ticket):
        if follow_up.kind is FollowUpKind.RESOLVE:
            follow_up.check_at = None


def resume_resolving(ticket: Ticket, now: datetime) -> None:
    """The clock of the answer goes on, later by as long as it stood."""
    if ticket.paused_at is None:
        return
    stood = now - ticket.paused_at
    ticket.paused_at = None
    for follow_up in open_follow_ups(ticket):
        if follow_up.kind is FollowUpKind.RESOLVE:
            follow_up.due_at += stood
            follow_up.check_at = None if follow_up.missed else follow_up.due_at
    _refresh(ticket)


def remaining_to_resolve(ticket: Ticket, now: datetime) -> timedelta:
    """What was left of the time for an answer when its clock last stopped; zero when it was late."""
    clocks = [f for f in ticket.follow_ups if f.kind is FollowUpKind.RESOLVE]
    if not clocks:
        return timedelta()
    last = max(clocks, key=lambda f: f.due_at)
    return max(last.due_at - (last.done_at or now), timedelta())


def _refresh(ticket: Ticket) -> None:
    running = [f.due_at for f in open_follow_ups(ticket) if not _stands_still(ticket, f)]
    ticket.next_action_at = min(running, default=None)


def _stands_still(ticket: Ticket, follow_up: FollowUp) -> bool:
    return ticket.paused_at is not None and follow_up.kind is FollowUpKind.RESOLVE


def plan_by_hand(session: Session, ticket: Ticket, text: str, due_at: datetime, by: Doer, now: datetime) -> None:
    """A follow-up that a person sets. Raises `Invalid` without a text or with a date that is past."""
    words = clean_text(text)[:500]
    if not words:
        raise Invalid("请写明要跟进什么。", fields={"text": "请写明要跟进什么"})
    if ticket.status not in OPEN_STATES:
        raise InvalidAction("这张工单已经结束，不能再安排跟进。")
    if due_at <= now:
        raise Invalid("跟进时间已经过去了。", fields={"due_at": "请选一个以后的时间"})
    plan(ticket, FollowUpKind.MANUAL, due_at, text=words, member_id=by.member_id)
    audit.record(session, by, "follow_up_planned", "ticket", ticket.id, now, text=words)


def finish_by_hand(session: Session, ticket: Ticket, follow_up_id: int, by: Doer, now: datetime) -> None:
    """Ticks off a follow-up that a person set. Raises `NotFound`."""
    for follow_up in open_follow_ups(ticket):
        if follow_up.id == follow_up_id and follow_up.kind is FollowUpKind.MANUAL:
            follow_up.done_at, follow_up.check_at = now, None
            _refresh(ticket)
            audit.record(session, by, "follow_up_done", "ticket", ticket.id, now, text=follow_up.text)
            return
    raise NotFound("没有这条跟进，或者已经完成了。")


def next_due(session: Session, now: datetime) -> FollowUp | None:
    """One follow-up whose time is up, held for this transaction; None when there is none."""
    return session.scalars(
        select(FollowUp)
        .where(FollowUp.check_at <= now)
        .order_by(FollowUp.check_at, FollowUp.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
