"""Posts drawn at random for a person to judge: how else would anybody know what the classifier does not hear?"""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import islice

from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid, InvalidAction, NotFound
from monitor.domain.learning import (
    Accuracy,
    Checked,
    CorrectionOrigin,
    Drawn,
    Stratum,
    certainty,
    draw_order,
    estimate_accuracy,
    is_frozen,
    shares_of,
    stratum_of,
)
from monitor.domain.verdicts import Expression, Polarity
from monitor.services import audit
from monitor.services.audit import SYSTEM, Doer
from monitor.services.correcting import correct, valid_corrections
from monitor.storage.models import Assessment, Correction, Member, SpotCheck
from monitor.storage.queries.learning import (
    Candidate,
    count_answered_checks,
    count_open_checks,
    drawn_checks,
    last_drawn_at,
    open_checks,
    undrawn_posts,
)

RECENT = timedelta(days=30)
"""Posts that came in longer ago are not drawn: they no longer say how the classifier does today."""
MOST_OPEN = 200
"""When so many wait to be checked, no more are drawn: nobody is looking."""


def is_due(session: Session, now: datetime, zone: tzinfo) -> bool:
    """Whether nothing was drawn yet on this day of the office."""
    last = last_drawn_at(session)
    return last is None or last.astimezone(zone).date() < now.astimezone(zone).date()


def draw(session: Session, now: datetime, *, wanted: int, flag_at: float = 0.5) -> list[SpotCheck]:
    """Draws posts of the last thirty days that were never drawn: most of them unflagged, some flagged, some uncertain.

    The order is random but fixed by each post's number, half of each stratum comes from the audit set. `flag_at` is
    the probability from which on the classifier flags.
    """
    pool: dict[Stratum, list[Candidate]] = {stratum: [] for stratum in Stratum}
    for candidate in undrawn_posts(session, now - RECENT):
        pool[stratum_of(candidate.dissatisfied, candidate.flagged, flag_at)].append(candidate)
    room = max(0, MOST_OPEN - count_open_checks(session))
    shares = shares_of(min(wanted, room), {stratum: len(posts) for stratum, posts in pool.items()})
    checks = [check for stratum in Stratum for check in _drawn(pool[stratum], stratum, shares[stratum], now)]
    session.add_all(checks)
    session.flush()
    if checks:
        audit.record(session, SYSTEM, "spot_checks_drawn", "classifier", None, now, count=len(checks))
    return checks


def _drawn(pool: Sequence[Candidate], stratum: Stratum, count: int, now: datetime) -> list[SpotCheck]:
    """`count` posts of one stratum. Being frozen says nothing about a post, so each stands for equally many."""
    by_chance = sorted(pool, key=lambda candidate: draw_order(candidate.post_id))
    # Taken one by one: of a hundred thousand posts only the first few are asked whether they are frozen.
    frozen = (candidate for candidate in by_chance if is_frozen(candidate.post_id))
    free = (candidate for candidate in by_chance if not is_frozen(candidate.post_id))
    kept = list(islice(frozen, -(-count // 2)))
    kept += islice(free, count - len(kept))
    kept += islice(frozen, count - len(kept))
    return [
        SpotCheck(
            post_id=candidate.post_id,
            drawn_at=now,
            stratum=stratum,
            weight=len(pool) / count,
            frozen=is_frozen(candidate.post_id),
        )
        for candidate in kept
    ]


def next_to_check(session: Session, member: Member, *, flag_at: float = 0.5) -> SpotCheck | None:
    """The check that this member should answer next, or None when none is open.

    Random ones, which tell how good the classifier is, alternate with those it is least sure of, which teach it most.
    Members begin at different ends of the alternation, so that two of them seldom look at the same post.
    """
    waiting = open_checks(session)
    by_chance = sorted(
        (check for check, _ in waiting if check.frozen or check.stratum is not Stratum.UNCERTAIN),
        key=lambda check: (not check.frozen, draw_order(check.post_id)),
    )
    ordered = sorted(waiting, key=lambda each: (certainty(each[1], flag_at), each[0].id))
    unsure = [check for check, _ in ordered if not check.frozen]
    queues = [by_chance, unsure]
    turn = (count_answered_checks(session) + member.id) % 2
    return next((queue[0] for queue in (queues[turn], queues[1 - turn]) if queue), None)


def check_for(session: Session, check_id: int) -> SpotCheck:
    """The check of this number, held for this transaction. Raises `NotFound`; `InvalidAction` when it is answered."""
    check = session.get(SpotCheck, check_id, with_for_update=True)
    if check is None:
        raise NotFound("没有这条抽查。")
    if check.checked_at is not None:
        raise InvalidAction("这条刚刚有人看过了，请看下一条。")
    return check


def answer(
    session: Session,
    check: SpotCheck,
    by: Doer,
    now: datetime,
    *,
    polarity: Polarity | None,
    expression: Expression | None = None,
    topic: str | None = None,
    department: str | None = None,
) -> Correction:
    """Keeps a person's judgement of a drawn post, also where it agrees with the classifier.

    Raises `Invalid` without a polarity, `InvalidAction` when somebody was faster.
    """
    check = check_for(session, check.id)
    if polarity is None:
        raise Invalid("请先选倾向。", fields={"polarity": "请选不满、中性或满意"})
    correction = correct(
        session,
        check.post,
        by,
        now,
        polarity=polarity,
        expression=expression,
        topic=topic,
        department=department,
        origin=CorrectionOrigin.SPOT_CHECK,
    )
    check.checked_at, check.member_id, check.skipped = now, by.member_id, False
    return correction


def skip(session: Session, check: SpotCheck, by: Doer, now: datetime) -> None:
    """Puts a check aside that cannot be judged; it counts neither as right nor as wrong."""
    check = check_for(session, check.id)
    check.skipped, check.member_id = True, by.member_id
    audit.record(session, by, "spot_check_skipped", "post", check.post_id, now)


def accuracy(session: Session, version: str | None = None, *, since: datetime | None = None) -> Accuracy:
    """How right the classifier is on this installation's own posts, as far as checks were answered."""
    return accuracy_of(drawn_checks(session, since=since), version)


def accuracy_of(checks: Sequence[SpotCheck], version: str | None = None) -> Accuracy:
    """How right the classifier was on these checks.

    Without `version` the newest verdicts count. A verdict given after the answer may come from a model that learned
    from it, and counts only for posts of the audit set, from which no model learns.
    """
    seen = ((check, fair_verdict(check, version)) for check in checks)
    return estimate_accuracy([_judged(check, verdict) for check, verdict in seen if verdict])


def fair_verdict(check: SpotCheck, version: str | None = None) -> Assessment | None:
    """The verdict that the answer may be held against: the newest that cannot have learned from it."""
    fair = [
        given
        for given in check.post.assessments
        if version in (None, given.version)
        and (check.frozen or check.checked_at is None or given.made_at <= check.checked_at)
    ]
    return fair[-1] if fair else None


def _judged(check: SpotCheck, verdict: Assessment) -> Drawn:
    truth = said_polarity(check)
    if truth is None:
        return Drawn(check.stratum, check.weight, verdict.flagged)
    dissatisfied = truth is Polarity.NEGATIVE
    return Checked(check.stratum, check.weight, verdict.flagged, dissatisfied, verdict.polarity is truth)


def said_polarity(check: SpotCheck) -> Polarity | None:
    """What people say the polarity is; None while nobody has answered, or when the words were changed since."""
    if check.checked_at is None:
        return None
    said = [each.polarity for each in valid_corrections(check.post) if each.polarity is not None]
    return said[-1] if said else None
