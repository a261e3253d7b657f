"""Opening the installation that a command works on."""

from monitor.clock import utc_now
from monitor.domain.errors import ConfigError
from monitor.services.setup import sync
from monitor.storage.schema import is_current, upgrade
from monitor.wiring import Installation, check_sources, open_installation


def ready(**overrides: object) -> Installation:
    """The installation, its database upgraded and in step with `config/`: what `serve` and most commands start with."""
    place = open_installation(**overrides)
    check_sources(place.configuration, place.settings)
    upgrade(place.database.engine)
    with place.database.writing.begin() as session:
        sync(
            session,
            place.configuration.departments,
            place.configuration.sources,
            with_example=place.settings.example,
            now=utc_now(),
        )
    return place


def existing() -> Installation:
    """The installation as it is. Raises `ConfigError` when its database was never made or is not up to date."""
    place = open_installation()
    if not is_current(place.database.engine):
        raise ConfigError(f"数据库还没有建好或不是最新的（{place.settings.url}）；请先运行 monitor db upgrade")
    return place
