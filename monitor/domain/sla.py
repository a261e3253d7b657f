"""By when what must have happened: promises of the house, and limits of the law."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.domain.business_hours import BusinessHours
from monitor.domain.verdicts import Severity


class FollowUpKind(StrEnum):
    """What is waited for; each open follow-up of a ticket is one running clock."""

    ACCEPT = "accept"
    TAKE_ON = "take_on"
    FIRST_CONTACT = "first_contact"
    RESOLVE = "resolve"
    STATUTORY = "statutory"
    CALL_BACK = "call_back"
    TURN_TO_CALL_BACK = "turn_to_call_back"
    CUSTOMER_ANSWER = "customer_answer"
    REVIEW = "review"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """Times allowed for one severity. Hours named `working` count office hours only, the others count day and night."""

    accept_working_hours: float
    take_on_working_hours: float
    first_contact_hours: float
    resolve_days: int
    """Civil days from acceptance to the answer (接诉即办: 7 for the ordinary case)."""


@dataclass(frozen=True, slots=True)
class SlaTerms:
    """Policies by severity, and the terms that hold for every ticket."""

    policies: Mapping[Severity, SlaPolicy]
    statutory_workdays: int = 7
    """汽车销售管理办法 Art. 18 (2017): the consumer is told within 7 working days of receipt. Never paused."""
    callback_workdays: int = 3
    turn_to_callback_hours: float = 24
    customer_answer_days: int = 7
    reopen_days: int = 15
    return_working_hours: float = 4


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock: what must have happened by when."""

    kind: FollowUpKind
    due_at: datetime


def receipt_deadlines(terms: SlaTerms, severity: Severity, hours: BusinessHours, now: datetime) -> tuple[Deadline, ...]:
    """The clocks that start when a complaint is received."""
    accept = timedelta(hours=terms.policies[severity].accept_working_hours)
    return (
        Deadline(FollowUpKind.ACCEPT, hours.add(now, accept)),
        Deadline(FollowUpKind.STATUTORY, hours.workdays(now, terms.statutory_workdays)),
    )


def acceptance_deadlines(
    terms: SlaTerms, severity: Severity, hours: BusinessHours, now: datetime
) -> tuple[Deadline, ...]:
    """The clocks that start when a complaint is accepted and dispatched."""
    policy = terms.policies[severity]
    return (
        Deadline(FollowUpKind.TAKE_ON, hours.add(now, timedelta(hours=policy.take_on_working_hours))),
        Deadline(FollowUpKind.FIRST_CONTACT, now + timedelta(hours=policy.first_contact_hours)),
        Deadline(FollowUpKind.RESOLVE, now + timedelta(days=policy.resolve_days)),
    )
