"""GET /tickets and /tickets/{number}."""

from collections.abc import Mapping
from typing import Any

from monitor import edge
from monitor.api.document import TOKEN
from monitor.api.errors import api_blueprint
from monitor.api.shapes import ErrorShape, TicketsOut, TicketsQuery, TicketWithPosts
from monitor.api.tokens import needs
from monitor.domain.errors import NotFound
from monitor.domain.tickets import Status
from monitor.domain.verdicts import Polarity, Severity
from monitor.storage.models import Assessment, Post
from monitor.storage.queries.exports import Exported, Wanted, exported_ticket, exported_tickets, posts_of
from monitor.storage.queries.posts import newest_assessment

blueprint = api_blueprint("api_tickets", __name__, "读取工单")


@blueprint.route("/tickets", methods=["GET"])
@needs("may_read")
@blueprint.arguments(TicketsQuery, location="query")
@blueprint.response(200, TicketsOut)
@blueprint.alt_response(401, schema=ErrorShape, description="没有令牌，或令牌无效")
@blueprint.alt_response(403, schema=ErrorShape, description="令牌没有读取的权限")
@blueprint.doc(security=[{TOKEN: []}], summary="工单，按建立的先后，一页一页")
def list_tickets(query: dict[str, Any]) -> dict[str, Any]:
    """One page of tickets."""
    wanted = Wanted(
        status=Status(query["status"]) if "status" in query else None,
        severity=Severity(query["severity"]) if "severity" in query else None,
        department=query.get("department"),
        updated_since=query.get("updated_since"),
        after=query["after"],
    )
    found = exported_tickets(edge.session(), wanted, query["limit"] + 1)
    page = found[: query["limit"]]
    return {
        "tickets": [_facts(exported) for exported in page],
        "next_after": page[-1].ticket.id if len(found) > len(page) else None,
    }


@blueprint.route("/tickets/<number>", methods=["GET"])
@needs("may_read")
@blueprint.response(200, TicketWithPosts)
@blueprint.alt_response(401, schema=ErrorShape, description="没有令牌，或令牌无效")
@blueprint.alt_response(403, schema=ErrorShape, description="令牌没有读取的权限")
@blueprint.alt_response(404, schema=ErrorShape, description="没有这张工单")
@blueprint.doc(security=[{TOKEN: []}], summary="一张工单，连同它所根据的帖子")
def show_ticket(number: str) -> dict[str, Any]:
    """One ticket with its posts."""
    exported = exported_ticket(edge.session(), number)
    if exported is None:
        raise NotFound("没有这张工单。")
    posts = posts_of(edge.session(), exported.ticket)
    return {**_facts(exported), "posts": [_post(post) for post in posts]}


def _facts(exported: Exported) -> dict[str, Any]:
    ticket, assignment = exported.ticket, exported.assignment
    return {
        "number": ticket.number,
        "status": ticket.status,
        "severity": ticket.severity,
        "topic": ticket.topic,
        "summary": ticket.summary,
        "department": ticket.department.name,
        "decided_by": assignment.decided_by.value,
        "rule": assignment.rule,
        "confidence": assignment.confidence,
        "source": exported.source,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "accepted_at": ticket.accepted_at,
        "responded_at": ticket.responded_at,
        "closed_at": ticket.closed_at,
        "next_action_at": ticket.next_action_at,
    }


def _post(post: Post) -> dict[str, Any]:
    names = ("external_id", "url", "title", "text", "rating", "rating_scale", "created_at", "zone_assumed",
             "edited_at", "first_seen_at", "gone_at")  # fmt: skip
    assessment = newest_assessment(post)
    return {**{name: getattr(post, name) for name in names}, "verdict": _verdict(assessment) if assessment else None}


def _verdict(assessment: Assessment) -> dict[str, Any]:
    """A verdict as it is stored; early versions knew neither stances nor a worst sentence."""
    names = ("polarity", "dissatisfied", "flagged", "expression", "version")
    return {
        **{name: getattr(assessment, name) for name in names},
        "cues": assessment.details.get("cues", []),
        "topics": [_topic(topic) for topic in assessment.details.get("topics", [])],
        "worst": assessment.details.get("worst"),
    }


def _topic(topic: Mapping[str, Any]) -> dict[str, Any]:
    stance = topic.get("polarity")
    return {"topic": topic["name"], "score": topic["score"], "polarity": Polarity(stance) if stance else None}
