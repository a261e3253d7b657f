"""The one polite HTTP client: slow, honest, bounded in time and size, and never inside a private network."""

import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy
from typing import Self
from urllib.parse import quote, urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationParseError, NewConnectionError

from scrapers.base import Response
from scrapers.errors import CollectError
from scrapers.fetching.addresses import Check, PinnedAdapter, Resolve, only_public, own_network, resolve
from scrapers.fetching.bodies import ENCODINGS, Broken, read_body
from scrapers.fetching.gates import CONNECTIONS, Gates
from scrapers.fetching.pacing import BookInMemory, HostBook, Turns
from scrapers.fetching.refusals import ADVICE, PERMANENT_REDIRECTS, REDIRECTS, asked_pause, is_busy, trouble_with
from scrapers.fetching.robots import MAX_BYTES, Robots
from scrapers.fetching.urls import check_address, host_of, joined, may_hear_secrets, refuse_sign_in, shown

AGENT = "XianwaiMonitor"
"""The product token that robots.txt may name."""

# Headers hold Latin letters only; a Chinese company name is sent percent-encoded.
_HEADER_SAFE = " !#$&'()*+,/:;=?@[]-._~"
_LONGEST_DELAY = 60.0
"""The longest pause of a site's own that is waited for within a visit; a longer one ends it."""


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
    connections: int = CONNECTIONS


def _product(agent: str) -> str:
    """The name that robots.txt may call us by: the first word of the User-Agent, without its version."""
    return (agent.split() or [AGENT])[0].partition("/")[0] or AGENT


def _introduction(agent: str, contact: str) -> str:
    """How we introduce ourselves: what we are, and whom to write to."""
    agent = agent or f"{AGENT}/1"
    return agent if not contact or contact in agent else f"{agent} (contact: {contact})"


def _jitter(longest: float) -> float:
    return secrets.SystemRandom().uniform(0, longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the client takes from the world; tests bring their own."""

    clock: Callable[[], float] = time.time
    """Seconds since 1970: pauses are shared with other processes, so their clock must be the same."""
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float], float] = _jitter
    find: Resolve = field(default=resolve)
    check: Check = field(default=only_public)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What is asked of one site, and how careful we are there."""

    url: str
    headers: Mapping[str, str]
    data: bytes | None = None
    own: bool = False
    delay: float = 0.0
    max_bytes: int = 0
    cut: bool = False


class _Unreachable(Exception):
    """One request got no whole answer; its words are for people. `sent` says that something may have gone out."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class _TooSlow(_Unreachable):
    """The answer took longer than we wait for any."""


class PoliteClient:
    """Fetches addresses as a good guest does. Callable as `Fetch`; may be shared by threads, and its book by all."""

    def __init__(
        self,
        *,
        contact: str = "",
        user_agent: str = "",
        delay: float | None = None,
        own_hosts: Collection[str] = (),
        limits: Limits | None = None,
        surroundings: Surroundings | None = None,
        book: HostBook | None = None,
    ) -> None:
        self._limits = limits or Limits()
        if delay is not None:
            self._limits = replace(self._limits, delay=delay)
        self._world = surroundings or Surroundings()
        self._own = frozenset(host.lower().strip("[]") for host in own_hosts)
        self._agent = _introduction(user_agent, contact)
        self._turns = Turns(book or BookInMemory(), clock=self._world.clock, jitter=self._world.jitter)
        self._gates = Gates(self._limits.connections)
        self._robots = Robots(self._ask_robots, agent=_product(self._agent), clock=self._world.clock)
        self._sessions = {True: self._session(own_network), False: self._session(self._world.check)}

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        """The response at `url` after redirects: 2xx, or 304 to a conditional request. Raises `CollectError`."""
        return self._follow(url, dict(headers or {}), data)

    def owning(self, host: str) -> Self:
        """The same client, sharing its pauses and rules, that takes `host` for one's own."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__, _own=self._own | {host.lower().strip("[]")})
        return twin

    def pause(self, url: str) -> float:
        """The seconds we keep between two requests there, 0 for our own. Raises `CollectError` if not allowed there."""
        check_address(url)
        return 0.0 if self._is_own(url) else max(self._limits.delay, self._robots.check(url))

    def close(self) -> None:
        """Closes the connections kept open."""
        for session in self._sessions.values():
            session.close()

    def _session(self, check: Check) -> requests.Session:
        session = requests.Session()
        # A proxy would connect for us, past the check of addresses; .netrc would send passwords nobody asked for.
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = PinnedAdapter(check=check, find=self._world.find, header_seconds=self._limits.total_seconds)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        session.headers.update(
            {
                "User-Agent": quote(self._agent, safe=_HEADER_SAFE),
                "Accept-Encoding": ENCODINGS,
                "Accept": "*/*",
                # Between two visits a line kept open only takes up room at the site.
                "Connection": "close",
            }
        )
        return session

    def _is_own(self, url: str) -> bool:
        return (urlsplit(url).hostname or "") in self._own

    def _follow(self, start: str, headers: Mapping[str, str], data: bytes | None) -> Response:
        url, met, moved_to, for_good = start, {start}, "", True
        for _ in range(self._limits.max_redirects + 1):
            response = self._get_politely(url, headers, data)
            target = response.headers.get("location", "")
            if response.status not in REDIRECTS or not target:
                return replace(response, moved_to=moved_to)
            following = joined(url, target)
            refuse_sign_in(start, following, ADVICE)
            if following in met:
                raise CollectError(f"{shown(start)} 的跳转绕成了圈，请检查网址。")
            for_good = for_good and response.status in PERMANENT_REDIRECTS
            moved_to = following if for_good else moved_to
            headers, data = _carried_on(url, following, response.status, headers, data)
            url = following
            met.add(url)
        raise CollectError(f"{shown(start)} 跳转超过 {self._limits.max_redirects} 次，请检查网址。")

    def _get_politely(self, url: str, headers: Mapping[str, str], data: bytes | None) -> Response:
        check_address(url)
        if self._is_own(url):
            return self._persist(_Request(url=url, headers=headers, data=data, own=True))
        # Signing in with what the site itself gave out is no crawling; whatever is read is, and obeys the rules.
        signing_in = data is not None and "authorization" in {name.lower() for name in headers}
        # The site's own pause is honoured even when it is longer than ours.
        delay = max(self._limits.delay, 0.0 if signing_in else self._robots.check(url))
        return self._persist(_Request(url=url, headers=headers, data=data, delay=delay))

    def _persist(self, request: _Request) -> Response:
        """The first good answer; a server that names a time is obeyed, others are asked again after a random pause."""
        trouble: CollectError | None = None
        for attempt in range(self._limits.tries):
            try:
                response = self._ask(request)
            except _Unreachable as error:
                trouble = CollectError(f"{shown(request.url)} {error}。稍后会再试。")
                again = not isinstance(error, _TooSlow) and (request.data is None or not error.sent)
            except CollectError as error:
                # The host was given a rest after our last try: what went wrong then says more than that.
                raise (_resting(trouble, error) if trouble else error) from error
            else:
                trouble, again = self._heard(request, response)
                if trouble is None:
                    return response
            if not again or attempt + 1 == self._limits.tries:
                raise trouble
            if not trouble.retry_after:
                self._back_off(attempt)
        raise trouble or CollectError(f"{shown(request.url)} 没有得到回答。")

    def _heard(self, request: _Request, response: Response) -> tuple[CollectError | None, bool]:
        """What is wrong with an answer, and whether to ask again soon."""
        trouble = trouble_with(response, request.url, self._world.clock())
        if trouble is None:
            return None, False
        if trouble.permanent or (trouble.retry_after or 0.0) > self._limits.longest_wait:
            return trouble, False
        # What was sent may have been taken in before the server broke; only a refusal for now says that it was not.
        return trouble, is_busy(response) and (request.data is None or response.status in {429, 503})

    def _back_off(self, attempt: int) -> None:
        # Full jitter: Brooker, Exponential Backoff And Jitter (2015).
        self._world.sleep(self._world.jitter(min(self._limits.backoff * 2**attempt, self._limits.longest_wait)))

    def _ask(self, request: _Request) -> Response:
        """One request when it is our turn, and its answer whatever its status; how the host did is noted."""
        host = host_of(request.url)
        longest = max(self._limits.longest_wait, min(request.delay, _LONGEST_DELAY))
        # A turn is taken last: whoever had it and waited for a line then would come when another's turn is.
        with self._gates.alone_at(host, self._limits.total_seconds + longest), self._gates.line:
            pause = self._turns.take(host, request.delay, longest=longest)
            if pause > 0:
                self._world.sleep(pause)
            try:
                response = self._send(request)
            except _Unreachable:
                self._turns.failed(host)
                raise
            self._note(host, response)
        return response

    def _note(self, host: str, response: Response) -> None:
        """Writes down how a host did, before anybody else may ask it; a pause that it wishes holds for everybody."""
        (self._turns.failed if response.status >= 500 else self._turns.succeeded)(host)
        pause = asked_pause(response, self._world.clock())
        if pause:
            self._turns.hold(host, pause)

    def _send(self, request: _Request) -> Response:
        deadline = time.monotonic() + self._limits.total_seconds
        place = shown(request.url)
        try:
            with self._sessions[request.own].request(
                "GET" if request.data is None else "POST",
                request.url,
                headers=dict(request.headers),
                data=request.data,
                timeout=(self._limits.connect_seconds, self._limits.read_seconds),
                stream=True,
                allow_redirects=False,
            ) as answer:
                body = read_body(
                    _pieces(answer),
                    answer.headers.get("content-encoding", ""),
                    limit=request.max_bytes or self._limits.max_bytes,
                    place=place,
                    on_piece=lambda: self._check_time(deadline),
                    cut=request.cut,
                )
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, LocationParseError) as error:
            raise CollectError(f"网址 {place} 写得不对，请检查。", permanent=True) from error
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError) as error:
            raise CollectError(f"给 {place} 的请求头里有不能发送的字符，请检查密钥。", permanent=True) from error
        except (requests.RequestException, HTTPError, Broken, OSError, UnicodeError) as error:
            self._check_time(deadline)
            raise _Unreachable(_reason(error), sent=_was_connected(error)) from error
        lower = {name.lower(): value for name, value in answer.headers.items()}
        return Response(url=request.url, status=answer.status_code, headers=lower, body=body)

    def _check_time(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise _TooSlow(f"太慢：{self._limits.total_seconds:g} 秒内没有传完，已放弃", sent=True)

    def _ask_robots(self, start: str) -> Response:
        """A site's robots.txt, redirects followed; too long a file is cut, as the standard says."""
        url = start
        for _ in range(6):
            try:
                check_address(url)
                response = self._ask(self._request_for_robots(url))
            except _Unreachable as error:
                raise CollectError(str(error)) from error
            except CollectError as error:
                # Where a site sends us wrongly, its rules are out of reach; its own address being wrong is worse.
                raise CollectError(str(error), permanent=error.permanent and url == start) from error
            target = response.headers.get("location", "")
            if response.status not in REDIRECTS or not target:
                return response
            url = joined(url, target)
        # More than five hops: the file counts as unavailable, and an unavailable file forbids nothing (2.3.1.2).
        return Response(url=url, status=404, headers={}, body=b"")

    def _request_for_robots(self, url: str) -> _Request:
        own = self._is_own(url)
        return _Request(
            url=url, headers={}, own=own, delay=0.0 if own else self._limits.delay, max_bytes=MAX_BYTES, cut=True
        )


def _pieces(answer: requests.Response) -> Iterator[bytes]:
    # read1 gives what has come; read would wait for a full buffer while a slow server lets the time run out.
    while chunk := answer.raw.read1(64 * 1024, decode_content=False):
        yield chunk


def _carried_on(
    url: str, following: str, status: int, headers: Mapping[str, str], data: bytes | None
) -> tuple[Mapping[str, str], bytes | None]:
    """What of a request goes on to where it was redirected. Raises `CollectError` for what must not leave its host."""
    trusted = may_hear_secrets(url, following)
    if data is not None and not trusted:
        raise CollectError(
            f"{shown(url)} 要把提交的内容转到另一个网站 {shown(following)}，没有照做，请检查网址。", permanent=True
        )
    if status in {301, 302, 303}:
        data = None  # as every browser does
    if not trusted:
        headers = {name: value for name, value in headers.items() if name.lower() == "accept"}
    return headers, data


def _resting(trouble: CollectError, refusal: CollectError) -> CollectError:
    return CollectError(str(trouble), retry_after=refusal.retry_after, status=trouble.status)


def _was_connected(error: Exception) -> bool:
    """Whether anything of a request may have reached the server; False only where there never was a connection."""
    cause: object = error.args[0] if error.args else error
    cause = getattr(cause, "reason", cause)
    return not isinstance(cause, (NewConnectionError, ConnectTimeoutError))


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
