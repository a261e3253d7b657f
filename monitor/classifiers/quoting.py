"""Whose words these are: quoted posts, forwarded chains and reply heads are taken out, the writer's own words stay."""

import re
from collections.abc import Iterator

from monitor.classifiers.tokens import Change, Folded

ONLY_QUOTED = "只有引用，没有自己的话"

# A text without any of these quotes nobody; most texts stop here.
_SIGNS = (">", "@", "引用", "发表于", "[quote", "「", "原始邮件", "转发", "写道", "original message", "wrote")
_BLOCKS = (("[quote", "[/quote]"), ("【引用】", "【/引用】"))
_NAME = r"[^:\n]{1,40}"
# From here to the end others speak: a forwarded chain, or the mail that is answered.
_REST = re.compile(
    rf"(?<![:/])//\s?@{_NAME}:|(?:^|(?<=[\s|]))(?:rt|转) ?@{_NAME}:"
    r"|^-{3,20} ?(?:原始邮件|转发的?(?:消息|邮件)|original message|forwarded message) ?(?:-{1,20})?$",
    re.MULTILINE,
)
_PIECES = re.compile(
    # a line of a quoted post; >_< is a face, and > 3 is a number
    r"^ {0,3}>(?![_.\-o、/]{1,6}<|\s?\d|<)[^\n]*"
    # 引用: “what somebody wrote”, or the rest of the line
    r"|^引用 ?@?[^:\n,。!?“\"「]{0,40}:\s?(?:“[^”]{1,2000}”|「[^」]{1,2000}」|\"[^\"\n]{1,2000}\"|[^\n]*)"
    # 张三 发表于 2024-05-06 10:20, and the line below it
    r"|^[^\n:]{1,30} ?发表于 ?\d{4}[-/年]\d{1,2}[-/月]\d{1,2}[^\n]{0,20}\n[^\n]*"
    # 「what is answered」 over a row of dashes
    r"|^「[^「」]{1,2000}」\n ?(?:- ?){5,40}$"
    # the line over a quoted mail
    r"|^(?:在|on )[^\n]{1,80}(?:写道|wrote):$"
    # the head of a reply: what follows is the writer's own
    rf"|^回复 ?(?:@{_NAME}|\d{{1,6}} ?(?:楼|#)[^:\n]{{0,40}}):",
    re.MULTILINE,
)
_ONLY_FORWARDED = frozenset({"", "转发微博", "转发", "转", "轉發", "repost", "转发了", "快转微博"})

Span = tuple[int, int]


def _blocks(text: str) -> Iterator[Span]:
    for opening, closing in _BLOCKS:
        start = text.find(opening)
        while start >= 0:
            end = text.find(closing, start)
            if end < 0:
                break
            yield start, end + len(closing)
            start = text.find(opening, end)


def _foreign(text: str) -> list[Span]:
    """The spans that are not the writer's own, in order and apart."""
    rest = _REST.search(text)
    limit = rest.start() if rest else len(text)
    spans = [*_blocks(text), *(match.span() for match in _PIECES.finditer(text, 0, limit))]
    if rest:
        spans.append((limit, len(text)))
    kept: list[Span] = []
    for start, end in sorted(spans):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
        else:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
    return kept


def own_words(folded: Folded) -> Folded:
    """The folded text without what others said, each such piece leaving a line break; spans still lead back."""
    text = folded.text
    if not any(sign in text for sign in _SIGNS):
        return folded
    changes: list[Change] = [(start, end, "\n") for start, end in _foreign(text) if start < end]
    own = folded.edited(changes)
    return Folded("", folded.original) if changes and own.text.strip() in _ONLY_FORWARDED else own
