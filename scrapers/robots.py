"""What a site's robots.txt allows (RFC 9309), remembered for at most a day."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from scrapers.base import Response
from scrapers.charsets import decode
from scrapers.errors import CollectError

MAX_BYTES = 500 * 1024
_DAY = 24 * 3600.0
_SOON = 600.0


@dataclass(frozen=True, slots=True)
class _Known:
    rules: Protego | None
    until: float
    problem: str = ""


class Robots:
    """Answers whether an address may be read, and how slowly; asks each site once a day."""

    def __init__(self, ask: Callable[[str], Response], *, agent: str, clock: Callable[[], float]) -> None:
        self._ask, self._agent, self._clock = ask, agent, clock
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def check(self, url: str) -> float:
        """The pause the site asks for, in seconds. Raises `CollectError` when it does not want this address read."""
        known = self._rules_for(url)
        if known.problem:
            raise CollectError(known.problem, retry_after=max(known.until - self._clock(), 1.0))
        if known.rules is None:
            return 0.0
        if not known.rules.can_fetch(url, self._agent):
            parts = urlsplit(url)
            raise CollectError(
                f"{parts.netloc} 的 robots.txt 不允许采集 {parts.path or '/'}，已遵从。"
                "请取得网站许可，或改用其官方接口、订阅源或导出文件。",
                permanent=True,
            )
        return known.rules.crawl_delay(self._agent) or 0.0

    def _rules_for(self, url: str) -> _Known:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        with self._lock:
            known = self._known.get(origin)
        if known is None or self._clock() >= known.until:
            known = self._read(origin)
            with self._lock:
                self._known[origin] = known
        return known

    def _read(self, origin: str) -> _Known:
        now = self._clock()
        try:
            response = self._ask(f"{origin}/robots.txt")
        except CollectError as error:
            if error.permanent:
                raise
            return _Known(None, now + _SOON, f"读不到 {origin}/robots.txt（{error}），按规则暂不采集，稍后再试。")
        # 429 asks for patience like a server error does; every other refusal of the file itself means "no rules".
        if response.status >= 500 or response.status == 429:
            return _Known(None, now + _SOON, f"{origin}/robots.txt 返回 {response.status}，按规则暂不采集，稍后再试。")
        if response.status != 200:
            return _Known(None, now + _DAY)
        return _Known(Protego.parse(decode(response.body[:MAX_BYTES])), now + _DAY)
