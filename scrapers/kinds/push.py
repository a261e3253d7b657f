"""Posts that another system sends us, each delivery signed; nobody visits such a source."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from scrapers.base import Batch, Cursor, Fetch, Gone, Option, Payload, Rejection
from scrapers.errors import CollectError
from scrapers.reading.markup import to_plain
from scrapers.reading.posts import Item, Reading, fields_of, read_zone, shape_post, to_batch
from scrapers.visiting.visits import RATING_SCALE, TIMEZONE

MOST = 1000
"""Posts of one delivery."""

_LARGEST_SCALE = 1000

_NAMES = {
    "id": ("external_id", "id"),
    "text": ("text", "content"),
    "title": ("title",),
    "url": ("url", "link"),
    "author": ("author",),
    "created": ("created_at", "created"),
    "updated": ("edited_at", "updated_at", "updated"),
    "rating": ("rating",),
    "parent": ("parent_id",),
    "thread": ("thread_id",),
}
"""Field → the names under which a sender may give it."""


def parse_push(body: bytes, reading: Reading) -> Batch:
    """The posts of a delivery: `{"posts": […]}`, a list, or one post. Raises `CollectError`."""
    rows = _rows(_loaded(body))
    items: list[Item] = []
    gone: list[Gone] = []
    for number, row in enumerate(rows, start=1):
        if isinstance(row, dict) and row.get("deleted") is True and _word(row, "id"):
            gone.append(Gone(_word(row, "id"), "推送方说它已删除"))
        else:
            items.append(_post(row, number, reading))
    batch = to_batch(items, {}, gone=gone)
    return Batch(
        posts=batch.posts, cursor={}, rejections=batch.rejections, gone=batch.gone, payloads=(Payload("", body),)
    )


def _loaded(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise CollectError("推送的内容不是合格的 JSON（UTF-8）。") from error


def _rows(data: Any) -> list[Any]:
    if isinstance(data, dict):
        data = data.get("posts", [data])
    if not isinstance(data, list):
        raise CollectError('推送的内容应为 {"posts": [ … ]}，每条是一个对象。')
    if len(data) > MOST:
        raise CollectError(f"一次最多 {MOST} 条，这次有 {len(data)} 条；请分几次推送。")
    return data


def _word(row: Mapping[str, Any], name: str) -> str:
    found = next((row[key] for key in _NAMES[name] if row.get(key) not in (None, "")), "")
    return str(found) if isinstance(found, (str, int, float)) and not isinstance(found, bool) else ""


def _post(row: Any, number: int, reading: Reading) -> Item:
    place = f"第 {number} 条"
    if not isinstance(row, dict):
        return Rejection(place, "不是一个对象")
    words = {name: _word(row, name) for name in _NAMES}
    if not words["id"].strip():
        return Rejection(place, "没有 external_id，认不出是哪一条")
    words["text"], words["title"] = to_plain(words["text"]), to_plain(words["title"])
    scale = row.get("rating_scale")
    if isinstance(scale, (int, float)) and not isinstance(scale, bool) and 0 < scale <= _LARGEST_SCALE:
        reading = Reading(reading.now, reading.zone, float(scale))
    post = shape_post(fields_of(words), reading)
    return post if post.text else Rejection(place, "既没有正文也没有标题")


@dataclass(frozen=True, slots=True)
class Push:
    """What another system sends; a visit brings nothing."""

    title = "签名推送（Webhook）"
    options = (
        Option("secret", "对方规定的密钥；不填则用系统给的那一个，保存后在来源页上看得到", secret=True),
        TIMEZONE,
        RATING_SCALE,
    )

    zone: tzinfo
    secret: str = ""
    rating_scale: float | None = None

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "Push":  # noqa: ARG003
        """A reader of deliveries; it never uses the network. Raises `CollectorNotConfigured`."""
        return cls.of(options)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Push":
        """The same without a fetch. Raises `CollectorNotConfigured`."""
        return cls(
            zone=read_zone(options.get("timezone") or "Asia/Shanghai"),
            secret=options.get("secret") or "",
            rating_scale=options.get("rating_scale"),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """Nothing: what there is comes by itself."""
        return Batch(posts=(), cursor=cursor)

    def read(self, body: bytes, now: datetime) -> Batch:
        """The posts of a delivery. Raises `CollectError`."""
        return parse_push(body, Reading(now, self.zone, self.rating_scale))
