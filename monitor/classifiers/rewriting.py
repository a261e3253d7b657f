"""Words read as other words before anything is judged: evasions as what they stand for, names as a blank mark."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.classifiers.gaps import HAN, GapCloser
from monitor.classifiers.sieve import Sieve, Sifted
from monitor.classifiers.tokens import Change, Folded

THING = "◇"
"""Stands for a maker, a model, a dealer: whose it is decides nothing."""
PERSON = "○"
"""Stands for the name of a person."""

_ASCII = re.compile(r"[a-z0-9 ]{2,20}")
_JOINT = 1

Rule = tuple[str, str]
"""A pattern, and what it is read as."""


def bounded(pattern: str) -> str:
    """The pattern not in the middle of a Latin word; Latin letters alone may stand apart by blanks or points."""
    if not re.match("[a-z]", pattern):
        return pattern
    if not _ASCII.fullmatch(pattern):
        return f"(?<![a-z0-9]){pattern}"
    letters = pattern.replace(" ", "")
    spread = "[ .·*_-]{0,2}" if len(letters) <= 3 and letters.isalpha() else " ?" if " " in pattern else ""
    return "(?<![a-z0-9])" + spread.join(letters) + "(?![a-z])"


@dataclass(frozen=True, slots=True)
class People:
    """What names of persons are made of."""

    surnames: str
    familiar: str
    """Surnames that follow 小 and 老."""
    titles: tuple[str, ...]


_BEFORE_NAME = "找叫是的和跟给问有位谢说听见请由被让从店,。!?;: 、"
_AFTER_TITLE = "售问傅理员服"
_AFTER_NAME = "[,。!?;说很的给帮也就真太服态跟和告接]"
_NO_NAME = "[子期额同梅汉列女粉氏式志醋旧师桥国]"


def person_pattern(people: People) -> str:
    """What a name of a person looks like: 王(经理), 李建国(师傅), (顾问)张丽娜(说), 小王, 老李."""
    title = "(?=" + "|".join(people.titles) + ")"
    names, given = f"[{people.surnames}]", f"[{HAN}]{{1,2}}"
    begun = f"(?:(?<=^{names})|(?<=[{_BEFORE_NAME}]{names}))"
    after = f"(?<=[{_AFTER_TITLE}]{names})"
    return (
        f"{names}(?:{title}|{begun}{given}{title}|{after}{given}(?={_AFTER_NAME}))"
        f"|[小老][{people.familiar}](?!{_NO_NAME})"
    )


# 哈弗(H6), 理想(L9), 宋(PLUS DM-i): what a model is called after its name.
_CODE = re.compile(r"(?:[ -]?(?:[a-z]{1,4}-?\d{1,3}|plus|pro|max|dm-?i|ev|phev|hev)(?![a-z0-9])){1,2}")
_SHOPS = ("4s", "汽贸", "汽车销售", "经销商", "汽车城", "名车")
_NO_SHOP = (
    "这那家个的了是有没不去到在找给和跟我你他们店本当地附近其哪某每全各原对问让被把也都就还又再多少几次边旁隔壁楼上下"
    "售后官方厂正规大小老新市区县省国内外同别叫打送回过想说从由与及或等向请"
)
# 在(鸿翔)4S店: what stands between a small word and the kind of shop is what the shop is called.
_SHOP_NAME = re.compile(
    rf"(?:^|(?<=[在去到找从是让被,。!?;:\n ]))(?![{HAN}]{{0,3}}[{_NO_SHOP}])[{HAN}]{{2,4}}(?=(?:{'|'.join(_SHOPS)}))"
)


class Rewriter:
    """Finds evasions and names, and says what they are read as."""

    def __init__(self, rules: Sequence[Rule], people: People, sieve: Sieve) -> None:
        self._reads = [read for _, read in rules]
        self._finds = sieve.add(bounded(pattern) for pattern, _ in rules)
        self._shops = sieve.add(_SHOPS)
        self._people = re.compile(person_pattern(people))

    def changes(self, text: str, sifted: Sifted) -> list[Change]:
        """What is read otherwise, in order and apart; of several the longest, maker and model as one."""
        found = [self._named(text, number, start, end) for number, start, end in self._finds.matches(text, sifted)]
        found += [(*match.span(), PERSON) for match in self._people.finditer(text)]
        if self._shops.meets(text, sifted):
            found += [(*match.span(), THING) for match in _SHOP_NAME.finditer(text)]
        kept: list[Change] = []
        for start, end, read in sorted(found, key=lambda each: (each[0], -each[1])):
            if not kept or start >= kept[-1][1] + (_JOINT + 1) * (read == kept[-1][2] == THING):
                kept.append((start, end, read))
            elif start >= kept[-1][1]:
                kept[-1] = (kept[-1][0], end, read)
        return kept

    def _named(self, text: str, number: int, start: int, end: int) -> Change:
        read = self._reads[number]
        code = _CODE.match(text, end) if read == THING else None
        return start, code.end() if code else end, read


class Plain:
    """Folded text made plain: gaps closed, evasions read as what they stand for, names as marks."""

    def __init__(self, rules: Sequence[Rule], people: People, words: Iterable[str], sieve: Sieve) -> None:
        self._sieve = sieve
        self._rewriter = Rewriter(rules, people, sieve)
        self._closer = GapCloser(words)

    def read(self, folded: Folded) -> tuple[Folded, Sifted]:
        """The text to be judged, whose spans lead back to the text as given, and what is worth trying on it."""
        closed = folded.edited(self._closer.changes(folded.text))
        sifted = self._sieve.sift(closed.text)
        read = closed.edited(self._rewriter.changes(closed.text, sifted))
        return read, sifted if read is closed else self._sieve.sift(read.text)
