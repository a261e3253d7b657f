"""Posts are judged together with what else was said in their threads, and beside the stars that were given."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from monitor.domain.verdicts import TwoPassJudge, Verdict
from monitor.services.assessing import MOST_CONTEXT, assess_posts, judge_posts
from monitor.services.tools import Tools
from monitor.storage.queries.posts import posts_of_threads
from tests.factories import make_post
from tests.fakes import FixedClassifier


class Listener(FixedClassifier):
    """Remembers the threads it was told."""

    def __init__(self) -> None:
        self.contexts: list[str] = []

    def classify(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Verdict]:
        self.contexts = list(contexts or ())
        return super().classify(texts, contexts)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def listening(tools: Tools, listener: Listener) -> Tools:
    judge = tools.judge
    assert isinstance(judge, TwoPassJudge)
    return replace(tools, judge=replace(judge, classifier=listener))


def test_a_post_is_judged_beside_the_rest_of_its_thread(
    session: Session, listening: Tools, listener: Listener, now: datetime
) -> None:
    first = make_post(session, listening, now, "刹车有异响，店里说正常", thread_id="t-1")
    second = make_post(session, listening, now, "还是没人联系我", thread_id="t-1")
    alone = make_post(session, listening, now, "别的事", thread_id="t-2")
    free = make_post(session, listening, now, "没有串")
    judge_posts(session, [first, second, alone, free], listening)
    assert listener.contexts == ["还是没人联系我", "刹车有异响，店里说正常", "", ""]


def test_a_long_thread_is_told_in_part(session: Session, listening: Tools, listener: Listener, now: datetime) -> None:
    for number in range(12):
        make_post(session, listening, now, f"第{number}条" + "长" * 400, thread_id="t-1")
    last = make_post(session, listening, now, "最后一条", thread_id="t-1")
    judge_posts(session, [last], listening)
    assert len(listener.contexts[0]) == MOST_CONTEXT


def test_posts_without_threads_ask_nothing_of_the_database(session: Session, tools: Tools, now: datetime) -> None:
    assert posts_of_threads(session, [make_post(session, tools, now)]) == {}


def test_five_stars_beside_words_of_dissatisfaction_are_named(session: Session, tools: Tools, now: datetime) -> None:
    praised = make_post(session, tools, now, "挺好，漏油的事算了", rating=5, rating_scale=5)
    graded = make_post(session, tools, now, "挺好，漏油的事算了吧", rating=5)
    content = make_post(session, tools, now, "挺好", rating=5, rating_scale=5)
    assess_posts(session, [praised, graded, content], tools, now)
    session.flush()
    families = [[cue["family"] for cue in post.assessments[-1].details["cues"]] for post in (praised, graded, content)]
    assert families == [["resignation", "rating_contrast"], ["resignation"], []]
    assert praised.assessments[-1].flagged is graded.assessments[-1].flagged is True
