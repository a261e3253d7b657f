"""What happens to posts that came in, in reading order: cluster, assess, triage, route, open, announce."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, joinedload

from monitor.domain.alerts import Event
from monitor.domain.tickets import OPEN_STATES
from monitor.domain.triage import Outcome, TriageDecision, decide_triage
from monitor.domain.verdicts import Judged, Verdict
from monitor.services import alerting, audit
from monitor.services.alerting import Alarm, ticket_alarm
from monitor.services.assessing import assess_posts, spoken_text
from monitor.services.audit import SYSTEM, Doer
from monitor.services.clustering import cluster_posts
from monitor.services.followups import hasten
from monitor.services.routing import Threads, route
from monitor.services.ticketing import Opening, first_deadlines, open_tickets, search_text
from monitor.services.tools import Tools
from monitor.storage.models import Post, Ticket
from monitor.storage.queries.posts import all_posts_of
from monitor.storage.search import index_tickets

_Key = tuple[int, int, str]
"""Source, author, and thread, fingerprint or cluster: posts that share one belong to one case."""


@dataclass(slots=True)
class _Cases:
    """The cases that one batch may belong to: tickets that are open, and those about to be opened."""

    tickets: dict[_Key, Ticket]
    openings: dict[_Key, Opening] = field(default_factory=dict)

    def know(self, post: Post) -> bool:
        """Whether the post belongs to one of them."""
        return any(key in self.tickets or key in self.openings for key in _keys(post))

    def expect(self, opening: Opening) -> None:
        """Remembers a ticket about to be opened."""
        self.openings.update(dict.fromkeys(_keys(opening.post), opening))


def handle_posts(session: Session, posts: Sequence[Post], tools: Tools, now: datetime) -> list[Ticket]:
    """Takes posts all the way, in the caller's transaction; gives the tickets that were opened."""
    cluster_posts(session, posts, tools.fold)
    judged = assess_posts(session, posts, tools, now)
    cases = _Cases(_open_tickets(session, posts))
    threads = Threads(session, posts, tools)
    joining: list[tuple[Post, Ticket, Verdict]] = []
    openings: list[Opening] = []
    for post, (verdict, suggestions) in zip(posts, judged, strict=True):
        post.handle_after = None
        if post.ticket_id is not None:  # an edited post stays where it is
            joining.append((post, session.get_one(Ticket, post.ticket_id), verdict))
            continue
        decision = _triage(post, verdict, cases, tools)
        if decision.outcome is Outcome.OPEN:
            openings.append(open_for(post, (verdict, suggestions), tools, thread=threads.desk_for(post)))
            cases.expect(openings[-1])
            threads.expect(post, openings[-1].decision)
        elif decision.outcome is Outcome.JOIN:
            _join(post, verdict, cases, joining)
    _attach(session, joining, tools, now)
    return open_tickets(session, openings, tools, now)


def _triage(post: Post, verdict: Verdict, cases: _Cases, tools: Tools) -> TriageDecision:
    """Decides what becomes of the post, and keeps decision and reason on it."""
    decision = decide_triage(verdict, tools.triage, direct=post.source.direct, open_ticket=cases.know(post))
    post.outcome, post.outcome_reason = decision.outcome, decision.reason
    return decision


def open_for(post: Post, judged: Judged, tools: Tools, *, by: Doer = SYSTEM, thread: str = "") -> Opening:
    """The ticket that this post is to become, with its one department."""
    verdict, suggestions = judged
    decision = route(spoken_text(post), post.source.name, verdict, suggestions, tools, thread=thread)
    return Opening(post, verdict, decision, by=by, quiet=post.quiet)


def _join(post: Post, verdict: Verdict, cases: _Cases, joining: list[tuple[Post, Ticket, Verdict]]) -> None:
    for key in _keys(post):
        if key in cases.tickets:
            joining.append((post, cases.tickets[key], verdict))
            return
        if key in cases.openings:
            cases.openings[key].join(post, verdict)
            return


def _keys(post: Post) -> list[_Key]:
    """What makes two posts one case: the same author in the same thread, or with the same or nearly the same words."""
    if post.customer_id is None:
        return []
    keys = [(post.source_id, post.customer_id, f"words:{post.fingerprint}")]
    if post.cluster_id is not None:
        keys.append((post.source_id, post.customer_id, f"cluster:{post.cluster_id}"))
    if post.thread_id:
        keys.insert(0, (post.source_id, post.customer_id, f"thread:{post.thread_id}"))
    return keys


def _open_tickets(session: Session, posts: Sequence[Post]) -> dict[_Key, Ticket]:
    """Open tickets of the authors of these posts, by what would make a further post belong to them."""
    authors = {(post.source_id, post.customer_id) for post in posts if post.customer_id is not None}
    if not authors:
        return {}
    rows = session.execute(
        select(Post, Ticket)
        .join(Ticket, Post.ticket_id == Ticket.id)
        .where(tuple_(Post.source_id, Post.customer_id).in_(authors), Ticket.status.in_(OPEN_STATES))
        .options(joinedload(Ticket.department), joinedload(Ticket.handler), joinedload(Ticket.customer))
    )
    return {key: ticket for post, ticket in rows for key in _keys(post)}


def _attach(session: Session, joining: Sequence[tuple[Post, Ticket, Verdict]], tools: Tools, now: datetime) -> None:
    """Adds posts to tickets that are open: audited, findable, told, and never less grave than before."""
    if not joining:
        return
    graver: list[tuple[Post, Ticket]] = []
    for post, ticket, verdict in joining:
        post.ticket_id = ticket.id
        ticket.updated_at = now
        if _raise_severity(session, ticket, verdict, tools, now):
            graver.append((post, ticket))
        audit.record(session, SYSTEM, "post_joined", "ticket", ticket.id, now, post=post.id)
    session.flush()
    index_tickets(
        session, [(t.id, search_text(t, all_posts_of(session, t))) for t in {t.id: t for _, t, _ in joining}.values()]
    )
    told = [(Event.CUSTOMER_MESSAGE, post, ticket) for post, ticket, _ in joining]
    told += [(Event.SEVERITY_RAISED, post, ticket) for post, ticket in graver]
    alarms = [_alarm_of(event, post, ticket, tools, now) for event, post, ticket in told if not post.quiet]
    alerting.queue_alerts(session, alarms, tools, now)


def _alarm_of(event: Event, post: Post, ticket: Ticket, tools: Tools, now: datetime) -> Alarm:
    occurrence = f"post {post.id} {post.content_hash}"
    return ticket_alarm(event, ticket, tools, now, occurrence=occurrence, quote=spoken_text(post)[:300], cues="")


def _raise_severity(session: Session, ticket: Ticket, verdict: Verdict, tools: Tools, now: datetime) -> bool:
    """Makes the ticket as grave as its gravest post, with the shorter clocks that go with it; says whether it did."""
    if verdict.severity.rank <= ticket.severity.rank:
        return False
    before = ticket.severity
    ticket.severity, ticket.severity_reason = verdict.severity, verdict.severity_reason
    hasten(ticket, first_deadlines(tools, ticket.severity, ticket.status, now))
    audit.record(
        session, SYSTEM, "severity_raised", "ticket", ticket.id, now, old=before.value, new=verdict.severity.value
    )
    return True


def due_posts(session: Session, now: datetime, limit: int) -> list[Post]:
    """Posts that wait to be handled, the oldest first, held for this transaction."""
    return list(
        session.scalars(
            select(Post)
            .where(Post.handle_after <= now)
            .order_by(Post.id)
            .limit(limit)
            .options(joinedload(Post.source))
            .with_for_update(skip_locked=True, of=Post)
        )
    )


def put_off(post: Post, until: datetime) -> None:
    """Tries a post again later that could not be handled now; it is never given up."""
    post.failures += 1
    post.handle_after = until
