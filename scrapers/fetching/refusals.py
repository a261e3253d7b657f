"""What an answer's status means: usable, busy for now, or a refusal, and in which words a person is told."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapers.base import Response
from scrapers.errors import CollectError
from scrapers.fetching.limits import read_allowance
from scrapers.fetching.urls import shown
from scrapers.reading.charsets import decode

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT_REDIRECTS = frozenset({301, 308})
ADVICE = "请改用官方接口、订阅源或导出文件，或取得对方授权；系统不会绕过限制。"

_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_REFUSALS = {
    401: "要求登录或有效的密钥",
    403: "拒绝访问",
    407: "要求代理认证",
    451: "因法律原因不可访问",
}
# Weibo and others answer programs with statuses that mean something else, or nothing.
_BOT_STATUSES = frozenset({418, 432})
_BOT_HEADERS = {"cf-mitigated": ("challenge",), "x-amzn-waf-action": ("challenge", "captcha")}
_BOT_WORDS = re.compile(
    r"captcha|验证码|驗證碼|安全验证|人机验证|人機驗證|滑动验证|拖动滑块|访问过于频繁|请求过于频繁|异常访问|异常流量"
    r"|网站防火墙|Web应用防火墙|可能对网站造成安全威胁|您的请求可能存在威胁|被云盾|安全狗|acw_sc__v2|aliyun_waf"
    r"|attention required|just a moment|are you (?:a )?(?:human|robot)|unusual traffic|bot detect",
    re.IGNORECASE,
)
_DAY = 86_400.0
_ANY_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)  # where only what is left is asked, not when there is more


def trouble_with(response: Response, url: str, now: float) -> CollectError | None:
    """What is wrong with an answer; None when it can be used: 2xx, 304, a redirect.

    `retry_after` is what the site asks for, in a header of its own or in those of its allowance.
    """
    status = response.status
    if takes_us_for_a_bot(response):
        return _refused(f"{shown(url)} 把采集程序当成机器人拦下了", status)
    if status < 300 or status == 304 or status in REDIRECTS:
        return None
    if status in _BUSY or _is_limited(response):
        return CollectError(
            f"{shown(url)} 返回 {status}，对方繁忙或限流，稍后会再试。",
            retry_after=asked_pause(response, now),
            status=status,
        )
    if status in _REFUSALS:
        return _refused(f"{shown(url)} {_REFUSALS[status]}", status)
    return CollectError(f"{shown(url)} {_absence(status)}", permanent=status == 410, status=status)


def _absence(status: int) -> str:
    if status == 404:
        return "不存在（404），请检查网址。"
    return "已被永久删除（410），请检查网址，或停用这个来源。" if status == 410 else f"返回 {status}，没有取到内容。"


def is_busy(response: Response) -> bool:
    """Whether the same request may be granted a little later."""
    return response.status in _BUSY or _is_limited(response)


def takes_us_for_a_bot(response: Response) -> bool:
    """Whether the answer is a wall against programs, and not what was asked for nor an ordinary refusal."""
    if response.status in _BOT_STATUSES:
        return True
    for name, values in _BOT_HEADERS.items():
        if response.headers.get(name, "").strip().lower() in values:
            return True
    # 405 and 412 are what the fire walls of Aliyun and Bilibili answer; 429 and 503 mean a pause, whatever they show.
    may_be_wall = response.status in {403, 405, 412} and not _is_limited(response)
    return may_be_wall and bool(_BOT_WORDS.search(decode(response.body[:20_000])))


def _refused(what: str, status: int) -> CollectError:
    return CollectError(f"{what}（{status}）。{ADVICE}", permanent=True, status=status)


def _is_limited(response: Response) -> bool:
    """Whether a 403 only says that there were too many requests, as GitHub's does."""
    if response.status != 403:
        return False
    allowance = read_allowance(response.headers, _ANY_MOMENT)
    return bool(response.headers.get("retry-after", "").strip()) or (allowance is not None and allowance.remaining < 1)


def asked_pause(response: Response, now: float) -> float | None:
    """The seconds a busy server asks to wait: by Retry-After, else by when its allowance is renewed; at most a day."""
    if not is_busy(response):
        return None
    asked = retry_after(response.headers, now)
    if asked is not None or response.status not in {403, 429}:
        return asked
    moment = datetime.fromtimestamp(now, UTC)
    allowance = read_allowance(response.headers, moment)
    if allowance is None or allowance.remaining >= 1:
        return None
    return min(max((allowance.renewed_at - moment).total_seconds(), 1.0), _DAY)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that Retry-After (RFC 9110, 10.2.3) asks for, given as a number or as a moment; at most a day."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{0,9})?", value):
        return min(float(value), _DAY)
    try:
        moment = parsedate_to_datetime(value)
        # A date without a zone means Greenwich; ours would be taken otherwise.
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(seconds, 0.0), _DAY)
