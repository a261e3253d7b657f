"""A fixed moment, a fetch that is a function, and a small web server that behaves as badly as told."""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scrapers.base import Response

NOW = datetime(2026, 8, 22, 4, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
PAYLOADS = Path(__file__).parent / "payloads"

Answer = Callable[[BaseHTTPRequestHandler], None]


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


class Site:
    """A server on loopback; `routes` says what each path does, `asked` what was wanted."""

    def __init__(self) -> None:
        self.routes: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                site.routes.get(self.path, say(b"", status=404))(self)

            def log_message(self, *_args: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(poll_interval=0.01), daemon=True)
        self._thread.start()

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def say(
    body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None, length: int | None = None
) -> Answer:
    """An answer that is always the same."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.send_header("Connection", "close")
        handler.close_connection = True
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """Answers that come one after another, the last for ever."""
    waiting = list(answers)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        following = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        following(handler)

    return answer


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    yield server
    server.close()
