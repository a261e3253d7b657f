"""From the command to the first page, once installed: the first start of all, and a second one."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.installing import TestInstallation, stop

pytestmark = pytest.mark.benchmark


def _until_first_page(place: TestInstallation) -> float:
    begun = time.perf_counter()
    process = place.start("serve")
    place.wait_until_it_answers()
    seconds = time.perf_counter() - begun
    stop(process)
    return seconds


@pytest.mark.parametrize("which", ["first start", "second start"])
def test_seconds_to_the_first_page(benchmark: Any, tmp_path: Path, which: str) -> None:
    places = (TestInstallation(tmp_path / str(number)) for number in range(100))
    used = TestInstallation(tmp_path / "used")
    _until_first_page(used)
    benchmark.pedantic(
        lambda: _until_first_page(next(places) if which == "first start" else used), rounds=3, iterations=1
    )
