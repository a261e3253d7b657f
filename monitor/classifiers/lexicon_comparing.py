"""What a change of the word lists would find in posts, and what it would find no longer."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from monitor.classifiers.reading import Place, Reader

EXAMPLES = 5
_AROUND = 24
"""Characters shown on each side of the words."""

Span = tuple[int, int]
Key = tuple[str, str, str]


@dataclass(slots=True)
class LexiconChange:
    """One family, sign, rule or topic: how many posts it finds newly or no longer, and a few of them."""

    part: str
    key: str
    name: str
    gained: int = 0
    lost: int = 0
    gained_examples: list[str] = field(default_factory=list)
    lost_examples: list[str] = field(default_factory=list)


def _by_family(places: Iterable[Place]) -> dict[Key, list[Span]]:
    found: dict[Key, list[Span]] = {}
    for place in places:
        found.setdefault((place.part, place.key, place.name), []).append((place.start, place.end))
    return found


def _only_in(first: list[Span], second: list[Span]) -> list[Span]:
    """The spans of the first that no span of the second overlaps: a longer match at the same place is no news."""
    return [span for span in first if not any(span[0] < end and start < span[1] for start, end in second)]


def marked(text: str, spans: list[Span]) -> str:
    """The text with the words in 「」, cut short around the first of them."""
    first = min(spans)
    begin, stop = max(0, first[0] - _AROUND), min(len(text), first[1] + _AROUND)
    shown = sorted(span for span in set(spans) if span[1] <= stop)
    pieces, last = ["…" if begin else ""], begin
    for start, end in shown:
        if start >= last:
            pieces += [text[last:start], "「", text[start:end], "」"]
            last = end
    return "".join([*pieces, text[last:stop], "…" if stop < len(text) else ""]).replace("\n", " ")


class LexiconComparison:
    """Reads posts with two lexicons and keeps what differs."""

    def __init__(self, before: Reader, after: Reader) -> None:
        self._before = before
        self._after = after
        self._changes: dict[tuple[str, str], LexiconChange] = {}
        self.posts = 0

    def add(self, texts: Iterable[str]) -> None:
        """Reads more posts."""
        for text in texts:
            self.posts += 1
            before, after = (_by_family(reader.places(text)) for reader in (self._before, self._after))
            for key in before.keys() | after.keys():
                self._note(text, key, before.get(key, []), after.get(key, []))

    def _note(self, text: str, key: Key, before: list[Span], after: list[Span]) -> None:
        gained, lost = _only_in(after, before), _only_in(before, after)
        if not gained and not lost:
            return
        change = self._changes.setdefault(key[:2], LexiconChange(*key))
        if gained:
            change.gained += 1
            _show(change.gained_examples, text, gained)
        if lost:
            change.lost += 1
            _show(change.lost_examples, text, lost)

    def rows(self) -> list[LexiconChange]:
        """What changed, the most changed first."""
        return sorted(self._changes.values(), key=lambda each: (-(each.gained + each.lost), each.part, each.key))


def _show(examples: list[str], text: str, spans: list[Span]) -> None:
    if len(examples) < EXAMPLES:
        examples.append(marked(text, spans))
