"""A folder into which table files are dropped; each is read once, in pieces, and again when it changes."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from scrapers.base import Batch, Cursor, Fetch, Option, Payload, Rejection
from scrapers.errors import CollectError
from scrapers.reading.files import FIELDS, read_file
from scrapers.reading.posts import Item, read_zone, to_batch, utc_now
from scrapers.reading.rows import read_rows
from scrapers.visiting.visits import RATING_SCALE, TIMEZONE

__all__ = ["Folder", "read_file", "read_rows"]

BATCH = 2000
EVIDENCE = 5_000_000
"""Files up to this size are kept whole as evidence when they are first read, or read anew."""
_MOST_EVIDENCE = 20_000_000
_UNFINISHED = (".tmp", ".part", ".crdownload", ".swp", "~")
_CONTENT_TYPES = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".jsonl": "application/jsonl",
    ".ndjson": "application/jsonl",
    ".gz": "application/gzip",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_LABELS = {
    "id": "编号",
    "text": "正文",
    "title": "标题",
    "url": "链接",
    "author": "作者",
    "created": "发表时间",
    "updated": "修改时间",
    "rating": "评分",
    "parent": "所回复的编号",
    "thread": "主题编号",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one file was read, and how to see that it is still the same one."""

    size: int
    mtime: int
    sha256: str
    rows: int = 0
    done: bool = False

    def as_json(self) -> dict[str, Any]:
        """As the cursor keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}


def files_in(folder: Path) -> list[Path]:
    """The files to read, by name; those still being written are left. Raises `CollectError`."""
    if not folder.is_dir():
        raise CollectError(f"文件夹 {folder} 不存在，请检查 path，或先建立这个文件夹。")
    try:
        found = [path for path in folder.iterdir() if path.is_file()]
    except OSError as error:
        raise CollectError(f"文件夹 {folder} 打不开：{error.strerror or error}") from error
    ready = [path for path in found if not path.name.startswith((".", "~")) and not _is_unfinished(path)]
    return sorted(ready, key=lambda path: path.name)


def _is_unfinished(path: Path) -> bool:
    return path.name.lower().endswith(_UNFINISHED)


def _sha256(path: Path, length: int) -> str:
    """The digest of a file's first `length` bytes."""
    summed = hashlib.sha256()
    with path.open("rb") as stream:
        while length > 0 and (piece := stream.read(min(1 << 20, length))):
            summed.update(piece)
            length -= len(piece)
    return summed.hexdigest()


def progress_of(path: Path, before: Mapping[str, Any] | None) -> Progress:
    """Where to go on in a file: unchanged as left, grown from its last row, otherwise anew."""
    stat = path.stat()
    if before and (before["size"], before["mtime"]) == (stat.st_size, stat.st_mtime_ns):
        return Progress(**before)
    fresh = Progress(size=stat.st_size, mtime=stat.st_mtime_ns, sha256=_sha256(path, stat.st_size))
    if not before or stat.st_size < before["size"]:
        return fresh
    if _sha256(path, before["size"]) != before["sha256"]:
        return fresh
    same = stat.st_size == before["size"]
    # The last row may have been half written when it was read, so a grown file goes on from there, not behind it.
    rows = before["rows"] if same else max(before["rows"] - 1, 0)
    return Progress(
        size=fresh.size, mtime=fresh.mtime, sha256=fresh.sha256, rows=rows, done=bool(before["done"]) and same
    )


def _evidence(path: Path, progress: Progress) -> tuple[Payload, ...]:
    """The file as it is, unless it is large."""
    if progress.size > EVIDENCE:
        return ()
    try:
        body = path.read_bytes()
    except OSError:
        # It was readable a moment ago; its rows are told all the same.
        return ()
    return (Payload(path.name, body, _CONTENT_TYPES.get(path.suffix.lower(), "")),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Reads the files in one folder."""

    title = "文件夹（CSV / XLSX / JSON Lines）"
    options = (
        Option("path", "放文件的文件夹", required=True, placeholder="data/inbox"),
        *(Option(name, f"哪一列是{_LABELS[name]}；不填则按列名猜") for name in FIELDS),
        RATING_SCALE,
        TIMEZONE,
    )

    path: Path
    mapping: Mapping[str, str]
    zone: tzinfo
    rating_scale: float | None = None
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "Folder":  # noqa: ARG003
        """A collector of the files in `path`; it never uses the network."""
        return cls(
            path=Path(options["path"]).expanduser(),
            mapping={name: column for name in FIELDS if (column := options.get(name))},
            zone=read_zone(options.get("timezone") or "Asia/Shanghai"),
            rating_scale=options.get("rating_scale"),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The next rows, some 2,000 at most, of the files that are new or changed."""
        before = cursor.get("files", {})
        after: dict[str, Any] = {}
        items: list[Item] = []
        payloads: list[Payload] = []
        paths = files_in(self.path)
        for path in paths:
            room = BATCH - len(items)
            if room <= 0 or sum(len(payload.body) for payload in payloads) > _MOST_EVIDENCE:
                after |= {path.name: before[path.name]} if path.name in before else {}
                continue
            found, progress, begun = self._read(path, before.get(path.name), room)
            items += found
            payloads += _evidence(path, progress) if begun and progress else ()
            after |= {path.name: progress.as_json()} if progress else {}
        full = len(items) >= BATCH or sum(len(payload.body) for payload in payloads) > _MOST_EVIDENCE
        more = full and any(not after.get(path.name, {"done": False})["done"] for path in paths)
        return replace(to_batch(items, {"files": after}, more=more), payloads=tuple(payloads))

    def _read(
        self, path: Path, before: Mapping[str, Any] | None, room: int
    ) -> tuple[list[Item], Progress | None, bool]:
        """The next rows of a file, how far it is read then, and whether it was begun with them."""
        try:
            progress = progress_of(path, before)
        except OSError as error:
            # Without progress kept, the next visit tries again, and says so again until it can be read.
            return [Rejection(path.name, f"打不开：{error.strerror or error}")], None, False
        if progress.done:
            return [], progress, False
        rows = self._rows(path, progress.rows, room)
        found = list(rows)
        after = replace(progress, rows=progress.rows + len(found), done=len(found) < room)
        return found, after, progress.rows == 0

    def _rows(self, path: Path, start: int, limit: int) -> Iterator[Item]:
        return read_file(
            path, self.mapping, start, limit, now=self.clock(), zone=self.zone, rating_scale=self.rating_scale
        )
