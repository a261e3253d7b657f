"""The classifier's card as a page."""

from collections.abc import Callable

from flask.testing import FlaskClient

SignIn = Callable[[str], FlaskClient]


def test_the_card_says_sets_licences_scores_and_limits(sign_in: SignIn) -> None:
    page = sign_in("alice").get("/model").get_data(as_text=True)
    assert "auto_implicit" in page
    assert "没有写明" in page
    assert "不满 AUC" in page
    assert "做不到的事" in page
    assert "ecisa" not in page


def test_those_who_judge_signals_find_it(sign_in: SignIn) -> None:
    assert 'href="/model"' in sign_in("alice").get("/signals").get_data(as_text=True)
