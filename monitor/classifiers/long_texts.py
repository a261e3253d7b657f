"""Long posts by sentence: complaints hide in one clause of a long friendly post."""

import re

LONG = 160
"""Longer texts are also judged sentence by sentence."""
WORST_COUNTS = 0.5
"""How much of what the worst sentence adds is counted."""
MOST_SENTENCES = 24
"""So many of the likeliest sentences of a text are judged whole; linear heads choose them."""
_SHORTEST = 12
_SENTENCE = re.compile(r"[^。!?;\n…~]{1,400}[。!?;\n…~]{0,8}|[。!?;\n…~]{1,400}")

Span = tuple[int, int]


def sentence_spans(text: str) -> list[Span]:
    """Where the sentences of a text stand, the short ones joined to what follows."""
    spans: list[Span] = []
    start = 0
    for found in _SENTENCE.finditer(text):
        if found.end() - start >= _SHORTEST:
            spans.append((start, found.end()))
            start = found.end()
    return [*spans, (start, len(text))] if start < len(text) else spans
