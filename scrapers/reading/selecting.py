"""Parts of a web page, named in CSS or XPath, with an attribute and a pattern where wanted.

`a.title` is the text of the first such element, `a.title@href` its attribute, `@data-id` an attribute of the item
itself and `.` the item's own text. `xpath:…` is an XPath expression. Behind ` =~ ` stands a regular expression: its
first group, or all it matches, is what is taken.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lxml import etree
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from scrapers.errors import CollectorNotConfigured
from scrapers.reading.markup import clean_text, html_to_text, is_too_deep, parse_html, text_of

_XPATH = "xpath:"
_PATTERN = " =~ "
_ATTRIBUTE = re.compile(r"@([A-Za-z_:][\w:.-]*)\Z")
_LONGEST = 20_000
_MOST_TRIED = 50
_ROWS = {"tr", "tbody", "thead", "tfoot"}
_SURROGATE = re.compile(r"[\ud800-\udfff]")

Node = LexborNode | etree._Element
"""An element of a page, as the one or the other library reads it."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Where something stands, and what of it is wanted; an empty path is the element itself."""

    shown: str = ""
    """As it was written."""
    path: str = ""
    attribute: str = ""
    xpath: etree.XPath | None = None
    pattern: re.Pattern[str] | None = None

    @property
    def is_neutral(self) -> bool:
        """Whether it can be read from an element of either library."""
        return not self.path and self.xpath is None


def read_selector(text: str, option: str) -> Selector | None:
    """The selector that an option's words describe, tried once. Raises `CollectorNotConfigured` naming the option."""
    where, _, pattern = text.strip().partition(_PATTERN)
    where = where.strip()
    if not where:
        return None
    try:
        compiled = re.compile(pattern.strip()) if pattern.strip() else None
    except (re.error, RecursionError, OverflowError) as error:
        raise CollectorNotConfigured(
            f"选项 {option} 里的正则表达式“{pattern}”写得不对：{error}", option=option
        ) from error
    if where.startswith(_XPATH):
        return Selector(text, xpath=_read_xpath(where.removeprefix(_XPATH).strip(), option), pattern=compiled)
    attribute = _ATTRIBUTE.search(where)
    path = where[: attribute.start()].strip() if attribute else where
    path = "" if path == "." else path
    try:
        LexborHTMLParser("<p>").css(path or "p")
    except SelectolaxError as error:
        raise CollectorNotConfigured(f"选项 {option} 的值“{text}”不是有效的 CSS 选择器。", option=option) from error
    return Selector(text, path, attribute[1].lower() if attribute else "", pattern=compiled)


def _read_xpath(path: str, option: str) -> etree.XPath:
    try:
        compiled = etree.XPath(path)
        # Unknown functions and prefixes show only when it is evaluated.
        compiled(etree.Element("html"))
    except etree.XPathError as error:
        raise CollectorNotConfigured(f"选项 {option} 的值“{path}”不是有效的 XPath：{error}", option=option) from error
    return compiled


class Document:
    """A page, read by the one library or the other as its selectors ask."""

    def __init__(self, markup: str) -> None:
        self._markup = markup
        self.is_page = not is_too_deep(markup)
        """False for what is nested too deep to be a page for people; nothing is found in it."""

    @cached_property
    def _tree(self) -> LexborHTMLParser | None:
        return parse_html(self._markup) if self.is_page else None

    @cached_property
    def _root(self) -> etree._Element:
        return _parsed(self._markup if self.is_page else "")

    def select(self, selector: Selector) -> Sequence[Node]:
        """All elements that the selector names, in their order."""
        if selector.xpath is not None:
            return [found for found in _evaluated(selector.xpath, self._root) if isinstance(found, etree._Element)]
        return self._tree.css(selector.path) if self._tree is not None and selector.path else []

    def has(self, selector: Selector | None) -> bool:
        """Whether the page holds what the selector names."""
        if selector is None:
            return False
        if selector.pattern is not None or selector.attribute:
            return bool(self.words(selector))
        if selector.xpath is not None:
            return bool(_evaluated(selector.xpath, self._root))
        return bool(self.select(selector))

    def words(self, selector: Selector | None) -> str:
        """What the selector names on the whole page."""
        node = self._whole(selector)
        return words_of(node, selector) if selector is not None and node is not None else ""

    def link(self, selector: Selector | None) -> str:
        """The address that the selector names on the whole page."""
        node = self._whole(selector)
        return link_of(node, selector) if selector is not None and node is not None else ""

    def _whole(self, selector: Selector | None) -> Node | None:
        if selector is not None and selector.xpath is not None:
            return self._root
        if self._tree is None:
            return None
        return self._tree.body if selector is not None and selector.is_neutral else self._tree.root


def _parsed(markup: str) -> etree._Element:
    body = _SURROGATE.sub("\ufffd", markup).replace("\x00", "").encode()
    try:
        root = etree.fromstring(body, etree.HTMLParser(encoding="utf-8", no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        root = None
    # A page without a single element is read as nothing at all.
    return root if root is not None else etree.Element("html")


def _evaluated(path: etree.XPath, element: etree._Element) -> list[Any]:
    """What an expression gives, as a list: elements, words, a number, or nothing for false."""
    try:
        found: Any = path(element)
    except etree.XPathError:
        return []
    if isinstance(found, list):
        return found
    if isinstance(found, bool):
        return ["1"] if found else []
    if isinstance(found, float):
        return [] if math.isnan(found) else [f"{found:g}"]
    return [str(found)] if found else []


def words_of(node: Node, selector: Selector | None) -> str:
    """The text or attribute that a selector names in an element, or "" where there is none."""
    if selector is None:
        return ""
    if selector.xpath is not None:
        return _xpath_words(node, selector)
    if not isinstance(node, LexborNode):
        return _matched(_own_words(node, selector.attribute), selector.pattern)
    if selector.pattern is not None and selector.path:
        tried = (
            _matched(_css_words(found, selector), selector.pattern) for found in node.css(selector.path)[:_MOST_TRIED]
        )
        return next((words for words in tried if words), "")
    found = node.css_first(selector.path) if selector.path else node
    return _matched(_css_words(found, selector), selector.pattern) if found is not None else ""


def link_of(node: Node, selector: Selector | None) -> str:
    """The address that a selector names: its attribute, or the `href` of the element it finds, or else its text."""
    if selector is None or selector.attribute or selector.pattern is not None:
        return words_of(node, selector)
    if selector.xpath is not None:
        first = next(iter(_evaluated(selector.xpath, node)), None) if not isinstance(node, LexborNode) else None
        href = first.get("href") if isinstance(first, etree._Element) else None
    elif isinstance(node, LexborNode):
        found = node.css_first(selector.path) if selector.path else node
        href = found.attributes.get("href") if found is not None else None
    else:
        href = node.get("href")
    return str(href).strip() if href else words_of(node, selector)


def holds(node: Node, selector: Selector | None) -> bool:
    """Whether an element holds what a selector names."""
    if selector is None:
        return False
    if selector.xpath is not None:
        return not isinstance(node, LexborNode) and bool(_evaluated(selector.xpath, node))
    if selector.pattern is not None or selector.attribute or not isinstance(node, LexborNode):
        return bool(words_of(node, selector))
    return not selector.path or node.css_first(selector.path) is not None


def _css_words(node: LexborNode, selector: Selector) -> str:
    if selector.attribute:
        return (node.attributes.get(selector.attribute) or "").strip()
    return text_of(node)


def _xpath_words(node: Node, selector: Selector) -> str:
    if selector.xpath is None or isinstance(node, LexborNode):
        return ""
    found = _evaluated(selector.xpath, node)
    texts = [str(part) for part in found if isinstance(part, str)]
    if selector.pattern is not None:
        parts = [*texts, *(_own_words(part) for part in found[:_MOST_TRIED] if isinstance(part, etree._Element))]
        return next((words for part in parts if (words := _matched(part, selector.pattern))), "")
    if texts:
        # Of attributes the first is meant, of pieces of text all.
        is_attribute = getattr(found[0], "is_attribute", False)
        return texts[0].strip() if is_attribute else " ".join("".join(texts).split())
    return _own_words(found[0]) if found and isinstance(found[0], etree._Element) else ""


def _own_words(element: etree._Element, attribute: str = "") -> str:
    if attribute:
        return (element.get(attribute) or "").strip()
    if not isinstance(element.tag, str):
        return ""
    if len(element) == 0 and element.tag not in {"script", "style"}:
        return clean_text(" ".join((element.text or "").split()))
    markup = etree.tostring(element, encoding="unicode", method="html", with_tail=False)
    # Rows and cells are nothing outside of a table.
    return html_to_text(f"<table>{markup}</table>" if element.tag in _ROWS else markup)


def _matched(words: str, pattern: re.Pattern[str] | None) -> str:
    if pattern is None:
        return words
    found = pattern.search(words[:_LONGEST])
    if found is None:
        return ""
    return ((found[1] or "") if pattern.groups else found[0]).strip()
