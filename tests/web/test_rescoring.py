"""The page about judging stored posts again: begin, watch, rest, what changed, take back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.domain.rescoring import RunState
from monitor.domain.verdicts import TwoPassJudge
from monitor.services.audit import SYSTEM
from monitor.services.pipeline import handle_posts
from monitor.services.rescoring import advance, start
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import AuditEntry, RescoreRun
from tests.cast import Cast
from tests.factories import make_post
from tests.fakes import FixedClassifier, FixedSuggester, SharperClassifier

SignIn = Callable[[str], FlaskClient]
PAGE = "/model/rescoring"


@pytest.fixture
def tools(tools: Tools) -> Tools:
    """The pages run with the next version of the classifier."""
    return replace(tools, judge=TwoPassJudge(SharperClassifier(), FixedSuggester()))


@pytest.fixture
def stored(sqlite: Database, tools: Tools, people: Cast, now: datetime) -> Callable[..., None]:
    """Keeps posts that the first version judged."""
    first = replace(tools, judge=TwoPassJudge(FixedClassifier(), FixedSuggester()))

    def make(*texts: str) -> None:
        with sqlite.writing.begin() as session:
            handle_posts(session, [make_post(session, first, now, text) for text in texts], first, now)

    return make


@pytest.fixture
def work(sqlite: Database, tools: Tools, now: datetime) -> Callable[..., None]:
    """Judges the next posts, as the job does."""

    def go_on(limit: int = 200, *, at: datetime = now) -> None:
        with sqlite.writing.begin() as session:
            advance(session, tools, at, limit=limit)

    return go_on


def _text(client: FlaskClient, address: str = PAGE) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def _run(sqlite: Database) -> RescoreRun:
    with sqlite.reading() as session:
        return session.scalars(select(RescoreRun).order_by(RescoreRun.id.desc())).first()  # type: ignore[return-value]


def test_with_nothing_to_do_it_says_when_there_would_be(sign_in: SignIn) -> None:
    page = _text(sign_in("erin"))
    assert "不用重新判断" in page
    assert "lexicon" in page


def test_a_run_is_begun_watched_and_seen_to_its_end(
    sign_in: SignIn, stored: Callable[..., None], work: Callable[..., None]
) -> None:
    stored("随它去吧", "算了吧", "今天天气不错")
    erin = sign_in("erin")
    assert "重新判断这 3 条" in _text(erin)
    assert "开始重新判断 3 条帖子" in erin.post(PAGE, follow_redirects=True).get_data(as_text=True)
    work(1)
    page = _text(erin)
    assert 'data-live="2"' in page
    assert "1 / 3 条" in page
    work()
    work()
    page = _text(erin)
    assert "data-live" not in page
    assert "新听出不满 1" in page
    assert "不满 5%，没有不满" in page
    assert '<mark title="作罢：放弃争取">随它去</mark>' in page
    gone = _text(erin, f"{PAGE}?what=no_longer_flagged")
    assert '<mark title="作罢：放弃争取">算了</mark>' in gone, "with the cue that spoke before"


def test_a_run_rests_and_goes_on(sign_in: SignIn, stored: Callable[..., None], sqlite: Database) -> None:
    stored("随它去吧", "算了吧")
    erin = sign_in("erin")
    erin.post(PAGE)
    assert "已暂停" in erin.post(f"{PAGE}/1/pause", follow_redirects=True).get_data(as_text=True)
    assert "接着做剩下的 2 条" in _text(erin)
    erin.post(f"{PAGE}/1/resume")
    assert _run(sqlite).state is RunState.RUNNING
    with sqlite.reading() as session:
        said = session.execute(select(AuditEntry.name, AuditEntry.action).where(AuditEntry.subject == "classifier"))
        assert [tuple(row) for row in said] == [
            ("周班长", "rescoring_started"),
            ("周班长", "rescoring_paused"),
            ("周班长", "rescoring_resumed"),
        ]


def test_a_run_is_taken_back(sign_in: SignIn, stored: Callable[..., None], work: Callable[..., None]) -> None:
    stored("随它去吧", "算了吧")
    dave = sign_in("dave")
    dave.post(PAGE)
    work()
    page = dave.post(f"{PAGE}/1/undo", follow_redirects=True).get_data(as_text=True)
    assert "收回了 2 条判断" in page
    assert "重新判断这 2 条" in page, "and could be begun anew"
    assert "已经收回过了" in dave.post(f"{PAGE}/1/undo", follow_redirects=True).get_data(as_text=True)


def test_what_cannot_be_done_now_is_said_and_changes_nothing(
    sign_in: SignIn, stored: Callable[..., None], sqlite: Database
) -> None:
    stored("随它去吧")
    erin = sign_in("erin")
    erin.post(PAGE)
    assert "没做完" in erin.post(PAGE, follow_redirects=True).get_data(as_text=True)
    assert "没有暂停" in erin.post(f"{PAGE}/1/resume", follow_redirects=True).get_data(as_text=True)
    assert _run(sqlite).state is RunState.RUNNING


def test_an_agent_looks_on(sign_in: SignIn, stored: Callable[..., None]) -> None:
    stored("随它去吧")
    page = _text(sign_in("alice"))
    assert "要由班长或管理员来开始" in page
    assert f'action="{PAGE}"' not in page


def test_a_run_that_nobody_works_on_says_where_to_look(
    sign_in: SignIn, stored: Callable[..., None], sqlite: Database, tools: Tools, now: datetime
) -> None:
    stored("随它去吧")
    with sqlite.writing.begin() as session:
        start(session, tools, SYSTEM, now - timedelta(minutes=10))
    page = _text(sign_in("erin"))
    assert "monitor jobs run" in page
    assert "data-live" not in page


def test_a_run_of_another_version_says_so(
    sign_in: SignIn, stored: Callable[..., None], sqlite: Database, tools: Tools, now: datetime
) -> None:
    stored("随它去吧")
    with sqlite.writing.begin() as session:
        start(session, replace(tools, router_version="desk-2"), SYSTEM, now)
    page = _text(sign_in("erin"))
    assert "请重启网页和后台任务" in page
    assert "按现在的版本重新开始（1 条）" in page


@pytest.mark.parametrize("given", ["run=999", "run=x&what=nonsense", "after=-1", "after=99999999999999"])
def test_an_odd_address_shows_a_page_all_the_same(sign_in: SignIn, stored: Callable[..., None], given: str) -> None:
    stored("随它去吧")
    erin = sign_in("erin")
    erin.post(PAGE)
    _text(erin, f"{PAGE}?{given}")


def test_the_number_of_questions_does_not_grow_with_what_changed(
    sign_in: SignIn, stored: Callable[..., None], work: Callable[..., None], questions: Callable[[], Any]
) -> None:
    stored("随它去吧")
    erin = sign_in("erin")
    erin.post(PAGE)
    work()
    with questions() as one:
        _text(erin)
    work()
    stored(*(f"随它去吧，第{n}次" for n in range(45)))
    erin.post(PAGE)
    work()
    with questions() as many:
        page = _text(erin)
    assert len(many) == len(one) <= 10
    assert page.count("<mark") == 20, "and the rest is a page away"
    assert 'rel="next"' in page
    assert len(page.encode()) < 60_000
