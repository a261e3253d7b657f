"""Does this post become a ticket, wait for a person as a signal, join an open ticket, or need nothing?"""

from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.verdicts import Expression, Intent, Severity, Verdict


class Outcome(StrEnum):
    """What becomes of a post."""

    IGNORE = "ignore"
    SIGNAL = "signal"
    JOIN = "join"
    OPEN = "open"
    DISMISSED = "dismissed"
    """A person looked at the signal and said no."""


@dataclass(frozen=True, slots=True)
class TriageDecision:
    """An outcome and its reason, kept on the post so that anyone can ask why."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class TriagePolicy:
    """Where the lines are drawn. `open_at`: probability from which an openly stated complaint is a ticket at once."""

    open_at: float = 0.8
    spam_at: float = 0.9


def decide_triage(verdict: Verdict, policy: TriagePolicy, *, direct: bool, open_ticket: bool) -> TriageDecision:
    """What becomes of a post.

    `direct`: it was addressed to us (form, mail, complaint board), so it is never dropped.
    `open_ticket`: its author already has one for this thread.
    """
    if direct:
        return _join_or_open(open_ticket, "direct")
    dropped = _reason_to_drop(verdict, policy)
    if dropped:
        return TriageDecision(Outcome.IGNORE, dropped)
    if not verdict.flagged:
        return TriageDecision(Outcome.SIGNAL, "safety-words")
    if open_ticket:
        return TriageDecision(Outcome.JOIN, "open-ticket")
    return _weigh(verdict, policy)


def _reason_to_drop(verdict: Verdict, policy: TriagePolicy) -> str:
    """Why nobody needs to see the post, or "". Safety words are always shown to a person."""
    if verdict.severity is Severity.CRITICAL:
        return ""
    if verdict.reason:
        return "cannot-tell"
    if verdict.spam >= policy.spam_at and verdict.severity is Severity.NORMAL:
        return "spam"
    return "" if verdict.flagged else "not-dissatisfied"


def _join_or_open(open_ticket: bool, reason: str) -> TriageDecision:
    return TriageDecision(Outcome.JOIN if open_ticket else Outcome.OPEN, reason)


def _weigh(verdict: Verdict, policy: TriagePolicy) -> TriageDecision:
    """A flagged post with no ticket: grave or openly stated opens one, the merely hinted waits for a person."""
    if verdict.severity is not Severity.NORMAL:
        return TriageDecision(Outcome.OPEN, "severity")
    outspoken = verdict.expression is Expression.EXPLICIT or verdict.intent is Intent.COMPLAINT
    if outspoken and verdict.dissatisfied >= policy.open_at:
        return TriageDecision(Outcome.OPEN, "outspoken")
    return TriageDecision(Outcome.SIGNAL, "hinted")
