"""The four feed formats, each read into the same fields; no dates, no ids, no network."""

import html
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import feedparser
from lxml import etree

from scrapers.errors import CollectError
from scrapers.reading.markup import html_to_text, is_web_page, to_plain
from scrapers.reading.pages import refuse_wall
from scrapers.reading.posts import Fields
from scrapers.reading.wishes import DAYS

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
# Numbers beyond Unicode, at which the lenient reader breaks off.
_BEYOND = re.compile(rb"&#(?:[xX][0-9A-Fa-f]{6,}|[0-9]{7,});?")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_VERSION = re.compile(r"https?://jsonfeed\.org/")
_BODIES = ("encoded", "fulltext", "description", "summary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a feed holds: its entries in its order, where it goes on, and how often it wants to be read."""

    entries: Sequence[Fields]
    following: str = ""
    ttl: float = 0.0
    """Seconds for which it may be kept; 0 when it does not say."""
    quiet_hours: frozenset[int] = frozenset()
    quiet_days: frozenset[int] = frozenset()
    """Weekdays, Monday being 0; these and the hours are those of GMT."""


def read_entries(text: str, place: str) -> list[Fields]:
    """The entries of a feed in any of the formats, in its order. Raises `CollectError`."""
    return list(read_feed(text, place).entries)


def read_feed(text: str, place: str) -> Content:
    """What a feed in any of the formats holds. Raises `CollectError`."""
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")):
        return _json_content(start, place)
    if is_web_page(start):
        refuse_wall(start, place)
        raise CollectError(
            f"{place} 返回的是网页，不是订阅源。请在网页里找到 RSS 或 Atom 的地址，或改用 html 类型的来源。"
        )
    if not start:
        raise CollectError(f"{place} 返回了空白内容，不是订阅源。")
    if "<" not in start[:2000]:
        raise CollectError(f"{place} 返回的是一段文字而不是订阅源：“{start[:80].strip()}”。对方可能关闭了订阅功能。")
    return _xml_content(start, place)


def _xml_content(text: str, place: str) -> Content:
    # The text is decoded already, so what the declaration says of its encoding no longer holds. Characters that XML
    # forbids are dropped, or one of them would make the whole feed unreadable.
    body = _FORBIDDEN.sub("", _DECLARATION.sub("", text)).encode("utf-8", "replace")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8")
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return _mended_content(body, place)
    name = _local(root)
    if name == "feed":
        return _content(root, [_atom_entry(entry) for entry in root if _local(entry) == "entry"])
    if name in {"rss", "RDF", "channel"}:
        channel = next((child for child in root if _local(child) == "channel"), root)
        return _content(channel, [_rss_item(item) for item in root.iter() if _local(item) == "item"])
    raise CollectError(f"{place} 是 XML，但不是 RSS 或 Atom 订阅源（根元素是 {name[:40]}）。")


def _content(head: Any, entries: Sequence[Fields]) -> Content:
    """The entries with what the head of the feed says of it as a whole."""
    parts = _children(head)
    ttl = _words(parts["ttl"]).strip() if "ttl" in parts else ""
    hours = [_words(hour).strip() for hour in parts.get("skipHours", ())]
    days = [_words(day).strip().lower() for day in parts.get("skipDays", ())]
    return Content(
        entries=entries,
        following=_leading_on(child for child in head if _local(child) == "link"),
        ttl=min(float(ttl), 1e6) * 60 if ttl.isascii() and ttl.isdigit() else 0.0,
        quiet_hours=frozenset(int(hour) % 24 for hour in hours if hour.isascii() and hour.isdigit() and len(hour) < 3),
        quiet_days=frozenset(DAYS.index(day) for day in days if day in DAYS),
    )


def _leading_on(links: Iterable[Mapping[str, Any]]) -> str:
    """Where the entries before these are: the next page, or the archive before this document (RFC 5005)."""
    found = {str(link.get("rel") or ""): str(link.get("href") or "") for link in links}
    return found.get("next") or found.get("prev-archive") or ""


def _local(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _words(element: Any) -> str:
    """All text inside; an entity the document defines itself is not expanded, a usual one is."""
    return html.unescape("".join(element.itertext())) if len(element) else (element.text or "")


def _children(parent: Any) -> dict[str, Any]:
    """The first child of each name; a namespaced one (media:title) does not hide the plain one."""
    found: dict[str, Any] = {}
    for child in parent:
        name = _local(child)
        if name and (name not in found or ("}" in found[name].tag and "}" not in child.tag)):
            found[name] = child
    return found


def _rss_item(item: Any) -> Fields:
    parts = _children(item)
    words = {name: _words(part).strip() for name, part in parts.items()}
    body = next((words[name] for name in _BODIES if words.get(name)), "")
    link = words.get("link", "") or str(item.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about") or "")
    guid = parts.get("guid")
    if not link and guid is not None and guid.get("isPermaLink", "true").lower() == "true":
        link = words["guid"]
    return Fields(
        id=words.get("guid", ""),
        url=link,
        title=to_plain(words.get("title", "")),
        text=html_to_text(body),
        author=words.get("creator", "") or words.get("author", ""),
        created=words.get("pubDate", "") or words.get("date", ""),
        updated=words.get("modified", "") or words.get("updated", ""),
        parent=str(parts["in-reply-to"].get("ref") or "") if "in-reply-to" in parts else "",
    )


def _atom_text(element: Any) -> str:
    if element is None:
        return ""
    kind = element.get("type", "text")
    if kind == "xhtml":
        return html_to_text("".join(etree.tostring(child, encoding="unicode") for child in element))
    return html_to_text(_words(element)) if "html" in kind else _words(element)


def _atom_link(entry: Any) -> str:
    links = [child for child in entry if _local(child) == "link"]
    wanted = [link for link in links if link.get("rel", "alternate") == "alternate"] or links
    return str(wanted[0].get("href") or "") if wanted else ""


def _atom_entry(entry: Any) -> Fields:
    parts = _children(entry)
    words = {name: _words(part).strip() for name, part in parts.items()}
    author = _children(parts["author"]).get("name") if "author" in parts else None
    return Fields(
        id=words.get("id", ""),
        url=_atom_link(entry),
        title=_atom_text(parts.get("title")),
        text=_atom_text(parts.get("content")) or _atom_text(parts.get("summary")),
        author=_words(author) if author is not None else "",
        created=words.get("published", "") or words.get("issued", ""),
        updated=words.get("updated", "") or words.get("modified", ""),
        parent=str(parts["in-reply-to"].get("ref") or "") if "in-reply-to" in parts else "",
    )


def _mended_content(body: bytes, place: str) -> Content:
    """What XML holds that is not well formed, which only a lenient reader can give."""
    head = {"content-type": "application/xml; charset=utf-8"}
    try:
        # Cleaning HTML is our own business; theirs is slow and turns plain text into markup.
        found = feedparser.parse(
            io.BytesIO(_BEYOND.sub(b"\xef\xbf\xbd", body)),
            response_headers=head,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (ValueError, OverflowError, AssertionError) as error:
        raise CollectError(f"{place} 的内容残缺，连宽松的读法也读不了。") from error
    if not found.get("version") and not found.entries:
        raise CollectError(f"{place} 的内容残缺或不是订阅源，没有读到任何条目。")
    return Content(
        entries=[_mended_entry(entry) for entry in found.entries], following=_leading_on(found.feed.get("links", []))
    )


def _mended_entry(entry: Any) -> Fields:
    bodies = [part.get("value", "") for part in entry.get("content", [])] + [entry.get("summary", "")]
    return Fields(
        id=entry.get("id", ""),
        url=entry.get("link", ""),
        title=to_plain(entry.get("title", "")),
        text=to_plain(next((body for body in bodies if body), "")),
        author=entry.get("author", ""),
        created=entry.get("published", ""),
        # Its own way of asking gives "published" for a missing "updated", with a warning.
        updated=str(dict.get(entry, "updated") or ""),
    )


def _word(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _json_content(text: str, place: str) -> Content:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CollectError(f"{place} 的 JSON 残缺，无法读取。") from error
    known = isinstance(found, dict) and _VERSION.match(str(found.get("version", "")))
    if not known or not isinstance(found.get("items"), list):
        raise CollectError(f"{place} 是 JSON，但不是 JSON Feed；请改用 json 类型的来源。")
    entries = [_json_item(item) if isinstance(item, dict) else Fields() for item in found["items"]]
    return Content(entries=entries, following=_word(found, "next_url"))


def _json_item(item: Mapping[str, Any]) -> Fields:
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    names = [_word(author, "name") for author in authors or [] if isinstance(author, dict)]
    return Fields(
        id=_word(item, "id"),
        url=_word(item, "url") or _word(item, "external_url"),
        title=_word(item, "title"),
        text=_word(item, "content_text") or html_to_text(_word(item, "content_html")) or _word(item, "summary"),
        author="、".join(name for name in names if name),
        created=_word(item, "date_published"),
        updated=_word(item, "date_modified"),
    )
