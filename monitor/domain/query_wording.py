"""A query in words: as it is written down, and as it is explained to a person."""

import unicodedata

from monitor.domain.query_nodes import All, Either, Field, InField, Near, Node, Not, Term
from monitor.domain.query_tokens import reads_as_word

_FIELD_NAMES = {Field.TITLE: "标题", Field.TEXT: "正文", Field.URL: "网址"}
_QUOTES = (('"', '"', '"“”＂'), ("「", "」", "」"), ("『", "』", "』"))


def written(node: Node) -> str:
    """The query as it is typed; reading it again gives the same tree."""
    match node:
        case Term():
            return _written_term(node.words)
        case Either():
            return " OR ".join(written(part) for part in node.nodes)
        case All():
            return " ".join(_bracketed(part) if isinstance(part, Either) else written(part) for part in node.nodes)
        case Not():
            return f"-{_written_inside(node.node)}"
        case Near():
            sign = f"NEAR/{node.most}{'f' if node.ordered else ''}"
            return f"{_written_inside(node.left)} {sign} {_written_inside(node.right)}"
    return f"{node.field.value}:{_written_inside(node.node)}"


def _written_inside(node: Node) -> str:
    return _bracketed(node) if isinstance(node, (All, Either, Not)) else written(node)


def _bracketed(node: Node) -> str:
    return f"({written(node)})"


def _written_term(words: str) -> str:
    if reads_as_word(words):
        return words
    # A phrase was read between one of these pairs, so one of them does not occur in it.
    opening, closing = next((a, b) for a, b, marks in _QUOTES if not any(mark in words for mark in marks))
    return f"{opening}{words}{closing}"


def said(node: Node, where: str = "") -> str:
    """What the query asks for, in plain Chinese; `where` is the field that the words are looked for in."""
    match node:
        case Term():
            return f"{where}含{_named(node)}"
        case Either() | All():
            return _said_several(node, where)
        case Not():
            return _said_not(node.node, where)
        case Near():
            return _said_near(node, where)
    return said(node.node, _FIELD_NAMES[node.field])


def _said_several(node: Either | All, where: str) -> str:
    if isinstance(node, Either):
        if _is_terms(node):
            return f"{where}含{_named(node)}"
        return "，或者".join(_said_inside(part, where) for part in node.nodes)
    first, *rest = (_said_inside(part, where) for part in node.nodes)
    signs = ("，" if isinstance(part, Not) else "，且" for part in node.nodes[1:])
    return first + "".join(f"{sign}{clause}" for sign, clause in zip(signs, rest, strict=True))


def _said_inside(node: Node, where: str) -> str:
    whole = node.node if isinstance(node, InField) else node
    clause = said(node, where)
    return f"（{clause}）" if isinstance(whole, All) or (isinstance(whole, Either) and not _is_terms(whole)) else clause


def _said_not(node: Node, where: str) -> str:
    if isinstance(node, InField):
        return _said_not(node.node, _FIELD_NAMES[node.field])
    if isinstance(node, Term):
        return f"{where}不含{_named(node)}"
    if isinstance(node, Either) and _is_terms(node):
        return f"{where}不含{'、'.join(_named(part) for part in node.nodes)}中的任何一个"
    return f"不能是这样：（{said(node, where)}）"


def _said_near(node: Near, where: str) -> str:
    left, right = _named(node.left), _named(node.right)
    place = f"{where}里" if where else ""
    if node.ordered:
        return f"{place}{left}后面" + (f" {node.most} 个字以内有{right}" if node.most else f"紧跟{right}")
    return f"{place}{left}与{right}" + (f"相隔不超过 {node.most} 个字" if node.most else "紧挨着")


def _named(node: Node) -> str:
    if isinstance(node, Term):
        return f"“{node.words}”"
    assert isinstance(node, Either)
    return "或".join(_named(part) for part in node.nodes)


def _is_terms(node: Either) -> bool:
    return all(isinstance(part, Term) for part in node.nodes)


def doubts_of(words: str) -> str:
    """Why a bare word may not be what its writer meant, or ""."""
    plain = unicodedata.normalize("NFKC", words).lower()
    for sign in ("或", "且", "非"):
        if sign in plain[1:-1]:
            return f"“{words}”当作一个词来找；里面的“{sign}”若是连接词，请在它两边留空格"
    return f"“{words}”当作一个词来找；若要连接两边的词，请改用“且”" if plain in ("和", "与", "及", "&", "&&") else ""
