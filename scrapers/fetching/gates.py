"""How many requests may be under way: one at a host and some in all, whichever thread makes them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from scrapers.errors import CollectError

CONNECTIONS = 16
"""Requests under way or about to be at any moment, at all hosts together."""


class Gates:
    """Lets one thread at a time to a host, and no more than `connections` onto the line."""

    def __init__(self, connections: int = CONNECTIONS) -> None:
        self.line = threading.BoundedSemaphore(connections)
        self._taken: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def alone_at(self, host: str, patience: float) -> Iterator[None]:
        """Keeps every other thread from `host` meanwhile. Raises `CollectError` when it is taken for too long."""
        with self._changed:
            if not self._changed.wait_for(lambda: host not in self._taken, timeout=patience):
                raise CollectError(f"{host} 正由另一个采集任务访问，稍后会再试。", retry_after=patience)
            self._taken.add(host)
        try:
            yield
        finally:
            with self._changed:
                self._taken.discard(host)
                self._changed.notify_all()
