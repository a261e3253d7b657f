"""The draw of the day."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from monitor.jobs import spot_checks
from monitor.jobs.context import JobContext
from monitor.services.pipeline import handle_posts
from monitor.services.tools import Tools
from monitor.settings import Settings
from monitor.storage.db import Database
from monitor.storage.models import SpotCheck
from monitor.wiring import flag_line, model_card
from tests.factories import make_post
from tests.fakes import collectors


def _run(database: Database, tools: Tools, when: datetime) -> None:
    spot_checks.run(JobContext(database, tools, collectors([]), lambda: when))


def _drawn(database: Database) -> list[datetime]:
    with database.reading() as session:
        return list(session.scalars(select(SpotCheck.drawn_at).order_by(SpotCheck.id)))


def test_posts_are_drawn_once_a_day(sqlite: Database, tools: Tools, now: datetime) -> None:
    _run(sqlite, tools, now)
    assert _drawn(sqlite) == [], "there is nothing to draw from yet"
    with sqlite.writing.begin() as session:
        posts = [make_post(session, tools, now, f"今天天气不错{number}") for number in range(12)]
        handle_posts(session, posts, tools, now)
    few = replace(tools, spot_checks_per_day=5)
    tomorrow = now + timedelta(days=1)
    for when in (now, now + timedelta(hours=1), tomorrow, tomorrow + timedelta(hours=1)):
        _run(sqlite, few, when)
    assert _drawn(sqlite) == [now] * 5 + [tomorrow] * 5


def test_none_are_drawn_where_the_setting_says_so(sqlite: Database, tools: Tools, now: datetime) -> None:
    with sqlite.writing.begin() as session:
        handle_posts(session, [make_post(session, tools, now)], tools, now)
    _run(sqlite, replace(tools, spot_checks_per_day=0), now)
    assert _drawn(sqlite) == []


def test_what_is_uncertain_hangs_on_the_line_of_the_model_in_force(settings: Settings) -> None:
    assert flag_line(settings) == model_card(None).threshold
    assert flag_line(replace(settings, classifier="snownlp")) == 0.5
