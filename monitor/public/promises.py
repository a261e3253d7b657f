"""What happens next and by when, in plain dates of the working calendar."""

from dataclasses import dataclass
from datetime import datetime

from monitor.domain.sla import receipt_deadlines
from monitor.domain.verdicts import Severity
from monitor.services.tools import Tools


@dataclass(frozen=True, slots=True)
class Promises:
    """By when a complaint filed now is accepted, its writer called, and told the result as the law wants."""

    accept_by: datetime
    contact_hours: int
    answer_by: datetime
    statutory_workdays: int
    reopen_days: int


def promises(tools: Tools, now: datetime) -> Promises:
    """What may be promised for an ordinary complaint; a grave one is handled sooner."""
    accept, statutory = receipt_deadlines(tools.terms, Severity.NORMAL, tools.hours, now)
    return Promises(
        accept_by=accept.due_at,
        contact_hours=round(tools.terms.policies[Severity.NORMAL].first_contact_hours),
        answer_by=statutory.due_at,
        statutory_workdays=tools.terms.statutory_workdays,
        reopen_days=tools.terms.reopen_days,
    )
