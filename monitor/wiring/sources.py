"""The second half of choosing: what edges need of the kinds of source, to check, preview and write them down."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.configuration.sources import SourceEntry, as_toml, sources_in
from monitor.domain.errors import ConfigError
from monitor.domain.queries import parse_query
from monitor.domain.webhooks import derived_key, read_secret
from monitor.services.sources import Wish
from monitor.settings import Settings
from monitor.storage.db import Database
from monitor.storage.models import Source
from monitor.wiring import build_client, build_collectors
from scrapers.base import Batch, Builder, Historian
from scrapers.errors import CollectError
from scrapers.kinds.push import Push
from scrapers.registry import KINDS, builder_for, check_options
from scrapers.secret import secret_value

__all__ = [
    "Policy",
    "SourceEntry",
    "check_source",
    "checked",
    "hook_key",
    "kinds",
    "policy_of",
    "preview",
    "read_delivery",
    "reads_history",
    "source_entry",
    "source_toml",
    "sources_from_toml",
    "wish_of",
]


def kinds() -> Mapping[str, Builder]:
    """Every kind of source that can be visited: code → what builds it."""
    return {kind: builder_for(kind) for kind in KINDS}


def check_source(settings: Settings, database: Database, entry: SourceEntry) -> None:
    """Raises `ConfigError` that names the source and what is wrong with its kind, options or query; fetches nothing."""
    try:
        build_collectors(settings, database)(entry.kind, entry.options)
    except CollectError as error:
        raise ConfigError(f"来源“{entry.name}”：{error}") from error
    if entry.query:
        parse_query(entry.query)


def preview(settings: Settings, database: Database, kind: str, options: Mapping[str, Any]) -> Batch:
    """What one page of such a source gives now; nothing is stored. Raises `CollectError`."""
    names = {option.name for option in builder_for(kind).options}
    one_page = {"max_pages": 1} if "max_pages" in names else {}
    return build_collectors(settings, database)(kind, {**options, **one_page}).collect({})


def checked(settings: Settings, database: Database, wish: Wish) -> Wish:
    """The wish with each option as its kind wants it. Raises `CollectorNotConfigured`."""
    build_collectors(settings, database)(wish.kind, wish.options)
    values = check_options(builder_for(wish.kind), wish.options)
    given = {name: values[name] for name in wish.options if values.get(name) is not None}
    return replace(wish, options=given)


def wish_of(entry: SourceEntry) -> Wish:
    """An entry of `sources.toml` as a wish."""
    return Wish(
        name=entry.name,
        kind=entry.kind,
        options=entry.options,
        interval=entry.interval,
        direct=entry.direct,
        query=entry.query,
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """How we behave at a site: whether it is our own, and the seconds between two requests."""

    own: bool
    pause: float


def policy_of(settings: Settings, kind: str, options: Mapping[str, Any]) -> Policy | None:
    """How we behave at the address of such a source; None where there is no address. Raises `CollectError`."""
    checked_options = check_options(builder_for(kind), options)
    address = str(checked_options.get("url") or "")
    if not address.startswith(("http://", "https://")):
        return None
    own = bool(checked_options.get("own_site"))
    client = build_client(settings)
    return Policy(own, 0.0 if own else client.pause(address.partition("{")[0]))


def reads_history(settings: Settings, database: Database, kind: str, options: Mapping[str, Any]) -> bool:
    """Whether such a source can read its own past. Raises `CollectError` for wrong options."""
    return isinstance(build_collectors(settings, database)(kind, options), Historian)


def hook_key(settings: Settings, source: Source) -> bytes:
    """The key that deliveries to a `push` source are signed with, the sender's or our own. Raises `ConfigError`."""
    reference = str(source.options.get("secret", ""))
    if not reference:
        return derived_key(settings.secret().encode(), f"push:{source.id}")
    try:
        return read_secret(secret_value(reference, "secret"))
    except CollectError as error:
        raise ConfigError(f"来源“{source.name}”：{error}") from error


def read_delivery(source: Source, body: bytes, now: datetime) -> Batch:
    """The posts of a delivery to a `push` source, whose key was checked already. Raises `CollectError`."""
    options = {name: value for name, value in source.options.items() if name != "secret"}
    return Push.of(check_options(builder_for(source.kind), options)).read(body, now)


def source_entry(source: Source) -> SourceEntry:
    """A stored source as `sources.toml` would say it."""
    return SourceEntry(
        name=source.name,
        kind=source.kind,
        options=source.options,
        interval=source.interval_seconds,
        enabled=source.enabled,
        direct=source.direct,
        query=source.query,
    )


def source_toml(source: Source) -> str:
    """A stored source as a [[source]] of `sources.toml`; secrets are references there, as they are here."""
    return as_toml(source_entry(source))


def sources_from_toml(settings: Settings, database: Database, text: str, folder: Path) -> tuple[SourceEntry, ...]:
    """The sources in a piece of TOML, each checked. Raises `ConfigError` or `Invalid`."""
    entries = sources_in(text, folder)
    for entry in entries:
        check_source(settings, database, entry)
    return entries
