"""Whose turn it is at each host: requests keep their distance, and a host that keeps failing is given a rest.

The breaker is that of Nygard, Release It! (2007): after failures in a row it opens, and then lets one probe through.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol, TypeVar

from scrapers.errors import CollectError

FAILURES = 5
"""Failures in a row after which a host is left alone."""
FIRST_REST, LONGEST_REST = 60.0, 3600.0
PROBE = 150.0
"""How long a probe may take before another may try; no request of ours lasts that long."""
DAY = 24 * 3600.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HostState:
    """When a host may be visited next, how often in a row it failed, and until when it rests; seconds since 1970."""

    free_at: float = 0.0
    failures: int = 0
    open_until: float = 0.0


class Refusal(Enum):
    """Why there is no turn now."""

    RESTING = "resting"
    TOO_LONG = "too long"


@dataclass(frozen=True, slots=True)
class Turn:
    """The seconds to wait before the request may go out, or, with a refusal, before it may be asked for again."""

    wait: float
    refusal: Refusal | None = None


def take_turn(state: HostState, *, delay: float, longest: float, now: float) -> tuple[HostState, Turn]:
    """The next turn at a host, and the host's state once it is given out; the one after it is `delay` later."""
    probing = state.failures >= FAILURES
    # What lies further ahead than any pause we keep was written before somebody set the clock back.
    rested_at = min(state.open_until, now + LONGEST_REST)
    if probing and now < rested_at:
        return state, Turn(rested_at - now, Refusal.RESTING)
    start = max(now, min(state.free_at, now + DAY))
    if start - now > longest:
        return state, Turn(start - now, Refusal.TOO_LONG)
    after = replace(state, free_at=start + delay, open_until=start + PROBE if probing else 0.0)
    return after, Turn(start - now)


def held(state: HostState, seconds: float, now: float) -> HostState:
    """The state of a host that asked for a pause; at most a day."""
    return replace(state, free_at=max(min(state.free_at, now + DAY), now + min(seconds, DAY)))


def after_success(state: HostState) -> HostState:
    """The state of a host that answered: whatever failed before is forgotten."""
    return HostState(free_at=state.free_at)


def after_failure(state: HostState, now: float, jitter: Callable[[float], float]) -> HostState:
    """The state of a host that failed once more; from the fifth time on it rests, each time twice as long."""
    failures = min(state.failures + 1, 1000)
    if failures < FAILURES:
        return replace(state, failures=failures)
    rest = min(FIRST_REST * 2.0 ** min(failures - FAILURES, 10), LONGEST_REST)
    # Half of it is certain; the other half is left to chance, so that many installations do not come back at once.
    return replace(state, failures=failures, open_until=now + rest / 2 + jitter(rest / 2))


class HostBook(Protocol):
    """Where the state of each host is kept, for everybody who visits it."""

    def change(self, host: str, step: Callable[[HostState], tuple[HostState, T]]) -> T:
        """Puts the state that `step` makes of the present one in its place, undisturbed; gives what `step` says."""
        ...


class BookInMemory:
    """The book of one process, shared by its threads."""

    def __init__(self) -> None:
        self._states: dict[str, HostState] = {}
        self._lock = threading.Lock()

    def change(self, host: str, step: Callable[[HostState], tuple[HostState, T]]) -> T:
        """Puts the state that `step` makes of the present one in its place; gives what `step` says."""
        with self._lock:
            # The host asked for last stands last, so that the one to be forgotten stands first.
            self._states[host], answer = step(self._states.pop(host, HostState()))
            if len(self._states) > 2000:
                del self._states[next(iter(self._states))]
            return answer


class Turns:
    """Gives out turns per host by what stands in a book."""

    def __init__(self, book: HostBook, *, clock: Callable[[], float], jitter: Callable[[float], float]) -> None:
        self._book, self._clock, self._jitter = book, clock, jitter
        self._shaken: set[str] = set()

    def take(self, host: str, delay: float, *, longest: float) -> float:
        """The seconds to wait for our turn. Raises `CollectError` where they are too many, or the host rests."""

        def step(state: HostState) -> tuple[HostState, tuple[Turn, int]]:
            after, turn = take_turn(state, delay=min(delay, DAY), longest=longest, now=self._clock())
            return after, (turn, after.failures)

        turn, failures = self._book.change(host, step)
        if turn.refusal is not None:
            raise _refused(host, turn, failures)
        if failures:
            self._shaken.add(host)
        return turn.wait

    def hold(self, host: str, seconds: float) -> None:
        """Nobody may visit `host` for so long."""
        self._book.change(host, lambda state: (held(state, seconds, self._clock()), None))

    def succeeded(self, host: str) -> None:
        """Notes that the host answered."""
        # A host that did not fail before needs no note, and so no transaction where the book is a database.
        if host in self._shaken:
            self._shaken.discard(host)
            self._book.change(host, lambda state: (after_success(state), None))

    def failed(self, host: str) -> None:
        """Notes that the host gave no answer, or said that it is broken."""
        self._book.change(host, lambda state: (after_failure(state, self._clock(), self._jitter), None))


def _refused(host: str, turn: Turn, failures: int) -> CollectError:
    if turn.refusal is Refusal.RESTING:
        minutes = math.ceil(turn.wait / 60)
        message = f"{host} 已连续 {failures} 次没有正常回应，先不打扰它，约 {minutes} 分钟后再试。"
    else:
        message = f"{host} 要求 {turn.wait:.0f} 秒后再访问，到时会再试。"
    return CollectError(message, retry_after=max(turn.wait, 1.0))
