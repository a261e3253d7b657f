"""Posts whose words stand on pages of their own: each is read once, and again when its mark in the listing moves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scrapers.base import Batch, Cursor, Gone, Note, Option, RawPost, Rejection, Sign
from scrapers.errors import CollectError
from scrapers.reading.listed_rows import MARK
from scrapers.reading.posts import Item, digest
from scrapers.visiting.threads import Rereading, Thread, read_moved

MAX_DETAILS = Option("max_details", "每次最多读多少个详情页（1–100），其余下次接着读", type=int, default=20)
LIST_PAGES = 3
"""Pages of a listing read at a time where posts have pages of their own: the cursor must remember which were read."""

_MOST = 300
_KEPT = 400
_TRIES = 3
_MOST_TRIES = 10
_LONGEST_KEY = 64
_ONCE = "-"
"""The mark of a post whose listing does not tell when there is something new."""


def most_details(options: Mapping[str, Any]) -> int:
    """How many detail pages the options allow on one visit."""
    return int(min(max(options.get("max_details", 20), 1), 100))


@dataclass(slots=True)
class _Reader:
    """Reads the pages of posts by key, and remembers where that failed for now and where it was refused."""

    read: Callable[[RawPost], Thread]
    listed: Mapping[str, RawPost]
    failed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __call__(self, key: str) -> Thread:
        try:
            return self.read(self.listed[key])
        except CollectError as error:
            if error.status not in {404, 410}:
                (self.refused if error.permanent else self.failed).append(key)
            raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """How a post's own page is read; at most `most` on one visit.

    `threads` says that it gives posts of its own. Elsewhere a page that is missing means that its post is gone.
    """

    read: Callable[[RawPost], Thread]
    most: int
    threads: bool = False

    def complete(self, batch: Batch, before: Cursor) -> Batch:
        """The batch with the posts whose pages were read, instead of the listing's. Raises `CollectError`.

        Until every new post's page was read, the cursor stays where it was and remembers those that were, so that
        nothing is lost however few are read at a time.
        """
        marks: dict[str, str] = dict(before.get("detailed", {}))
        tries: dict[str, int] = dict(before.get("tries", {}))
        listed = {_key(post): post for post in batch.posts}
        new = sorted((key for key in listed if key not in marks), key=lambda key: tries.get(key, 0))
        changed = [key for key in listed if key in marks and marks[key] != _mark(listed[key])]
        found, reader = self._read(listed, [*new[:_MOST], *changed][: self.most], marks)
        tries = {key: tries.get(key, 0) + (key in reader.failed) for key in [*reader.failed, *tries] if key in listed}
        most = _TRIES if found.items else _MOST_TRIES
        given_up = [key for key in new if tries.get(key, 0) >= most or key in reader.refused]
        read = {key: mark for key, mark in found.marks.items() if mark} | {key: _mark(listed[key]) for key in given_up}
        marks = {**read, **{key: mark for key, mark in marks.items() if key not in read}}
        pending = [key for key in new[:_MOST] if key not in marks]
        state = {**before, "shared": batch.cursor.get("shared", {})} if pending else dict(batch.cursor)
        if pending or changed:
            # A listing that did not change would not be shown again, and with it what is left to read.
            state = {name: value for name, value in state.items() if name not in {"etag", "last_modified"}}
        return replace(
            self._told(batch, found, [listed[key] for key in given_up]),
            cursor={**state, "detailed": dict(list(marks.items())[:_KEPT]), "tries": tries},
            more=(batch.more and not pending) or (len(pending) > len(reader.failed) and found.broken_off is None),
            notes=(*batch.notes, *_cut(new), *found.notes),
        )

    def complete_all(self, batch: Batch) -> Batch:
        """The batch with the pages of all its posts read, for a step into the past. Raises `CollectError`."""
        listed = {_key(post): post for post in batch.posts}
        found, reader = self._read(listed, list(listed), {})
        told = self._told(batch, found, [listed[key] for key in (*reader.failed, *reader.refused)])
        return replace(told, notes=(*batch.notes, *found.notes))

    def _read(
        self, listed: Mapping[str, RawPost], wanted: Sequence[str], marks: Mapping[str, str]
    ) -> tuple[Rereading, _Reader]:
        reader = _Reader(self.read, listed)
        before = {key: marks[key] for key in wanted if key in marks}
        found = read_moved(reader, {key: _mark(listed[key]) for key in wanted}, before, most=len(wanted))
        return found, reader

    def _told(self, batch: Batch, found: Rereading, unread: Sequence[RawPost]) -> Batch:
        """The batch with what the pages gave; what could not be read is told with the listing's own words."""
        items: list[Item] = [*found.items, *unread]
        missing = [str(census.thread_id) for census in found.censuses if not self.threads and census.sure]
        return replace(
            batch,
            posts=tuple(item for item in items if isinstance(item, RawPost)),
            rejections=(*batch.rejections, *(item for item in items if isinstance(item, Rejection))),
            gone=(*batch.gone, *found.gone, *(Gone(name, "详情页已不存在（404）") for name in missing)),
            censuses=(*batch.censuses, *(found.censuses if self.threads else ())),
        )


def _cut(new: Sequence[str]) -> tuple[Note, ...]:
    if len(new) <= _MOST:
        return ()
    return (Note(Sign.GAP, f"列表里一次出现 {len(new)} 条新帖，只读前 {_MOST} 条的详情，可能漏帖。"),)


def _key(post: RawPost) -> str:
    name = post.external_id
    return name if len(name) <= _LONGEST_KEY else digest(name)


def _mark(post: RawPost) -> str:
    return post.extra.get(MARK) or _ONCE
