"""Keyword queries: which posts a source is watched for.

    刹车 异响                 both (a blank, AND and 且 are the same)
    异响 OR 失灵              one of them (also 或 and |)
    刹车 -招聘                not this (also NOT and 非)
    (a OR b) c               brackets; without them NEAR binds closest, then NOT, then AND, then OR
    "刹车 异响"               a phrase
    刹车 NEAR/5 异响          at most five characters (Chinese) or words (Latin) between them; NEAR/5f in this order
    title: text: url:        where to look; without it, title and text are searched

What is written and what is searched are folded alike; the rules of finding are in `query_finding`.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from monitor.domain.errors import Invalid
from monitor.domain.query_finding import BORDER, Finder, Texts, fields_in, finder_of
from monitor.domain.query_nodes import All, Either, Field, InField, Near, Node, Not, Term, in_field, joined, needs_words
from monitor.domain.query_tokens import Mark, Token, refusal, tokens_of, words_in
from monitor.domain.query_wording import doubts_of, said, written

LONGEST_QUERY = 2_000
DEEPEST = 20

_OPERANDS = frozenset({Mark.WORD, Mark.PHRASE, Mark.OPEN, Mark.FIELD, Mark.NOT})
_OPERATORS = frozenset({Mark.AND, Mark.OR, Mark.NOT, Mark.NEAR, Mark.FIELD})


def plain_fold(text: str) -> str:
    """Width and case folded; enough where traditional characters need not be found by simplified ones."""
    return unicodedata.normalize("NFKC", text).lower()


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was read; two are equal when they ask for the same. `str` gives it as it is typed."""

    root: Node
    fold: Callable[[str], str] = field(default=plain_fold, compare=False, repr=False)
    doubts: tuple[str, ...] = field(default=(), compare=False)
    """What may not be meant as it was read, for the person who wrote it."""
    _finds: Finder = field(init=False, compare=False, repr=False)
    _asks_url: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_finds", finder_of(self.root, self.fold))
        object.__setattr__(self, "_asks_url", Field.URL in fields_in(self.root))

    def __str__(self) -> str:
        return written(self.root)

    def matches(self, title: str, text: str, url: str = "") -> bool:
        """Whether a post with these texts is one that the query asks for."""
        title, text = self.fold(title).replace(BORDER, " "), self.fold(text).replace(BORDER, " ")
        url = self.fold(url) if self._asks_url else ""
        return self._finds(Texts(title, text, url, f"{title}{BORDER}{text}" if title else text))


def parse_query(text: str, *, fold: Callable[[str], str] = plain_fold) -> Query:
    """The query that was written. Raises `Invalid` with the place and what to mend."""
    if len(text) > LONGEST_QUERY:
        raise Invalid(f"关键词太长了：最多 {LONGEST_QUERY} 个字，给了 {len(text)} 个。请去掉一些，或分到几个来源。")
    tokens = tokens_of(text)
    if not tokens:
        raise Invalid("还没有写要找的词。")
    root = _Parser(tokens, fold).whole()
    if not needs_words(root):
        raise Invalid(_why_pure(root))
    doubts = (doubts_of(words_in(token)) for token in tokens if token.mark is Mark.WORD)
    return Query(root, fold, tuple(dict.fromkeys(doubt for doubt in doubts if doubt)))


def explain(query: Query) -> str:
    """What the query asks for, in plain Chinese."""
    return said(query.root)


def _why_pure(root: Node) -> str:
    if isinstance(root, Either):
        return "“或”连起来的几项里，有一项只有排除，没有要找的词，这样几乎什么都会收进来。请给它加上要找的词。"
    return "只有排除，没有要找的词。请写上至少一个要找的词，例如 刹车 -招聘。"


class _Parser:
    """Reads the tokens from left to right, each once; its depth is that of the brackets, which is bounded."""

    def __init__(self, tokens: list[Token], fold: Callable[[str], str]) -> None:
        self._tokens, self._fold = tokens, fold
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        """The tree of all tokens."""
        node = self._either()
        if (token := self._peek()) is not None:
            raise refusal(token.place, "多了一个右括号，请去掉，或补上前面的左括号")
        return node

    def _peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, *marks: Mark) -> Token | None:
        token = self._peek()
        if token is None or token.mark not in marks:
            return None
        self._next += 1
        return token

    def _either(self) -> Node:
        nodes = [self._all()]
        while self._take(Mark.OR):
            nodes.append(self._all())
        return joined(Either, nodes)

    def _all(self) -> Node:
        nodes = [self._negated()]
        while self._take(Mark.AND) or ((token := self._peek()) and token.mark in _OPERANDS):
            nodes.append(self._negated())
        return joined(All, nodes)

    def _negated(self) -> Node:
        if self._take(Mark.NOT) is None:
            return self._near()
        if again := self._take(Mark.NOT):
            raise refusal(again.place, "连着写了两个排除，请去掉一个")
        return Not(self._near())

    def _near(self) -> Node:
        left = self._operand()
        sign = self._take(Mark.NEAR)
        if sign is None:
            return left
        right = self._operand()
        if again := self._take(Mark.NEAR):
            raise refusal(again.place, "NEAR 一次只连两边；第三个词请另写一组，例如 (a NEAR/5 b) AND (b NEAR/5 c)")
        return _near_of(sign, left, right)

    def _operand(self) -> Node:
        where = None
        while token := self._take(Mark.FIELD):
            where = token.field
        if token := self._take(Mark.WORD, Mark.PHRASE):
            return in_field(where, self._term(token))
        if token := self._take(Mark.OPEN):
            return in_field(where, self._bracket(token))
        raise self._missing()

    def _term(self, token: Token) -> Term:
        words = words_in(token)
        if not self._fold(words).strip():
            raise refusal(token.place, "这里没有看得见的字，请改成要找的词")
        return Term(words)

    def _bracket(self, opening: Token) -> Node:
        if self._depth >= DEEPEST:
            raise refusal(opening.place, f"括号套得太深（最多 {DEEPEST} 层），请拆开写")
        self._depth += 1
        node = self._either()
        self._depth -= 1
        if self._take(Mark.CLOSE) is None:
            raise refusal(opening.place, "括号没有收尾，请补上右括号")
        return node

    def _missing(self) -> Invalid:
        """Why there is no word where one was needed."""
        before = self._tokens[self._next - 1] if self._next else None
        here = self._peek()
        if before and before.mark in _OPERATORS:
            return refusal(before.place, f"“{before.written}”后面少了要找的词；若就是要找这个词，请加引号")
        if before and (here is None or here.mark is Mark.CLOSE):
            return refusal(before.place, "括号里没有词" if here else "括号没有收尾，请补上要找的词和右括号")
        assert here is not None
        if here.mark is Mark.CLOSE:
            return refusal(here.place, "多了一个右括号，请去掉，或补上前面的左括号")
        return refusal(here.place, f"“{here.written}”前面少了要找的词；若就是要找这个词，请加引号")


def _near_of(sign: Token, left: Node, right: Node) -> Node:
    """Two sides near each other; a field before the first side is meant for both."""
    where = left.field if isinstance(left, InField) else None
    if isinstance(right, InField) and right.field is not where:
        raise refusal(sign.place, "NEAR 两边要在同一栏里；请把栏名写在最前面，例如 title:刹车 NEAR/5 异响")
    sides = [node.node if isinstance(node, InField) else node for node in (left, right)]
    first, second = (_near_side(sign, node) for node in sides)
    return in_field(where, Near(first, second, sign.most, sign.ordered))


def _near_side(sign: Token, node: Node) -> Term | Either:
    if isinstance(node, Term):
        return node
    if isinstance(node, Either) and all(isinstance(part, Term) for part in node.nodes):
        return node
    raise refusal(sign.place, "NEAR 两边只能是词、短语，或括号里用“或”连起来的几个词")
