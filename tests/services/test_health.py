"""The health of sources: found after each visit, kept, and told once, daily while it lasts, and at its end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select
from sqlalchemy.orm import Session

from monitor.domain.alerts import Rendered
from monitor.domain.health import Health
from monitor.services import health
from monitor.services.collecting import collect_next, take_in
from monitor.services.runs import note_run
from monitor.services.setup import BUILT_IN
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import AuditEntry, CollectRun, HealthChange, Notification, Post, Source
from scrapers.base import Batch, Note, Payload, RawPost, Sign
from scrapers.errors import CollectError
from tests.fakes import collectors

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def words_of(name: str, facts: Any) -> Rendered:
    """A renderer that says how a source turned, into what, after how long, and what may be missing."""
    said = f"{facts['turn']} {facts['state']} {facts['lasted']} #{facts['again']} {facts['missing']}".strip()
    return Rendered(said, said, said)


@dataclass
class Life:
    """A source whose visits a test plays."""

    session: Session
    source: Source
    tools: Tools
    now: datetime
    number: int = 0

    def wait(self, time: timedelta) -> None:
        """Lets time pass in which nothing happens."""
        self.now += time

    def visit(self, posts: Sequence[RawPost] = (), **more: Any) -> Health:
        """A visit that succeeds."""
        self.session.flush()
        batch = Batch(tuple(posts), {}, **more)
        accepted, losses = take_in(self.session, self.source, batch, self.tools, self.now)
        note_run(self.session, self.source, batch, accepted, losses, self.now)
        self.source.last_success_at = self.now
        self.source.last_new_at = self.now if accepted.new else self.source.last_new_at
        self.source.failures, self.source.error, self.source.blocked = 0, "", False
        self.source.next_run_at = self.now + timedelta(minutes=15)
        return self.review()

    def fail(self, error: str = "超时", *, permanent: bool = False) -> Health:
        """A visit that does not."""
        self.source.failures += 1
        self.source.error, self.source.blocked = error, permanent
        self.source.next_run_at = None if permanent else self.now + timedelta(minutes=15)
        self.session.add(
            CollectRun(source_id=self.source.id, started_at=self.now, finished_at=self.now, error=error, rejections=[])
        )
        return self.review()

    def review(self) -> Health:
        """A look without a visit."""
        found = health.review(self.session, self.source, self.tools, self.now)
        assert self.source.health is found.state
        return found.state

    def post(self, **more: Any) -> RawPost:
        """A new post, written now."""
        self.number += 1
        return RawPost(f"p{self.number}", "刹车异响", author="甲", **({"created_at": self.now} | more))

    def live(self, days: int) -> None:
        """Days with a post and a visit an hour, day and night."""
        times = [self.now + n * HOUR for n in range(1, days * 24 + 1)]
        common: dict[str, Any] = {"source_id": self.source.id}
        posts = [
            {"external_id": f"h{n}", "text": "x", "content_hash": "", "fingerprint": "", "created_at": at,
             "first_seen_at": at, **common}
            for n, at in enumerate(times)
        ]  # fmt: skip
        self.session.execute(insert(Post), posts)
        runs = [{"started_at": at, "finished_at": at, "fetched": 1, "new": 1, **common} for at in times]
        self.session.execute(insert(CollectRun), runs)
        self.now = times[-1] + timedelta(minutes=1)
        self.visit([self.post()])

    def repeat(self, times: int, every: timedelta, **counts: Any) -> None:
        """Many visits that succeed with these counts, as they are written down."""
        moments = [self.now + n * every for n in range(1, times + 1)]
        runs = [{"source_id": self.source.id, "started_at": at, "finished_at": at, **counts} for at in moments]
        self.session.execute(insert(CollectRun), runs)
        self.now = self.source.last_success_at = moments[-1]
        self.source.next_run_at = self.now + timedelta(minutes=15)

    @property
    def state(self) -> Health:
        """The state that is kept."""
        return self.source.health

    def told(self) -> list[str]:
        """What people were told so far."""
        return list(self.session.scalars(select(Notification.subject).order_by(Notification.id)))


@pytest.fixture
def life(session: Session, tools: Tools, now: datetime) -> Life:
    """A source that was just added."""
    source = Source(name="论坛", kind="feed", options={}, cursor={}, next_run_at=now)
    session.add(source)
    session.flush()
    return Life(session, source, replace(tools, render=words_of), now)


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


@pytest.fixture
def lively(life: Life) -> Life:
    """A source of four weeks with a post an hour."""
    life.live(28)
    assert life.state is Health.HEALTHY
    return life


def _silent(life: Life) -> None:
    life.wait(20 * HOUR)
    life.visit()
    life.wait(timedelta(minutes=15))
    assert life.visit([]) is Health.SILENT


def test_silence_is_heard_and_ends_with_a_post(lively: Life) -> None:
    lively.wait(2 * HOUR)
    assert lively.visit() is Health.HEALTHY
    _silent(lively)
    assert "这个来源平日这个时段每小时约 1 条，最近 22时15分没有新帖" in lively.source.health_reason
    assert "这期间采集了 3 次，都成功，但一条也没有取到。" in lively.source.health_reason
    lively.wait(4 * HOUR)
    assert lively.visit([lively.post(created_at=lively.now - 3 * HOUR), lively.post()]) is Health.HEALTHY
    assert lively.told() == ["bad 异常安静 0分 #1", "well 正常 4时15分 #1 恢复后取到 2 条新帖，没有发现漏帖。"]


def test_the_past_that_is_read_later_ends_no_silence(lively: Life) -> None:
    _silent(lively)
    lively.wait(HOUR)
    assert lively.visit([lively.post(created_at=lively.now - 9 * DAY)]) is Health.SILENT


def test_a_silence_does_not_end_because_the_habit_is_forgotten(lively: Life) -> None:
    _silent(lively)
    lively.session.execute(delete(Post))
    for _ in range(3):
        lively.wait(DAY)
        assert lively.visit() is Health.SILENT
        assert "没有新帖" in lively.source.health_reason
    assert [words.split(" ")[0] for words in lively.told()] == ["bad", "still", "still", "still"]


def test_a_silence_is_not_heard_while_we_do_not_look(lively: Life) -> None:
    lively.wait(20 * HOUR)
    assert lively.review() is Health.LATE


def test_history_that_is_imported_makes_a_habit_but_no_alarm(life: Life) -> None:
    """An import or a backfill tells the habit; it is neither news nor a reason to call the present silent."""
    old = [life.post(created_at=life.now - n * HOUR) for n in range(1, 24 * 30)]
    batch = Batch(tuple(old), {})
    take_in(life.session, life.source, batch, life.tools, life.now, quiet=True)
    life.wait(timedelta(minutes=30))
    assert life.visit() is Health.HEALTHY
    life.wait(HOUR)
    assert life.visit() is Health.HEALTHY
    assert "每小时约 1 条" in life.source.health_reason
    undated = [life.post(created_at=None) for _ in range(500)]
    take_in(life.session, life.source, Batch(tuple(undated), {}), life.tools, life.now, quiet=True)
    life.wait(18 * HOUR)
    life.visit()
    assert life.visit() is Health.SILENT


def test_a_sender_who_falls_silent_is_heard_though_nobody_visits(life: Life) -> None:
    life.live(20)
    life.source.kind, life.source.next_run_at = "push", None
    life.wait(20 * HOUR)
    assert life.review() is Health.SILENT
    assert "推送的一方" in life.source.health_advice


PAGE = Payload("https://example.com/list", b"x" * 50_000)


NAMELESS = {"fetched": 5, "new": 5, "filled": {"text": 5, "created_at": 5}}


def _listing(life: Life, **more: Any) -> list[RawPost]:
    return [life.post(**more) for _ in range(5)]


def test_lost_authors_are_told_and_what_came_without_them_is_counted(life: Life) -> None:
    for _ in range(20):
        life.wait(timedelta(minutes=15))
        life.visit(_listing(life), payloads=(PAGE,))
    for _ in range(4):
        life.wait(timedelta(minutes=15))
        life.visit([replace(post, author="") for post in _listing(life)], payloads=(PAGE,))
    assert life.source.health_reason == "最近的帖子几乎都没有“作者”（以前 100%）。"
    assert "预览" in life.source.health_advice
    life.repeat(120, timedelta(minutes=5), **NAMELESS)
    life.review()
    assert life.source.health_reason == "最近的帖子几乎都没有“作者”（以前 100%）。", (
        "measured by the time before, still"
    )
    for _ in range(4):
        life.wait(timedelta(minutes=15))
        life.visit(_listing(life), payloads=(PAGE,))
    assert life.state is Health.HEALTHY
    first, last = life.told()
    assert first == "bad 内容残缺 0分 #1"
    assert "可能缺内容；补历史会把它们重新取一遍" in last


def test_a_source_with_a_post_a_visit_and_few_of_those_is_compared_over_weeks(life: Life) -> None:
    life.visit([life.post()])
    one = {"fetched": 1, "new": 1, "size": 900, "pages": 1}
    for days, filled in ((9, {"text": 1, "author": 1}), (4, {"text": 1})):
        for _ in range(days * 5):
            life.repeat(1, timedelta(minutes=15), **one, filled=filled)
            life.repeat(18, timedelta(minutes=15), size=2, pages=1)
    assert life.review() is Health.DEGRADED
    assert life.source.health_reason.startswith("最近的帖子几乎都没有“作者”（以前 100%）。")


def test_after_two_weeks_a_fault_is_how_the_source_is(life: Life) -> None:
    for _ in range(20):
        life.wait(timedelta(minutes=15))
        life.visit(_listing(life))
    for _ in range(4):
        life.wait(timedelta(minutes=15))
        life.visit([replace(post, author="") for post in _listing(life)])
    assert life.told() == ["bad 内容残缺 0分 #1"]
    life.repeat(120, 3 * HOUR, **NAMELESS)
    life.review()
    assert life.state is Health.HEALTHY
    assert life.source.health_reason.startswith("两周以来一直这样，从现在起以此为准。")


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
    life.visit(_listing(life))
    assert "恢复后取到的 5 条全是新帖，与之前接不上" in life.told()[1]


def test_a_look_asks_little(lively: Life) -> None:
    lively.wait(3 * HOUR)
    lively.visit()
    lively.session.flush()
    asked: list[str] = []
    connection = lively.session.connection()
    note = lambda *args: asked.append(args[2])  # noqa: E731
    event.listen(connection, "before_cursor_execute", note)
    lively.review()
    event.remove(connection, "before_cursor_execute", note)
    assert 0 < len(asked) <= 8


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
