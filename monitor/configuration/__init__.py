"""What `config/*.toml` says, as values the domain understands; anything unknown or contradictory stops the start."""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.configuration.places import read_dealers, read_regions
from monitor.configuration.sources import SourceEntry, read_sources
from monitor.domain.alerts import AlertRule, Event, Recipient
from monitor.domain.business_hours import BusinessHours
from monitor.domain.errors import ConfigError
from monitor.domain.places import DealerEntry, PlaceFinder
from monitor.domain.routing import RoutingRule, words_pattern
from monitor.domain.sla import SlaPolicy, SlaTerms
from monitor.domain.verdicts import Severity
from monitor.tables import Table, folded, read_toml, refuse_repeats

_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
CHANNELS = ("mail",)


@dataclass(frozen=True, slots=True)
class DepartmentEntry:
    """A department as configured."""

    name: str
    email: str
    fallback: bool
    parent: str = ""
    """The division it belongs to, itself a department; "" for none."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that `config/` says besides the settings."""

    folder: Path
    departments: tuple[DepartmentEntry, ...]
    routing_rules: tuple[RoutingRule, ...]
    terms: SlaTerms
    hours: BusinessHours
    alert_rules: tuple[AlertRule, ...]
    sources: tuple[SourceEntry, ...]
    places: PlaceFinder

    def division(self, department: str) -> str:
        """The name of the division a department belongs to, "" for none."""
        return next((entry.parent for entry in self.departments if entry.name == department), "")

    @property
    def fallback(self) -> str:
        """The department that takes what nothing else decides."""
        return next(entry.name for entry in self.departments if entry.fallback)


def load_configuration(folder: Path, zone: ZoneInfo) -> Configuration:
    """The configuration in a folder. Raises `ConfigError` naming file, key and what was expected."""
    departments = _departments(read_toml(folder / "departments.toml"))
    sources = read_sources(read_toml(folder / "sources.toml"), folder)
    sla = read_toml(folder / "sla.toml")
    regions = read_regions(read_toml(folder / "regions.toml"))
    dealers = read_dealers(read_toml(folder / "dealers.toml"), regions.meanings, {d.name for d in departments})
    rules = _routing_rules(read_toml(folder / "routing.toml"), departments, regions.meanings, dealers)
    configuration = Configuration(
        folder=folder,
        departments=departments,
        routing_rules=rules + _dealer_rules(dealers),
        terms=_terms(sla),
        hours=_hours(sla.table("hours"), zone),
        alert_rules=_alert_rules(read_toml(folder / "alerts.toml")),
        sources=sources,
        places=PlaceFinder(regions.written, regions.guards, regions.not_places, dealers),
    )
    sla.finish()
    return configuration


def _departments(table: Table) -> tuple[DepartmentEntry, ...]:
    entries = tuple(_department(row) for row in table.tables("department"))
    table.finish()
    refuse_repeats(table.place, (entry.name for entry in entries))
    if sum(entry.fallback for entry in entries) != 1:
        raise ConfigError(f"{table.place}：恰好要有一个部门写 fallback = true（兜底部门）")
    _refuse_odd_parents(table.place, {entry.name: entry.parent for entry in entries})
    return entries


def _refuse_odd_parents(place: str, parents: Mapping[str, str]) -> None:
    """Raises `ConfigError` for a parent that is no department, and for departments that are above themselves."""
    for name, parent in parents.items():
        if parent and parent not in parents:
            raise ConfigError(f"{place}：部门“{name}”的 parent 应是这里的一个部门，给的是 {parent!r}")
        above, seen = parent, {name}
        while above and above not in seen:
            seen.add(above)
            above = parents.get(above, "")
        if above:
            raise ConfigError(f"{place}：部门“{name}”的 parent 绕成了圈：{name} → {parent}")


def _department(row: Table) -> DepartmentEntry:
    entry = DepartmentEntry(
        row.take("name", str),
        row.take("email", str, ""),
        row.take("fallback", bool, False),
        row.take("parent", str, ""),
    )
    row.finish()
    if entry.email and not _ADDRESS.fullmatch(entry.email):
        raise ConfigError(f"{row.place}：email 应为邮箱地址，给的是 {entry.email!r}")
    return entry


def _routing_rules(
    table: Table,
    departments: Sequence[DepartmentEntry],
    regions: Mapping[str, tuple[str, ...]],
    dealers: Sequence[DealerEntry],
) -> tuple[RoutingRule, ...]:
    desks = {entry.name: entry.name for entry in departments}
    desks |= {f"{entry.parent}/{entry.name}": entry.name for entry in departments if entry.parent}
    names = {dealer.name for dealer in dealers}
    rules = tuple(_routing_rule(row, desks, regions, names) for row in table.tables("rule"))
    table.finish()
    refuse_repeats(table.place, (rule.name for rule in rules))
    return rules


def _routing_rule(
    row: Table, desks: Mapping[str, str], regions: Mapping[str, tuple[str, ...]], dealers: set[str]
) -> RoutingRule:
    rule = RoutingRule(
        name=row.take("name", str),
        department=desks[row.choice("department", desks)],
        any_words=words_pattern(folded(row.words("any"))),
        all_words=folded(row.words("all")),
        no_words=words_pattern(folded(row.words("none"))),
        topics=frozenset(row.words("topics")),
        sources=frozenset(row.words("sources")),
        severity=_severity(row) if "severity" in row else None,
        regions=_known(row, "regions", regions, "regions.toml 里的省或城市"),
        dealers=_known(row, "dealers", dealers, "dealers.toml 里的经销商"),
    )
    row.finish()
    stated = (rule.topics, rule.sources, rule.severity, rule.regions, rule.dealers)
    if not (rule.any_words or rule.all_words or any(stated)):
        raise ConfigError(f"{row.place}：规则“{rule.name}”没有任何条件，会吃掉所有投诉")
    return rule


def _known(row: Table, key: str, known: Container[str], what: str) -> frozenset[str]:
    """A list of names that are all known. Raises `ConfigError` naming the first that is not."""
    names = row.words(key)
    for name in names:
        if name not in known:
            raise ConfigError(f"{row.place}：{key} 里应是 {what}，其中有 {name!r}")
    return frozenset(names)


def _dealer_rules(dealers: Sequence[DealerEntry]) -> tuple[RoutingRule, ...]:
    """Rules after all written ones: what names a dealer goes to the department that minds it."""
    return tuple(
        RoutingRule(f"经销商：{dealer.name}", dealer.department, dealers=frozenset({dealer.name}))
        for dealer in dealers
        if dealer.department
    )


def _severity(row: Table) -> Severity:
    return Severity(row.choice("severity", [member.value for member in Severity], Severity.NORMAL.value))


def _terms(table: Table) -> SlaTerms:
    severities = table.table("severity")
    policies = {severity: _policy(severities.table(severity.value)) for severity in Severity}
    severities.finish()
    row = table.table("terms")
    terms = SlaTerms(
        policies=policies,
        statutory_workdays=row.take("statutory_workdays", int, 7),
        callback_workdays=row.take("callback_workdays", int, 3),
        turn_to_callback_hours=row.take("turn_to_callback_hours", float, 24.0),
        customer_answer_days=row.take("customer_answer_days", int, 7),
        reopen_days=row.take("reopen_days", int, 15),
        return_working_hours=row.take("return_working_hours", float, 4.0),
    )
    row.finish()
    _refuse_odd_spans(
        row.place,
        statutory_workdays=terms.statutory_workdays,
        callback_workdays=terms.callback_workdays,
        turn_to_callback_hours=terms.turn_to_callback_hours,
        customer_answer_days=terms.customer_answer_days,
        reopen_days=terms.reopen_days,
    )
    return terms


def _refuse_odd_spans(place: str, **spans: float) -> None:
    """Raises `ConfigError` for a time not above zero or beyond a year (`inf` and `nan` are numbers in TOML)."""
    for key, value in spans.items():
        if not 0 < value <= 366 * 24:
            raise ConfigError(f"{place}：{key} 应大于 0 且不超过一年，给的是 {value}")


def _policy(row: Table) -> SlaPolicy:
    policy = SlaPolicy(
        accept_working_hours=row.take("accept_working_hours", float),
        take_on_working_hours=row.take("take_on_working_hours", float),
        first_contact_hours=row.take("first_contact_hours", float),
        resolve_days=row.take("resolve_days", int),
    )
    row.finish()
    _refuse_odd_spans(
        row.place,
        accept_working_hours=policy.accept_working_hours,
        take_on_working_hours=policy.take_on_working_hours,
        first_contact_hours=policy.first_contact_hours,
        resolve_days=policy.resolve_days,
    )
    return policy


def _hours(row: Table, zone: ZoneInfo) -> BusinessHours:
    names = row.words("weekdays") or _WEEKDAYS[:5]
    unknown = [name for name in names if name not in _WEEKDAYS]
    if unknown:
        raise ConfigError(f"{row.place}：weekdays 应为 {' '.join(_WEEKDAYS)}，给的是 {unknown[0]!r}")
    hours = BusinessHours(
        zone=zone,
        periods=tuple(_period(text, row.place) for text in row.words("periods") or ("09:00-12:00", "13:00-18:00")),
        weekdays=frozenset(_WEEKDAYS.index(name) for name in names),
        holidays=frozenset(_date(text, "holidays", row.place) for text in row.words("holidays")),
        make_up_days=frozenset(_date(text, "make_up_days", row.place) for text in row.words("make_up_days")),
    )
    row.finish()
    if any(before[1] > after[0] for before, after in zip(hours.periods, hours.periods[1:], strict=False)):
        raise ConfigError(f"{row.place}：periods 应按先后写，且互不重叠")
    return hours


def _period(text: str, place: str) -> tuple[time, time]:
    try:
        opens, closes = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError as error:
        raise ConfigError(f"{place}：periods 应写成 09:00-12:00，给的是 {text!r}") from error
    if opens >= closes:
        raise ConfigError(f"{place}：periods 里 {text!r} 的结束不晚于开始")
    return opens, closes


def _date(text: str, key: str, place: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{place}：{key} 应写成 2026-10-01，给的是 {text!r}") from error


def _alert_rules(table: Table) -> tuple[AlertRule, ...]:
    rules = tuple(_alert_rule(row) for row in table.tables("alert"))
    table.finish()
    return rules


def _alert_rule(row: Table) -> AlertRule:
    rule = AlertRule(
        event=Event(row.choice("event", [event.value for event in Event])),
        recipients=row.words("recipients"),
        channel=row.choice("channel", CHANNELS, "mail"),
        severity=_severity(row),
    )
    row.finish()
    if not rule.recipients:
        raise ConfigError(f"{row.place}：缺少 recipients，这条规则谁也不通知")
    known = {recipient.value for recipient in Recipient}
    for name in rule.recipients:
        if name not in known and not _ADDRESS.fullmatch(name):
            raise ConfigError(f"{row.place}：recipients 应为邮箱地址或 {' / '.join(sorted(known))}，其中有 {name!r}")
    return rule
