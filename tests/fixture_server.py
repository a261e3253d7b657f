"""A web server on loopback that behaves as badly as it is told: every bad day of a collector, played offline."""

import gzip
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: visitors who hang up are what these tests are about."""


class Site:
    """A server on loopback; `routes` says what each path does, `asked` what was wanted, `sent` what was posted.

    With `hosts` it answers at every address of 127.0.0.0/8, each a host of its own. `busiest` tells how many requests
    it thought about at once (see `think`), at one host and in all; `times` when they came.
    """

    def __init__(self, *, hosts: bool = False) -> None:
        self.routes: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.sent: list[bytes] = []
        self.times: dict[str, list[float]] = {}
        self.busiest: Counter[str] = Counter()
        self.closed = threading.Event()
        self._busy: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = _Server(("" if hosts else "127.0.0.1", 0), _handler(self))
        self.port = self._server.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(poll_interval=0.01), daemon=True)
        self._thread.start()

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [path for path, _ in self.asked]

    def think(self, body: bytes, seconds: float) -> Answer:
        """The body after a while, counted as under way meanwhile."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            with self._counted(handler.request.getsockname()[0]):
                self.closed.wait(seconds)
            # Written after it was counted out: whoever has the answer may ask again at once.
            say(body)(handler)

        return answer

    @contextmanager
    def _counted(self, host: str) -> Iterator[None]:
        with self._lock:
            self.times.setdefault(host, []).append(time.monotonic())
            for name in (host, "all"):
                self._busy[name] += 1
                self.busiest[name] = max(self.busiest[name], self._busy[name])
        try:
            yield
        finally:
            with self._lock:
                self._busy.subtract((host, "all"))

    def close(self) -> None:
        """Ends the server, and whatever still hangs in it."""
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()

    # Answers that must end with the server, so that no test waits for one.

    def hang(self, handler: BaseHTTPRequestHandler) -> None:
        """Never answers."""
        handler.close_connection = True
        self.closed.wait(60)

    def drip_headers(self, handler: BaseHTTPRequestHandler) -> None:
        """Sends one byte of a header at a time, for ever."""
        self._drip(handler, b"HTTP/1.1 200 OK\r\nX-Slow: ")

    def drip_body(self, handler: BaseHTTPRequestHandler) -> None:
        """Sends a body of announced length one byte at a time."""
        self._drip(handler, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")

    def drip_endless_body(self, handler: BaseHTTPRequestHandler) -> None:
        """Sends a body one byte at a time that ends when the line does."""
        self._drip(handler, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")

    def _drip(self, handler: BaseHTTPRequestHandler, beginning: bytes) -> None:
        handler.close_connection = True
        handler.wfile.write(beginning)
        while not self.closed.wait(0.03):
            handler.wfile.write(b"x")


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            site.routes.get(self.path, say(b"", status=404))(self)

        def do_POST(self) -> None:
            site.sent.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self.do_GET()

        def log_message(self, *_args: Any) -> None:
            """Says nothing."""

    return Handler


def say(
    body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None, length: int | None = None
) -> Answer:
    """An answer that is always the same; `length` is what it claims to be long."""

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


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Closes the line without a word."""
    handler.close_connection = True


def send_on(target: str, status: int = 302) -> Answer:
    """A redirect."""
    return say(b"", status=status, headers={"Location": target})


def limited(seconds: str = "", status: int = 429) -> Answer:
    """Too many requests, said in plain text as Discourse does, with or without a time."""
    return say(
        "您的操作过于频繁，请稍候再试。".encode(),
        status=status,
        headers={"Content-Type": "text/plain; charset=utf-8", **({"Retry-After": seconds} if seconds else {})},
    )


def sign_in_page(status: int = 200) -> Answer:
    """A page that asks to sign in, with a status that says that all is well."""
    page = "<html><body><h1>用户登录</h1><form><input name=u><input type=password name=p></form></body></html>"
    return say(page.encode(), status=status, headers={"Content-Type": "text/html; charset=utf-8"})


def zipped(body: bytes, *, keep: int | None = None) -> Answer:
    """The body packed with gzip; with `keep`, only its first bytes, as when a server dies in the middle."""
    return say(gzip.compress(body)[:keep], headers={"Content-Encoding": "gzip"})


def mislabelled(text: str, *, written: str = "gb18030", said: str = "utf-8", kind: str = "application/xml") -> Answer:
    """Text in one encoding under the name of another."""
    return say(text.encode(written), headers={"Content-Type": f"{kind}; charset={said}"})


def unless_known(body: bytes, etag: str, *, kind: str = "application/xml") -> Answer:
    """The body, or 304 for whoever has it already."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        known = handler.headers.get("If-None-Match", "")
        headers = {"ETag": etag, "Content-Type": kind}
        say(b"" if known == etag else body, status=304 if known == etag else 200, headers=headers)(handler)

    return answer
