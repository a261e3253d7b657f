"""Two processes of one installation are one visitor to a site."""

import pytest

from monitor.settings import Settings
from monitor.storage.db import Database
from monitor.wiring import build_collectors
from scrapers.errors import CollectError
from tests.fixture_server import Site, limited


def test_a_pause_that_one_process_was_asked_for_is_kept_by_the_other(database: Database, settings: Settings) -> None:
    site = Site()
    site.routes["/feed"] = limited("3600")
    options = {"url": f"{site.address}/feed", "own_site": True, "own_reason": "测试自己启动的"}
    processes = [build_collectors(settings, database) for _ in range(2)]
    with pytest.raises(CollectError, match="限流"):
        processes[0]("feed", options).collect({})
    with pytest.raises(CollectError, match="秒后再访问") as raised:
        processes[1]("feed", options).collect({})
    site.close()
    assert len(site.asked) == 1
    assert 3500 < (raised.value.retry_after or 0) <= 3600
