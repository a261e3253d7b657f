"""A keyword query cut into its marks: words, phrases, operators and brackets, each with its place."""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from monitor.domain.errors import Invalid
from monitor.domain.query_nodes import Field
from monitor.domain.text import clean_text

MOST_BETWEEN = 200
LONGEST_TERM = 100

FIELDS = {
    "title": Field.TITLE,
    "标题": Field.TITLE,
    "text": Field.TEXT,
    "正文": Field.TEXT,
    "url": Field.URL,
    "网址": Field.URL,
}


class Mark(Enum):
    """What a token is."""

    WORD = "word"
    PHRASE = "phrase"
    OPEN = "("
    CLOSE = ")"
    AND = "and"
    OR = "or"
    NOT = "not"
    NEAR = "near"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class Token:
    """One mark of a query as it was written; `place` counts from 1."""

    mark: Mark
    place: int
    written: str
    field: Field | None = None
    most: int = 0
    ordered: bool = False


_OPERATORS = {"AND": Mark.AND, "且": Mark.AND, "OR": Mark.OR, "或": Mark.OR, "NOT": Mark.NOT, "非": Mark.NOT}
_SINGLE = {"(": Mark.OPEN, "（": Mark.OPEN, ")": Mark.CLOSE, "）": Mark.CLOSE}
_ALIKE = '"“”＂'
# An input method turns quotation marks round as it likes, so any of the four closes any of them.
_CLOSING = {**dict.fromkeys(_ALIKE, _ALIKE), "「": "」", "『": "』"}
_BARE = re.compile(r'[^\s()（）"“”＂「」『』|｜]+')
_BARS = re.compile(r"[|｜]+")
_FIELD = re.compile(r"([^\W\d_]+)[:：]")
_DASHES = "-－"
_NEAR = re.compile(r"NEAR/([0-9]{1,4})(F?)")
_LIKE_NEAR = re.compile(r"NEAR(?:/.*|[0-9]+F?)?")
_SEPARATOR = re.compile(r"[，、；;]|(?<![0-9]),|,(?![0-9])")
_NO_FIELD = {
    **dict.fromkeys(("author", "作者", "user", "用户"), "作者不保存，不能按作者找"),
    **dict.fromkeys(("site", "domain", "host", "link", "网站"), "要按网址找，请写 url:"),
    **dict.fromkeys(("body", "content", "内容"), "要在正文里找，请写 text:"),
    **dict.fromkeys(("subject", "headline"), "要在标题里找，请写 title:"),
}


def refusal(place: int, why: str) -> Invalid:
    """The error that says where in the query something is wrong, and how to mend it."""
    return Invalid(f"第 {place} 个字：{why}")


def tokens_of(text: str) -> list[Token]:
    """The marks of a query in order. Raises `Invalid` for what cannot be read."""
    found: list[Token] = []
    place = 0
    while place < len(text):
        character = text[place]
        if character.isspace():
            place += 1
        elif character in _SINGLE:
            found.append(Token(_SINGLE[character], place + 1, character))
            place += 1
        elif character in _CLOSING:
            token = _phrase(text, place)
            found.append(token)
            place += len(token.written)
        elif bars := _BARS.match(text, place):
            found.append(Token(Mark.OR, place + 1, bars[0]))
            place = bars.end()
        elif bare := _BARE.match(text, place):
            found += _bare_tokens(bare[0], place + 1, text[bare.end() : bare.end() + 1])
            place = bare.end()
        else:
            raise refusal(place + 1, f"多了一个“{character}”，请去掉，或补上前面的引号")
    return found


def words_in(token: Token) -> str:
    """What a word or phrase looks for, its blanks made single and nothing invisible in it."""
    written = token.written[1:-1] if token.mark is Mark.PHRASE else token.written
    return " ".join(clean_text(written).split())


def reads_as_word(words: str) -> bool:
    """Whether these words, typed without quotation marks, are one word and no operator."""
    return words.isalnum() and not _LIKE_NEAR.fullmatch(_folded(words)) and _folded(words) not in _OPERATORS


def _folded(run: str) -> str:
    return unicodedata.normalize("NFKC", run).upper()


def _phrase(text: str, start: int) -> Token:
    end = next((i for i in range(start + 1, len(text)) if text[i] in _CLOSING[text[start]]), 0)
    if not end:
        raise refusal(start + 1, "引号没有收尾，请补上另一半引号")
    token = Token(Mark.PHRASE, start + 1, text[start : end + 1])
    if not words_in(token):
        raise refusal(start + 1, "引号里没有字，请写上要找的词，或去掉这对引号")
    return _checked(token)


def _bare_tokens(run: str, place: int, after: str) -> list[Token]:
    """The marks in a run without blanks: `-title:刹车` is three. `after` is the character behind the run."""
    found: list[Token] = []
    while run:
        token = _first_of(run, place)
        found.append(token)
        run, place = run[len(token.written) :], place + len(token.written)
    if found[-1].written in _DASHES and (not after or after.isspace()):
        raise refusal(found[-1].place, "“-”后面要紧跟要排除的词，中间不留空格，例如 -招聘")
    return found


def _first_of(run: str, place: int) -> Token:
    if run[0] in _DASHES:
        return Token(Mark.NOT, place, run[0])
    folded = _folded(run)
    if folded in _OPERATORS:
        return Token(_OPERATORS[folded], place, run)
    if _LIKE_NEAR.fullmatch(folded):
        return _near(run, folded, place)
    if named := _FIELD.match(run):
        name = unicodedata.normalize("NFKC", named[1]).lower()
        if name in FIELDS:
            return Token(Mark.FIELD, place, named[0], field=FIELDS[name])
        if name in _NO_FIELD:
            raise refusal(place, f"没有“{named[1]}”这一栏：{_NO_FIELD[name]}；若就是要找这几个字，请加引号")
    return _word(run, place)


def _near(run: str, folded: str, place: int) -> Token:
    read = _NEAR.fullmatch(folded)
    if read is None:
        raise refusal(place, "NEAR 要写成 NEAR/数字，例如 NEAR/5（要分先后写 NEAR/5f）；若就是要找这个词，请加引号")
    if int(read[1]) > MOST_BETWEEN:
        raise refusal(place, f"NEAR 的距离最多 {MOST_BETWEEN}，给的是 {int(read[1])}")
    return Token(Mark.NEAR, place, run, most=int(read[1]), ordered=bool(read[2]))


def _word(run: str, place: int) -> Token:
    mark = _SEPARATOR.search(run)
    if mark:
        # Read as part of the word, such a query would find nothing for ever, and nobody would learn why.
        raise refusal(
            place + mark.start(),
            f"“{mark[0]}”分不清是“且”还是“或”；都要有请用空格隔开，有一个就行请用“或”，要连标点一起找请加引号",
        )
    return _checked(Token(Mark.WORD, place, run))


def _checked(token: Token) -> Token:
    if len(words_in(token)) > LONGEST_TERM:
        raise refusal(token.place, f"这个词太长了（最多 {LONGEST_TERM} 个字），请只写关键的几个字")
    return token
