"""The words of topics in a text, without those that only sound like it."""

import re
from collections.abc import Sequence

from monitor.classifiers.lexicon import TopicWords
from monitor.classifiers.sieve import Sieve, Sifted
from monitor.classifiers.triggers import alternatives

Found = tuple[str, int, int]


def _finder(patterns: Sequence[str]) -> re.Pattern[str]:
    """One pattern for all that is tried together, and only where the topic was met."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


class TopicFinder:
    """Finds topics by their words in folded texts."""

    def __init__(self, topics: Sequence[TopicWords], sieve: Sieve) -> None:
        rows = [(topic.name, part) for topic in topics for word in topic.words for part in alternatives(word)]
        self._words = sieve.add(part for _, part in rows)
        self._word_of = [name for name, _ in rows]
        self._voids = {topic.name: (sieve.add(topic.unless), _finder(topic.unless)) for topic in topics if topic.unless}

    def find(self, text: str, sifted: Sifted) -> list[Found]:
        """(topic, start, end) in reading order; words of one topic that overlap count once."""
        found = [(start, -end, self._word_of[number]) for number, start, end in self._words.matches(text, sifted)]
        void = {name: self._void(name, text, sifted) for name in {name for _, _, name in found}}
        kept: list[Found] = []
        taken: dict[str, int] = {}
        for start, minus_end, name in sorted(found):
            free = start >= taken.get(name, 0)
            if free and not any(start < end and begin < -minus_end for begin, end in void[name]):
                kept.append((name, start, -minus_end))
                taken[name] = -minus_end
        return kept

    def _void(self, name: str, text: str, sifted: Sifted) -> list[tuple[int, int]]:
        if name not in self._voids:
            return []
        patterns, finder = self._voids[name]
        return [match.span() for match in finder.finditer(text)] if patterns in sifted else []
