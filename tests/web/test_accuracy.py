"""How right the classifier is on one's own posts, said plainly, also when it cannot be said."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.domain.candidates import FEWEST, Adoption, Candidate, Comparison
from monitor.domain.verdicts import Expression, Polarity
from monitor.services.audit import doer
from monitor.services.pipeline import handle_posts
from monitor.services.spot_checks import answer, draw
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Member
from monitor.web.accuracy import own_model_lines
from tests.cast import Cast
from tests.factories import make_post

SignIn = Callable[[str], FlaskClient]
Answered = Callable[..., None]
BETTER = Comparison(n=60, figures=(), lost=1, won=5, chance=0.98, reasons=())
WORSE = Comparison(n=60, figures=(), lost=9, won=1, chance=0.01, reasons=("recall",))
THIN = Comparison(n=FEWEST - 1, figures=(), lost=0, won=0, chance=1.0, reasons=())


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


def _model(version: str, comparison: Comparison | None = None, *, active: bool = False, trouble: str = "") -> Candidate:
    return Candidate(version, Path(version), comparison, active, trouble)


def _adopted(version: str, day: int, *, forced: bool = False) -> Adoption:
    return Adoption(version, version, f"2026-11-{day:02}T02:00:00+00:00", "chen", forced=forced)


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        (None, "还没有比较过"),
        (THIN, f"核对集只有 {FEWEST - 1} 条，满 {FEWEST} 条才看得出好坏"),
        (BETTER, "核对集 60 条里，改对 5 条，改错 1 条；不比当时用的差"),
        (WORSE, "核对集 60 条里，改对 1 条，改错 9 条；比当时用的差"),
    ],
)
def test_what_the_comparison_found_is_said_plainly(comparison: Comparison | None, said: str) -> None:
    assert own_model_lines([_model("a", comparison)], [])[0].reason == said


def test_the_model_in_force_stands_first_and_then_the_newest() -> None:
    models = [_model("a", BETTER), _model("b", BETTER, active=True), _model("c", BETTER), _model("d", WORSE)]
    chain = [_adopted("a", 1), _adopted("c", 3), _adopted("b", 2)]
    lines = own_model_lines(models, chain)
    assert [(line.version, line.state) for line in lines] == [
        ("b", "现在用的"), ("c", "用过"), ("a", "用过"), ("d", "候选"),
    ]  # fmt: skip


def test_a_model_taken_by_force_or_broken_says_so() -> None:
    forced = own_model_lines([_model("a", WORSE, active=True)], [_adopted("a", 1, forced=True)])[0]
    broken = own_model_lines([_model("b", trouble="校验不符")], [])[0]
    assert (forced.state, broken.state, broken.reason) == ("现在用的，强行启用", "坏了", "校验不符")
    assert own_model_lines([_model("c", BETTER)], [])[0].state == "可以启用"


def test_without_one_the_page_says_how_to_make_one(sign_in: SignIn) -> None:
    page = sign_in("alice").get("/model/accuracy").get_data(as_text=True)
    assert "monitor classifier train --with-corrections" in page
