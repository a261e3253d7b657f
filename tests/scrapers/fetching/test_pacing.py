"""Turns at a host: how far apart they are, and when a host that keeps failing is left alone."""

import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.errors import CollectError
from scrapers.fetching.pacing import (
    DAY,
    FAILURES,
    LONGEST_REST,
    PROBE,
    BookInMemory,
    HostState,
    Refusal,
    Turn,
    Turns,
    after_failure,
    after_success,
    held,
    take_turn,
)

NOW = 1_800_000_000.0
TIRED = HostState(failures=FAILURES, open_until=NOW + 60)


def half(longest: float) -> float:
    return longest / 2


def take(state: HostState, now: float = NOW, *, delay: float = 2.0, longest: float = 30.0) -> tuple[HostState, Turn]:
    return take_turn(state, delay=delay, longest=longest, now=now)


def test_the_first_turn_is_at_once_and_the_next_a_delay_later() -> None:
    state, first = take(HostState())
    assert (first, state.free_at) == (Turn(0.0), NOW + 2)
    state, second = take(state, NOW + 0.5)
    assert (second, state.free_at) == (Turn(1.5), NOW + 4)


def test_a_turn_too_far_ahead_is_refused_and_not_given_out() -> None:
    busy = HostState(free_at=NOW + 31)
    assert take(busy) == (busy, Turn(31.0, Refusal.TOO_LONG))


def test_a_pause_that_was_asked_for_holds_and_shortens_no_other() -> None:
    assert held(HostState(), 10, NOW).free_at == NOW + 10
    assert held(HostState(free_at=NOW + 20), 10, NOW).free_at == NOW + 20
    assert held(HostState(), 10 * DAY, NOW).free_at == NOW + DAY


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 5)), max_size=30))
def test_turns_are_never_closer_than_the_delay_of_the_one_before(asked: list[tuple[float, float]]) -> None:
    state, now, free_at = HostState(), NOW, 0.0
    for later, delay in asked:
        now += later
        state, turn = take(state, now, delay=delay, longest=1e6)
        assert now + turn.wait >= free_at - 1e-6
        free_at = now + turn.wait + delay


def test_a_clock_that_was_set_back_closes_no_host_for_longer_than_a_day() -> None:
    state, turn = take(HostState(free_at=NOW + 90 * DAY), longest=2 * DAY)
    assert (turn.wait, state.free_at) == (DAY, NOW + DAY + 2)
    assert take(replace(TIRED, open_until=NOW + 90 * DAY))[1] == Turn(LONGEST_REST, Refusal.RESTING)


def test_the_fifth_failure_in_a_row_makes_a_host_rest() -> None:
    state = HostState(free_at=NOW)
    for _ in range(FAILURES - 1):
        state = after_failure(state, NOW, half)
    assert take(state)[1].refusal is None
    state = after_failure(state, NOW, half)
    assert take(state) == (state, Turn(45.0, Refusal.RESTING))


def test_rests_double_from_a_minute_to_an_hour_and_half_of_each_is_chance() -> None:
    shortest = [after_failure(replace(TIRED, failures=f), NOW, lambda _: 0.0).open_until - NOW for f in range(4, 14)]
    longest = [
        after_failure(replace(TIRED, failures=f), NOW, lambda up_to: up_to).open_until - NOW for f in range(4, 14)
    ]
    assert longest == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]
    assert [2 * least for least in shortest] == longest
    assert after_failure(HostState(failures=10**9), NOW, half).open_until == NOW + 2700


def test_after_the_rest_exactly_one_probe_goes_through() -> None:
    probing, probe = take(TIRED, NOW + 60)
    assert probe == Turn(0.0)
    assert take(probing, NOW + 60)[1] == Turn(PROBE, Refusal.RESTING)
    assert take(probing, NOW + 60 + PROBE - 1)[1].refusal is Refusal.RESTING
    assert take(after_success(probing), NOW + 61)[1] == Turn(1.0)
    again = after_failure(probing, NOW + 61, half)
    assert take(again, NOW + 62)[1] == Turn(89.0, Refusal.RESTING)


def test_a_probe_that_was_killed_is_followed_by_another() -> None:
    probing, _ = take(TIRED, NOW + 60)
    assert take(probing, NOW + 60 + PROBE)[1].refusal is None


def test_one_success_forgives_everything_but_the_pause() -> None:
    assert after_success(replace(TIRED, free_at=NOW + 9)) == HostState(free_at=NOW + 9)


# What a client asks


class CountingBook(BookInMemory):
    """A book that counts how often it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = 0

    def change(self, host, step):  # type: ignore[no-untyped-def]
        self.opened += 1
        return super().change(host, step)


def turns(book: BookInMemory) -> Turns:
    return Turns(book, clock=lambda: NOW, jitter=half)


def test_refusals_say_which_host_and_until_when() -> None:
    given_out = turns(BookInMemory())
    given_out.hold("a.example", 90)
    with pytest.raises(CollectError, match=r"a\.example 要求 90 秒后再访问") as raised:
        given_out.take("a.example", 2, longest=30)
    assert (raised.value.permanent, raised.value.retry_after) == (False, 90)
    for _ in range(FAILURES):
        given_out.failed("b.example")
    with pytest.raises(CollectError, match=r"b\.example 已连续 5 次没有正常回应.*约 1 分钟后再试") as raised:
        given_out.take("b.example", 2, longest=30)
    assert raised.value.retry_after == 45


def test_a_success_is_written_down_only_where_something_failed() -> None:
    book = CountingBook()
    given_out = turns(book)
    given_out.take("a.example", 2, longest=30)
    given_out.succeeded("a.example")
    assert book.opened == 1
    given_out.failed("a.example")
    given_out.take("a.example", 2, longest=30)
    given_out.succeeded("a.example")
    given_out.succeeded("a.example")
    assert book.opened == 4


def test_a_wish_for_years_is_cut_to_a_day() -> None:
    book = BookInMemory()
    turns(book).take("a.example", 1e9, longest=30)
    assert turns(book).take("a.example", 2, longest=2 * DAY) == DAY


def test_threads_of_one_process_take_their_turns_one_after_the_other() -> None:
    given_out, waits = turns(BookInMemory()), list[float]()
    threads = [
        threading.Thread(target=lambda: waits.append(given_out.take("a.example", 3, longest=100))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [0, 3, 6, 9, 12, 15, 18, 21]


def test_a_book_in_memory_forgets_the_host_that_was_asked_for_longest_ago() -> None:
    book = BookInMemory()
    given_out = turns(book)
    for number in range(2500):
        given_out.take(f"{number}.example", 100, longest=30)
        given_out.hold("often.example", 100)
    assert len(book._states) == 2000
    with pytest.raises(CollectError):
        given_out.take("often.example", 1, longest=30)
