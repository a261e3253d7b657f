"""Whether a candidate is worse than the present model, told from noise."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.classifiers.comparing import MEASURES, compare_cards, compare_verdicts, mcnemar
from monitor.classifiers.model_file import Card
from monitor.domain.candidates import FEWEST, Comparison
from monitor.domain.learning import AuditRow
from monitor.domain.verdicts import Polarity, Verdict
from tests.fakes import ANGRY, CALM

NEGATIVE, NEUTRAL, POSITIVE = Polarity.NEGATIVE, Polarity.NEUTRAL, Polarity.POSITIVE
ROWS = [AuditRow(number, "", (NEGATIVE, NEUTRAL, NEUTRAL, POSITIVE)[number % 4]) for number in range(100)]


def _says(polarity: Polarity) -> Verdict:
    return replace(ANGRY if polarity is NEGATIVE else CALM, polarity=polarity)


def _right(rows: Sequence[AuditRow], *, wrong: Sequence[int] = ()) -> list[Verdict]:
    """Right everywhere, but for these rows, where negative is taken for neutral and all else for negative."""
    swapped = {NEGATIVE: NEUTRAL, NEUTRAL: NEGATIVE, POSITIVE: NEGATIVE}
    return [_says(swapped[row.polarity] if place in wrong else row.polarity) for place, row in enumerate(rows)]


def _compare(present: Sequence[int], candidate: Sequence[int], rows: Sequence[AuditRow] = ROWS) -> Comparison:
    return compare_verdicts(rows, _right(rows, wrong=present), _right(rows, wrong=candidate))


def test_an_equal_model_passes() -> None:
    found = _compare(range(10), range(10))
    assert found.passed
    assert (found.lost, found.won, found.n) == (0, 0, 100)
    assert [figure.measure for figure in found.figures] == list(MEASURES)
    assert all(figure.difference == 0 for figure in found.figures)
    assert all(figure.present_low < figure.present < figure.present_high for figure in found.figures)


def test_a_better_model_passes() -> None:
    found = _compare(range(10), range(4))
    assert found.passed
    assert (found.lost, found.won) == (0, 6)
    gain = {figure.measure: figure for figure in found.figures}["flag_accuracy"]
    assert (gain.present, gain.candidate) == (0.9, 0.96)
    assert gain.difference_low > 0


def test_a_clearly_worse_model_is_refused_and_the_reasons_are_named() -> None:
    found = _compare(range(4), range(14))
    assert not found.passed
    assert {"flag_accuracy", "macro_f1", "mcnemar"} <= set(found.reasons)


def test_two_points_either_way_are_noise() -> None:
    assert _compare(range(10), [*range(8), 40, 41, 42, 44]).passed, "four lost, two won of a hundred"


def test_lower_by_more_than_noise_is_worse_even_where_it_cannot_be_proven() -> None:
    found = _compare(range(6), range(6, 18))
    assert (found.lost, found.won) == (12, 6)
    assert found.chance > 0.05
    assert "flag_accuracy" in found.reasons


def test_hearing_less_is_worse_even_where_fewer_false_alarms_make_up_for_it() -> None:
    missed = [place for place, row in enumerate(ROWS) if row.polarity is NEGATIVE][:8]
    alarms = [place for place, row in enumerate(ROWS) if row.polarity is NEUTRAL][:8]
    found = _compare(alarms, missed)
    assert (found.lost, found.won) == (8, 8)
    assert "recall" in found.reasons


def test_more_false_alarms_are_worse_and_fewer_are_not() -> None:
    alarms = [place for place, row in enumerate(ROWS) if row.polarity is NEUTRAL][:12]
    assert "neutral_flagged" in _compare([], alarms).reasons
    assert "neutral_flagged" not in _compare(alarms, []).reasons


def test_few_posts_never_pass() -> None:
    rows = ROWS[: FEWEST - 1]
    assert not _compare([], [], rows).passed
    assert not _compare([], [], rows).reasons
    assert not compare_verdicts([], [], []).passed


def test_what_cannot_be_measured_is_left_out() -> None:
    content = [row for row in ROWS if row.polarity is POSITIVE]
    measured = {figure.measure for figure in _compare([], [], content).figures}
    assert measured == {"flag_accuracy", "accuracy", "macro_f1"}


def test_no_mistake_seen_is_not_no_mistake() -> None:
    perfect = {figure.measure: figure for figure in _compare([], []).figures}
    assert perfect["accuracy"].candidate == 1
    assert perfect["accuracy"].candidate_low < 0.97


def test_the_paired_test_is_the_exact_binomial_one() -> None:
    assert mcnemar(0, 0) == 1
    assert mcnemar(5, 0) == pytest.approx(1 / 32)
    assert mcnemar(3, 1) == pytest.approx(5 / 16)
    assert mcnemar(0, 5) == 1


def test_the_same_posts_give_the_same_figures() -> None:
    assert _compare(range(5), range(3, 9)) == _compare(range(5), range(3, 9))


def _card(*scores: dict[str, object]) -> Card:
    return Card("v", "", 2, 1, 7, 0.5, 0.0, (), (), (), (), (), (), scores=scores)


def test_cards_are_compared_where_both_measured_the_same() -> None:
    before = _card({"set": "one", "n": 9, "auc": 0.9, "recall": 0.1}, {"set": "gone", "auc": 0.8})
    after = _card({"set": "one", "n": 10, "auc": 0.91, "recall": 0.2}, {"set": "new", "auc": 0.7}, {"note": "x"})
    found = compare_cards(before, after)
    assert [(each.set, each.measure, each.present, each.candidate) for each in found] == [("one", "auc", 0.9, 0.91)]
