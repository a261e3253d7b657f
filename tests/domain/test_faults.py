"""What is wrong with visits that succeed: each fault is found, and what only looks like one is not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.faults import FIELD_NAMES, Fault, Visit, find_faults
from scrapers.base import Sign
from tests.conftest import NOW

WHOLE = {"title": 20, "text": 20, "url": 20, "author": 20, "created_at": 20, "rating": 0, "thread_id": 0}
LISTING = Visit(at=NOW, fetched=20, new=2, unchanged=18, filled=WHOLE, pages=1, size=80_000)
NOTHING_NEW = replace(LISTING, new=0, unchanged=20)
STREAM = Visit(
    at=NOW,
    fetched=4,
    new=4,
    filled=dict.fromkeys(("title", "text", "url", "author", "created_at"), 4),
    pages=1,
    size=9_000,
)
"""A kind that gives only what came since the last visit."""


def visits(*parts: tuple[int, Visit]) -> list[Visit]:
    """So many visits of each sort, the newest first, a quarter of an hour apart."""
    flat = [visit for count, visit in parts for visit in [visit] * count]
    return [replace(visit, at=NOW - n * timedelta(minutes=15)) for n, visit in enumerate(flat)]


def texts(faults: Sequence[Fault]) -> str:
    assert all(fault.advice for fault in faults), "whoever is told is also told what to do"
    return " ".join(fault.text for fault in faults)


@pytest.mark.parametrize(
    "usual", [LISTING, STREAM, NOTHING_NEW, replace(LISTING, fetched=0, new=0, unchanged=0, size=0)]
)
def test_a_source_that_goes_on_as_before_has_no_fault(usual: Visit) -> None:
    assert find_faults(visits((60, usual))) == []
    assert find_faults(visits((3, usual))) == []
    assert find_faults([]) == []


def without(visit: Visit, name: str, left: int = 0) -> Visit:
    return replace(visit, filled={**visit.filled, name: left})


@pytest.mark.parametrize(("usual", "since"), [(LISTING, 2), (STREAM, 4)])
def test_authors_that_are_no_longer_given_are_missed(usual: Visit, since: int) -> None:
    found = find_faults(visits((since, without(usual, "author")), (40, usual)))
    assert texts(found) == "最近的帖子几乎都没有“作者”（以前 100%）。"
    assert (found[0].figures["filled_author"], found[0].figures["filled_author_before"]) == (0, 1)
    assert "作者" in found[0].advice


def test_a_share_that_falls_is_told_with_both_numbers() -> None:
    found = find_faults(visits((4, without(LISTING, "author", 4)), (40, without(LISTING, "author", 19))))
    assert texts(found) == "最近的帖子只有 20% 有“作者”（以前 95%）。"


@pytest.mark.parametrize(
    "newest",
    [
        visits((1, without(LISTING, "author"))),  # one odd page
        visits((2, without(LISTING, "author", 15))),  # a few who did not sign in
        visits((2, without(STREAM, "author"))),  # eight posts prove nothing
    ],
)
def test_a_few_posts_without_an_author_are_no_fault(newest: list[Visit]) -> None:
    assert find_faults([*newest, *visits((40, LISTING))]) == []


def test_the_same_twenty_posts_at_every_visit_prove_no_more_than_twenty() -> None:
    poor = replace(NOTHING_NEW, fetched=4, unchanged=4, filled={"author": 1})
    rich = replace(poor, filled={"author": 4})
    assert find_faults(visits((8, poor), (40, rich))) == []


def test_a_rating_that_only_some_have_is_missed_when_none_has_it() -> None:
    usual = without(STREAM, "rating", 1)
    assert "评分" in texts(find_faults(visits((12, without(STREAM, "rating")), (50, usual))))


def test_every_field_that_is_watched_has_a_name() -> None:
    from monitor.services.runs import FIELDS

    assert set(FIELD_NAMES) == set(FIELDS)


def test_a_fault_does_not_become_usual_while_it_lasts() -> None:
    broken = without(LISTING, "author")
    assert find_faults(visits((50, broken))) == []
    assert "作者" in texts(find_faults(visits((50, broken)), before=visits((50, LISTING))))


def test_garbled_text_is_told_against_what_was_usual() -> None:
    found = find_faults(visits((2, replace(LISTING, garbled=0.38)), (40, LISTING)))
    assert texts(found) == "最近的内容里约 38% 的字是乱码（以前几乎没有）。"
    assert "charset" in found[0].advice


def test_a_source_that_was_garbled_from_the_first_is_found_too() -> None:
    assert "乱码" in texts(find_faults(visits((2, replace(LISTING, garbled=0.5)))))
    emoji = replace(LISTING, garbled=0.012)
    assert find_faults(visits((40, emoji))) == [], "the private emoji of an old board are how it is"


def test_a_wall_at_every_address_is_suspected() -> None:
    paged = replace(LISTING, pages=5, size=400_000)
    wall = replace(paged, fetched=0, new=0, unchanged=0, repeated=4)
    assert "页页内容都一样" in texts(find_faults(visits((2, wall), (20, paged))))
    assert "页页内容都一样" in texts(find_faults(visits((3, replace(wall, fetched=20, unchanged=20)))))
    assert find_faults(visits((1, wall), (20, paged))) == []


def test_two_empty_pages_at_the_end_of_a_quiet_interface_are_alike_by_nature() -> None:
    empty = Visit(at=NOW, pages=2, size=4, repeated=1)
    assert find_faults(visits((20, empty))) == []


def test_a_page_that_shrank_and_lost_its_posts_is_told() -> None:
    small = replace(LISTING, fetched=0, new=0, unchanged=0, size=4_000)
    found = texts(find_faults(visits((3, small), (30, LISTING))))
    assert "从平日的约 78 KB 缩到 3.9 KB" in found
    assert "连续 3 次一条帖子也没有（以前每次约 20 条）" in found


def test_a_page_that_shrank_and_kept_its_posts_was_tidied() -> None:
    assert find_faults(visits((5, replace(LISTING, size=4_000)), (30, LISTING))) == []


def test_short_answers_are_usual_for_an_interface_that_gives_only_what_is_new() -> None:
    nothing = Visit(at=NOW, pages=1, size=2)
    assert find_faults(visits((9, nothing), (3, STREAM), (15, nothing), (1, STREAM), (20, nothing))) == []


def test_an_unchanged_page_that_was_not_sent_again_is_no_empty_one() -> None:
    not_sent = Visit(at=NOW)
    assert find_faults(visits((20, not_sent), (40, LISTING))) == []


def test_a_source_that_never_gave_anything_is_told_after_a_day() -> None:
    blank = replace(LISTING, fetched=0, new=0, unchanged=0)
    assert find_faults(visits((40, blank))) == [], "ten hours may pass without a post"
    assert "从来没有取到过帖子" in texts(find_faults(visits((120, blank))))


def test_rows_that_are_rejected_now_are_told_with_the_reason() -> None:
    bad = replace(LISTING, fetched=20, new=0, unchanged=6, rejected=14, refusal="没有文字")
    found = texts(find_faults(visits((3, bad), (40, LISTING))))
    assert "最近取到的有 70% 不合格（以前几乎没有），例如：没有文字。" in found
    assert "不合格" in texts(find_faults(visits((3, bad))))
    sloppy = replace(LISTING, new=0, rejected=2)
    assert find_faults(visits((40, sloppy))) == [], "a source may always have had a bad row or two"


def test_visits_that_no_longer_overlap_may_have_a_gap_between_them() -> None:
    flood = replace(LISTING, new=20, unchanged=0)
    assert "接不上" in texts(find_faults(visits((2, flood), (20, LISTING))))
    assert find_faults(visits((1, flood), (20, LISTING))) == []
    assert find_faults(visits((2, flood), (20, flood))) == [], "a kind that gives only what is new never overlaps"


def note(sign: Sign, text: str = "翻到上限了。", link: str = "") -> dict[str, Any]:
    return {"sign": sign.value, "text": text, "link": link}


@pytest.mark.parametrize(
    ("sign", "times"),
    [(Sign.GAP, 3), (Sign.PAGE_FAILED, 3), (Sign.DOUBTFUL, 3), (Sign.RUNNING_OUT, 2), (Sign.MOVED, 2)],
)
def test_a_remark_that_comes_again_and_again_is_told(sign: Sign, times: int) -> None:
    remarked = replace(LISTING, notes=[note(sign)])
    assert "翻到上限了" in texts(find_faults(visits((times, remarked), (20, LISTING))))
    assert find_faults(visits((times - 1, remarked), (20, LISTING))) == []


def test_the_new_address_of_a_site_that_moved_is_told() -> None:
    moved = replace(LISTING, notes=[note(Sign.MOVED, "网站搬家了。", "https://new.example.com/rss")])
    found = find_faults(visits((3, moved)))
    assert "https://new.example.com/rss" in texts(found)
    assert "改成新的" in found[0].advice


counts = st.integers(0, 60)


@st.composite
def odd_visits(draw: st.DrawFn) -> Visit:
    """A visit with numbers that need not make sense together."""
    new, unchanged, rejected, filtered = draw(st.tuples(counts, counts, counts, counts))
    return Visit(
        at=NOW - draw(st.timedeltas(timedelta(), timedelta(days=90))),
        fetched=new + unchanged + rejected + filtered,
        new=new,
        unchanged=unchanged,
        rejected=rejected,
        filtered=filtered,
        filled=draw(st.dictionaries(st.sampled_from(list(FIELD_NAMES)), counts)),
        pages=draw(counts),
        size=draw(st.integers(0, 10**8)),
        repeated=draw(counts),
        garbled=draw(st.floats(0, 1)),
        notes=draw(st.lists(st.builds(note, st.sampled_from(list(Sign))), max_size=2)),
    )


@settings(max_examples=50)
@given(st.lists(odd_visits(), max_size=14), st.lists(odd_visits(), max_size=14))
def test_whatever_visits_brought_can_be_looked_at(newest: list[Visit], before: list[Visit]) -> None:
    for fault in find_faults(newest, before):
        assert fault.text
        assert fault.advice
        assert all(value >= 0 for value in fault.figures.values())
