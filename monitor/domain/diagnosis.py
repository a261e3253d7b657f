"""What keeps a source from being read, told by its schedule and its failures, in words for anybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from monitor.domain.health import Health
from monitor.domain.wording import say_moment, say_span

FAILURES_TO_TELL = 3
"""Failures in a row from which on a source is broken; one bad minute is not worth a mail."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The state of a source, why, and what to do, in words for anybody; `figures` are the numbers in them."""

    state: Health
    reason: str
    advice: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known of the visits to a source, and the state it was in so far."""

    enabled: bool = True
    blocked: bool = False
    failures: int = 0
    error: str = ""
    interval: timedelta = timedelta(minutes=15)
    visited: bool = True
    """False when we do not fetch: posts are sent to us."""
    next_run_at: datetime | None = None
    leased_until: datetime | None = None
    last_success_at: datetime | None = None
    state: Health = Health.NEW
    since: datetime | None = None


def trouble_with_visits(now_is: Situation, zone: tzinfo, now: datetime) -> Diagnosis | None:
    """What keeps a source from being read at all; None when its visits succeed."""
    if not now_is.enabled:
        return Diagnosis(Health.PAUSED, "已停用：不采集，也不报警。", "要继续，请点“启用并采集”。")
    if now_is.blocked:
        return Diagnosis(
            Health.BLOCKED,
            f"对方拒绝访问，已经停下，不会自动再试。{now_is.error}",
            "请先按说明处理：取得授权、改用官方接口或订阅源，或修正地址；好了再点“现在采集”。",
        )
    return _failing(now_is, zone, now) or _late(now_is, zone, now) or _not_yet_seen(now_is)


def _failing(now_is: Situation, zone: tzinfo, now: datetime) -> Diagnosis | None:
    if now_is.failures == 0:
        return None
    last = now_is.last_success_at
    if now_is.failures < FAILURES_TO_TELL and not _must_wait_long(now_is, now):
        return None
    success = f"上次成功是 {say_moment(last, zone, now=now)}。" if last else "还从未成功过。"
    return Diagnosis(
        Health.BROKEN,
        f"已连续失败 {now_is.failures} 次，会自动再试。{success}最近一次：{now_is.error}",
        "对方网站暂时不好时会自己恢复；几小时后还不好，请打开网址看看网站是否正常、地址有没有变。",
        {"failures": now_is.failures},
    )


_LONG_PAUSE = timedelta(hours=6)


def _must_wait_long(now_is: Situation, now: datetime) -> bool:
    """A site may ask us to come back tomorrow after a single failure; by then people should know."""
    unseen = _since_success(now_is, now)
    waits = now_is.next_run_at is not None and now_is.next_run_at > now
    return waits and unseen is not None and unseen > max(3 * now_is.interval, _LONG_PAUSE)


def _since_success(now_is: Situation, now: datetime) -> timedelta | None:
    return None if now_is.last_success_at is None else now - now_is.last_success_at


def _late(now_is: Situation, zone: tzinfo, now: datetime) -> Diagnosis | None:
    """Lateness is ours, not the site's: the jobs do not run, or too many sources wait for one host."""
    if not now_is.visited or now_is.failures:
        return None
    due = now_is.next_run_at
    if due is None:
        reason, late = "没有排上下一次采集。", timedelta()
    else:
        late = max(now - due, _never_finished(now_is, now))
        if late <= max(min(now_is.interval, _LONG_PAUSE), timedelta(hours=1)):
            return None
        reason = f"本该在 {say_moment(now - late, zone, now=now)} 采集，晚了 {say_span(late)}，期间也没有失败的记录。"
    return Diagnosis(
        Health.LATE,
        reason,
        "多半是后台任务没有运行，或同一网站的来源太多、排不过来。请运行 monitor doctor 看看，或点“现在采集”。",
        {"late_hours": late.total_seconds() / 3600},
    )


def _never_finished(now_is: Situation, now: datetime) -> timedelta:
    """How long a visit has been begun again and again without an end: its process is killed each time."""
    unseen = _since_success(now_is, now)
    if now_is.leased_until is None or unseen is None or unseen <= 3 * now_is.interval:
        return timedelta()
    return unseen - now_is.interval


def _not_yet_seen(now_is: Situation) -> Diagnosis | None:
    """Nothing good can be said before a visit has succeeded, nor after trouble before the next one has."""
    if not now_is.visited:
        return None
    last, since = now_is.last_success_at, now_is.since
    failed = f"最近一次没有成功，会自动再试：{now_is.error}" if now_is.failures else ""
    if last is None:
        return Diagnosis(Health.NEW, failed or "还没有采集过，马上开始。")
    if now_is.state in _UNTIL_SUCCESS and (since is None or last < since or now_is.failures):
        return Diagnosis(_UNTIL_SUCCESS[now_is.state], failed or "正在等下一次采集的结果。")
    return None


_UNTIL_SUCCESS = {
    Health.PAUSED: Health.NEW,
    Health.LATE: Health.LATE,
    Health.BROKEN: Health.BROKEN,
    Health.BLOCKED: Health.BROKEN,
}
"""States that only a visit that succeeds can end, and what a source is until then."""
