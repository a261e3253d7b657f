"""What the doctor looks at, one thing at a time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from monitor.cli.doctor import _manners, _sources
from monitor.clock import utc_now
from monitor.configuration import Configuration
from monitor.domain.health import Health
from monitor.settings import Settings
from monitor.storage.db import Database
from monitor.storage.models import Source
from monitor.wiring import Installation


@pytest.mark.parametrize(
    ("agent", "contact", "state"),
    [
        ("XianwaiMonitor/0.1", "", "有问题"),
        ("XianwaiMonitor/0.1 (+mailto:admin@example.com)", "", "有问题"),
        ("XianwaiMonitor/0.1", "care@qinghe.invalid", "正常"),
        ("XianwaiMonitor/0.1", "https://qinghe.invalid/bot", "正常"),
        ("QingheBot/2 (care@qinghe.invalid)", "", "正常"),
    ],
)
def test_the_sites_we_visit_must_know_whom_to_write_to(
    sqlite: Database, settings: Settings, configuration: Configuration, agent: str, contact: str, state: str
) -> None:
    place = Installation(replace(settings, user_agent=agent, contact=contact), configuration, sqlite)
    assert _manners(place)[1] == "正常", "nobody is visited yet"
    with sqlite.writing.begin() as session:
        session.add(Source(name="论坛", kind="feed", options={}, cursor={}, host="a.example"))
    part, found, detail = _manners(place)
    assert (part, found) == ("联系方式", state)
    assert ("设置 contact" in detail) == (state == "有问题")


@pytest.fixture
def place(sqlite: Database, settings: Settings, configuration: Configuration) -> Installation:
    """An installation with one source, visited in time."""
    now = utc_now()
    values: dict[str, Any] = {"last_success_at": now, "next_run_at": now + timedelta(minutes=9)}
    with sqlite.writing.begin() as session:
        session.add(Source(name="某论坛", kind="feed", options={}, cursor={}, health=Health.HEALTHY, **values))
    return Installation(settings, configuration, sqlite)


def _change(place: Installation, **values: Any) -> None:
    with place.database.writing.begin() as session:
        session.execute(update(Source).where(Source.name == "某论坛").values(**values))


def test_a_source_that_fell_silent_is_named(place: Installation) -> None:
    assert _sources(place)[1] == "正常"
    _change(place, health=Health.SILENT)
    _, state, detail = _sources(place)
    assert state == "有问题"
    assert "某论坛（异常安静）" in detail
    _change(place, enabled=False)
    assert _sources(place)[1] == "正常", "nobody expects anything of it"


def test_lateness_is_seen_though_the_job_that_looks_for_it_stands_still(place: Installation) -> None:
    long_ago = utc_now() - timedelta(hours=5)
    _change(place, last_success_at=long_ago, next_run_at=long_ago)
    assert "某论坛（晚点）" in _sources(place)[2]
