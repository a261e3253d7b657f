"""What to ask people about, what to keep for testing, and what their answers tell."""

import random
from collections import Counter

import pytest

from monitor.domain.errors import Invalid
from monitor.domain.learning import (
    FROZEN_SHARE,
    Checked,
    Drawn,
    Stratum,
    agreeing,
    certainty,
    draw_order,
    estimate_accuracy,
    is_frozen,
    shares_of,
    stratum_of,
    wilson,
)
from monitor.domain.verdicts import Expression, Polarity


def test_near_the_line_is_uncertain_whatever_the_flag_says() -> None:
    assert stratum_of(0.55, True, 0.5) is Stratum.UNCERTAIN
    assert stratum_of(0.42, False, 0.5) is Stratum.UNCERTAIN
    assert stratum_of(0.8, True, 0.5) is Stratum.FLAGGED
    assert stratum_of(0.1, False, 0.5) is Stratum.UNFLAGGED
    assert stratum_of(0.55, False, 0.9) is Stratum.UNFLAGGED, "the line is the model's, not one half"


def test_the_least_sure_come_first() -> None:
    assert sorted((0.9, 0.1, 0.34, 0.3), key=lambda chance: certainty(chance, 0.32)) == [0.34, 0.3, 0.1, 0.9]


def test_a_fifth_of_all_posts_is_frozen_the_same_ones_every_time() -> None:
    frozen = [number for number in range(1, 10_001) if is_frozen(number)]
    assert frozen == [number for number in range(1, 10_001) if is_frozen(number)]
    assert len(frozen) / 10_000 == pytest.approx(FROZEN_SHARE, abs=0.015)
    assert frozen != [number for number in range(1, 10_001) if is_frozen(number, seed=2)]


def test_the_order_of_drawing_has_nothing_to_do_with_being_frozen() -> None:
    early = [number for number in range(1, 10_001) if draw_order(number) < 0.5]
    assert sum(map(is_frozen, early)) / len(early) == pytest.approx(FROZEN_SHARE, abs=0.02)


def test_most_posts_are_drawn_where_nobody_looks() -> None:
    plenty = dict.fromkeys(Stratum, 1000)
    assert shares_of(20, plenty) == {Stratum.UNFLAGGED: 12, Stratum.FLAGGED: 4, Stratum.UNCERTAIN: 4}
    assert sum(shares_of(1, plenty).values()) == 1
    assert sum(shares_of(0, plenty).values()) == 0


def test_what_one_stratum_lacks_is_drawn_from_the_others() -> None:
    assert shares_of(20, {Stratum.UNFLAGGED: 100, Stratum.FLAGGED: 1}) == {
        Stratum.UNFLAGGED: 19,
        Stratum.FLAGGED: 1,
        Stratum.UNCERTAIN: 0,
    }
    assert sum(shares_of(20, {Stratum.FLAGGED: 7}).values()) == 7


def test_wilson_gives_the_published_example() -> None:
    # Newcombe 1998, table I: 81 of 263 is 0.2553 to 0.3662.
    low, high = wilson(81 / 263, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(0.0, 0) == (0.0, 1.0)
    assert wilson(0.0, 20)[0] == 0.0
    assert 0 < wilson(0.0, 20)[1] < 0.2


def test_dissatisfaction_and_how_it_shows_are_brought_into_agreement() -> None:
    calm = Polarity.NEUTRAL
    assert agreeing(None, Expression.IMPLICIT, present=calm) == (Polarity.NEGATIVE, Expression.IMPLICIT)
    assert agreeing(Polarity.POSITIVE, None, present=Polarity.NEGATIVE) == (Polarity.POSITIVE, Expression.NONE)
    assert agreeing(Polarity.NEGATIVE, None, present=calm) == (Polarity.NEGATIVE, None)
    assert agreeing(None, None, present=calm) == (None, None)


@pytest.mark.parametrize(
    ("polarity", "expression", "present", "field"),
    [
        (Polarity.NEGATIVE, Expression.NONE, Polarity.NEUTRAL, "expression"),
        (Polarity.POSITIVE, Expression.EXPLICIT, Polarity.NEUTRAL, "expression"),
        (None, Expression.NONE, Polarity.NEGATIVE, "polarity"),
    ],
)
def test_contradictions_are_refused(
    polarity: Polarity | None, expression: Expression, present: Polarity, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        agreeing(polarity, expression, present=present)
    assert set(refused.value.fields) == {field}


def _answers(stratum: Stratum, weight: float, *, flagged: bool, dissatisfied: int, content: int) -> list[Checked]:
    return [
        Checked(stratum, weight, flagged, dissatisfied=unhappy, polarity_right=flagged is unhappy)
        for unhappy in [True] * dissatisfied + [False] * content
    ]


def test_each_answer_counts_for_the_posts_it_stands_for() -> None:
    answers = [
        *_answers(Stratum.UNFLAGGED, 90, flagged=False, dissatisfied=1, content=9),
        *_answers(Stratum.FLAGGED, 10, flagged=True, dissatisfied=8, content=2),
    ]
    found = estimate_accuracy(answers)
    assert found.accuracy is not None
    assert found.recall is not None
    assert found.precision is not None
    assert found.accuracy.value == pytest.approx((9 * 90 + 8 * 10) / 1000)
    assert found.recall.value == pytest.approx(80 / (80 + 90))
    assert found.precision.value == pytest.approx(0.8)
    assert found.precision.n == 10
    assert [(each.posts, each.answered) for each in found.strata] == [(900, 10), (100, 10), (0, 0)]


def test_one_stratum_alone_gives_the_plain_wilson_interval() -> None:
    found = estimate_accuracy(_answers(Stratum.FLAGGED, 3, flagged=True, dissatisfied=27, content=3))
    assert found.precision is not None
    assert (found.precision.low, found.precision.high) == pytest.approx(wilson(0.9, 30))


def test_no_miss_seen_is_not_no_miss() -> None:
    found = estimate_accuracy(
        [
            *_answers(Stratum.UNFLAGGED, 100, flagged=False, dissatisfied=0, content=50),
            *_answers(Stratum.FLAGGED, 10, flagged=True, dissatisfied=50, content=0),
        ]
    )
    assert found.recall is not None
    assert found.recall.value == 1
    assert found.recall.low < 0.6, "fifty looks at five thousand posts leave room for three hundred misses"


def test_nothing_is_claimed_of_posts_that_nobody_looked_at() -> None:
    unseen = [Drawn(Stratum.UNFLAGGED, 90, flagged=False)] * 10
    found = estimate_accuracy([*unseen, *_answers(Stratum.FLAGGED, 10, flagged=True, dissatisfied=8, content=2)])
    assert (found.accuracy, found.recall) == (None, None)
    assert found.precision is not None
    assert found.answered == 10
    assert found.strata[0].drawn == 10
    assert estimate_accuracy([]).accuracy is None


def test_the_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    dice = random.Random(5)
    # Ten thousand posts: 9,000 passed over of which 5 % are dissatisfied, 1,000 flagged of which 70 % are.
    truth = {"recall": 700 / 1150, "accuracy": (8550 + 700) / 10_000}
    held: Counter[str] = Counter()
    for _ in range(300):
        missed, hits = (sum(dice.random() < p for _ in range(n)) for p, n in ((0.05, 150), (0.7, 50)))
        found = estimate_accuracy(
            [
                *_answers(Stratum.UNFLAGGED, 60, flagged=False, dissatisfied=missed, content=150 - missed),
                *_answers(Stratum.FLAGGED, 20, flagged=True, dissatisfied=hits, content=50 - hits),
            ]
        )
        assert found.recall is not None
        assert found.accuracy is not None
        held["recall"] += found.recall.low <= truth["recall"] <= found.recall.high
        held["accuracy"] += found.accuracy.low <= truth["accuracy"] <= found.accuracy.high
    assert all(0.92 <= count / 300 <= 1 for count in held.values()), held
