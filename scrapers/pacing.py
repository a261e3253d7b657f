"""Whose turn it is at each host: requests to one host keep their distance, whichever thread makes them."""

import threading
from collections.abc import Callable

from scrapers.errors import CollectError


class Pacing:
    """Gives out turns per host; shared by threads."""

    def __init__(self, *, clock: Callable[[], float], sleep: Callable[[float], None], longest_wait: float) -> None:
        self._clock, self._sleep, self._longest = clock, sleep, longest_wait
        self._free_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str, delay: float) -> None:
        """Sleeps until it is our turn at `host`; the next is `delay` later. Raises `CollectError` if that is long."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._free_at.get(host, now))
            pause = turn - now
            if pause > self._longest:
                raise CollectError(f"{host} 要求 {pause:.0f} 秒后再访问，到时会再试。", retry_after=pause)
            self._free_at[host] = turn + delay
            self._forget(now)
        # Outside the lock, so that waiting for one host holds up no other.
        if pause > 0:
            self._sleep(pause)

    def hold(self, host: str, seconds: float) -> None:
        """Nobody may visit `host` for so long."""
        with self._lock:
            self._free_at[host] = max(self._free_at.get(host, 0.0), self._clock() + seconds)

    def _forget(self, now: float) -> None:
        if len(self._free_at) > 1000:
            self._free_at = {host: free_at for host, free_at in self._free_at.items() if free_at > now}
