"""What the classifier makes of posts, kept with the version that said it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from monitor.domain.ratings import beside_rating, share_of_stars
from monitor.domain.verdicts import Judged, Suggestion, Verdict
from monitor.services.tools import Tools
from monitor.storage.models import Assessment, Post
from monitor.storage.queries.posts import ThreadPost, posts_of_threads

MOST_CONTEXT = 2_000
"""Characters of a thread that are told beside a post."""
MOST_JUDGED = 100_000
"""Characters of a post that are judged. All of it is kept; who writes more has pasted a file, and judging a post of ten
megabytes would take seconds and a gigabyte of memory."""


def assess_posts(session: Session, posts: Sequence[Post], tools: Tools, now: datetime) -> list[Judged]:
    """Judges posts in one call and keeps every verdict."""
    judged = judge_posts(session, posts, tools)
    rows = [
        named_in(post, assessment_row(post.id, *judgement, now, router_version=tools.router_version), tools)
        for post, judgement in zip(posts, judged, strict=True)
    ]
    if rows:
        session.execute(insert(Assessment), rows)
    return judged


def named_in(post: Post, row: Mapping[str, Any], tools: Tools) -> Mapping[str, Any]:
    """The row of an assessment with the regions and dealers that the post names."""
    found = tools.places.find(tools.fold(judged_text(post)))
    details = {**row["details"], "regions": list(found.regions), "dealers": list(found.dealers)}
    return {**row, "details": details}


def judge_posts(session: Session, posts: Sequence[Post], tools: Tools) -> list[Judged]:
    """What the classifier says of posts now, told the rest of their threads, beside their stars; nothing is kept."""
    threads = posts_of_threads(session, posts)
    contexts = [_context(post, threads.get((post.source_id, post.thread_id), ())) for post in posts]
    judged = tools.judge.judge([judged_text(post) for post in posts], contexts)
    shares = [share_of_stars(post.rating, post.rating_scale) for post in posts]
    return [(beside_rating(verdict, share), choices) for (verdict, choices), share in zip(judged, shares, strict=True)]


def _context(post: Post, thread: Sequence[ThreadPost]) -> str:
    """What else was said in a post's thread, in the order it came in."""
    others = (text_and_title(each.title, each.text) for each in thread if each.id != post.id)
    return "\n".join(others)[:MOST_CONTEXT]


def spoken_text(post: Post) -> str:
    """What is judged: the title, when it says more than the text's beginning, then the text."""
    return text_and_title(post.title, post.text)


def judged_text(post: Post) -> str:
    """The part of a post that is judged; cue offsets count in this as in the whole."""
    return spoken_text(post)[:MOST_JUDGED]


def text_and_title(title: str, text: str) -> str:
    """Title and text as one; cue offsets count in this."""
    if not title or text.startswith(title.rstrip("…. ")):
        return text
    return f"{title}\n{text}" if text else title


def assessment_row(
    post_id: int, verdict: Verdict, choices: Sequence[Suggestion], now: datetime, *, router_version: str
) -> Mapping[str, Any]:
    """A verdict as it is stored."""
    return {
        "post_id": post_id,
        "made_at": now,
        "version": verdict.version,
        "router_version": router_version,
        "polarity": verdict.polarity,
        "dissatisfied": verdict.dissatisfied,
        "flagged": verdict.flagged,
        "expression": verdict.expression,
        "severity": verdict.severity,
        "severity_reason": verdict.severity_reason,
        "main_topic": verdict.main_topic,
        "details": _details(verdict, choices),
    }


def _details(verdict: Verdict, choices: Sequence[Suggestion]) -> dict[str, Any]:
    return {
        "scores": {
            "negative": verdict.scores.negative,
            "neutral": verdict.scores.neutral,
            "positive": verdict.scores.positive,
        },
        "cues": [asdict(cue) for cue in verdict.cues],
        "topics": [
            {"name": topic.name, "score": topic.score, "polarity": topic.polarity.value} for topic in verdict.topics
        ],
        "worst": list(verdict.worst) if verdict.worst else None,
        "intent": verdict.intent.value,
        "spam": verdict.spam,
        "reason": verdict.reason,
        "departments": [
            {"department": choice.department, "confidence": choice.confidence, "words": list(choice.words)}
            for choice in choices[:3]
        ],
    }
