"""What a site's robots.txt allows (RFC 9309), remembered for at most a day."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from scrapers.base import Response
from scrapers.errors import CollectError
from scrapers.fetching.refusals import retry_after
from scrapers.reading.charsets import decode

MAX_BYTES = 500 * 1024
"""How much of a file is read: what section 2.5 demands at least."""
_DAY = 24 * 3600.0
_SOON = 600.0
_KEPT = 1000
_AGENT_LINE = re.compile(r"(?im)^([ \t]*user-?agent[ \t]*:[ \t]*)([a-z_-]+)[^\n\r]*$")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a file says to us: rules, and the name of the group that is ours."""

    rules: Protego
    group: str

    def allows(self, url: str) -> bool:
        """Whether the address may be read."""
        return bool(self.rules.can_fetch(url, self.group))

    @property
    def pause(self) -> float:
        """The seconds between two visits that the file asks for."""
        return float(self.rules.crawl_delay(self.group) or 0.0)


def parse_robots(body: bytes, agent: str) -> Rules:
    """The rules for `agent` in a robots.txt: those of its own groups, or else those for all."""
    if len(body) >= MAX_BYTES:
        # The last line was cut: half a path forbids more than a whole one.
        body = body[:MAX_BYTES].rpartition(b"\n")[0]
    text = decode(body)
    # Only the product token counts, and all of it (2.2.1): "Xian" and "XianwaiMonitor/2" name others, or us.
    text = _AGENT_LINE.sub(r"\1\2", text.replace("\r", "\n"))
    names = {name.lower() for _, name in _AGENT_LINE.findall(text)}
    return Rules(Protego.parse(text), agent if agent.lower() in names else "*")


@dataclass(frozen=True, slots=True)
class _Known:
    rules: Rules | None
    until: float
    problem: str = ""


class Robots:
    """Answers whether an address may be read, and how slowly; asks each site once a day."""

    def __init__(self, ask: Callable[[str], Response], *, agent: str, clock: Callable[[], float]) -> None:
        self._ask, self._agent, self._clock = ask, agent, clock
        self._known: dict[str, _Known] = {}
        self._reading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def check(self, url: str) -> float:
        """The pause the site asks for, in seconds. Raises `CollectError` when it does not want this address read."""
        known = self._rules_for(url)
        if known.problem:
            raise CollectError(known.problem, retry_after=max(known.until - self._clock(), 1.0))
        if known.rules is None:
            return 0.0
        if not known.rules.allows(url):
            parts = urlsplit(url)
            raise CollectError(
                f"{parts.netloc.rpartition('@')[2]} 的 robots.txt 不允许采集 {parts.path or '/'}，已遵从。"
                "请取得网站许可，或改用其官方接口、订阅源或导出文件。",
                permanent=True,
            )
        return known.rules.pause

    def _rules_for(self, url: str) -> _Known:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
        with self._lock:
            reading = self._reading.setdefault(origin, threading.Lock())
        with reading:
            known = self._known.get(origin)
            if known is None or not self._clock() < known.until <= self._clock() + _DAY:
                known = self._read(origin)
                self._remember(origin, known)
        return known

    def _remember(self, origin: str, known: _Known) -> None:
        with self._lock:
            self._known.pop(origin, None)
            self._known[origin] = known
            while len(self._known) > _KEPT:
                oldest = next(iter(self._known))
                del self._known[oldest]
                self._reading.pop(oldest, None)

    def _read(self, origin: str) -> _Known:
        try:
            response = self._ask(f"{origin}/robots.txt")
        except CollectError as error:
            if error.permanent:
                raise
            problem = f"读不到 {origin}/robots.txt（{str(error).rstrip('。')}），按规则暂不采集，稍后再试。"
            return self._forbidden(problem, error.retry_after)
        # 429 asks for patience like a server error does; every other refusal of the file itself means "no rules".
        if response.status >= 500 or response.status == 429:
            problem = f"{origin}/robots.txt 返回 {response.status}，按规则暂不采集，稍后再试。"
            return self._forbidden(problem, retry_after(response.headers, self._clock()))
        until = self._clock() + _DAY
        return _Known(parse_robots(response.body, self._agent) if response.status == 200 else None, until)

    def _forbidden(self, problem: str, asked: float | None) -> _Known:
        return _Known(None, self._clock() + min(asked or _SOON, _DAY), problem)
