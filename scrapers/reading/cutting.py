"""Taking parts out of a post's HTML that its author did not write: quotes of others, previews, captions."""

from collections.abc import Iterable

from selectolax.lexbor import LexborNode


def cut(nodes: Iterable[LexborNode]) -> None:
    """Takes nodes, given in the document's order, out of their tree; one inside another goes with it."""
    taken: set[int] = set()
    for node in nodes:
        # What was inside a node already taken out is no longer there to be touched.
        if node.mem_id not in taken:
            taken.update(inner.mem_id for inner in node.css("*"))
            node.decompose()


def before(node: LexborNode) -> LexborNode | None:
    """The element right before `node`, blank text and comments passed over; None where words stand between."""
    found = node.prev
    while found is not None and (found.is_comment_node or (found.is_text_node and not (found.text() or "").strip())):
        found = found.prev
    return found if found is not None and found.is_element_node else None
