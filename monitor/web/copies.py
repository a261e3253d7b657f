"""Posts that say nearly the same as one on a page: a line beside it, and some of them in a fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor import edge
from monitor.domain.likeness import Spread
from monitor.domain.text import mask_contacts
from monitor.domain.wording import SPREAD_ADVICE
from monitor.storage.models import Post
from monitor.storage.queries.clusters import Copy, copies_of

_SHOWN = 3
_BEGINNING = 40
"""Characters of a copy that are shown: it says nearly the same as what stands above it."""


@dataclass(frozen=True, slots=True)
class CopyLine:
    """A copy, as it stands in the fold."""

    source: str
    at: datetime
    text: str
    url: str
    by_same_author: bool


@dataclass(frozen=True, slots=True)
class CopiesTold:
    """What is said of the copies of a post."""

    spread: Spread
    size: int
    authors: int
    advice: str
    lines: tuple[CopyLine, ...]
    above: int = 0
    """The post of the same cluster further up the page that has the lines."""


def copies_told(posts: Sequence[Post], *, outside: int | None = None) -> dict[int, CopiesTold]:
    """Post → what to say of its copies; on the page of a ticket, of those outside it, and once for each cluster."""
    told: dict[int, CopiesTold] = {}
    first: dict[int, int] = {}
    found = copies_of(edge.session(), posts, each=_SHOWN, outside=outside)
    for post in (post for post in posts if post.id in found):
        cluster, copies = found[post.id]
        above = first.setdefault(cluster.id, post.id)
        if outside is not None and above != post.id:
            continue
        lines = () if above != post.id else tuple(_line(post, copy) for copy in copies)
        advice = SPREAD_ADVICE.get(cluster.spread, "")
        told[post.id] = CopiesTold(cluster.spread, cluster.size, cluster.authors, advice, lines, above)
    return told


def _line(post: Post, copy: Copy) -> CopyLine:
    text = " ".join(mask_contacts(copy.text).split())
    beginning = text if len(text) <= _BEGINNING else f"{text[: _BEGINNING - 1]}…"
    same = copy.author is not None and copy.author == post.customer_id
    return CopyLine(copy.source, copy.at, beginning or "（原帖已删除）", copy.url, same)
