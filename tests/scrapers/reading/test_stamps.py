"""A stamp that moved is an edit; one that is new, unmoved or unknown is none."""

from datetime import timedelta

import pytest

from scrapers.base import RawPost
from scrapers.reading.stamps import stamp_of, told_as_edit
from tests.scrapers.conftest import NOW

POST = RawPost("1", "太卡了", created_at=NOW)


def test_a_moved_stamp_tells_both_moments() -> None:
    told = told_as_edit(POST, stamp_of(POST) - 60)
    assert (told.created_at, told.edited_at) == (NOW - timedelta(seconds=60), NOW)


@pytest.mark.parametrize("old", [0, stamp_of(POST), stamp_of(POST) + 60])
def test_any_other_stamp_is_no_edit(old: int) -> None:
    assert told_as_edit(POST, old) == POST


def test_a_post_without_a_moment_has_no_stamp() -> None:
    assert stamp_of(RawPost("1", "太卡了")) == 0
