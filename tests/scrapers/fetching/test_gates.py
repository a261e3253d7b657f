"""One request at a host at a time."""

import threading

import pytest

from scrapers.errors import CollectError
from scrapers.fetching.gates import Gates


def test_who_waits_too_long_is_told_to_come_back() -> None:
    gates = Gates()
    with gates.alone_at("a.example", 1):
        with gates.alone_at("b.example", 0):
            pass
        with (
            pytest.raises(CollectError, match=r"a\.example 正由另一个采集任务访问") as raised,
            gates.alone_at("a.example", 0.01),
        ):
            pass
    assert (raised.value.permanent, raised.value.retry_after) == (False, 0.01)
    with gates.alone_at("a.example", 0):
        pass


def test_a_host_is_free_again_after_an_error() -> None:
    gates = Gates()
    with pytest.raises(RuntimeError), gates.alone_at("a.example", 0):
        raise RuntimeError("bug")
    with gates.alone_at("a.example", 0):
        pass


def test_who_waits_goes_in_as_soon_as_the_other_leaves() -> None:
    gates, inside = Gates(), threading.Event()

    def visit() -> None:
        with gates.alone_at("a.example", 10):
            inside.set()

    thread = threading.Thread(target=visit)
    with gates.alone_at("a.example", 0):
        thread.start()
        assert not inside.wait(0.02)
    thread.join(10)
    assert inside.is_set()
