"""Rows of JSON read as posts: where they are and which field means what, said in JMESPath."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from scrapers.base import Gone, RawPost, Rejection
from scrapers.details import MARK
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.markup import is_web_page, to_plain
from scrapers.posts import Fields, Item, Reading, absolute, digest, fields_of, shape_post
from scrapers.visits import Page, refuse_wall

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


def load_json(text: str, place: str) -> Any:
    """The data in a response. Raises `CollectError` that says what came instead."""
    try:
        return json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        if is_web_page(text):
            refuse_wall(text, place)
            raise CollectError(f"{place} 返回的是网页，不是 JSON。请检查接口地址。") from error
        raise CollectError(f"{place} 返回的不是完整的 JSON：“{text[:80].strip()}”") from error


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


@dataclass(slots=True)
class _Rows:
    """What the rows of one page became."""

    items: list[Item] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


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
    rows = _Rows()
    for number, item in enumerate(found, start=1):
        _take(rows, item, f"{url} 第 {number} 条", layout, reading, url)
    lacking = [item for item in rows.items if isinstance(item, Rejection)]
    if found and len(lacking) == len(found) >= (1 if layout.required else _TELLING):
        raise CollectError(
            f"{url} 的 {len(found)} 条全都读不了：{lacking[0].reason}。接口可能改了，请更新各字段的路径。"
        )
    return Page(items=rows.items, gone=rows.gone, names=rows.names, refused=rows.refused)


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


def _take(rows: _Rows, item: Any, place: str, layout: Layout, reading: Reading, url: str) -> None:
    words = {name: words_of(search(path, item)) for name, path in layout.fields.items()}
    words["url"] = absolute(url, words.pop("link", ""))
    named = bool(words.get("id", "").strip() or words["url"])
    if is_set(search(layout.deleted, item)):
        _take_gone(rows, shape_post(Fields(id=words.get("id", ""), url=words["url"]), reading), place, named=named)
        return
    reason = _lacking(words, layout)
    words["text"], words["title"] = to_plain(words.get("text", "")), to_plain(words.get("title", ""))
    mark = words_of(search(layout.activity, item))
    post = shape_post(fields_of(words, {MARK: digest(mark)[:8]} if mark else {}), reading)
    rows.names.append(f"{post.external_id} {post.extra[MARK]}" if mark else post.external_id)
    if not reason and post.text:
        rows.items.append(post)
        return
    rows.items.append(Rejection(place, reason or "正文里没有可读的文字"))
    rows.refused += [post.external_id] if named else []


def _take_gone(rows: _Rows, post: RawPost, place: str, *, named: bool) -> None:
    if named:
        rows.names.append(post.external_id)
        rows.gone.append(Gone(post.external_id, "接口标明这一条已删除"))
    else:
        rows.items.append(Rejection(place, "接口标明已删除，但没有编号，不知道是哪一条"))


def _lacking(words: Mapping[str, str], layout: Layout) -> str:
    """Why a row cannot be a post, or nothing."""
    missing = [name for name in layout.required if not words.get("url" if name == "link" else name, "").strip()]
    if missing:
        return f"缺少必填项 {'、'.join(missing)}"
    if not words.get("text", "").strip() and not words.get("title", "").strip():
        return "按 text 和 title 路径都没有找到文字"
    return ""


def required_of(options: Mapping[str, Any], known: Mapping[str, Any], default: str = "") -> tuple[str, ...]:
    """The fields that each row must have. Raises `CollectorNotConfigured` for one that is not read at all."""
    named = str(options.get("required") or default).replace("，", ",").replace("、", ",").split(",")
    names = tuple(name.strip() for name in named if name.strip())
    for name in names:
        if name not in known:
            raise CollectorNotConfigured(
                f"选项 required 里的“{name}”没有填写取法；已填的有：{'、'.join(known)}。", option="required"
            )
    return names
