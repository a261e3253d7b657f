"""A post's fields made clean on the way in, and names for posts whose source gives them none."""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from scrapers.base import Batch, Census, Cursor, Gone, Note, RawPost, Rejection
from scrapers.errors import CollectorNotConfigured
from scrapers.reading.dates import read_date
from scrapers.reading.markup import clean_text

MAX_ID = 400

Item = RawPost | Rejection

_SCORE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*(?:/\s*(\d{1,4}))?")


def digest(*parts: str) -> str:
    """A short, stable name for these words in this order."""
    joined = "\x1f".join(parts).encode("utf-8", "replace")
    return hashlib.blake2b(joined, digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What a source says of one post, as strings; only the text or the title must be there."""

    id: str = ""
    text: str = ""
    title: str = ""
    url: str = ""
    author: str = ""
    created: str = ""
    updated: str = ""
    rating: str = ""
    parent: str = ""
    thread: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


def fields_of(words: Mapping[str, str], extra: Mapping[str, str] | None = None) -> Fields:
    """Fields from a table of words by field name."""
    return Fields(
        id=words.get("id", ""),
        text=words.get("text", ""),
        title=words.get("title", ""),
        url=words.get("url", ""),
        author=words.get("author", ""),
        created=words.get("created", ""),
        updated=words.get("updated", ""),
        rating=words.get("rating", ""),
        parent=words.get("parent", ""),
        thread=words.get("thread", ""),
        extra=extra or {},
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """How a source's words are read: the moment of reading, the source's time zone, its highest rating."""

    now: datetime
    zone: tzinfo
    rating_scale: float | None = None


def one_line(text: str, limit: int = 500) -> str:
    """`text` on one line, not longer than `limit`."""
    return " ".join(clean_text(text[: limit * 4]).split())[:limit] if text else ""


def read_rating(text: str) -> tuple[float | None, float | None]:
    """The score in words such as `4.5`, `4星` or `8/10`, and its scale where they name one."""
    found = _SCORE.search(text[:100])
    if not found:
        return None, None
    score, scale = float(found[1]), float(found[2]) if found[2] else None
    return (score if math.isfinite(score) else None), scale


def shape_post(fields: Fields, reading: Reading) -> RawPost:
    """One clean post; without an id its name comes from its address, or else from its words."""
    text = clean_text(fields.text) or clean_text(fields.title)
    created, created_assumed = read_date(fields.created, reading.now, reading.zone)
    updated, updated_assumed = read_date(fields.updated, reading.now, reading.zone)
    rating, scale = read_rating(fields.rating)
    if created is None:
        created, updated, created_assumed = updated, None, updated_assumed
    url = web_address(fields.url)
    return RawPost(
        external_id=_name(fields, url, text),
        text=text,
        title=one_line(fields.title),
        url=url,
        author=one_line(fields.author, 200),
        created_at=created,
        edited_at=updated if updated and created and updated > created else None,
        zone_assumed=created_assumed,
        rating=rating,
        rating_scale=(scale or reading.rating_scale) if rating is not None else None,
        parent_id=one_line(fields.parent, MAX_ID),
        thread_id=one_line(fields.thread, MAX_ID),
        extra=dict(fields.extra),
    )


def _name(fields: Fields, url: str, text: str) -> str:
    given = one_line(fields.id, MAX_ID + 1) or url
    if len(given) > MAX_ID:
        return f"sha:{digest(fields.id or url)}"
    # The author and the words, never the time: "3分钟前" is another moment at each visit.
    return given or f"sha:{digest(one_line(fields.author), one_line(fields.title), text)}"


def web_address(url: str) -> str:
    """`url` when it is one that a person may safely follow, else nothing (`javascript:` and the like)."""
    plain = one_line(url, 2001)
    return plain if len(plain) <= 2000 and plain.lower().startswith(("http://", "https://")) else ""


def absolute(base: str, link: str) -> str:
    """The address that `link` means on the page at `base`; nothing for what is no address."""
    link = link.strip()
    if not link or link.startswith(("http://", "https://")):
        return link
    try:
        if link.startswith("/") and not link.startswith("//") and "/." not in link:
            # Nearly every link of a list is of this form, and joining is dear.
            return _origin(base) + link
        return urljoin(base, link)
    except ValueError:
        return ""


def next_address(base: str, link: str) -> str:
    """The address of another page that `link` means; nothing for a script (`javascript:;`) or this very page (`#`)."""
    address = web_address(absolute(base, link)).partition("#")[0]
    try:
        leads_on = bool(urlsplit(address).hostname) and address != base.partition("#")[0]
    except ValueError:
        return ""
    return address if leads_on else ""


@lru_cache(maxsize=64)
def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def to_batch(
    items: Sequence[Item],
    cursor: Cursor,
    *,
    notes: Sequence[Note] = (),
    more: bool = False,
    gone: Sequence[Gone] = (),
    censuses: Sequence[Census] = (),
    wait: float = 0.0,
) -> Batch:
    """A batch of what was read."""
    return Batch(
        posts=tuple(item for item in items if isinstance(item, RawPost)),
        cursor=cursor,
        rejections=tuple(item for item in items if isinstance(item, Rejection)),
        more=more,
        gone=tuple(gone),
        censuses=tuple(censuses),
        notes=tuple(notes),
        wait=wait,
    )


def read_zone(name: str) -> ZoneInfo:
    """The time zone of this name. Raises `CollectorNotConfigured`."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise CollectorNotConfigured(
            f"选项 timezone 的值“{name}”不是时区名，应类似 Asia/Shanghai。", option="timezone"
        ) from None


def utc_now() -> datetime:
    """The present moment; kinds take another clock in tests."""
    return datetime.now(UTC)


def moment_of(headers: Mapping[str, str], now: datetime) -> datetime:
    """When a page was written, by its Date header: "3分钟前" on a cached page counts from there."""
    try:
        written = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return now
    if written.tzinfo is None or abs(written - now) > timedelta(days=1):
        return now
    return written.astimezone(UTC)
