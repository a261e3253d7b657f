"""How right the classifier is on this installation's own posts: estimates, what was confused with what, by version."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from monitor.domain.learning import Accuracy
from monitor.domain.verdicts import Polarity
from monitor.services.spot_checks import accuracy_of, fair_verdict, said_polarity
from monitor.storage.models import SpotCheck
from monitor.storage.queries.learning import drawn_checks

MOST_VERSIONS = 6
Confusion = Mapping[tuple[Polarity, Polarity], int]
"""(what people said, what the classifier said) → how many answers."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the answered checks tell. `versions` has the newest first, with the accuracy of each."""

    present: Accuracy
    confusion: Confusion
    versions: tuple[tuple[str, Accuracy], ...]
    skipped: int


def report(session: Session) -> Report:
    """The report over all checks ever drawn; a handful of questions to the database, however many there are."""
    checks = drawn_checks(session)
    return Report(
        present=accuracy_of(checks),
        confusion=_confusion(checks),
        versions=tuple((version, accuracy_of(checks, version)) for version in _versions(checks)),
        skipped=sum(check.skipped and check.checked_at is None for check in checks),
    )


def _versions(checks: Sequence[SpotCheck]) -> list[str]:
    """The versions that judged answered posts, the newest first."""
    given = sorted(
        (verdict for check in checks if check.checked_at for verdict in check.post.assessments),
        key=lambda verdict: verdict.id,
        reverse=True,
    )
    return list(dict.fromkeys(verdict.version for verdict in given))[:MOST_VERSIONS]


def _confusion(checks: Sequence[SpotCheck]) -> Counter[tuple[Polarity, Polarity]]:
    pairs = ((said_polarity(check), fair_verdict(check)) for check in checks)
    return Counter((said, verdict.polarity) for said, verdict in pairs if said is not None and verdict is not None)
