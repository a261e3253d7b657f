"""A fixed moment, a fetch that is a function, and the web server of `tests.fixture_server`."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scrapers.base import Response
from tests.fixture_server import Answer, Site, in_turn, say

__all__ = ["NOW", "PAYLOADS", "ZONE", "Answer", "FakeFetch", "Site", "in_turn", "say", "site"]

NOW = datetime(2026, 8, 22, 4, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
PAYLOADS = Path(__file__).parent / "payloads"


class FakeFetch:
    """A fetch that answers from a table and remembers what it was asked."""

    def __init__(self, answers: Mapping[str, bytes | Response | Exception]) -> None:
        self.answers = dict(answers)
        self.asked: list[tuple[str, dict[str, str]]] = []

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        self.asked.append((url, dict(headers or {})))
        answer = self.answers[url]
        if isinstance(answer, Exception):
            raise answer
        return Response(url=url, status=200, headers={}, body=answer) if isinstance(answer, bytes) else answer


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    yield server
    server.close()
