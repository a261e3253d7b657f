"""The one polite HTTP client: slow, honest, bounded in time and size, and never inside a private network."""

import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Self
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError, LocationParseError

from scrapers.addresses import PinnedAdapter, Resolve, any_address, only_public, resolve
from scrapers.base import Response
from scrapers.bodies import ENCODINGS, Broken, read_body
from scrapers.errors import CollectError
from scrapers.pacing import Pacing
from scrapers.robots import MAX_BYTES, Robots

AGENT = "XianwaiBot"
"""The product token that robots.txt may name."""

# Headers hold Latin letters only; a Chinese company name is sent percent-encoded.
_HEADER_SAFE = " !#$&'()*+,/:;=?@[]-._~"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_LOGIN_WORDS = ("login", "signin", "sign-in", "passport", "captcha", "verify", "denglu")
_ADVICE = "请改用官方接口、订阅源或导出文件，或取得对方授权；系统不会绕过限制。"
_REFUSALS = {
    401: "要求登录",
    403: "拒绝访问",
    407: "要求代理认证",
    410: "已永久删除",
    418: "把采集程序拒之门外",
    432: "把采集程序拒之门外",
    451: "因法律原因不可访问",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long, how large, how often."""

    connect_seconds: float = 10.0
    read_seconds: float = 20.0
    total_seconds: float = 60.0
    max_bytes: int = 10_000_000
    max_redirects: int = 5
    tries: int = 3
    delay: float = 1.0
    backoff: float = 2.0
    longest_wait: float = 30.0


def _product(agent: str) -> str:
    """The name that robots.txt may call us by: the first word of the User-Agent, without its version."""
    return (agent.split() or [AGENT])[0].partition("/")[0] or AGENT


def _jitter(longest: float) -> float:
    return secrets.SystemRandom().uniform(0, longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the client takes from the world; tests bring their own."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float], float] = _jitter
    find: Resolve = field(default=resolve)


def shown(url: str) -> str:
    """An address as it may be shown: without password and query, which may hold secrets."""
    try:
        parts = urlsplit(url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return "（无法识别的网址）"


class PoliteClient:
    """Fetches addresses as a good guest does. Callable as `Fetch`; may be shared by threads."""

    def __init__(
        self,
        *,
        contact: str = "",
        user_agent: str = "",
        delay: float | None = None,
        own_hosts: Collection[str] = (),
        limits: Limits | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        self._limits = limits or Limits()
        if delay is not None:
            self._limits = replace(self._limits, delay=delay)
        self._world = surroundings or Surroundings()
        self._own = frozenset(host.lower().strip("[]") for host in own_hosts)
        self._agent = user_agent or f"{AGENT}/1 (feedback monitoring; contact: {contact or 'not given'})"
        self._pacing = Pacing(clock=self._world.clock, sleep=self._world.sleep, longest_wait=self._limits.longest_wait)
        self._robots = Robots(self._ask_robots, agent=_product(self._agent), clock=self._world.clock)
        self._sessions = {True: self._session(own=True), False: self._session(own=False)}

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        """The response at `url` after redirects: 2xx, or 304 to a conditional request. Raises `CollectError`."""
        return self._follow(url, dict(headers or {}))

    def owning(self, host: str) -> Self:
        """The same client, sharing its pauses and rules, that takes `host` for one's own."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__, _own=self._own | {host.lower().strip("[]")})
        return twin

    def close(self) -> None:
        """Closes the connections kept open."""
        for session in self._sessions.values():
            session.close()

    def _session(self, *, own: bool) -> requests.Session:
        session = requests.Session()
        # A proxy would connect for us, past the check of addresses; .netrc would send passwords nobody asked for.
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = PinnedAdapter(
            check=any_address if own else only_public,
            find=self._world.find,
            header_seconds=self._limits.total_seconds,
        )
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        session.headers.update(
            {"User-Agent": quote(self._agent, safe=_HEADER_SAFE), "Accept-Encoding": ENCODINGS, "Accept": "*/*"}
        )
        return session

    def _is_own(self, url: str) -> bool:
        return (urlsplit(url).hostname or "") in self._own

    def _follow(self, url: str, headers: dict[str, str]) -> Response:
        start, met = url, {url}
        for _ in range(self._limits.max_redirects + 1):
            response = self._get_politely(url, headers)
            target = response.headers.get("location", "")
            if response.status not in _REDIRECTS or not target:
                return response
            following = _joined(url, target)
            _refuse_login(start, following)
            if following in met:
                raise CollectError(f"{shown(start)} 的跳转绕成了圈，请检查网址。")
            if urlsplit(following)[:2] != urlsplit(url)[:2]:
                # What was meant for one site (a token, a validator) is not shown to another.
                headers = {name: value for name, value in headers.items() if name.lower() == "accept"}
            url = following
            met.add(url)
        raise CollectError(f"{shown(start)} 跳转超过 {self._limits.max_redirects} 次，请检查网址。")

    def _get_politely(self, url: str, headers: Mapping[str, str]) -> Response:
        _check_scheme(url)
        own = self._is_own(url)
        # The site's own pause is honoured even when it is longer than ours.
        delay = 0.0 if own else max(self._limits.delay, self._robots.check(url))
        host = urlsplit(url).netloc
        return self._get_with_retries(url, headers, own=own, turn=lambda: self._pacing.wait(host, delay))

    def _get_with_retries(
        self, url: str, headers: Mapping[str, str], *, own: bool, turn: Callable[[], None]
    ) -> Response:
        """The first good answer; a server that names a time is obeyed, others are asked again after a random pause."""
        for attempt in range(self._limits.tries):
            last = attempt + 1 == self._limits.tries
            turn()
            try:
                response = self._get_once(url, headers, own=own)
            except _Unreachable as error:
                if last:
                    raise CollectError(f"{shown(url)} {error}。稍后会再试。") from error
                self._back_off(attempt)
                continue
            if response.status not in _TRANSIENT:
                return _accepted(response, url)
            asked = _retry_after(response.headers)
            if asked is not None:
                self._pacing.hold(urlsplit(url).netloc, asked)
            if last or (asked or 0.0) > self._limits.longest_wait:
                raise CollectError(
                    f"{shown(url)} 返回 {response.status}，对方繁忙或限流，稍后会再试。",
                    retry_after=asked,
                    status=response.status,
                )
            if asked is None:
                self._back_off(attempt)
        raise CollectError(f"{shown(url)} 没有得到回答。")

    def _back_off(self, attempt: int) -> None:
        self._world.sleep(self._world.jitter(min(self._limits.backoff * 2**attempt, self._limits.longest_wait)))

    def _get_once(
        self, url: str, headers: Mapping[str, str], *, own: bool, max_bytes: int = 0, cut: bool = False
    ) -> Response:
        """One request and its answer, whatever its status."""
        deadline = time.monotonic() + self._limits.total_seconds
        timeout = (self._limits.connect_seconds, self._limits.read_seconds)
        try:
            with self._sessions[own].get(
                url, headers=dict(headers), timeout=timeout, stream=True, allow_redirects=False
            ) as answer:
                body = read_body(
                    _pieces(answer),
                    answer.headers.get("content-encoding", ""),
                    limit=max_bytes or self._limits.max_bytes,
                    place=shown(url),
                    on_piece=lambda: self._check_time(deadline, url),
                    cut=cut,
                )
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, LocationParseError) as error:
            raise CollectError(f"网址 {shown(url)} 写得不对，请检查。", permanent=True) from error
        except (requests.RequestException, HTTPError, Broken, OSError, UnicodeError) as error:
            self._check_time(deadline, url)
            raise _Unreachable(_reason(error)) from error
        lower = {name.lower(): value for name, value in answer.headers.items()}
        return Response(url=url, status=answer.status_code, headers=lower, body=body)

    def _check_time(self, deadline: float, url: str) -> None:
        if time.monotonic() > deadline:
            raise CollectError(f"{shown(url)} 太慢：{self._limits.total_seconds:g} 秒内没有传完，已放弃。稍后会再试。")

    def _ask_robots(self, url: str) -> Response:
        """A site's robots.txt, redirects followed; too long a file is cut, as the standard says."""
        for _ in range(6):
            _check_scheme(url)
            try:
                response = self._get_once(url, {}, own=self._is_own(url), max_bytes=MAX_BYTES, cut=True)
            except _Unreachable as error:
                raise CollectError(str(error)) from error
            target = response.headers.get("location", "")
            if response.status not in _REDIRECTS or not target:
                return response
            url = _joined(url, target)
        # More than five hops: the file counts as unavailable, and an unavailable file forbids nothing.
        return Response(url=url, status=404, headers={}, body=b"")


class _Unreachable(Exception):
    """One request got no whole answer; its words are for people."""


def _pieces(answer: requests.Response) -> Iterator[bytes]:
    # read1 gives what has come; read would wait for a full buffer while a slow server lets the time run out.
    while chunk := answer.raw.read1(64 * 1024, decode_content=False):
        yield chunk


def _check_scheme(url: str) -> None:
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise CollectError(f"网址 {shown(url)} 写得不对：应以 http:// 或 https:// 开头并有主机名。", permanent=True)


def _joined(url: str, target: str) -> str:
    try:
        # requests gives header bytes as Latin letters; sites write Chinese paths there as plain UTF-8.
        return urljoin(url, target.encode("latin-1").decode("utf-8"))
    except ValueError:
        raise CollectError(f"{shown(url)} 跳转到了一个无法识别的网址。") from None


def _refuse_login(start: str, target: str) -> None:
    path, original = urlsplit(target), urlsplit(start)
    for word in _LOGIN_WORDS:
        if word in f"{path.netloc}{path.path}".lower() and word not in f"{original.netloc}{original.path}".lower():
            raise CollectError(f"{shown(start)} 跳转到登录或验证页面 {shown(target)}。{_ADVICE}", permanent=True)


def _accepted(response: Response, url: str) -> Response:
    status = response.status
    if status < 300 or status == 304 or status in _REDIRECTS:
        return response
    if status in _REFUSALS:
        raise CollectError(f"{shown(url)} {_REFUSALS[status]}（{status}）。{_ADVICE}", permanent=True, status=status)
    if status == 404:
        raise CollectError(f"{shown(url)} 不存在（404），请检查网址。", status=status)
    raise CollectError(f"{shown(url)} 返回 {status}，没有取到内容。", status=status)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds a server asks to wait, given as a number or as a moment; at most a day."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), 86_400.0)
    try:
        moment = parsedate_to_datetime(value)
        return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), 86_400.0)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _reason(error: Exception) -> str:
    words = f"{type(error).__name__} {error}"
    for mark, reason in (
        ("NameResolution", "找不到主机名，请检查网址或网络"),
        ("SSL", "的安全证书有问题，无法建立加密连接"),
        ("timed out", "连接或读取超时"),
        ("Timeout", "连接或读取超时"),
        ("IncompleteRead", "的内容没有传完就断了"),
        ("Broken", "的压缩内容不完整或已损坏"),
    ):
        if mark in words:
            return reason
    return "连接不上或中途断开"
