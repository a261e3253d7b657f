"""What is found out about a source: its silences, and what its visits no longer bring."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event
from sqlalchemy.orm import Session

from monitor.domain.health import Health
from monitor.services.collecting import take_in
from monitor.services.tools import Tools
from monitor.storage.models import Post
from scrapers.base import Batch, Payload, RawPost
from tests.services.source_life import DAY, HOUR, Life, born


@pytest.fixture
def life(session: Session, tools: Tools, now: datetime) -> Life:
    """A source that was just added."""
    return born(session, tools, now)


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


def test_a_folder_that_people_fill_is_never_called_silent(lively: Life) -> None:
    lively.source.kind, lively.source.options = "folder", {"path": "/srv/drop"}
    for _ in range(3):
        lively.wait(5 * DAY)
        assert lively.visit([]) is Health.HEALTHY
    assert "不作判断" in lively.source.health_reason


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
