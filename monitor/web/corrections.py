"""The small form with which a person says what a verdict should have been, wherever a post is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from monitor import edge
from monitor.domain.errors import Invalid
from monitor.domain.verdicts import Expression, Polarity
from monitor.services.correcting import Effective, correct, effective, valid_corrections
from monitor.storage.models import Assessment, Correction, Post
from monitor.storage.queries.posts import newest_assessment
from monitor.web.signed_in import myself

_Code = TypeVar("_Code", bound=StrEnum)

POLARITIES = {Polarity.NEGATIVE: "不满", Polarity.NEUTRAL: "中性", Polarity.POSITIVE: "满意"}
EXPRESSIONS = {Expression.EXPLICIT: "明说", Expression.IMPLICIT: "隐性", Expression.NONE: "没有不满"}
"""As a person is asked: how the writer feels, where the names elsewhere say how a text reads."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A verdict that people spoke about: what counts now, in words, and whether it is otherwise than was given."""

    now: Effective
    parts: tuple[str, ...]
    differs: bool
    last: Correction
    notes: tuple[str, ...]


def corrected(post: Post) -> Corrected | None:
    """What people made of the verdict on a post; None while nobody said anything of it."""
    said = valid_corrections(post)
    if not said:
        return None
    now = effective(post)
    notes = tuple(correction.note for correction in said if correction.note)
    return Corrected(now, tuple(_parts(now)), _differs(now, newest_assessment(post)), said[-1], notes)


def _differs(now: Effective, given: Assessment | None) -> bool:
    if given is None:
        return True
    likely = given.details.get("departments", ())
    was = (given.polarity, given.expression, given.main_topic, likely[0]["department"] if likely else "")
    return (now.polarity, now.expression, now.topic, now.department) != was


def _parts(now: Effective) -> Sequence[str]:
    """What people decided, in words."""
    words = {
        "polarity": POLARITIES[now.polarity],
        "expression": EXPRESSIONS[now.expression] if now.dissatisfied else "",
        "topic": f"话题 {now.topic}",
        "department": f"部门 {now.department}",
    }
    return [text for part, text in words.items() if part in now.corrected and text]


def save_correction(post: Post, typed: Mapping[str, str]) -> str:
    """Keeps the correction as typed; gives what to say of it. Raises `Invalid` or `NotFound`."""
    was = post.outcome
    correct(edge.session(), post, myself(), edge.now(), **correction_from(typed))
    if post.outcome is was or post.outcome is None:
        return "已更正，谢谢。分类器会从更正里学习。"
    return "已更正，这条信号放到一边了。" if post.outcome.value == "dismissed" else "已更正，这条现在是信号，等人判断。"


def correction_from(typed: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a correction; what was left alone, or is no known code, is None."""
    return {
        "polarity": _code(Polarity, typed.get("polarity", "")),
        "expression": _code(Expression, typed.get("expression", "")),
        "topic": _topic(typed.get("topic", "").strip()),
        "department": typed.get("department", "").strip() or None,
        "note": typed.get("note", "").strip(),
    }


def _code(kind: type[_Code], given: str) -> _Code | None:
    return kind(given) if given in set(kind) else None


def _topic(given: str) -> str | None:
    if given and given not in edge.tools().topics:
        raise Invalid("没有这个话题，请从列出的里面选。", fields={"topic": "请从列出的里面选"})
    return given or None


def form_choices(departments: Sequence[str]) -> dict[str, Any]:
    """What the form offers."""
    return {
        "polarities": POLARITIES,
        "expressions": EXPRESSIONS,
        "topics": edge.tools().topics,
        "departments": departments,
    }
