"""What a collector is, and what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
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


@dataclass(frozen=True, slots=True)
class Batch:
    """What one visit gave: posts, what was refused, and where to go on next time.

    `more` says that the source has more right now, so that the next visit need not wait for the interval.
    """

    posts: tuple[RawPost, ...]
    cursor: Cursor
    rejections: tuple[Rejection, ...] = ()
    more: bool = False


class Collector(Protocol):
    """One source, ready to be read. `collect` may talk to the network; it keeps no state but the cursor it returns."""

    def collect(self, cursor: Cursor) -> Batch:
        """Everything new since `cursor`. Raises `CollectError`."""
        ...


@dataclass(frozen=True, slots=True)
class Response:
    """What a fetch gave: the final address, status, lower-case header names, and the body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Fetch(Protocol):
    """Gets a web address politely. Raises `CollectError`."""

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response: ...


@runtime_checkable
class OwnableFetch(Fetch, Protocol):
    """A fetch that can be told which hosts are one's own, and treats those without the care due to strangers."""

    def owning(self, host: str) -> Fetch:
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


class Builder(Protocol):
    """A source kind: its name for people, the settings it takes, and how a collector is made of them."""

    title: str
    options: tuple[Option, ...]

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> Collector:
        """A collector. Raises `CollectorNotConfigured` naming the option, what is wrong and what was expected."""
        ...
