"""The form of a new source, drawn from what its kind says of itself, and the preview of one visit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from monitor.domain.text import clean_text, fingerprint
from monitor.storage.queries.posts import known_fingerprints
from monitor.web.ticket_forms import Field
from scrapers.base import Batch, Builder, Option, RawPost

SHOWN = 20
INTERVALS = (("300", "5 分钟"), ("900", "15 分钟"), ("3600", "1 小时"), ("21600", "6 小时"), ("86400", "1 天"))

_PARTS = (
    ("title", "标题"),
    ("text", "正文"),
    ("url", "链接"),
    ("author", "作者"),
    ("created_at", "时间"),
    ("rating", "评分"),
)


@dataclass(frozen=True, slots=True)
class Preview:
    """What one visit gave: the first posts, how often each part is filled, and how much of it we never saw."""

    posts: Sequence[RawPost]
    total: int
    filled: Sequence[tuple[str, float]]
    fresh: int
    batch: Batch


def preview_of(session: Session, batch: Batch) -> Preview:
    """A batch as the preview shows it."""
    prints = [fingerprint(clean_text(post.text) or clean_text(post.title)) for post in batch.posts]
    known = known_fingerprints(session, prints)
    total = len(batch.posts)
    filled = [(name, sum(1 for p in batch.posts if getattr(p, part)) / (total or 1)) for part, name in _PARTS]
    return Preview(batch.posts[:SHOWN], total, filled, sum(print_ not in known for print_ in prints), batch)


def option_fields(builder: Builder, typed: Mapping[str, str]) -> list[Field]:
    """The options of a kind as fields, with what was typed or else their defaults."""
    return [_field(option, typed) for option in builder.options]


def _field(option: Option, typed: Mapping[str, str]) -> Field:
    name = f"option_{option.name}"
    default = "" if option.default is None else str(option.default)
    value = typed.get(name, default)
    title, _, more = option.help.partition("；")
    if option.type is bool:
        ticked = (typed.get(name) == "true") if typed else bool(option.default)
        return Field(name, option.help, "check", "true" if ticked else "", required=False)
    if option.choices:
        choices = [(choice, choice) for choice in option.choices]
        return Field(name, title, "choice", value, choices, option.required, more)
    kind = "number" if option.type in (int, float) else "line"
    help_ = "，".join(part for part in (more, f"例如 {option.placeholder}" if option.placeholder else "") if part)
    return Field(name, title, kind, value, required=option.required, help=help_)


def typed_options(builder: Builder, typed: Mapping[str, str]) -> dict[str, Any]:
    """The options that were filled in; an empty one is left out, so that its default holds."""
    given = {option.name: typed.get(f"option_{option.name}", "").strip() for option in builder.options}
    return {name: value for name, value in given.items() if value}
