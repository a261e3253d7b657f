"""What becomes of a post, case by case."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.triage import Outcome, TriagePolicy, decide_triage
from monitor.domain.verdicts import Expression, Intent, Severity, Verdict
from monitor.domain.wording import TRIAGE_REASONS
from tests.fakes import ANGRY, CALM, GRAVE, HINTING

ADVERT = replace(ANGRY, spam=0.95)
UNREADABLE = replace(CALM, reason="empty")
WISHING = replace(HINTING, intent=Intent.COMPLAINT, dissatisfied=0.9)


@pytest.mark.parametrize(
    ("verdict", "direct", "ticket", "outcome", "reason"),
    [
        (CALM, False, False, Outcome.IGNORE, "not-dissatisfied"),
        (CALM, False, True, Outcome.IGNORE, "not-dissatisfied"),
        (CALM, True, False, Outcome.OPEN, "direct"),
        (CALM, True, True, Outcome.JOIN, "direct"),
        (ANGRY, False, False, Outcome.OPEN, "outspoken"),
        (ANGRY, False, True, Outcome.JOIN, "open-ticket"),
        (replace(ANGRY, dissatisfied=0.79), False, False, Outcome.SIGNAL, "hinted"),
        (replace(ANGRY, dissatisfied=0.8), False, False, Outcome.OPEN, "outspoken"),
        (HINTING, False, False, Outcome.SIGNAL, "hinted"),
        (HINTING, False, True, Outcome.JOIN, "open-ticket"),
        (WISHING, False, False, Outcome.OPEN, "outspoken"),
        (replace(HINTING, severity=Severity.RAISED), False, False, Outcome.OPEN, "severity"),
        (GRAVE, False, False, Outcome.OPEN, "severity"),
        (GRAVE, False, True, Outcome.JOIN, "open-ticket"),
        (replace(CALM, severity=Severity.CRITICAL), False, False, Outcome.SIGNAL, "safety-words"),
        (replace(CALM, severity=Severity.CRITICAL), False, True, Outcome.SIGNAL, "safety-words"),
        (replace(CALM, severity=Severity.RAISED), False, False, Outcome.IGNORE, "not-dissatisfied"),
        (UNREADABLE, False, False, Outcome.IGNORE, "cannot-tell"),
        (UNREADABLE, True, False, Outcome.OPEN, "direct"),
        (replace(UNREADABLE, severity=Severity.CRITICAL), False, False, Outcome.SIGNAL, "safety-words"),
        (ADVERT, False, False, Outcome.IGNORE, "spam"),
        (ADVERT, True, False, Outcome.OPEN, "direct"),
        (replace(ADVERT, severity=Severity.RAISED), False, False, Outcome.OPEN, "severity"),
        (replace(ADVERT, severity=Severity.CRITICAL), False, False, Outcome.OPEN, "severity"),
    ],
)
def test_each_case_has_its_outcome_and_reason(
    verdict: Verdict, direct: bool, ticket: bool, outcome: Outcome, reason: str
) -> None:
    decision = decide_triage(verdict, TriagePolicy(), direct=direct, open_ticket=ticket)
    assert (decision.outcome, decision.reason) == (outcome, reason)


verdicts = st.builds(
    Verdict,
    polarity=st.just(CALM.polarity),
    scores=st.just(CALM.scores),
    dissatisfied=st.floats(0, 1),
    flagged=st.booleans(),
    expression=st.sampled_from(Expression),
    version=st.just("1"),
    severity=st.sampled_from(Severity),
    intent=st.sampled_from(Intent),
    spam=st.floats(0, 1),
    reason=st.sampled_from(["", "empty"]),
)


@settings(deadline=None, max_examples=200)
@given(verdicts, st.booleans(), st.booleans())
def test_every_decision_has_a_reason_in_words_and_safety_is_never_dropped(
    verdict: Verdict, direct: bool, ticket: bool
) -> None:
    decision = decide_triage(verdict, TriagePolicy(), direct=direct, open_ticket=ticket)
    assert TRIAGE_REASONS[decision.reason]
    if direct or verdict.severity is Severity.CRITICAL:
        assert decision.outcome is not Outcome.IGNORE
    if not ticket:
        assert decision.outcome is not Outcome.JOIN
