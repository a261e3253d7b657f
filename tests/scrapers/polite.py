"""A polite client on a clock that only its own sleeping moves."""

from collections.abc import Collection
from typing import Any

from scrapers.fetching.addresses import own_network
from scrapers.fetching.client import Limits, PoliteClient, Surroundings


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Passes the time at once."""
        self.slept.append(seconds)
        self.now += seconds

    def world(self) -> Surroundings:
        """Surroundings on this clock, where chance takes the middle."""
        return Surroundings(clock=lambda: self.now, sleep=self.sleep, jitter=lambda longest: longest / 2)


def polite(clock: FakeTime, *, own_hosts: Collection[str] = ("127.0.0.1",), **limits: Any) -> PoliteClient:
    """A client that takes loopback for its own site."""
    return PoliteClient(
        contact="care@example.com",
        own_hosts=own_hosts,
        limits=Limits(**limits),
        surroundings=clock.world(),
    )


def as_stranger(clock: FakeTime, *, user_agent: str = "", **limits: Any) -> PoliteClient:
    """A client that takes loopback for a stranger's public site, so that robots.txt and pauses apply."""
    world = clock.world()
    return PoliteClient(
        user_agent=user_agent,
        limits=Limits(**limits),
        surroundings=Surroundings(
            clock=world.clock,
            sleep=world.sleep,
            jitter=world.jitter,
            find=lambda _host, _port: ["127.0.0.1"],
            check=own_network,
        ),
    )
