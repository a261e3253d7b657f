"""The index finds copies among its candidates, keeps strangers out, and never answers without bound."""

import random
from collections.abc import Sequence

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.likeness import likeness, normal_form, pairs_of
from monitor.storage.models import PostBand
from monitor.storage.near_copies import (
    BANDS,
    MOST_CANDIDATES,
    MOST_IN_BAND,
    STEPS,
    Look,
    forget,
    keep,
    look_up,
    sign,
)
from tests.wordings import COMPLAINTS, EDITS, OTHER_ORDER, simplify

NORMALS = [normal_form(text, simplify) for text in COMPLAINTS]
HAN = "的一是了我不在人有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于"


def _look(session: Session, *wordings: tuple[int, str]) -> Look:
    return look_up(session, sign(wordings))


def _keep(session: Session, wordings: Sequence[tuple[int, str]]) -> None:
    keep(session, _look(session, *wordings).rows)


def _rows(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(PostBand)) or 0


@pytest.fixture
def stored(session: Session) -> Session:
    """A session in which the complaints are stored, numbered from 1."""
    _keep(session, list(enumerate(NORMALS, 1)))
    return session


@pytest.mark.parametrize("name", list(EDITS))
def test_nearly_every_edit_of_a_stored_text_finds_it(stored: Session, name: str) -> None:
    edited = [(number + 100, normal_form(EDITS[name](text), simplify)) for number, text in enumerate(COMPLAINTS, 1)]
    found = [look_up(stored, [each]).candidates[each.post_id] == [each.post_id - 100] for each in sign(edited)]
    assert sum(found) >= 7


def test_strangers_are_no_candidates(stored: Session) -> None:
    strangers = [(number, normal_form(text, simplify)) for number, text in enumerate(sum(OTHER_ORDER, ()), 200)]
    assert [_look(stored, each).candidates[each[0]] for each in strangers] == [[]] * 4


def _half_changed(choose: random.Random) -> tuple[str, str]:
    """A text and another that shares about half of its pairs of characters."""
    text = choose.choices([chr(0x4E00 + place) for place in range(3000)], k=60)
    places = choose.sample(range(59), choose.randrange(8, 13))
    return "".join(text), "".join("变" if place in places else letter for place, letter in enumerate(text))


def test_copies_of_half_are_met_nine_times_of_ten_and_of_six_tenths_nearly_always() -> None:
    choose = random.Random(5)
    texts = [_half_changed(choose) for _ in range(700)]
    signed = [sign(list(enumerate(side))) for side in zip(*texts, strict=True)]
    met: dict[float, list[bool]] = {0.5: [], 0.6: []}
    for (text, other), one, two in zip(texts, *signed, strict=True):
        exact = round(likeness(pairs_of(text), pairs_of(other)), 1)
        if exact in met:
            met[exact].append(bool(set(one.bands) & set(two.bands)))
    assert sum(met[0.5]) / len(met[0.5]) > 0.88
    assert sum(met[0.6]) / len(met[0.6]) > 0.97


def test_short_posts_are_found_by_all_they_say(session: Session) -> None:
    _keep(session, [(1, "服务太差了"), (2, "好评"), (3, "服务太差")])
    assert _rows(session) == 3
    look = _look(session, (11, "服务太差了"), (12, "差评"), (13, "服务太差"))
    assert look.candidates == {11: [1], 12: [], 13: [3]}


def test_who_says_nothing_is_not_looked_up(session: Session) -> None:
    look = _look(session, (1, ""), (2, NORMALS[0]))
    assert look.candidates == {2: []}


def test_posts_of_one_batch_find_those_before_them(session: Session) -> None:
    look = _look(session, (7, NORMALS[0]), (8, NORMALS[1]), (9, NORMALS[0]))
    assert look.candidates == {7: [], 8: [], 9: [7]}
    assert _rows(session) == 0


def test_a_post_is_no_candidate_of_its_own(stored: Session) -> None:
    look = _look(stored, (1, NORMALS[0]))
    assert (look.candidates, look.rows) == ({1: []}, [])


def test_the_likeliest_candidate_comes_first(session: Session) -> None:
    swapped, cut = (normal_form(EDITS[name](COMPLAINTS[0]), simplify) for name in ("words swapped", "cut to 70 %"))
    _keep(session, [(1, swapped), (2, cut), (3, NORMALS[0])])
    assert _look(session, (9, NORMALS[0])).candidates[9][0] == 3


def test_a_wording_of_thousands_takes_few_places_and_gives_few_candidates(session: Session) -> None:
    for start in range(0, 1000, 200):
        _keep(session, [(number, NORMALS[0] + str(number % 10)) for number in range(start, start + 200)])
    counts = session.scalars(select(func.count()).select_from(PostBand).group_by(PostBand.band)).all()
    assert max(counts) == MOST_IN_BAND
    assert len(_look(session, (5000, NORMALS[0])).candidates[5000]) == MOST_CANDIDATES


def test_what_is_forgotten_is_not_found(stored: Session) -> None:
    forget(stored, [(1, NORMALS[0])])
    assert _look(stored, (9, NORMALS[0]), (10, NORMALS[1])).candidates == {9: [], 10: [2]}


def test_keeping_twice_changes_nothing(session: Session) -> None:
    rows = _look(session, (1, NORMALS[0])).rows
    keep(session, rows)
    keep(session, rows)
    assert _rows(session) == len(rows) == BANDS


def test_nothing_to_keep_or_forget_is_no_error(session: Session) -> None:
    keep(session, [])
    forget(session, [(1, "")])
    assert _look(session).candidates == {}


def test_the_steps_ask_every_band_once() -> None:
    (signed,) = sign([(1, NORMALS[0])])
    assert [band for step in STEPS for band in signed.step(step).bands] == signed.bands


def test_signatures_stay_what_they_are() -> None:
    # What is stored is found by these numbers: who changes them has to build every index anew.
    short, long = sign([(1, "服务太差了"), (2, NORMALS[0])])
    assert (short.sketch, short.bands) == (0, [4607055625149902762])
    assert (long.sketch, long.bands[0]) == (8847104686346524697, 130112361659825300)


@pytest.mark.parametrize("length", [12, 13, 4000])
def test_a_signature_does_not_depend_on_its_neighbours(length: int) -> None:
    choose = random.Random(length)
    texts = [(number, "".join(choose.choices(HAN, k=length))) for number in range(5)]
    assert [sign([each])[0] for each in texts] == sign(texts)
