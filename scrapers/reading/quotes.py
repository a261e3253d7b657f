"""What a person wrote in a mail, without the mails quoted in it and without the signature under it."""

import re

from selectolax.lexbor import LexborHTMLParser

from scrapers.reading.cutting import cut
from scrapers.reading.markup import clean_text, html_to_text, parse_html, text_of

_LONGEST = 400
"""Characters of a line that can open a quotation; longer ones are what somebody wrote."""

_RULE = re.compile(
    r"[-_—=*\s]{2,}(?:原始邮件|原始郵件|原邮件|邮件原件|回复的原邮件|转发的?邮件(?:信息)?|轉寄郵件|original message|"
    r"original appointment|forwarded message|replied message)[-_—=*\s]{2,}",
    re.IGNORECASE,
)
_FORWARD = re.compile(r"(?:开始转发的邮件|下面是被转发的邮件|begin forwarded message)\s*[:：]", re.IGNORECASE)
_WROTE = re.compile(
    r"(?:.*(?:\d{4}\s*[年./-]|\d{1,2}:\d{2})).*(?:写道|寫道)\s*[:：]|(?:on|at)\s.*\d.*\bwrote\s*[:：]", re.IGNORECASE
)
# How the first of two or three lines begins that together say who wrote what follows.
_OPENING = re.compile(r"(?:在|于|於)\s?\d|(?:on|at)\s|.*<[^<>\s]+@[^<>\s]+>", re.IGNORECASE)
_FROM = re.compile(r"\W{0,3}(?:发件人|寄件者|寄件人|from)\W{0,3}[:：]", re.IGNORECASE)
_HEADER = re.compile(
    r"(?:发送时间|发送日期|发件日期|日期|时间|收件人|主题|抄送|寄件日期|收件者|主旨|sent|date|to|cc|subject)\W{0,3}?[:：]",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"[发發]自我的.{1,30}|[发發]自\s?.{1,20}(?:邮箱|郵箱|大师|大師|客户端|手机|手機|outlook|iphone|ipad)"
    r"|[来來]自我的.{0,20}(?:手机|手機|iphone|ipad|phone|android)|[从從]我的.{1,20}[发發]送"
    r"|sent from (?:my |mail for |outlook ).{1,40}|get outlook for .{1,20}",
    re.IGNORECASE,
)
_LAST_RULE = re.compile(r"(?:\n[_=—-]{5,})+$")
_QUOTING = (
    'blockquote[type="cite"], blockquote#isReplyContent, includetail, .gmail_quote, .gmail_signature, .yahoo_quoted, '
    ".moz-cite-prefix, .moz-signature"
)


def own_words(text: str) -> str:
    """The text without quotations and signature; all of it when nothing else is left, as in a mail passed on."""
    kept: list[str] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        opened = _opens_quotation(lines, at)
        if line == "--" or (opened and not _is_quoted(lines, at + opened)):
            break
        if not opened and not line.startswith(">") and not (len(line) < 80 and _DEVICE.fullmatch(line)):
            kept.append(lines[at])
        # Where the quotation is marked line by line, its author may go on below it.
        at += opened or 1
    return _LAST_RULE.sub("", clean_text("\n".join(kept))).strip() or clean_text(text)


def own_words_of_page(markup: str) -> str:
    """The same for a mail written in HTML."""
    tree = parse_html(markup)
    if tree is None or tree.body is None:
        return own_words(html_to_text(markup))
    return own_words(_without_quotations(tree) or html_to_text(markup))


def _without_quotations(tree: LexborHTMLParser) -> str:
    assert tree.body is not None
    cut(tree.body.css(_QUOTING))
    return text_of(tree.body)


def _opens_quotation(lines: list[str], at: int) -> int:
    """How many lines from here say that a quotation begins; mail programs break long ones in two or three."""
    line = lines[at].strip()
    if not line or len(line) > _LONGEST:
        return 0
    if _RULE.fullmatch(line) or _FORWARD.fullmatch(line):
        return 1
    if _FROM.match(line):
        below = [line, *lines[at + 1 : at + 6]]
        return 1 if sum(len(_HEADER.findall(each[:_LONGEST])) for each in below) >= 2 else 0
    return _names_writer(lines, at)


def _names_writer(lines: list[str], at: int) -> int:
    for count in (1, 2, 3):
        joined = " ".join(part.strip() for part in lines[at : at + count])
        if len(joined) > _LONGEST or (count == 2 and not _OPENING.match(lines[at].strip())):
            return 0
        if joined.endswith((":", "：")) and _WROTE.fullmatch(joined):
            return count
    return 0


def _is_quoted(lines: list[str], at: int) -> bool:
    """Whether the next words are marked as quoted."""
    following = next((line.strip() for line in lines[at : at + 5] if line.strip()), "")
    return following.startswith(">")
