"""What Discourse answers hold: topics in a list, posts in a topic or by themselves, and the words in a post's HTML."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scrapers.base import Gone, Rejection
from scrapers.errors import CollectError
from scrapers.reading.answers import is_true, rows, table, whole, word
from scrapers.reading.cutting import cut
from scrapers.reading.dates import read_date
from scrapers.reading.markup import html_to_text, parse_html, text_of
from scrapers.reading.posts import Fields, Item, Reading, digest, shape_post

ORDINARY = 1
"""The type of a post that a person wrote; others say that a moderator did something, or are whispered among staff."""

_DELETED = "Discourse 标明已删除"
_WITHDRAWN = "Discourse 标明作者已删除"
_HIDDEN = "Discourse 因被举报而隐藏"
_QUOTES = 'aside.quote[data-post], aside.quote[data-topic], aside.quote[data-username], aside[class="quote"]'
# Sizes and names below enlarged pictures, tallies of polls: nobody's words.
_CAPTIONS = ".lightbox .meta, .poll-info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic as a list shows it; `mark` moves with replies and deletions."""

    id: str
    mark: str
    pinned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """Posts read from rows, and those of which the forum says that they are gone."""

    items: Sequence[Item]
    gone: Sequence[Gone]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A topic: the rows of its first posts, the ids of all, and whether it is deleted."""

    title: str
    rows: Sequence[Any]
    ids: Sequence[int]
    deleted: bool = False
    begun: datetime | None = None


def parse_topics(data: Any, place: str) -> tuple[list[Topic], bool]:
    """The topics of a list, and whether there are more. Raises `CollectError` when it is none."""
    listing = table(table(data).get("topic_list"))
    if not isinstance(listing.get("topics"), list):
        raise CollectError(f"{place} 返回的不是 Discourse 的主题列表（{_keys(data)}）。请填论坛首页的网址。")
    topics = [
        Topic(
            id=str(number),
            mark=digest(*(word(topic.get(name)) for name in ("bumped_at", "highest_post_number", "posts_count")))[:10],
            pinned=is_true(topic.get("pinned")) or is_true(topic.get("pinned_globally")),
        )
        for topic in map(table, listing["topics"])
        if (number := whole(topic.get("id"))) is not None
    ]
    return topics, bool(word(listing.get("more_topics_url")))


def _keys(data: Any) -> str:
    return f"最外层有：{'、'.join(str(key) for key in list(table(data))[:8])[:200]}"


def latest_rows(data: Any, place: str) -> Sequence[Any]:
    """The rows of the newest posts of all topics. Raises `CollectError` when there are none."""
    found = table(data).get("latest_posts")
    if not isinstance(found, list):
        raise CollectError(f"{place} 返回的不是 Discourse 的新帖列表（{_keys(data)}），接口可能改了。")
    return found


def parse_topic(data: Any, place: str, reading: Reading) -> Stream:
    """A topic's first rows and the ids of all its posts; a topic of ten thousand tells none. Raises `CollectError`."""
    stream = table(table(data).get("post_stream"))
    if not isinstance(stream.get("posts"), list):
        raise CollectError(f"{place} 返回的不是 Discourse 的主题（{_keys(data)}），接口可能改了。")
    return Stream(
        title=word(table(data).get("title")),
        rows=stream["posts"],
        ids=[number for one in rows(stream.get("stream")) if (number := whole(one)) is not None],
        deleted=bool(word(table(data).get("deleted_at"))),
        begun=read_date(word(table(data).get("created_at")), reading.now, reading.zone)[0],
    )


def more_rows(data: Any) -> Sequence[Any]:
    """The rows of posts that were asked for by id."""
    return rows(table(table(data).get("post_stream")).get("posts"))


def id_of(row: Any) -> int | None:
    """A post's number, if it has one."""
    return whole(table(row).get("id"))


def parse_posts(
    found: Sequence[Any],
    reading: Reading,
    *,
    root: str,
    place: str,
    title: str = "",
    with_staff: bool = False,
    wanted: Callable[[Mapping[str, Any]], bool] = lambda _row: True,
) -> Posts:
    """The posts of rows. Skipped without a word are rows that no customer wrote: actions, whispers, and staff.

    `title` is that of the topic where the rows do not say it; only its first post bears it, so that a topic's new title
    is one edit and not one for each reply.
    """
    items: list[Item] = []
    gone: list[Gone] = []
    # A reply names what it answers by its place in the topic, not by its id.
    places = {_place(row, "post_number"): word(table(row).get("id")) for row in found}
    for number, row in enumerate(map(table, found), start=1):
        how = _how_gone(row)
        if not _by_a_customer(row, with_staff=with_staff) or not wanted(row):
            continue
        if how and id_of(row) is not None:
            gone.append(Gone(word(row.get("id")), how))
        else:
            parent = places.get(_place(row, "reply_to_post_number"), "")
            items.append(_post(row, reading, root, f"{place} 第 {number} 条", title, parent))
    return Posts(items=items, gone=gone)


def _place(row: Any, name: str) -> tuple[str, int | None]:
    return word(table(row).get("topic_id")), whole(table(row).get(name))


def _by_a_customer(row: Mapping[str, Any], *, with_staff: bool) -> bool:
    if row.get("post_type") is not None and whole(row["post_type"]) != ORDINARY:
        return False
    return with_staff or not any(is_true(row.get(name)) for name in ("staff", "admin", "moderator"))


def _how_gone(row: Mapping[str, Any]) -> str:
    if is_true(row.get("user_deleted")):
        return _WITHDRAWN
    if word(row.get("deleted_at")):
        return _DELETED
    return _HIDDEN if is_true(row.get("hidden")) else ""


def _post(row: Mapping[str, Any], reading: Reading, root: str, place: str, title: str, parent: str) -> Item:
    number, topic, at = id_of(row), word(row.get("topic_id")), whole(row.get("post_number"))
    if number is None:
        return Rejection(place, "不是帖子（没有编号）")
    fields = Fields(
        id=str(number),
        title=(word(row.get("topic_title")) or title) if at == 1 else "",
        text=own_words(word(row.get("cooked"))),
        url=f"{root}/t/{topic}/{at}" if topic and at else f"{root}/p/{number}",
        author=word(row.get("user_id")) or word(row.get("username")),
        created=word(row.get("created_at")),
        # The time of the last change moves for other reasons too; the version tells that somebody edited.
        updated=word(row.get("updated_at")) if (whole(row.get("version")) or 1) > 1 else "",
        parent=parent,
        thread=topic,
    )
    post = shape_post(fields, reading)
    return post if post.text else Rejection(place, "除了引用和图片没有别的文字")


def own_words(cooked: str) -> str:
    """The text of a post's HTML without quotes of others; of a previewed link only its address stays."""
    tree = parse_html(cooked) if "<aside" in cooked or "lightbox" in cooked or "poll" in cooked else None
    if tree is None or tree.body is None:
        return html_to_text(cooked)
    cut(tree.css(f"{_QUOTES}, {_CAPTIONS}"))
    # A preview comes a while after the post, and with another text whenever the page it shows has changed.
    for preview in tree.css("aside.onebox"):
        preview.insert_before(f" {preview.attributes.get('data-onebox-src') or ''} ")
    cut(tree.css("aside.onebox"))
    return text_of(tree.body)


def edited_at(row: Mapping[str, Any], reading: Reading) -> datetime | None:
    """When a row's post was last edited, or None if it never was."""
    if (whole(row.get("version")) or 1) < 2:
        return None
    return read_date(word(row.get("updated_at")), reading.now, reading.zone)[0]
