"""The words of topics in a text, without those that only sound like it."""

from collections.abc import Sequence

from monitor.classifiers.lexicon import TopicWords
from monitor.classifiers.triggers import PatternIndex, alternatives

Found = tuple[str, int, int]


def _parts(rows: Sequence[tuple[str, Sequence[str]]]) -> tuple[PatternIndex, list[str]]:
    """An index of all alternatives, and the topic of each."""
    parts = [(name, part) for name, patterns in rows for pattern in patterns for part in alternatives(pattern)]
    return PatternIndex(part for _, part in parts), [name for name, _ in parts]


class TopicFinder:
    """Finds topics by their words in folded texts."""

    def __init__(self, topics: Sequence[TopicWords]) -> None:
        self._words, self._word_of = _parts([(topic.name, topic.words) for topic in topics])
        self._voids, self._void_of = _parts([(topic.name, topic.unless) for topic in topics])

    def find(self, text: str, chars: frozenset[str]) -> list[Found]:
        """(topic, start, end) in reading order; words of one topic that overlap count once."""
        found = sorted((start, -end, self._word_of[number]) for number, start, end in self._words.matches(text, chars))
        if not found:
            return []
        void = self._void(text, chars)
        kept: list[Found] = []
        taken: dict[str, int] = {}
        for start, minus_end, name in found:
            free = start >= taken.get(name, 0)
            if free and not any(start < end and begin < -minus_end for begin, end in void.get(name, ())):
                kept.append((name, start, -minus_end))
                taken[name] = -minus_end
        return kept

    def _void(self, text: str, chars: frozenset[str]) -> dict[str, list[tuple[int, int]]]:
        void: dict[str, list[tuple[int, int]]] = {}
        for number, start, end in self._voids.matches(text, chars):
            void.setdefault(self._void_of[number], []).append((start, end))
        return void
