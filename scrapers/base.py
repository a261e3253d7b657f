"""What a collector is, and what it gives."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

Cursor = Mapping[str, Any]
"""Where a collector stands, as plain JSON; empty on the first visit. Each kind reads and writes its own."""


@dataclass(frozen=True, slots=True)
class RawPost:
    """One post as its source gives it: text already plain, times aware and in UTC, nothing judged yet."""

    external_id: str
    text: str
    title: str = ""
    url: str = ""
    author: str = ""
    created_at: datetime | None = None
    edited_at: datetime | None = None
    zone_assumed: bool = False
    """True when the source gave a time without a zone and the source's own zone was taken."""
    rating: float | None = None
    rating_scale: float | None = None
    parent_id: str = ""
    thread_id: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that could not become a post: where it stood (line, item, file) and why, in Chinese."""

    place: str
    reason: str


class Sign(StrEnum):
    """What a remark about a visit is about."""

    GAP = "gap"
    """Posts may have been missed between this visit and the last."""
    PAGE_FAILED = "page_failed"
    MOVED = "moved"
    """The site says that the address has changed for good; `Note.link` is the new one."""
    RUNNING_OUT = "running_out"
    """What was not read will soon be out of reach at the source."""
    DOUBTFUL = "doubtful"
    """The answer is possible but unlikely: an empty list where there always was one."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Note:
    """A remark about a visit as a whole, in Chinese; unlike a rejection it is no row and is not counted."""

    sign: Sign
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """A post of which the source itself says that it was deleted or withdrawn, and how it says so, in Chinese."""

    external_id: str
    how: str


@dataclass(frozen=True, slots=True)
class Census:
    """All posts that the source has within a range right now; what we hold of it and is not among `ids` is gone.

    The range: one thread, or the whole source when `thread_id` is None; written at `since` or later where it is given.
    `sure`: the source lists every id on purpose (the stream of a Discourse topic). Otherwise a post must be missing
    twice before it counts as gone.
    """

    ids: frozenset[str]
    thread_id: str | None = None
    since: datetime | None = None
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Payload:
    """What came over the line for one request or was read from one file, as evidence."""

    url: str
    body: bytes
    content_type: str = ""

    @property
    def sha256(self) -> str:
        """The digest of the body, hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Batch:
    """What one visit gave: posts, what was refused, what is gone, and where to go on next time.

    `more` says that the source has more right now, so that the next visit need not wait for the interval.
    """

    posts: tuple[RawPost, ...]
    cursor: Cursor
    rejections: tuple[Rejection, ...] = ()
    more: bool = False
    gone: tuple[Gone, ...] = ()
    censuses: tuple[Census, ...] = ()
    notes: tuple[Note, ...] = ()
    wait: float = 0.0
    """Seconds that the site wants between visits (ttl, max-age); 0 when it does not say."""
    payloads: tuple[Payload, ...] = ()
    """Filled in by `scrapers.recording` for whatever came through the fetch; a kind without a fetch gives its own."""


class Collector(Protocol):
    """One source, ready to be read. `collect` may talk to the network; it keeps no state but the cursor it returns."""

    def collect(self, cursor: Cursor) -> Batch:
        """Everything new since `cursor`. Raises `CollectError`."""
        ...


@runtime_checkable
class Historian(Protocol):
    """A collector that can also read the past, piece by piece, the newest first."""

    def history(self, cursor: Cursor) -> Batch:
        """The next piece further back; an empty cursor begins at the newest, `more` False says that this was the last.

        The cursor is its own, not that of `collect`. Raises `CollectError`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Response:
    """What a fetch gave: the final address, status, lower-case header names, and the body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    moved_to: str = ""
    """Where the address has moved for good (301, 308), or ""."""


class Fetch(Protocol):
    """Gets a web address politely. Raises `CollectError`."""

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        """The response at `url`; with `data` it is sent there (POST)."""
        ...


@runtime_checkable
class OwnableFetch(Fetch, Protocol):
    """A fetch that can be told which hosts are one's own, and treats those without the care due to strangers."""

    def owning(self, host: str) -> "OwnableFetch":
        """The same fetch, taking `host` for one's own as well."""
        ...


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of a source kind, enough to make a form field, check a config file and write its documentation."""

    name: str
    help: str
    required: bool = False
    default: str | int | float | bool | None = None
    type: type = str
    placeholder: str = ""
    choices: tuple[str, ...] = ()
    """The values allowed, where there are few: a form draws them as a choice."""
    secret: bool = False
    """A password or token: kept as a reference (`env:NAME` or `file:/path`), never as the value itself."""


class Builder(Protocol):
    """A source kind: its name for people, the settings it takes, and how a collector is made of them."""

    title: str
    options: tuple[Option, ...]

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> Collector:
        """A collector. Raises `CollectorNotConfigured` naming the option, what is wrong and what was expected."""
        ...
