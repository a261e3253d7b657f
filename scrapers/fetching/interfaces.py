"""A platform's JSON interface under one address: asked by path and query, answered with data and the moment of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from scrapers.base import Option
from scrapers.errors import CollectorNotConfigured
from scrapers.fetching.limits import Rationed
from scrapers.reading.answers import ASK_JSON, read_json
from scrapers.reading.posts import Reading, moment_of


def interface_at(default: str) -> Option:
    """The option for an interface's address, which one changes only to go through a relay of one's own."""
    return Option("url", "接口地址；只在经过自家中转或镜像时才改", default=default, placeholder=default)


def base_address(url: str) -> str:
    """An interface's address without a slash at its end. Raises `CollectorNotConfigured`."""
    if not url.lower().startswith(("http://", "https://")):
        raise CollectorNotConfigured(f"选项 url 的值“{url}”不是网址，应以 https:// 开头。", option="url")
    return url.rstrip("/")


@dataclass(frozen=True, slots=True)
class Answer:
    """The data of one answer, its headers, and where and when it was given."""

    data: Any
    headers: Mapping[str, str]
    place: str
    now: datetime
    status: int = 200

    def reading(self, rating_scale: float | None = None) -> Reading:
        """How the words of this answer are read; interfaces write their times in UTC."""
        return Reading(self.now, UTC, rating_scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """What is asked at one address; `headers` go with every question and may hold a token."""

    address: str
    fetch: Rationed
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(
        self, path: str, query: Mapping[str, Any] | str = "", *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer at `path`; its data is None when nothing changed (304). Raises `CollectError`."""
        words = query if isinstance(query, str) else urlencode(query, doseq=True)
        place = f"{self.address}{path}"
        response = self.fetch(
            f"{place}?{words}" if words else place, headers={**ASK_JSON, **self.headers, **(headers or {})}
        )
        now = moment_of(response.headers, self.fetch.clock())
        data = None if response.status == 304 else read_json(response, place)
        return Answer(data, response.headers, place, now, response.status)
