"""HTML to plain text, and text made safe to keep. Charsets and dates are next door and offered from here too."""

import html
import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scrapers.reading.charsets import charset_of, decode
from scrapers.reading.dates import read_date

__all__ = [
    "charset_of",
    "clean_text",
    "decode",
    "html_to_text",
    "is_web_page",
    "looks_blocked",
    "parse_html",
    "read_date",
    "text_of",
    "to_plain",
]

MAX_DEPTH = 1000

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
_BLANKS = re.compile(r"\n{3,}")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*)[^<>]*?(/?)>")
_HAS_MARKUP = re.compile(r"<[a-zA-Z/!][^<>]*>|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")
_HIDDEN = re.compile(r"(?is)<(script|style|noscript|template)\b.*?(?:</\1\s*>|$)|<!--.*?(?:-->|$)")
# Elements that hold nothing, or that the next one closes: these never nest by themselves.
_VOID = {"br", "img", "hr", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"}
_FLAT = _VOID | {"p", "li", "dt", "dd", "tr", "td", "th", "option"}
_PIECE = 4096
_DROPPED = {"script", "style", "noscript", "template", "iframe", "object", "head", "-comment"}
_BLOCKS = ("p", "div", "br", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre",
           "section", "article", "header", "footer", "hr", "dt", "dd", "dl", "figure", "figcaption", "form", "fieldset",
           "address", "main", "aside", "nav")  # fmt: skip
# Where a line ends. It stands for itself nowhere: clean text has no control characters.
_BREAK = "\x1e"
_EDGES = {**dict.fromkeys(_BLOCKS, _BREAK), "td": " ", "th": " "}
_WALL_WORDS = re.compile(
    r"[请請]先?登[录錄入]|登录后(?:查看|可见|继续)|需要登录|[尚还]?未登录|登录(?:状态)?已?(?:过期|失效)|验证码|驗證碼"
    r"|安全验证|人机验证|完成验证|滑动.{0,6}验证|访问(?:过于频繁|被拒绝|受限)|captcha"
    r"|verify (?:that )?you are (?:a )?human|please (?:log|sign) ?in|log ?in required|not logged in|unusual traffic",
    re.IGNORECASE,
)


def clean_text(text: str) -> str:
    """`text` without control characters and lone surrogates, lines trimmed, at most one blank line in a row."""
    if _ODD.search(text):
        text = _SURROGATE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n"))
        text = _CONTROL.sub("", text)
    if "\n" not in text:
        return text.strip()
    return _BLANKS.sub("\n\n", "\n".join(line.strip() for line in text.split("\n"))).strip()


def is_too_deep(markup: str) -> bool:
    """Whether elements are nested so deep that building the tree would take minutes: a known way to stall a reader."""
    if not _may_be_deep(markup):
        return False
    depth = 0
    for closing, name, self_closed in _TAG.findall(markup):
        if self_closed or name.lower() in _FLAT:
            continue
        depth = max(depth + (-1 if closing else 1), 0)
        if depth > MAX_DEPTH:
            return True
    return False


def _may_be_deep(markup: str) -> bool:
    """Whether counting alone, piece by piece, leaves it open: it clears nearly every page, and at little cost."""
    depth = 0
    for start in range(0, len(markup), _PIECE):
        closed = markup.count("</", start, start + _PIECE)
        opened = markup.count("<", start, start + _PIECE) - closed
        if depth + opened > MAX_DEPTH:
            return True
        # Closings that close nothing may stand before all that is opened in a piece.
        depth = max(depth + opened - closed, opened)
    return False


def parse_html(markup: str) -> LexborHTMLParser | None:
    """The document's tree, or None when it is nested too deep to be a page for people."""
    if is_too_deep(markup):
        return None
    return LexborHTMLParser(_SURROGATE.sub("\ufffd", markup))


def _lines(text: str) -> str:
    parts = (" ".join(part.split()) for part in text.split(_BREAK))
    return "\n".join(part for part in parts if part)


def text_of(node: LexborNode) -> str:
    """The text a person sees in `node`: blocks become lines, pictures their names."""
    child = node.first_child
    if child is not None and child.next is None and child.tag == "-text":
        # Most elements that are asked for hold a few words and nothing else.
        return clean_text(" ".join((child.text_content or "").split()))
    return clean_text(_lines(_visible(node)))


def _visible(node: LexborNode) -> str:
    """What is seen in a node, with a break on both sides of a block."""
    # The tree's own way of giving text hides nothing and breaks no line; a loop without recursion takes any depth.
    parts: list[str] = []
    current, depth = node, 0
    while True:
        tag = current.tag or ""
        if tag == "-text":
            parts.append(current.text_content or "")
        elif tag == "img":
            parts.append(_alt(current))
        elif depth == 0 or tag not in _DROPPED:
            parts.append(_EDGES.get(tag, ""))
            if (child := current.first_child) is not None:
                current, depth = child, depth + 1
                continue
        while depth and current.next is None and current.parent is not None:
            current, depth = current.parent, depth - 1
            parts.append(_EDGES.get(current.tag or "", ""))
        if depth == 0 or current.next is None:
            return "".join(parts)
        current = current.next


def _alt(picture: LexborNode) -> str:
    alt = picture.attributes.get("alt") or ""
    # Forums draw feelings as pictures ([怒], [微笑]); longer names are captions and not what the author wrote.
    return alt if len(alt) <= 12 else ""


def _stripped(markup: str) -> str:
    return clean_text(_lines(html.unescape(_TAG.sub(_BREAK, _HIDDEN.sub("", markup)))))


def html_to_text(markup: str) -> str:
    """The text a person would see; scripts and styles are dropped, entities decoded."""
    markup = _CONTROL.sub(lambda found: " " if found[0] in "\x0b\x0c" else "", markup)
    tree = parse_html(markup)
    if tree is None:
        return _stripped(markup)
    return text_of(tree.body) if tree.body is not None else ""


def to_plain(text: str) -> str:
    """Text that may or may not be HTML, as plain text."""
    return html_to_text(text) if _HAS_MARKUP.search(text) else clean_text(text)


def is_web_page(text: str) -> bool:
    """Whether this is an HTML page, where a feed or data was expected."""
    start = re.sub(r"(?s)^\s*(?:<\?xml.*?\?>|<!--.*?-->|\s)*", "", text[:4000])[:200].lower()
    return start.startswith(("<!doctype html", "<html", "<head", "<body", "<script", "<meta"))


def looks_blocked(page: str) -> bool:
    """Whether a page asks to sign in or to prove that one is human, instead of showing anything."""
    if re.search(r"""<input[^>]+type\s*=\s*["']?password""", page, re.IGNORECASE):
        return True
    return len(page) < 20_000 and bool(_WALL_WORDS.search(page))
