"""How good the word lists are on labelled sets: of each family its precision, its lift over chance, its coverage."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from monitor.classifiers.datasets import NEGATIVE, NEUTRAL, POSITIVE, Example, read_examples
from monitor.classifiers.evaluation import share_with_interval
from monitor.classifiers.reading import CUES, OUTRIGHT, OUTRIGHT_KINDS, SEVERITY, SPAM, SPAM_FROM, Reader, Reading

ALL = "全部"
ANY_CUE = "任一线索"
ANY_WORD = "任一明说的话"
AS_SPAM = "当作广告"
_IMPLICIT = "implicit_negative"

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class MeasuredFamily:
    """One family, sign or rule on one set, or on all of them together.

    `precision`: the share of its hits that are negative, with its 95 % interval. `base`: that share had the hits
    fallen at random on rows of the same sets. `coverage`: the share of all negative rows it hits; the same of the
    rows labelled as implicit, where a set has such. None where a measure does not apply.
    """

    part: str
    key: str
    name: str
    set: str
    rows: int
    hits: int
    hit_share: float
    precision: float | None = None
    precision_low: float | None = None
    precision_high: float | None = None
    base: float | None = None
    lift: float | None = None
    coverage: float | None = None
    implicit_coverage: float | None = None


@dataclass(slots=True)
class _Tally:
    """Counts of one set."""

    rows: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    implicit: int = 0
    hits: Counter[Key] = field(default_factory=Counter)
    negative: Counter[Key] = field(default_factory=Counter)
    implicit_hits: Counter[Key] = field(default_factory=Counter)

    @property
    def base(self) -> float:
        return self.labels[NEGATIVE] / max(1, self.rows)

    @property
    def mixed(self) -> bool:
        """Whether there is something to tell apart: negative rows and others."""
        return 0 < self.labels[NEGATIVE] < self.rows

    def add(self, example: Example, keys: Iterable[Key]) -> None:
        self.rows += 1
        self.labels[example.polarity] += 1
        implicit = example.label == _IMPLICIT
        self.implicit += implicit
        for key in set(keys):
            self.hits[key] += 1
            self.negative[key] += example.polarity == NEGATIVE
            self.implicit_hits[key] += implicit


def _keys(reading: Reading, names: dict[str, str]) -> Iterator[Key]:
    """What a reading counts for."""
    for cue in reading.cues:
        yield CUES, cue.family, names[cue.family]
        yield CUES, ANY_CUE, ANY_CUE
    for kind, _, _ in reading.explicit:
        yield OUTRIGHT, kind, OUTRIGHT_KINDS[kind]
        yield OUTRIGHT, ANY_WORD, ANY_WORD
    for sign in reading.spam_signs:
        yield SPAM, sign, sign
    if reading.spam >= SPAM_FROM:
        yield SPAM, AS_SPAM, AS_SPAM
    if reading.severity_reason:
        rule = reading.severity_reason.split("：", 1)[0]
        yield SEVERITY, rule, rule


def measure_lexicon(
    reader: Reader, data: Path, *, by_set: bool = False, limit: int | None = None, progress: Callable[[str], None]
) -> list[MeasuredFamily]:
    """The word lists on every labelled set of a folder, of each set at most `limit` rows; with `by_set` each apart."""
    examples = [
        each for each in read_examples(data, progress=progress) if each.polarity in (NEGATIVE, NEUTRAL, POSITIVE)
    ]
    tallies = {
        name: _tally(reader, list(rows), limit, progress)
        for name, rows in groupby(examples, key=lambda row: row.source)
    }
    rows = [row for name, tally in tallies.items() for row in _rows(name, [tally], reader)] if by_set else []
    return [*_rows(ALL, list(tallies.values()), reader), *rows]


def _tally(reader: Reader, rows: Sequence[Example], limit: int | None, progress: Callable[[str], None]) -> _Tally:
    """Rows are taken at even distances, so that a set sorted by label is still judged as a whole."""
    step = max(1, len(rows) // limit) if limit else 1
    tally = _Tally()
    for example in rows[::step][:limit]:
        tally.add(example, _keys(reader.read(example.text), reader.family_names))
    progress(f"{rows[0].source}: 读了 {tally.rows} 条")
    return tally


def _rows(name: str, tallies: Sequence[_Tally], reader: Reader) -> list[MeasuredFamily]:
    """The families in the order of the lists; those without a hit stand only on the whole, precision on mixed sets."""
    mixed = [tally for tally in tallies if tally.mixed]
    keys = [key for key in _every_key(reader) if name == ALL or any(tally.hits[key] for tally in tallies)]
    return [
        _measured(key, name, mixed) if key[0] in (CUES, OUTRIGHT) else _counted(key, name, tallies)
        for key in keys
        if mixed or key[0] not in (CUES, OUTRIGHT)
    ]


def _every_key(reader: Reader) -> list[Key]:
    cues = [(CUES, key, name) for key, name in reader.family_names.items()]
    outright = [(OUTRIGHT, kind, name) for kind, name in OUTRIGHT_KINDS.items()]
    spam = [(SPAM, name, name) for name in (*reader.spam_names, AS_SPAM)]
    severity = [(SEVERITY, name, name) for name in reader.severity_names]
    return [*cues, (CUES, ANY_CUE, ANY_CUE), *outright, (OUTRIGHT, ANY_WORD, ANY_WORD), *spam, *severity]


def _counted(key: Key, name: str, tallies: Sequence[_Tally]) -> MeasuredFamily:
    """How often an advertisement's sign or a severity rule is met: in real reviews, a rate of false alarms."""
    rows, hits = sum(tally.rows for tally in tallies), sum(tally.hits[key] for tally in tallies)
    return MeasuredFamily(*key, name, rows, hits, hits / max(1, rows))


def _measured(key: Key, name: str, tallies: Sequence[_Tally]) -> MeasuredFamily:
    rows, hits = sum(tally.rows for tally in tallies), sum(tally.hits[key] for tally in tallies)
    negative = sum(tally.negative[key] for tally in tallies)
    precision, low, high = share_with_interval(negative, hits)
    base = sum(tally.base * tally.hits[key] for tally in tallies) / hits if hits else None
    all_negative = sum(tally.labels[NEGATIVE] for tally in tallies)
    implicit = sum(tally.implicit for tally in tallies)
    return MeasuredFamily(
        *key,
        name,
        rows,
        hits,
        hits / max(1, rows),
        precision=precision if hits else None,
        precision_low=low if hits else None,
        precision_high=high if hits else None,
        base=base,
        lift=precision / base if base else None,
        coverage=negative / all_negative if all_negative else None,
        implicit_coverage=sum(tally.implicit_hits[key] for tally in tallies) / implicit if implicit else None,
    )
