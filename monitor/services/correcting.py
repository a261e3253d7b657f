"""Corrections: what people say a verdict should have been. The verdict itself stays as it was given."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid
from monitor.domain.learning import CorrectionOrigin, agreeing
from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Expression, Polarity
from monitor.services import audit
from monitor.services.audit import Doer
from monitor.services.routing import department_named
from monitor.services.signals import dismiss_signal
from monitor.storage.models import Correction, Post
from monitor.storage.queries.posts import newest_assessment

CORRECTED = "corrected"
"""The reason on a post that waits as a signal because a person heard what the classifier had not."""
_LONGEST = 40
_TAKEN_BACK = ("satisfied", "neutral", "advert")
"""Dismissals that say the writer is not dissatisfied; a later correction may say otherwise."""


@dataclass(frozen=True, slots=True)
class Effective:
    """A verdict as it counts after what people corrected; `corrected` names the parts that a person decided."""

    polarity: Polarity
    expression: Expression
    topic: str
    department: str
    corrected: frozenset[str]

    @property
    def dissatisfied(self) -> bool:
        """Whether the writer is taken to be dissatisfied."""
        return self.polarity is Polarity.NEGATIVE


def valid_corrections(post: Post) -> list[Correction]:
    """The corrections of the words as they stand, oldest first: those of an earlier wording speak of another text."""
    return [c for c in post.corrections if post.edited_at is None or c.made_at >= post.edited_at]


def effective(post: Post) -> Effective:
    """The newest verdict with the newest correction of each of its parts."""
    said = {
        part: value
        for correction in valid_corrections(post)
        for part in ("polarity", "expression", "topic", "department")
        if (value := getattr(correction, part)) is not None
    }
    given = newest_assessment(post)
    likely = given.details.get("departments", ()) if given else ()
    polarity = said.get("polarity") or (given.polarity if given else Polarity.NEUTRAL)
    return Effective(
        polarity=polarity,
        expression=_expression(polarity, said, given.expression if given else Expression.NONE),
        topic=said.get("topic") or (given.main_topic if given else ""),
        department=said.get("department") or (likely[0]["department"] if likely else ""),
        corrected=frozenset(said),
    )


def _expression(polarity: Polarity, said: dict[str, Expression], given: Expression) -> Expression:
    """The expression that goes with a polarity a person chose without saying how it shows."""
    expression = said.get("expression") or given
    if "polarity" not in said:
        return expression
    if polarity is not Polarity.NEGATIVE:
        return Expression.NONE
    return Expression.IMPLICIT if expression is Expression.NONE else expression


def correct(
    session: Session,
    post: Post,
    by: Doer,
    now: datetime,
    *,
    polarity: Polarity | None = None,
    expression: Expression | None = None,
    topic: str | None = None,
    department: str | None = None,
    note: str = "",
    origin: CorrectionOrigin = CorrectionOrigin.WORK,
) -> Correction:
    """Keeps what a person says of a post. Raises `Invalid` for an empty or contradictory correction.

    A post that was passed over and is dissatisfied after all becomes a signal; a signal that nobody decided yet and
    is not dissatisfied is put aside. Tickets stay as they are: people have worked on them.
    """
    polarity, expression = agreeing(polarity, expression, present=effective(post).polarity)
    given = newest_assessment(post)
    correction = Correction(
        post_id=post.id,
        member_id=by.member_id,
        made_at=now,
        version=given.version if given else "",
        origin=origin,
        polarity=polarity,
        expression=expression,
        topic=_topic(topic),
        department=department_named(session, department).name if department else None,
        note=note.strip()[:500],
    )
    _refuse_empty(correction)
    post.corrections.append(correction)
    audit.record(session, by, "post_corrected", "post", post.id, now, reason=correction.note, **_facts(correction))
    if polarity is not None:
        _follow(session, post, by, polarity, now)
    session.flush()
    return correction


def _topic(topic: str | None) -> str | None:
    name = (topic or "").strip()
    if len(name) > _LONGEST:
        raise Invalid("话题太长了。", fields={"topic": f"最多 {_LONGEST} 个字"})
    return name or None


def _refuse_empty(correction: Correction) -> None:
    if not any((correction.polarity, correction.expression, correction.topic, correction.department)):
        raise Invalid("请至少改一项。", fields={"polarity": "倾向、表达方式、话题、部门至少选一项"})


def _facts(correction: Correction) -> dict[str, str]:
    """What was corrected, for the audit row."""
    parts = {
        "origin": correction.origin,
        "version": correction.version,
        "polarity": correction.polarity,
        "expression": correction.expression,
        "topic": correction.topic,
        "department": correction.department,
    }
    return {name: str(value) for name, value in parts.items() if value}


def _follow(session: Session, post: Post, by: Doer, polarity: Polarity, now: datetime) -> None:
    """Lets what was decided about the post follow, as long as no person has decided more than that."""
    session.refresh(post, ["outcome", "outcome_reason"], with_for_update=True)
    if polarity is not Polarity.NEGATIVE:
        if post.outcome is Outcome.SIGNAL:
            dismiss_signal(session, post, by, "satisfied" if polarity is Polarity.POSITIVE else "neutral", now)
        return
    put_aside = post.outcome is Outcome.DISMISSED and post.outcome_reason in _TAKEN_BACK
    if put_aside or post.outcome is Outcome.IGNORE:
        post.outcome, post.outcome_reason = Outcome.SIGNAL, CORRECTED
