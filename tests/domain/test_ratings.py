"""Stars that contradict the words beside them."""

from dataclasses import replace

import pytest

from monitor.domain.ratings import FAMILY, REASON, beside_rating, share_of_stars
from monitor.domain.verdicts import Cue
from tests.fakes import CALM, HINTING

WAITING = Cue("waiting", 4, 8, "等了俩月", "久候：一直没等到")
FACT = Cue("bare_fact", 12, 16, "仪表黑屏", "白描：只说出了什么事")
AGAIN = Cue("again", 0, 3, "又坏了", "反复：不止一次")
FALLEN = Cue("fallen_expectation", 2, 5, "说好的", "期望落差：和说的不一样")
OUTRIGHT = Cue("explicit", 20, 22, "失望", "直接说出的不满")
RESIGNED = Cue("resignation", 1, 3, "算了", "作罢：放弃争取")


def _contrast(*cues: Cue, share: float | None = 1.0, flagged: bool = False) -> tuple[int, int, str] | None:
    """Where the contrast was found, and the words."""
    verdict = replace(HINTING if flagged else CALM, cues=cues)
    found = [cue for cue in beside_rating(verdict, share).cues if cue.family == FAMILY]
    assert len(found) <= 1
    return (found[0].start, found[0].end, found[0].text) if found else None


@pytest.mark.parametrize("cue", [WAITING, FACT, AGAIN, FALLEN, OUTRIGHT], ids=lambda cue: cue.family)
def test_what_happened_contradicts_five_stars_also_in_a_text_that_is_not_flagged(cue: Cue) -> None:
    assert _contrast(cue) == (cue.start, cue.end, cue.text)


@pytest.mark.parametrize(("share", "is_praise"), [(1.0, True), (0.8, True), (0.79, False), (0.2, False), (0.0, False)])
def test_praise_begins_at_four_stars_of_five(share: float, is_praise: bool) -> None:
    assert (_contrast(WAITING, share=share) is not None) is is_praise


def test_the_bare_fact_is_shown_before_the_wait_and_the_opinion() -> None:
    assert _contrast(AGAIN, WAITING, FACT, OUTRIGHT) == (12, 16, "仪表黑屏")


def test_of_one_family_the_first_is_shown() -> None:
    later = replace(WAITING, start=30, end=34, text="等了三天")
    assert _contrast(WAITING, later) == (4, 8, "等了俩月")


def test_a_flagged_text_shows_its_first_cue_for_want_of_a_fact() -> None:
    assert _contrast(RESIGNED, flagged=True) == (1, 3, "算了")


def test_a_flagged_text_shows_a_fact_rather_than_its_first_cue() -> None:
    assert _contrast(RESIGNED, WAITING, flagged=True) == (4, 8, "等了俩月")


def test_giving_in_alone_contradicts_nothing_in_a_text_that_is_not_flagged() -> None:
    assert _contrast(RESIGNED) is None


def test_without_a_cue_there_is_nothing_to_show() -> None:
    assert _contrast() is None
    assert _contrast(flagged=True) is None


def test_without_a_rating_the_verdict_is_the_very_same() -> None:
    verdict = replace(HINTING, cues=(WAITING,))
    assert beside_rating(verdict, None) is verdict
    assert beside_rating(verdict, float("nan")) is verdict


def test_a_contrast_that_the_text_itself_names_is_not_named_twice() -> None:
    named = replace(WAITING, family=FAMILY, reason="星文不符：给了好评，话里却都是毛病")
    verdict = replace(CALM, cues=(named, FACT))
    assert beside_rating(verdict, 1.0) is verdict


def test_only_the_cues_change() -> None:
    for whole in (replace(CALM, cues=(WAITING, FACT)), replace(HINTING, cues=(WAITING, FACT))):
        beside = beside_rating(whole, 1.0)
        assert replace(beside, cues=whole.cues) == whole
        assert set(whole.cues) < set(beside.cues)


def test_cues_stay_in_reading_order_and_the_reason_names_the_family() -> None:
    cues = beside_rating(replace(CALM, cues=(RESIGNED, WAITING, OUTRIGHT)), 0.9).cues
    assert [cue.family for cue in cues] == ["resignation", "waiting", FAMILY, "explicit"]
    assert cues[2].reason == REASON
    assert REASON.partition("：")[0] == "星文不符"


@pytest.mark.parametrize(
    ("rating", "scale", "share"),
    [(5, 5, 1.0), (4, 5, 0.8), (8, 10, 0.8), (0, 5, 0.0), (3.5, 5, 0.7)],
)
def test_stars_are_counted_as_a_share_of_their_scale(rating: float, scale: float, share: float) -> None:
    assert share_of_stars(rating, scale) == pytest.approx(share)


@pytest.mark.parametrize(
    ("rating", "scale"),
    [(None, 5), (5, None), (None, None), (5, 0), (5, -5), (9, 5), (-1, 5), (float("nan"), 5), (5, float("nan"))],
)
def test_a_rating_that_makes_no_sense_says_nothing(rating: float | None, scale: float | None) -> None:
    assert share_of_stars(rating, scale) is None
