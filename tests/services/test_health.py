"""The health of sources: found after each visit, kept, and told once, daily while it lasts, and at its end."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.health import Health
from monitor.services import health
from monitor.services.collecting import collect_next
from monitor.services.setup import BUILT_IN
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import AuditEntry, HealthChange, Notification, Source
from scrapers.base import Batch, Note, RawPost, Sign
from scrapers.errors import CollectError
from tests.fakes import collectors
from tests.services.source_life import DAY, HOUR, Life, born, words_of


@pytest.fixture
def life(session: Session, tools: Tools, now: datetime) -> Life:
    """A source that was just added."""
    return born(session, tools, now)


def test_a_source_is_new_and_then_healthy_and_nobody_is_told(life: Life) -> None:
    assert life.review() is Health.NEW
    assert life.visit([life.post()]) is Health.HEALTHY
    assert life.source.health_reason == "一切正常，刚有新帖。"
    assert life.told() == []
    change = life.session.scalars(select(HealthChange)).one()
    assert (change.before, change.after, change.changed_at) == (Health.NEW, Health.HEALTHY, life.now)


def test_three_failures_are_told_once_then_daily_and_their_end_is_told(life: Life) -> None:
    life.visit([life.post()])
    life.wait(timedelta(minutes=1))
    assert [life.fail() for _ in range(4)] == [Health.HEALTHY, Health.HEALTHY, Health.BROKEN, Health.BROKEN]
    assert life.told() == ["bad 出错 0分 #1"]
    for hours in (10, 10, 10, 20):
        life.wait(hours * HOUR)
        life.fail()
    assert life.told()[1:] == ["still 出错 1天6时 #1"], "not again before a day is over"
    life.wait(4 * HOUR)
    life.fail()
    life.wait(HOUR)
    assert life.visit([life.post()]) is Health.HEALTHY
    assert life.told()[2:] == ["still 出错 2天6时 #1", "well 正常 2天7时 #1 恢复后取到 1 条新帖，没有发现漏帖。"]


def test_a_failure_is_said_though_the_source_still_counts_as_well(life: Life) -> None:
    life.visit([life.post()])
    life.fail("对方回答 503")
    assert life.state is Health.HEALTHY
    assert "最近一次没有成功，会自动再试：对方回答 503" in life.source.health_reason


def test_every_change_is_kept_and_audited(life: Life) -> None:
    life.visit([life.post()])
    life.fail("要登录才能看", permanent=True)
    entry = life.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.subject, entry.subject_id) == ("source_health", "source", life.source.id)
    assert entry.data == {"before": "healthy", "after": "blocked"}
    assert "要登录才能看" in entry.reason
    changes = life.session.scalars(select(HealthChange).order_by(HealthChange.id)).all()
    assert [change.after for change in changes] == [Health.HEALTHY, Health.BLOCKED]
    assert life.source.health_since == life.now


def test_administrators_hear_of_it(life: Life) -> None:
    life.fail("拒绝", permanent=True)
    notification = life.session.scalars(select(Notification)).one()
    assert notification.event == "source_health"
    assert notification.recipient == "care@example.com", "nobody is an administrator yet: the fallback hears it"


def test_what_gets_worse_is_told_at_once(life: Life) -> None:
    life.visit([life.post()])
    for _ in range(3):
        life.fail()
    life.wait(HOUR)
    life.fail("拒绝", permanent=True)
    assert life.told() == ["bad 出错 0分 #1", "bad 被拒绝 1时 #1"]


def test_a_source_that_flaps_is_told_of_every_few_hours_at_most(life: Life) -> None:
    life.visit([life.post()])
    for _ in range(12):
        for _ in range(3):
            life.wait(timedelta(minutes=5))
            life.fail()
        life.wait(timedelta(minutes=5))
        life.visit([life.post()])
    assert [words.split(" ")[0] for words in life.told()] == ["bad", "well", "bad", "well"]
    assert "#11" in life.told()[2], "how often it was, is told"


def test_one_who_wants_it_tried_again_hears_of_recovery_only_when_it_worked(life: Life) -> None:
    life.visit([life.post()])
    life.fail("拒绝", permanent=True)
    life.source.blocked, life.source.next_run_at = False, life.now
    life.wait(timedelta(minutes=5))
    assert life.review() is Health.BROKEN
    assert len(life.told()) == 1
    life.visit([life.post()])
    assert [words.split(" ")[0] for words in life.told()] == ["bad", "well"]


def test_nothing_is_told_of_a_source_that_is_paused(life: Life) -> None:
    life.visit([life.post()])
    life.fail("拒绝", permanent=True)
    life.source.enabled, life.source.next_run_at = False, None
    for _ in range(3):
        life.wait(2 * DAY)
        assert life.review() is Health.PAUSED
    life.source.enabled, life.source.blocked, life.source.next_run_at = True, False, life.now
    assert life.review() is Health.NEW
    assert life.visit([life.post()]) is Health.HEALTHY
    assert life.told() == ["bad 被拒绝 0分 #1"]


def test_lateness_is_told_when_it_stays(life: Life) -> None:
    life.visit([life.post()])
    life.wait(3 * HOUR)
    assert life.review() is Health.LATE
    assert life.told() == [], "after a stop of the program everything is late for some minutes"
    life.wait(timedelta(minutes=10))
    life.review()
    assert life.told() == ["bad 晚点 10分 #1"]
    life.visit([life.post()])
    assert life.told()[1] == "well 正常 10分 #1 恢复后取到 1 条新帖，没有发现漏帖。"


def test_a_gap_that_a_collector_noticed_is_told_at_recovery(life: Life) -> None:
    life.visit([life.post()])
    for _ in range(3):
        life.fail()
    life.wait(HOUR)
    life.visit([life.post()], notes=(Note(Sign.GAP, "翻到上限也没有遇到上次的帖子。"),))
    assert life.told()[1].endswith("可能漏了一些：翻到上限也没有遇到上次的帖子。漏掉的可以补历史。")


def test_a_first_visit_after_trouble_that_knows_nothing_may_have_missed_something(life: Life) -> None:
    life.visit([life.post()])
    for _ in range(3):
        life.fail()
    life.visit([life.post() for _ in range(5)])
    assert "恢复后取到的 5 条全是新帖，与之前接不上" in life.told()[1]


def test_one_look_at_a_source_that_is_being_written_down_is_left_out(life: Life) -> None:
    assert health.review_numbered(life.session, life.source.id, life.tools, life.now) is not None
    assert health.review_numbered(life.session, 10**6, life.tools, life.now) is None


def test_all_sources_but_the_built_in_ones_are_watched_batch_by_batch(life: Life) -> None:
    for n in range(5):
        life.session.add(Source(name=f"来源 {n}", kind="feed", options={}, cursor={}))
    life.session.flush()
    seen: list[int] = []
    while numbers := health.watched_sources(life.session, after=seen[-1] if seen else 0, size=2):
        assert len(numbers) <= 2
        seen += numbers
    kinds = life.session.scalars(select(Source.kind).where(Source.id.in_(seen))).all()
    assert len(seen) == len(set(seen)) >= 6
    assert not set(kinds) & set(BUILT_IN)


def test_every_visit_looks_by_itself(database: Database, tools: Tools, now: datetime) -> None:
    with database.writing.begin() as session:
        session.add(Source(name="论坛", kind="feed", options={}, cursor={}, next_run_at=now))
    spoken = replace(tools, render=words_of)
    build = collectors([Batch((RawPost("1", "好"),), {}), CollectError("要登录才能看。", permanent=True)])
    for minutes in (0, 15):
        assert collect_next(database.writing, build, spoken, now + timedelta(minutes=minutes))
    with database.reading() as session:
        source = session.scalars(select(Source).where(Source.name == "论坛")).one()
        assert (source.health, source.health_since) == (Health.BLOCKED, now + timedelta(minutes=15))
        assert source.health_reason.endswith("要登录才能看。")
        assert session.scalars(select(Notification.subject)).all() == ["bad 被拒绝 0分 #1"]
