"""Text as the classifier reads it: folded in width, case and script, with its way back, and cut into words."""

import logging
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import jieba
import opencc
import rjieba

jieba.setLogLevel(logging.WARNING)

_DROPPED = "\x00"  # stands for a character that disappears
_EXPANDED = "\x01"  # stands for a character that becomes several
_CJK_GAP = re.compile(r"(?<=[\u3400-\u9fff]) +(?=[\u3400-\u9fff])")
# Where one script keeps two characters apart and the other does not, both are read as the commoner one.
_UNIFIED = {
    "么": "么",
    "幺": "么",
    "覆": "复",
    "瞭": "了",
    "藉": "借",
    "彷": "仿",
    "揹": "背",
    "俱": "具",
    "薰": "熏",
    "甦": "苏",
}
_UNIFIED |= {"馀": "余", "暱": "昵", "著": "著"}
# Characters that only written Cantonese has, read as what they mean: 冇人理 is 没人理.
_UNIFIED |= {"唔": "不", "冇": "没", "嘅": "的", "咗": "了", "佢": "他", "喺": "在", "哋": "们", "嚟": "来", "揸": "开"}
_UNIFIED |= {"啲": "些", "嗰": "那", "噉": "这", "乜": "啥", "嘢": "事", "畀": "给", "俾": "给", "睇": "看", "搵": "找"}
_UNIFIED |= {"揾": "找", "咁": "这", "攞": "拿", "嬲": "气", "嘥": "费"}
_THANKS = re.compile("唔[該该]")
_PHRASES = (("想像", "想象"), ("座标", "坐标"), ("呆着", "待着"))
# Taiwan writes 著 for the particle 着 as well; these words keep 著 in both scripts.
_PARTICLE_ZHU = re.compile(r"(?<![显名编专原昭土巨论拙])著(?![名作述称录书者文])")
# 好象 and 好像 are both written; a converter to traditional characters writes the second.
_LIKE = re.compile(r"(?<![对印现气抽形表意景迹假想大])象(?![征棋牙形])")

Change = tuple[int, int, str]
"""A span [start, end) of a text, and what it is read as."""


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text and, for each of its characters, the place in the text as given (None: the same place)."""

    text: str
    original: str
    offsets: Sequence[int] | None = None
    ends: Sequence[int] | None = None
    """Where each character ends in the text as given, when some stand for several (None: one place further)."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the text as given that a span [start, end) of the folded text came from."""
        if self.offsets is None or start >= end:
            return start, end
        last = self.offsets[end - 1] + 1 if self.ends is None else self.ends[end - 1]
        return self.offsets[start], last

    def edited(self, changes: Sequence[Change]) -> "Folded":
        """The text with these spans, in order and apart, read as something else; the way back stays."""
        if not changes:
            return self
        places = range(len(self.text)) if self.offsets is None else self.offsets
        stops = [place + 1 for place in places] if self.ends is None else self.ends
        pieces: list[str] = []
        offsets: list[int] = []
        ends: list[int] = []
        done = 0
        for start, end, read in changes:
            pieces += (self.text[done:start], read)
            offsets.extend(places[done:start])
            ends.extend(stops[done:start])
            offsets.extend([places[start]] * len(read))
            ends.extend([stops[end - 1]] * len(read))
            done = end
        pieces.append(self.text[done:])
        offsets.extend(places[done:])
        ends.extend(stops[done:])
        return Folded("".join(pieces), self.original, offsets, ends)


class _FoldTable(dict[int, str]):
    """One folded character for each code point, worked out when first met."""

    def __missing__(self, code: int) -> str:
        folded = _fold_char(chr(code))
        self[code] = folded if len(folded) == 1 else (_EXPANDED if folded else _DROPPED)
        return self[code]


@cache
def _converters() -> tuple[opencc.OpenCC, ...]:
    return tuple(opencc.OpenCC(name) for name in ("t2s", "tw2s", "hk2s"))


def _simplified(char: str) -> str:
    if char in _UNIFIED:
        return _UNIFIED[char]
    for converter in _converters():
        converted: str = converter.convert(char)
        if converted != char and len(converted) == 1:
            return converted
    return char


def _fold_char(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cs":
        return " "
    if char in "\t\n\r" or category in {"Zs", "Zl", "Zp"}:
        return "\n" if char in "\r\n\u2028\u2029" else " "
    if category in {"Cc", "Cf", "Cn", "Co"} or 0xFE00 <= ord(char) <= 0xFE0F:
        return ""
    folded = "".join(_simplified(part) for part in unicodedata.normalize("NFKC", char)).lower()
    # A few characters fold to a blank and a mark; the blank would part words that are one.
    return folded.strip() or " "


_TABLE = _FoldTable()


def _fold_slowly(text: str) -> tuple[str, list[int]]:
    chars: list[str] = []
    offsets: list[int] = []
    for place, char in enumerate(text):
        folded = _TABLE[ord(char)]
        if folded == _DROPPED:
            continue
        whole = _fold_char(char) if folded == _EXPANDED else folded
        chars.append(whole)
        offsets.extend([place] * len(whole))
    return _close_gaps("".join(chars), offsets)


def _close_gaps(text: str, offsets: list[int]) -> tuple[str, list[int]]:
    """Takes blanks away between two Chinese characters: 垃 圾 is read as one word."""
    kept: list[int] = []
    pieces: list[str] = []
    end = 0
    for gap in _CJK_GAP.finditer(text):
        pieces.append(text[end : gap.start()])
        kept.extend(offsets[end : gap.start()])
        end = gap.end()
    pieces.append(text[end:])
    kept.extend(offsets[end:])
    return "".join(pieces), kept


def fold(text: str) -> Folded:
    """The text in half width, lower case and simplified characters, without what cannot be seen."""
    read = _THANKS.sub("多谢", text) if "唔" in text else text
    folded = read.translate(_TABLE)
    offsets: list[int] | None = None
    if _DROPPED in folded or _EXPANDED in folded or " " in folded:
        folded, offsets = _fold_slowly(read)
    if "著" in folded:
        folded = _PARTICLE_ZHU.sub("着", folded)
    if "象" in folded:
        folded = _LIKE.sub("像", folded)
    for written, meant in _PHRASES:
        folded = folded.replace(written, meant)
    return Folded(folded, text, offsets)


def cut(text: str) -> list[str]:
    """The words of a folded text: jieba's dictionary and algorithm, run by rjieba."""
    words: list[str] = rjieba.cut(text, False)
    return words


def cut_reference(text: str) -> list[str]:
    """The same by jieba itself: slow, and what `cut` is held to."""
    words: list[str] = jieba.lcut(text, HMM=False)
    return words


def add_words(words: Iterable[str]) -> None:
    """Teaches words to both cutters."""
    for word in words:
        rjieba.add_word(word, None, None)
        jieba.add_word(word)
