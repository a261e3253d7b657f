"""How right the classifier is on one's own posts, said plainly, also when it cannot be said."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.domain.verdicts import Expression, Polarity
from monitor.services.audit import doer
from monitor.services.pipeline import handle_posts
from monitor.services.spot_checks import answer, draw
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Member
from tests.cast import Cast
from tests.factories import make_post

SignIn = Callable[[str], FlaskClient]
Answered = Callable[..., None]


@pytest.fixture
def answered(sqlite: Database, tools: Tools, people: Cast, now: datetime) -> Answered:
    """Posts that were drawn and answered: whatever says 不满 in the text is dissatisfied."""

    def make(*texts: str) -> None:
        with sqlite.writing.begin() as session:
            alice = doer(session.scalars(select(Member).where(Member.login == "alice")).one())
            handle_posts(session, [make_post(session, tools, now, text) for text in texts], tools, now)
            for check in draw(session, now, wanted=len(texts)):
                bad = "不满" in check.post.text
                truth = Polarity.NEGATIVE if bad else Polarity.NEUTRAL
                answer(session, check, alice, now, polarity=truth, expression=Expression.IMPLICIT if bad else None)

    return make


def _text(sign_in: SignIn) -> str:
    response = sign_in("alice").get("/model/accuracy")
    assert response.status_code == 200
    return " ".join(response.get_data(as_text=True).split())


def test_without_a_check_it_says_what_checks_are_for(sign_in: SignIn) -> None:
    page = _text(sign_in)
    assert "还没有人抽查过" in page
    assert 'href="/spot-checks"' in page


def test_few_answers_say_little_and_it_says_so(sign_in: SignIn, answered: Answered) -> None:
    answered("今天天气不错", "不满藏在心里")
    assert "只有 2 条由人判断过，还说明不了什么" in _text(sign_in)


def test_many_answers_say_how_right_it_is_with_an_interval(sign_in: SignIn, answered: Answered) -> None:
    answered(*(f"今天天气不错，第{n}天" for n in range(90)), *(f"不满藏在心里，第{n}天" for n in range(30)))
    page = _text(sign_in)
    assert "满 100 条再下结论" not in page
    assert "<b>75%</b><small>67–82%</small>" in page, "90 of 120: the Wilson interval"
    assert "看了 120 条" in page
    assert "<b>0%</b>" in page, "nothing of what was dissatisfied was flagged"
    assert 'class="interval"' in page


def test_the_confusion_table_counts_what_was_taken_for_what(sign_in: SignIn, answered: Answered) -> None:
    answered("今天天气不错", "不满藏在心里", "算了，不满", "算了，没什么")
    page = _text(sign_in)
    rows = page.split('<table class="confusion">')[1].split("</table>")[0].split("<tr>")[2:]
    counts = [[int(cell.split(">")[1].split("<")[0]) for cell in row.split("<td class=")[1:]] for row in rows]
    assert counts == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_the_number_of_questions_does_not_grow_with_the_answers(
    sign_in: SignIn, answered: Answered, questions: Callable[[], Any]
) -> None:
    alice = sign_in("alice")
    answered("今天天气不错")
    with questions() as one:
        alice.get("/model/accuracy")
    answered(*(f"今天天气不错，第{n}天" for n in range(40)))
    with questions() as many:
        alice.get("/model/accuracy")
    assert len(many) == len(one) <= 8
