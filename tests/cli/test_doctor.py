"""What the doctor looks at, one thing at a time."""

from dataclasses import replace

import pytest

from monitor.cli.doctor import _manners
from monitor.configuration import Configuration
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
