"""Regions and dealers that a text names: longest match, and context where a name is an ordinary word or a brand too."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# 南京西路 is a street of some other town; 北京路边 and 上海路况 are not.
_STREET = re.compile("[东西南北中](?:路|大?街|大道)|路(?![上面况边口程段])|大街|大道")


@dataclass(frozen=True, slots=True)
class Found:
    """What a text names: provinces with the cities named in them, and dealers; each once, in order."""

    regions: tuple[str, ...] = ()
    dealers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guard:
    """A name that counts as a place only right before one of `after`, or right behind one of `before`."""

    regions: tuple[str, ...]
    after: tuple[str, ...]
    before: tuple[str, ...]

    def holds(self, text: str, start: int, end: int) -> bool:
        """Whether the name at [start, end) stands in such a context."""
        return text.startswith(self.after, end) or text.endswith(self.before, 0, start)


@dataclass(frozen=True, slots=True)
class DealerEntry:
    """A dealer as configured: its names in text, what only looks like one of them, where it is, who minds it."""

    name: str
    names: tuple[str, ...]
    unless: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    department: str = ""


class _Names:
    """Names looked for at once, the longest first; `blockers` are found and mean nothing."""

    def __init__(self, values: Mapping[str, tuple[str, ...]], blockers: Sequence[str]) -> None:
        self._values = values
        self._blockers = frozenset(blockers)
        words = sorted({*values, *blockers}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, words))) if words else None

    def matches(self, text: str) -> list[tuple[str, int, int]]:
        """Names with their spans, from left to right and apart."""
        found = self._pattern.finditer(text) if self._pattern else ()
        return [(m.group(), m.start(), m.end()) for m in found if m.group() not in self._blockers]

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._values[name]


class PlaceFinder:
    """Finds regions and dealers in folded text."""

    def __init__(
        self,
        regions: Mapping[str, tuple[str, ...]],
        guards: Mapping[str, Sequence[Guard]],
        not_places: Sequence[str],
        dealers: Sequence[DealerEntry],
    ) -> None:
        """`regions` maps a name as written to what it means, the province first: 广州 to (广东, 广州)."""
        self._guards = guards
        self._regions = _Names({**dict.fromkeys(guards, ()), **regions}, not_places)
        self._dealers = _Names(
            {name: (dealer.name, *dealer.regions) for dealer in dealers for name in dealer.names},
            [word for dealer in dealers for word in dealer.unless],
        )

    def find(self, text: str) -> Found:
        """What a folded text names."""
        dealers = [self._dealers[name] for name, _, _ in self._dealers.matches(text)]
        regions = [region for match in self._regions.matches(text) for region in self._meant(text, *match)]
        regions += [region for _, *own in dealers for region in own]
        return Found(tuple(dict.fromkeys(regions)), tuple(dict.fromkeys(name for name, *_ in dealers)))

    def names(self, text: str) -> list[str]:
        """Regions and dealers of a folded text, one after the other."""
        found = self.find(text)
        return [*found.regions, *found.dealers]

    def _meant(self, text: str, name: str, start: int, end: int) -> tuple[str, ...]:
        if _STREET.match(text, end):
            return ()
        if name in self._guards:
            return next((guard.regions for guard in self._guards[name] if guard.holds(text, start, end)), ())
        return self._regions[name]


NO_PLACES = PlaceFinder({}, {}, (), ())
