"""Deadlines from a policy and a calendar."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.business_hours import BusinessHours
from monitor.domain.sla import FollowUpKind, SlaPolicy, SlaTerms, acceptance_deadlines, receipt_deadlines
from monitor.domain.verdicts import Severity

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = BusinessHours(zone=SHANGHAI)
TERMS = SlaTerms({Severity.NORMAL: SlaPolicy(2, 4, 24, 7), Severity.CRITICAL: SlaPolicy(0.5, 0.5, 2, 3)})
SUNDAY = datetime(2026, 11, 22, 15, tzinfo=SHANGHAI)


def _days(severity: Severity, when: datetime = SUNDAY) -> dict[FollowUpKind, datetime]:
    deadlines = receipt_deadlines(TERMS, severity, HOURS, when) + acceptance_deadlines(TERMS, severity, HOURS, when)
    return {deadline.kind: deadline.due_at for deadline in deadlines}


def test_working_hours_wait_for_monday_and_the_others_run_on_sunday() -> None:
    assert _days(Severity.NORMAL) == {
        FollowUpKind.ACCEPT: datetime(2026, 11, 23, 11, tzinfo=SHANGHAI),
        FollowUpKind.STATUTORY: datetime(2026, 12, 1, 18, tzinfo=SHANGHAI),
        FollowUpKind.TAKE_ON: datetime(2026, 11, 23, 14, tzinfo=SHANGHAI),
        FollowUpKind.FIRST_CONTACT: SUNDAY + timedelta(hours=24),
        FollowUpKind.RESOLVE: SUNDAY + timedelta(days=7),
    }


def test_a_safety_case_is_due_sooner_in_everything_but_the_limit_of_the_law() -> None:
    normal, critical = _days(Severity.NORMAL), _days(Severity.CRITICAL)
    assert normal.pop(FollowUpKind.STATUTORY) == critical.pop(FollowUpKind.STATUTORY)
    assert all(critical[kind] < normal[kind] for kind in normal)


def test_a_severity_without_a_policy_is_an_error_and_no_guess() -> None:
    with pytest.raises(KeyError):
        receipt_deadlines(TERMS, Severity.RAISED, HOURS, datetime(2026, 11, 23, tzinfo=UTC))
