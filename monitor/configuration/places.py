"""The lists of regions and dealers in `config/`, as the domain looks for them in texts."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.domain.errors import ConfigError
from monitor.domain.places import DealerEntry, Guard
from monitor.tables import Table, folded, refuse_repeats


@dataclass(frozen=True, slots=True)
class Regions:
    """What `regions.toml` says: names in use, names as written in texts, and those that need a context."""

    meanings: Mapping[str, tuple[str, ...]]
    written: Mapping[str, tuple[str, ...]]
    guards: Mapping[str, tuple[Guard, ...]]
    not_places: tuple[str, ...]


def read_regions(table: Table) -> Regions:
    """What `regions.toml` says. Raises `ConfigError` naming file, key and what was expected."""
    meanings: dict[str, tuple[str, ...]] = {}
    for row in table.tables("province"):
        name = row.take("name", str)
        refuse_repeats(row.place, (name, *(city for city in row.words("cities") if city != name)))
        meanings |= {city: (name, city) for city in row.words("cities")} | {name: (name,)}
        row.finish()
    context = table.table("context")
    usual = (context.words("after"), context.words("before"))
    context.finish()
    guards: dict[str, tuple[Guard, ...]] = {}
    for row in table.tables("guarded"):
        name, guard = _guard(row, meanings, usual)
        guards[name] = (*guards.get(name, ()), guard)
    also = {name: meanings[region] for name, region in _also(table.table("also"), meanings)}
    regions = Regions(meanings, meanings | also, guards, table.words("not_places"))
    table.finish()
    return regions


def _guard(
    row: Table, meanings: Mapping[str, tuple[str, ...]], usual: tuple[tuple[str, ...], tuple[str, ...]]
) -> tuple[str, Guard]:
    name = row.take("name", str)
    region = row.choice("region", meanings, name)
    after, before = row.words("after"), row.words("before")
    row.finish()
    return name, Guard(meanings[region], *((after, before) if after or before else usual))


def _also(table: Table, meanings: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(name, table.choice(name, meanings)) for name in table.items()]


def read_dealers(
    table: Table, regions: Mapping[str, tuple[str, ...]], departments: set[str]
) -> tuple[DealerEntry, ...]:
    """What `dealers.toml` says. Raises `ConfigError` naming file, key and what was expected."""
    dealers = tuple(_dealer(row, regions, departments) for row in table.tables("dealer"))
    table.finish()
    refuse_repeats(table.place, (name for dealer in dealers for name in dealer.names))
    return dealers


def _dealer(row: Table, regions: Mapping[str, tuple[str, ...]], departments: set[str]) -> DealerEntry:
    name = row.take("name", str)
    region = row.choice("region", ("", *regions), "")
    dealer = DealerEntry(
        name=name,
        names=tuple(dict.fromkeys(folded((name, *row.words("aliases"))))),
        unless=folded(row.words("unless")),
        regions=regions.get(region, ()),
        department=row.choice("department", ("", *sorted(departments)), ""),
    )
    row.finish()
    if any(len(each) < 2 for each in dealer.names):
        raise ConfigError(f"{row.place}：name 和 aliases 应至少两个字，“{name}”里有更短的")
    return dealer
