"""Posts that only hint at dissatisfaction wait for a person: accepted they become tickets, dismissed they teach."""

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid, InvalidAction, NotFound
from monitor.domain.routing import DecidedBy, RoutingDecision, choose_department
from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Severity, Suggestion
from monitor.services import audit
from monitor.services.assessing import judge_posts, judged_text
from monitor.services.audit import Doer
from monitor.services.pipeline import open_for
from monitor.services.routing import case_of, department_named
from monitor.services.ticketing import open_tickets
from monitor.services.tools import Tools
from monitor.storage.models import Assessment, Post, Ticket

DISMISSALS = {
    "satisfied": "其实是满意的",
    "neutral": "只是提问或闲聊",
    "not_ours": "说的不是我们",
    "advert": "广告或水军",
    "handled": "已在别处处理",
}
"""Why a signal is no complaint; kept on the post for the classifier to learn from."""


def waiting_signal(session: Session, post_id: int) -> Post:
    """The signal. Raises `NotFound`, or `InvalidAction` when somebody decided it already."""
    post = session.get(Post, post_id, with_for_update=True)
    if post is None:
        raise NotFound("没有这条信号。")
    if post.outcome is not Outcome.SIGNAL:
        raise InvalidAction("这条信号已经有人处理了。")
    return post


def accept_signal(
    session: Session, post: Post, by: Doer, *, department: str = "", tools: Tools, now: datetime
) -> Ticket:
    """Opens a ticket for the signal, with the department chosen by the person, or else by the router."""
    (judged,) = judge_posts(session, [post], tools)
    opening = open_for(post, judged, tools, by=by)
    if department:
        opening.decision = _chosen(opening.decision, department_named(session, department).name)
    opening.quiet = False
    post.outcome, post.outcome_reason = Outcome.OPEN, "accepted"
    return open_tickets(session, [opening], tools, now)[0]


def _chosen(routed: RoutingDecision, department: str) -> RoutingDecision:
    """A rule that a person agreed with goes on saying why this department; any other choice is the person's own."""
    if routed.decided_by is DecidedBy.RULE and routed.department == department:
        return routed
    return RoutingDecision(department, DecidedBy.PERSON, 1.0, suggestions=routed.suggestions)


def suggested_desk(post: Post, assessment: Assessment | None, tools: Tools) -> RoutingDecision:
    """The desk that a person is offered first: what a rule says, else what the model thinks likeliest."""
    details = assessment.details if assessment else {}
    case = case_of(
        judged_text(post),
        post.source.name,
        [topic["name"] for topic in details.get("topics", ())],
        assessment.severity if assessment else Severity.NORMAL,
        tools,
    )
    likely = [Suggestion(d["department"], d["confidence"], ()) for d in details.get("departments", ())]
    return choose_department(case, tools.routing_rules, likely, fallback=tools.fallback, dispatch_at=0.0)


def dismiss_signal(session: Session, post: Post, by: Doer, reason: str, now: datetime) -> None:
    """Puts the signal aside with a reason. Raises `Invalid` for an unknown one."""
    if reason not in DISMISSALS:
        raise Invalid("请选择忽略的原因。", fields={"reason": "请选择"})
    post.outcome, post.outcome_reason = Outcome.DISMISSED, reason
    audit.record(session, by, "signal_dismissed", "post", post.id, now, reason=reason)
