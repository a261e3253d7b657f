"""How often one address may file and ask."""

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis
from flask import Flask

from monitor.app import create_app
from monitor.configuration import Configuration
from monitor.public.limits import address_prefix
from monitor.services.tools import Tools
from monitor.settings import Settings
from monitor.storage.db import Database
from monitor.wiring import Installation
from tests.conftest import NOW
from tests.public.conftest import STORY, Visitor, ticket_numbers
from tests.requirements import REDIS, need_redis


def test_the_eleventh_complaint_in_an_hour_waits_and_keeps_its_text(visitor: Visitor, sqlite: Database) -> None:
    for _ in range(10):
        assert visitor.complain().status_code == 200
    answer = visitor.complain()
    assert answer.status_code == 429
    assert STORY in answer.text
    assert "分钟后再点提交" in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert len(ticket_numbers(sqlite)) == 10


def test_mistakes_do_not_count(visitor: Visitor) -> None:
    for _ in range(12):
        assert visitor.complain(text="").status_code == 422
    assert visitor.complain().status_code == 200


def test_the_sixty_first_question_in_an_hour_waits(visitor: Visitor) -> None:
    for _ in range(60):
        assert visitor.send("/track", number="TS-1", code="x").status_code == 422
    answer = visitor.send("/track", number="TS-1", code="x")
    assert answer.status_code == 429
    assert "分钟后再试" in answer.text
    assert 'value="TS-1"' in answer.text


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_address_counts_by_its_household(app: Flask, address: str, prefix: str) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert address_prefix() == prefix


@pytest.mark.parametrize(("behind_proxy", "counted"), [(True, "198.51.100.9"), (False, "203.0.113.7")])
def test_only_a_proxy_of_ours_is_believed_about_the_address(
    settings: Settings,
    configuration: Configuration,
    sqlite: Database,
    tools: Tools,
    behind_proxy: bool,
    counted: str,
) -> None:
    app = create_app(Installation(replace(settings, behind_proxy=behind_proxy), configuration, sqlite), tools)
    seen: list[str] = []
    app.before_request(lambda: seen.append(address_prefix()))
    headers = {"X-Forwarded-For": "192.0.2.1, 198.51.100.9"}
    app.test_client().get("/track", headers=headers, environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert seen == [counted]


@pytest.fixture
def shared_store() -> Iterator[str]:
    """A Redis, without what earlier runs counted."""
    need_redis()
    store = f"{REDIS}"
    connection = redis.Redis.from_url(store)
    _forget(connection)
    yield store
    _forget(connection)
    connection.close()


def _forget(connection: redis.Redis) -> None:
    for key in connection.scan_iter("*public*"):
        connection.delete(key)


def _instance(place: Installation, tools: Tools) -> Visitor:
    app = create_app(place, tools)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, CLOCK=lambda: NOW)
    client = app.test_client()
    # An address of this process's own, so that test processes that run side by side do not count for each other.
    client.environ_base["REMOTE_ADDR"] = f"2001:db8::{os.getpid() % 65536:x}:0:0:0:1"
    return Visitor(client)


@pytest.mark.redis
def test_two_instances_share_the_count(
    shared_store: str, settings: Settings, configuration: Configuration, sqlite: Database, tools: Tools
) -> None:
    place = Installation(replace(settings, rate_limit_storage=shared_store), configuration, sqlite)
    first, second = _instance(place, tools), _instance(place, tools)
    for _ in range(5):
        assert first.complain().status_code == 200
        assert second.complain().status_code == 200
    assert first.complain().status_code == 429
    assert second.complain().status_code == 429


def test_when_the_shared_store_is_away_complaints_still_come_in(
    settings: Settings, configuration: Configuration, sqlite: Database, tools: Tools
) -> None:
    gone = "redis://127.0.0.1:1/0?socket_connect_timeout=0.2"
    visitor = _instance(Installation(replace(settings, rate_limit_storage=gone), configuration, sqlite), tools)
    assert visitor.complain().status_code == 200
    assert visitor.number
