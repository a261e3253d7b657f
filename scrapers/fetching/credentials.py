"""What a source is asked with: extra headers and a token, shown to its own site and to no other."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from scrapers.base import Fetch, Option, Response
from scrapers.errors import CollectorNotConfigured
from scrapers.secret import secret_value

TOKEN = Option(
    "token",
    "接口令牌，作为 Authorization: Bearer 发送；写成 env:变量名 或 file:/文件路径",
    secret=True,
    placeholder="env:API_TOKEN",
)
HEADERS = Option(
    "headers",
    "附加的请求头，写成“名称: 值”，多个用换行或分号隔开；值里的密钥写成 env:变量名 或 file:/文件路径",
    placeholder="X-Api-Key: env:API_KEY",
)

# Headers that would hide who asks, or that only the client knows.
_OURS = {"user-agent", "cookie", "host", "from", "referer", "x-forwarded-for", "x-real-ip", "forwarded", "connection",
         "content-length", "transfer-encoding", "accept-encoding", "if-none-match", "if-modified-since"}  # fmt: skip
# A semicolon parts two headers only where a name and a colon follow: values have semicolons of their own.
_BETWEEN = re.compile(r"(?:\r?\n|;)\s*(?=[A-Za-z0-9-]{1,60}\s*:(?!//))|\r?\n")
_NAME = re.compile(r"[A-Za-z0-9-]{1,60}")
_REFERENCE = re.compile(r"(?<!\S)(?:env:\w+|file:/\S+)")


def headers_of(options: Mapping[str, Any]) -> dict[str, str]:
    """The headers that the options ask for, secrets filled in. Raises `CollectorNotConfigured`."""
    found: dict[str, str] = {}
    for line in _BETWEEN.split(str(options.get("headers") or "")):
        if line.strip():
            name, value = _header(line)
            found[name] = value
    if options.get("token"):
        if any(name.lower() == "authorization" for name in found):
            raise _wrong("选项 headers 里已有 Authorization，不能再填 token。")
        found["Authorization"] = f"Bearer {options['token']}"
    return found


def _header(line: str) -> tuple[str, str]:
    name, colon, value = (part.strip() for part in line.partition(":"))
    if not colon or not _NAME.fullmatch(name) or not value:
        raise _wrong(f"选项 headers 里的“{name[:60]}”看不懂，应写成“名称: 值”。")
    if name.lower() in _OURS:
        raise _wrong(f"选项 headers 里不能有 {name}：采集程序如实表明身份，不使用他人的登录状态，也不冒充浏览器。")
    value = _REFERENCE.sub(lambda found: secret_value(found[0], "headers"), value)
    if not value.isprintable() or not value.isascii():
        raise _wrong(f"选项 headers 里 {name} 的值含有不能发送的字符；中文请先按接口的要求编码。")
    return name, value


def _wrong(message: str) -> CollectorNotConfigured:
    return CollectorNotConfigured(message, option="headers")


@dataclass(frozen=True, slots=True)
class Credentialed:
    """A fetch that adds headers for one site; where an answer leads elsewhere, they stay behind."""

    fetch: Fetch
    site: tuple[str, str]
    headers: Mapping[str, str] = field(repr=False)

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        """The response at `url`. Raises `CollectError`."""
        own = self.headers if site_of(url) == self.site else {}
        return self.fetch(url, headers={**own, **(headers or {})}, data=data)


def site_of(url: str) -> tuple[str, str]:
    """The scheme and host of an address, by which sites are told apart."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ("", "")
    return (parts.scheme.lower(), parts.netloc.lower())


def credentialed(fetch: Fetch, url: str, options: Mapping[str, Any]) -> Fetch:
    """`fetch` with the headers that the options ask for at the site of `url`. Raises `CollectorNotConfigured`."""
    headers = headers_of(options)
    if not headers:
        return fetch
    if options.get("token") and not options.get("own_site") and site_of(url)[0] != "https":
        raise CollectorNotConfigured("令牌只能发给 https:// 的网址，否则途中人人可读；请改用 https。", option="token")
    return Credentialed(fetch, site_of(url), headers)
