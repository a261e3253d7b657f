"""Rows of JSON read as posts: where they are and which field means what, said in JMESPath."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.reading.listed_rows import Rows
from scrapers.reading.markup import to_plain
from scrapers.reading.pages import Page, refuse_wall
from scrapers.reading.posts import Reading

PATHS = ("id", "link", "title", "text", "author", "created", "updated", "rating", "parent", "thread")
"""The options that are paths to a post's fields, inside one row."""


# So many rows without a word are no accident.
_TELLING = 3
_NOT_SET = ("", "0", "false", "no", "null", "none", "否", "未删除", "正常")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where things are in a response: compiled paths."""

    items: Any
    fields: Mapping[str, Any]
    required: Sequence[str] = ()
    deleted: Any = None
    activity: Any = None
    fine: Any = None
    """A condition that holds for an answer which is none of an error."""


def compiled(options: Mapping[str, Any], name: str) -> Any:
    """The path that an option holds, or None. Raises `CollectorNotConfigured`."""
    path = options.get(name) or ""
    try:
        return jmespath.compile(path) if path else None
    except (JMESPathError, ValueError, RecursionError) as error:
        raise CollectorNotConfigured(
            f"选项 {name} 的值“{path}”不是 JMESPath 路径：{str(error).splitlines()[0]}", option=name
        ) from error


def search(path: Any, data: Any) -> Any:
    """What a path finds in data, or None."""
    try:
        return path.search(data) if path is not None else None
    except (JMESPathError, TypeError, ValueError, AttributeError, RecursionError, OverflowError):
        return None


def words_of(value: Any) -> str:
    """A value as words: lists line by line, objects as they are written, nothing for true, false and null."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(words_of(part) for part in value[:1000] if not isinstance(part, list))
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""


def is_set(value: Any) -> bool:
    """Whether a flag is set, as interfaces write flags: true, 1, "1", "yes", or the moment at which it was set."""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value).strip().lower() not in _NOT_SET and value != 0
    return bool(value)


def parse_json(data: Any, layout: Layout, reading: Reading, *, url: str = "", first: bool = True) -> Page:
    """The posts in a response's data, what it says is deleted, and a rejection for each row that lacks something.

    Only on a page that is not the first may the list be missing. Raises `CollectError` for an error of the interface, a
    missing list, and a list whose every row lacks what is required.
    """
    _refuse_error(data, layout, url)
    found = search(layout.items, data)
    if found is None and (layout.fine is not None or not first):
        found = []
    if not isinstance(found, list):
        raise _no_list(data, url)
    rows = Rows(reading, url, layout.required)
    for item in found:
        words = {name: words_of(search(path, item)) for name, path in layout.fields.items()}
        words |= {name: to_plain(words[name]) for name in ("text", "title") if name in words}
        rows.take(words, deleted=is_set(search(layout.deleted, item)), mark=words_of(search(layout.activity, item)))
    if rows.all_lack(1 if layout.required else _TELLING):
        raise CollectError(
            f"{url} 的 {len(found)} 条全都读不了：{rows.first_reason()}。接口可能改了，请更新各字段的路径。"
        )
    return rows.page()


def _refuse_error(data: Any, layout: Layout, url: str) -> None:
    if layout.fine is None or is_set(search(layout.fine, data)):
        return
    refuse_wall(_said(data), url)
    raise CollectError(f"{url} 的响应不满足 ok 条件，接口报告了错误：{_said(data) or words_of(data)[:300]}")


def _no_list(data: Any, url: str) -> CollectError:
    # An answer that asks to sign in comes as JSON too, and with status 200.
    refuse_wall(_said(data), url)
    keys = "、".join(str(key) for key in list(data)[:12]) if isinstance(data, dict) else type(data).__name__
    return CollectError(f"{url} 的响应里按 items 路径没有找到列表；最外层有：{keys[:300]}。接口可能改了。")


def _said(data: Any) -> str:
    """The words in an answer that is none of posts: the message of an error."""
    values = list(data.values())[:50] if isinstance(data, dict) else []
    values += [inner for value in values if isinstance(value, dict) for inner in list(value.values())[:50]]
    return "；".join(value[:200] for value in values if isinstance(value, str) and value.strip())[:500]
