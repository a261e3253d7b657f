"""Who is responsible: deciding for a post, and handing a ticket over to another department."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid
from monitor.domain.routing import Case, DecidedBy, RoutingDecision, choose_department, is_follow_up
from monitor.domain.verdicts import Severity, Suggestion, Verdict
from monitor.services.audit import Doer
from monitor.services.tools import Tools
from monitor.storage.models import Assignment, Department, Post, Ticket


def case_of(text: str, source: str, topics: Sequence[str], severity: Severity, tools: Tools) -> Case:
    """What routing looks at, with the regions and dealers that the text names."""
    read = tools.fold(text)
    found = tools.places.find(read)
    return Case(read, tuple(topics), severity, source, found.regions, found.dealers)


def route(
    text: str,
    source: str,
    verdict: Verdict,
    suggestions: Sequence[Suggestion],
    tools: Tools,
    *,
    thread: str = "",
) -> RoutingDecision:
    """The one department for a post; `thread` has the matter that the post only asks after."""
    case = case_of(text, source, [topic.name for topic in verdict.topics], verdict.severity, tools)
    return choose_department(
        case, tools.routing_rules, suggestions, fallback=tools.fallback, dispatch_at=tools.dispatch_at, thread=thread
    )


class Threads:
    """The departments that have the matters of threads, for posts of one batch that only ask after them."""

    def __init__(self, session: Session, posts: Sequence[Post], tools: Tools) -> None:
        self._asking = {post.id for post in posts if post.thread_id and is_follow_up(tools.fold(post.text))}
        self._desks: dict[tuple[int | str | None, ...], str] = {}
        threads = {(post.source_id, post.thread_id) for post in posts if post.id in self._asking}
        if not threads:
            return
        rows = session.execute(
            select(Post.source_id, Post.thread_id, Post.customer_id, Department.name)
            .join(Ticket, Post.ticket_id == Ticket.id)
            .join(Department, Ticket.department_id == Department.id)
            .where(
                tuple_(Post.source_id, Post.thread_id).in_(threads), Department.active, Ticket.accepted_at.is_not(None)
            )
            .order_by(Post.id)
        )
        for source_id, thread_id, customer_id, name in rows:
            self._desks[source_id, thread_id] = self._desks[source_id, thread_id, customer_id] = name

    def desk_for(self, post: Post) -> str:
        """The department of the writer's own earlier post in the thread, else of the latest; "" for none."""
        if post.id not in self._asking:
            return ""
        thread = (post.source_id, post.thread_id)
        own = self._desks.get((*thread, post.customer_id), "") if post.customer_id else ""
        return own or self._desks.get(thread, "")

    def expect(self, post: Post, decision: RoutingDecision) -> None:
        """Remembers who is about to have the matter of a post of this batch."""
        if post.thread_id and decision.decided_by is not DecidedBy.FALLBACK:
            thread = (post.source_id, post.thread_id)
            self._desks[thread] = self._desks[(*thread, post.customer_id)] = decision.department


def departments_by_name(session: Session) -> dict[str, Department]:
    """Every department that can be made responsible."""
    return {d.name: d for d in session.scalars(select(Department).where(Department.active))}


def settle(decision: RoutingDecision, departments: Collection[str], fallback: str) -> RoutingDecision:
    """The decision, when there is such a department; a model trained for others ends at the fallback, never at none."""
    if decision.department in departments:
        return decision
    return replace(decision, department=fallback, decided_by=DecidedBy.FALLBACK, rule="", words=())


def reassign(ticket: Ticket, department: Department, by: Doer, reason: str, now: datetime) -> None:
    """Makes another department responsible: the old assignment ends at the moment the new one begins."""
    for assignment in ticket.assignments:
        if assignment.until_at is None:
            assignment.until_at = now
    ticket.department, ticket.department_id = department, department.id
    ticket.handler = None
    ticket.assignments.append(
        Assignment(
            department=department,
            decided_by=DecidedBy.PERSON,
            member_id=by.member_id,
            reason=reason,
            from_at=now,
            confidence=1.0,
        )
    )


def department_named(session: Session, name: str) -> Department:
    """An active department. Raises `Invalid` naming what there is."""
    departments = departments_by_name(session)
    if name not in departments:
        known = "、".join(departments)
        raise Invalid(f"没有“{name}”这个部门；有的是：{known}。", fields={"department": "请从列表中选一个部门"})
    return departments[name]
