"""From page to page: addresses with blanks to fill in, page numbers, offsets, cursors and links."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from scrapers.base import Option
from scrapers.errors import CollectorNotConfigured
from scrapers.reading.links import read_links
from scrapers.reading.posts import next_address

STYLES = ("none", "page", "offset", "cursor", "link", "next_url")
"""How an interface leads from one page to the next."""

FIRST_PAGE = Option("first_page", "第一页的页码", type=int, default=1)
PAGE_SIZE = Option(
    "page_size",
    "每页条数：按偏移翻页时每次增加这么多；不翻页而按时间取时，满这么多条就把时间段对半再取",
    type=int,
    default=20,
)

_NUMBERED = ("page", "offset")
_BLANK = re.compile(r"\{([a-z]{1,20})\}")


def blanks_in(template: str) -> set[str]:
    """The names that an address leaves to be filled in, as in `…/list-{page}.html`."""
    return set(_BLANK.findall(template))


def fill(template: str, words: Mapping[str, str]) -> str:
    """`template` with the blanks named in `words` filled in, percent-encoded; others stay."""
    return _BLANK.sub(lambda blank: quote(words.get(blank[1], blank[0]), safe="{}", errors="replace"), template)


def check_blanks(template: str, known: set[str]) -> None:
    """Raises `CollectorNotConfigured` for an address with a blank that nothing fills."""
    unknown = sorted(blanks_in(template) - known)
    if unknown:
        usable = "、".join(f"{{{name}}}" for name in sorted(known))
        raise CollectorNotConfigured(f"选项 url 里的 {{{unknown[0]}}} 无法填写；可用的有：{usable}。", option="url")


def with_parameter(url: str, name: str, value: str) -> str:
    """`url` with this parameter in its query, instead of the one of that name; the rest is left as it is written."""
    parts = urlsplit(url)
    # Taken apart as text: a query in GBK would not survive being decoded.
    kept = [pair for pair in parts.query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != name]
    added = f"{quote(name, safe='')}={quote(value, safe='', errors='replace')}"
    return urlunsplit(parts._replace(query="&".join([*kept, added])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How pages follow each other. A place is a page number, an offset, a cursor or an address; "" is the first."""

    style: str = "none"
    parameter: str = ""
    first: int = 1
    step: int = 1

    @property
    def start(self) -> str:
        """The place of the first page."""
        return str(self.first) if self.style in _NUMBERED else ""

    def address(self, url: str, place: str) -> str:
        """Where the page at `place` is."""
        if self.style not in (*_NUMBERED, "cursor"):
            return place or url
        if f"{{{self.style}}}" in url:
            return fill(url, {self.style: place})
        return with_parameter(url, self.parameter, place) if place else url

    def following(self, place: str, url: str, headers: Mapping[str, str], named: str) -> str:
        """The place after `place`, or "" where there is none; `named` is the cursor or address in the body."""
        if self.style in _NUMBERED:
            return str(int(place) + self.step)
        if self.style == "link":
            return next_address(url, read_links(headers.get("link", "")).get("next", ""))
        return next_address(url, named) if self.style == "next_url" else named if self.style == "cursor" else ""


def paging_of(options: Mapping[str, Any], url: str, style: str) -> Paging:
    """The paging that the options ask for; a blank in the address decides where no style is given."""
    if style == "none":
        style = next((name for name in (*_NUMBERED, "cursor") if f"{{{name}}}" in url), "none")
    by_offset = style == "offset"
    return Paging(
        style=style,
        parameter=options.get("page_param") or style,
        first=0 if by_offset else options.get("first_page", 1),
        step=max(options.get("page_size", 20), 1) if by_offset else 1,
    )
