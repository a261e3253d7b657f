"""Posts that a member of staff copies by hand from where no program may read: who, when, from where, and the hash."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid
from monitor.domain.text import clean_text, fingerprint
from monitor.services import audit
from monitor.services.audit import Doer
from monitor.services.intake import accept_posts
from monitor.services.setup import built_in_source
from monitor.services.tools import Tools
from monitor.storage.models import Capture, Post
from scrapers.base import RawPost

KIND = "capture"
MOST = 20_000
"""Characters of one captured text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was pasted: the words as they stood there, and the address of the page."""

    text: str
    url: str = ""
    title: str = ""
    author: str = ""
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Captured:
    """The post that it is, and whether it was new."""

    post: Post
    fresh: bool


def capture(session: Session, copied: Copied, by: Doer, tools: Tools, now: datetime) -> Captured:
    """Keeps a post that a person copied. The same words from the same page are one post. Raises `Invalid`."""
    _check(copied)
    assert by.member_id is not None
    source = built_in_source(session, KIND)
    address = clean_text(copied.url)
    raw = RawPost(
        external_id=_identity(address, copied.text),
        text=copied.text,
        title=copied.title,
        url=address,
        author=clean_text(copied.author),
        created_at=copied.written_at,
        thread_id=address[:500],
    )
    accepted = accept_posts(session, source, [raw], pseudonym_key=tools.pseudonym_key, now=now)
    session.flush()
    post = session.scalars(select(Post).where(Post.source_id == source.id, Post.external_id == raw.external_id)).one()
    digest = hashlib.sha256(copied.text.encode(errors="replace")).hexdigest()
    session.add(Capture(post_id=post.id, member_id=by.member_id, captured_at=now, url=address[:2000], sha256=digest))
    audit.record(session, by, "post_captured", "post", post.id, now, sha256=digest)
    return Captured(post, bool(accepted.new))


def count_from(session: Session, url: str) -> int:
    """How many stored posts stand at this address, from any source."""
    address = clean_text(url)[:2000]
    if not address:
        return 0
    return session.scalar(select(func.count()).select_from(Post).where(Post.url == address)) or 0


def _identity(address: str, text: str) -> str:
    joined = f"{address}\0{fingerprint(text)}"
    return f"copied:{hashlib.sha256(joined.encode(errors='replace')).hexdigest()}"


def _check(copied: Copied) -> None:
    wrong: dict[str, str] = {}
    length = len(clean_text(copied.text))
    if not length:
        wrong["text"] = "请把原话贴进来"
    elif length > MOST:
        wrong["text"] = f"最多 {MOST} 字，现在有 {length} 字；请只贴这一条"
    address = clean_text(copied.url)
    if address and not address.lower().startswith(("http://", "https://")):
        wrong["url"] = "应以 http:// 或 https:// 开头"
    elif len(address) > 2000:
        wrong["url"] = "网址太长了，最多 2000 个字符"
    if wrong:
        raise Invalid("还有几处要改，填过的都还在。", fields=wrong)
