"""Which rules an event sets off, and how patient we are."""

from datetime import timedelta
from itertools import pairwise

from monitor.domain.alerts import MAX_ATTEMPTS, AlertRule, Event, retry_delay, rules_for
from monitor.domain.verdicts import Severity

RULES = [
    AlertRule(Event.TICKET_OPENED, ("department",)),
    AlertRule(Event.TICKET_OPENED, ("supervisors",), severity=Severity.CRITICAL),
    AlertRule(Event.RECEIPT, ("customer",)),
]


def test_a_grave_event_sets_off_the_rules_for_lesser_ones_too() -> None:
    assert rules_for(Event.TICKET_OPENED, Severity.CRITICAL, RULES) == RULES[:2]
    assert rules_for(Event.TICKET_OPENED, Severity.RAISED, RULES) == RULES[:1]


def test_an_event_without_a_rule_sets_off_none() -> None:
    assert rules_for(Event.ANSWER, Severity.CRITICAL, RULES) == []


def test_every_wait_is_as_long_as_the_one_before_and_then_it_ends() -> None:
    waits = [retry_delay(attempts) for attempts in range(1, MAX_ATTEMPTS)]
    known = [wait for wait in waits if wait is not None]
    assert len(known) == MAX_ATTEMPTS - 1
    assert known[0] == timedelta(minutes=1)
    assert all(before <= after for before, after in pairwise(known))
    assert timedelta(days=1) < sum(known, timedelta()) < timedelta(days=3)
    assert retry_delay(MAX_ATTEMPTS) is None
    assert retry_delay(MAX_ATTEMPTS + 5) is None
