"""What is worth telling whom, and when to try again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from monitor.domain.verdicts import Severity


class Event(StrEnum):
    """Something happened that somebody may want to hear of; each has a folder of the same name in templates/email."""

    TICKET_OPENED = "ticket_opened"
    TICKET_DISPATCHED = "ticket_dispatched"
    TICKET_REASSIGNED = "ticket_reassigned"
    SEVERITY_RAISED = "severity_raised"
    FOLLOW_UP_OVERDUE = "follow_up_overdue"
    CUSTOMER_MESSAGE = "customer_message"
    APPROVAL_WANTED = "approval_wanted"
    SOURCE_HEALTH = "source_health"
    RECEIPT = "receipt"
    QUESTION = "question"
    ANSWER = "answer"


class Recipient(StrEnum):
    """Whom a rule may name besides plain addresses."""

    DEPARTMENT = "department"
    HANDLER = "handler"
    SUPERVISORS = "supervisors"
    ADMINISTRATORS = "administrators"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """An event from a severity upwards goes to `recipients` (names of `Recipient`, or addresses) over `channel`."""

    event: Event
    recipients: tuple[str, ...]
    channel: str = "mail"
    severity: Severity = Severity.NORMAL


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in words, not yet addressed."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered message; `key` is the same at every attempt, so that a receiver can recognise a repeat."""

    recipient: str
    subject: str
    text: str
    html: str
    key: str


class Channel(Protocol):
    """Hands a message over. Raises `DeliveryError`."""

    def send(self, message: Message) -> None: ...


def rules_for(event: Event, severity: Severity, rules: Iterable[AlertRule]) -> list[AlertRule]:
    """The rules that this event sets off."""
    return [rule for rule in rules if rule.event is event and severity.rank >= rule.severity.rank]


_DELAYS = (1, 5, 15, 60, 180, 360)
MAX_ATTEMPTS = 12


def retry_delay(attempts: int) -> timedelta | None:
    """How long to wait after this many failed attempts; None means give up (after about two days)."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return timedelta(minutes=_DELAYS[min(attempts, len(_DELAYS)) - 1])
