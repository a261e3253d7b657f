"""What people said, as rows to train and to test on. The audit set is for testing and is never among the first."""

from collections.abc import Iterable, Iterator

from sqlalchemy.orm import Session

from monitor.domain.learning import AuditRow, Lesson, is_frozen
from monitor.domain.text import mask_contacts
from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Expression, Polarity
from monitor.services.assessing import judged_text
from monitor.services.correcting import valid_corrections
from monitor.services.routing import departments_by_name
from monitor.services.spot_checks import said_polarity
from monitor.storage.models import Post
from monitor.storage.queries.learning import closed_cases, frozen_checks, taught_posts

_DISMISSED = {"satisfied": Polarity.POSITIVE, "neutral": Polarity.NEUTRAL, "advert": Polarity.NEUTRAL}
"""What putting a signal aside says of its polarity; other reasons say nothing of it."""


def lessons(session: Session) -> list[Lesson]:
    """Every post that people said something about, without contact data, except for those of the audit set.

    Corrections come first; where nobody corrected the polarity, accepting a signal says negative, and dismissing one
    as satisfied, neutral or advertisement says what its reason says.
    """
    found = (_lesson(post) for post in _free(session, taught_posts(session)))
    return [lesson for lesson in found if lesson.label or lesson.topics or lesson.department]


def _free(session: Session, posts: Iterable[Post]) -> Iterator[Post]:
    """Posts that are not frozen and whose words are not those of a frozen one."""
    tested = {check.post.fingerprint for check in frozen_checks(session)}
    return (post for post in posts if not is_frozen(post.id) and post.fingerprint not in tested)


def _lesson(post: Post) -> Lesson:
    said: dict[str, str] = {}
    for correction in valid_corrections(post):
        for part in ("polarity", "expression", "topic", "department"):
            value = getattr(correction, part)
            said |= {part: str(value)} if value is not None else {}
    label = said.get("polarity") or _decided(post)
    return Lesson(
        text=_text(post),
        label=label,
        expression=said.get("expression", "") if label == Polarity.NEGATIVE else Expression.NONE if label else "",
        topics=said.get("topic", ""),
        department=said.get("department", ""),
    )


def _decided(post: Post) -> str:
    """The polarity that deciding a signal says, or ""."""
    if post.outcome is Outcome.DISMISSED:
        return _DISMISSED.get(post.outcome_reason, "")
    accepted = post.outcome is Outcome.OPEN and post.outcome_reason == "accepted"
    return Polarity.NEGATIVE if accepted else ""


def _text(post: Post) -> str:
    return mask_contacts(judged_text(post))


def department_rows(session: Session) -> list[tuple[str, str]]:
    """Text and department to train a router on: who was responsible when a case was closed, or what people said.

    Without contact data, without the audit set, and only departments that still exist.
    """
    rows = {post.id: (post, name) for post, name in closed_cases(session)}
    for post in taught_posts(session):
        said = [each.department for each in valid_corrections(post) if each.department]
        if said:
            rows[post.id] = (post, said[-1])
    free = {post.id for post in _free(session, (post for post, _ in rows.values()))}
    known = departments_by_name(session)
    return [(_text(post), name) for number, (post, name) in sorted(rows.items()) if number in free and name in known]


def audit_rows(session: Session) -> list[AuditRow]:
    """The answered checks of the audit set, to compare models on."""
    rows = []
    for check in frozen_checks(session):
        truth = said_polarity(check)
        if truth is not None:
            rows.append(AuditRow(check.post_id, judged_text(check.post), truth))
    return rows
