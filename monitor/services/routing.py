"""Who is responsible: deciding for a post, and handing a ticket over to another department."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid
from monitor.domain.routing import Case, DecidedBy, RoutingDecision, choose_department
from monitor.domain.verdicts import Suggestion, Verdict
from monitor.services.audit import Doer
from monitor.services.tools import Tools
from monitor.storage.models import Assignment, Department, Ticket


def route(text: str, source: str, verdict: Verdict, suggestions: Sequence[Suggestion], tools: Tools) -> RoutingDecision:
    """The one department for a post."""
    case = Case(
        text=tools.fold(text),
        topics=tuple(topic.name for topic in verdict.topics),
        severity=verdict.severity,
        source=source,
    )
    return choose_department(
        case, tools.routing_rules, suggestions, fallback=tools.fallback, dispatch_at=tools.dispatch_at
    )


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
