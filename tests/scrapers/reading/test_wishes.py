"""How long sites ask to be left alone."""

from datetime import datetime

import pytest

from scrapers.reading.wishes import fresh_for, wished_wait
from tests.scrapers.conftest import NOW


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        ("public, max-age=600", 600),
        ("max-age=0, must-revalidate", 0),
        ("no-cache, max-age=600", 0),
        ("s-maxage=9, max-age = 60", 60),
        ("max-age=31536000", 86_400),
        ("max-age=soon", 0),
        ("", 0),
    ],
)
def test_an_answer_says_how_long_it_stays_as_it_is(control: str, seconds: float) -> None:
    assert fresh_for({"cache-control": control}) == seconds


def test_a_wait_that_ends_in_an_hour_of_quiet_ends_after_it() -> None:
    assert wished_wait(600, NOW, quiet_hours={4, 5}) == 2 * 3600
    assert wished_wait(600, NOW, quiet_hours={6}) == 600
    assert wished_wait(600, NOW) == 600


def test_a_site_that_is_never_to_be_read_is_read_once_a_day() -> None:
    assert wished_wait(0, NOW, quiet_hours=range(24)) == 86_400
    assert wished_wait(0, datetime.fromisoformat("2026-08-22T12:00:00+08:00"), quiet_days=range(7)) == 86_400
