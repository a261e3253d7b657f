"""What a keyword query is made of: a small tree of frozen values, and the form in which it is written down."""

from dataclasses import dataclass
from enum import Enum


class Field(Enum):
    """A part of a post that a word may be looked for in; without one, title and text are searched."""

    TITLE = "title"
    TEXT = "text"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase as it was written, its blanks made single."""

    words: str


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of two or more."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class All:
    """Every one of two or more."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of its node."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class Near:
    """Two terms (or one of several on a side) with at most `most` units between them, in this order if `ordered`."""

    left: Term | Either
    right: Term | Either
    most: int
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class InField:
    """A node whose terms are looked for in one field alone."""

    field: Field
    node: "Node"


Node = Term | Either | All | Not | Near | InField


def joined(kind: type[All] | type[Either], nodes: list[Node]) -> Node:
    """One node of several: flat, so that brackets that change nothing leave no trace."""
    if len(nodes) == 1:
        return nodes[0]
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, kind) else (node,))
    return kind(tuple(flat))


def in_field(field: Field | None, node: Node) -> Node:
    """The node within a field; of two fields around the same node the inner one counts."""
    return node if field is None or isinstance(node, InField) else InField(field, node)


def needs_words(node: Node) -> bool:
    """Whether a post must contain something that is looked for; False when leaving words out is enough to match."""
    return not _holds_for_nothing(node)


def _holds_for_nothing(node: Node) -> bool:
    """What the node says of a post that has none of its words."""
    match node:
        case Not():
            return not _holds_for_nothing(node.node)
        case InField():
            return _holds_for_nothing(node.node)
        case All():
            return all(_holds_for_nothing(part) for part in node.nodes)
        case Either():
            return any(_holds_for_nothing(part) for part in node.nodes)
    return False
