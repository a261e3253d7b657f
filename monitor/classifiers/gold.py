"""What people said of the texts of a labelled set, in the one shape that measures are taken against."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.classifiers.datasets import (
    IGNORED,
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    RESEARCH_ONLY,
    Row,
    SetPlan,
    plan_for,
    rows_of,
    set_files,
)
from monitor.domain.verdicts import Expression

_SIDES = {NEGATIVE: NEGATIVE, NEUTRAL: NEUTRAL, POSITIVE: POSITIVE}
_UNJUDGED = frozenset(IGNORED) - frozenset(RESEARCH_ONLY)
_KINDS = frozenset(str(kind) for kind in Expression)


@dataclass(frozen=True, slots=True)
class GoldRow:
    """One text and what is known of it; "" and None: this row says nothing about that."""

    text: str
    context: str = ""
    polarity: str = ""
    expression: str = ""
    topics: frozenset[str] | None = None
    stances: frozenset[str] | None = None
    """Topic and polarity as 价格:negative."""


@dataclass(frozen=True, slots=True)
class Gold:
    """One labelled set; `inventory` has the topics that its annotators chose from."""

    name: str
    rows: tuple[GoldRow, ...]
    inventory: frozenset[str] = frozenset()


def _topics(row: Row, plan: SetPlan) -> frozenset[str] | None:
    named = row.get(plan.topic_column if plan.topics else "topics", "").split("|")
    topics = frozenset(plan.topics.get(name, "") if plan.topics else name for name in named) - {""}
    return topics or None


def _stances(row: Row, plan: SetPlan) -> frozenset[str] | None:
    pairs = [pair.rpartition(":") for pair in row.get("topic_polarity", "").split("|") if ":" in pair]
    named = frozenset(f"{plan.topics.get(name, name)}:{side}" for name, _, side in pairs if side in _SIDES)
    return named or None


def _expression(row: Row) -> str:
    named = row.get("kind") or row.get("expression") or row["label"].partition("_")[0]
    return named if named in _KINDS else ""


def _tells_kinds(row: Row) -> bool:
    return bool(row.get("kind") or row.get("expression")) or row["label"].startswith(("implicit_", "explicit_"))


def _gold_row(row: Row, plan: SetPlan, *, kinds: bool) -> GoldRow:
    return GoldRow(
        text=row["text"],
        context=row.get("context", ""),
        polarity=plan.every or plan.polarity.get(row["label"], ""),
        expression=_expression(row) if kinds else "",
        topics=_topics(row, plan),
        stances=_stances(row, plan),
    )


def gold_of(name: str, rows: Sequence[Row]) -> Gold | None:
    """The set in the shape of measures, None where its labels say nothing of dissatisfaction or topics."""
    plan = plan_for(name, rows)
    if plan is None:
        return None
    # "none" is a kind beside "implicit_negative", and no emotion beside "anger".
    kinds = any(map(_tells_kinds, rows))
    made = (_gold_row(row, plan, kinds=kinds) for row in rows)
    known = tuple(each for each in made if each.polarity or each.topics)
    inventory = frozenset(topic for each in known for topic in each.topics or ())
    return Gold(name, known, inventory) if known else None


def gold_sets(data: Path, limit: int | None) -> Iterator[Gold]:
    """The labelled sets of a folder, in order of name; a limit takes rows spread over the whole of each."""
    for name, path in set_files(data).items():
        gold = None if name in _UNJUDGED else gold_of(name, rows_of(path))
        if gold:
            yield thinned(gold, limit)


def thinned(gold: Gold, limit: int | None) -> Gold:
    """At most about `limit` rows of a set, evenly spread."""
    step = -(-len(gold.rows) // limit) if limit else 1
    return Gold(gold.name, gold.rows[::step], gold.inventory)
