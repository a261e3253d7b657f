"""Web addresses: how they are shown, whose they are, and where a redirect leads."""

import re
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

from scrapers.errors import CollectError

_PORTS = {"http": 80, "https": 443}
# Whole words of an address, or a topic called "login-problem" would pass for a sign-in page.
_SIGN_IN = frozenset(
    {"login", "logon", "signin", "sign-in", "sign_in", "signup", "passport", "denglu", "sso", "authorize", "logging",
     "captcha", "verify", "verification", "antispider", "checkcode"}
)  # fmt: skip
_WORDS = re.compile(r"[/.]")


def shown(url: str) -> str:
    """An address as it may be shown: without password and query, which may hold secrets."""
    try:
        parts = urlsplit(url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return "（无法识别的网址）"


def check_address(url: str) -> None:
    """Raises a permanent `CollectError` for what is no address on the web."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in _PORTS and bool((parts.hostname or "").strip(".")) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise CollectError(f"网址 {shown(url)} 写得不对：应以 http:// 或 https:// 开头并有主机名。", permanent=True)


def host_of(url: str) -> str:
    """The name under which an address's host takes turns; another port is another server, an own scheme is not."""
    parts = urlsplit(url)
    name = (parts.hostname or "").rstrip(".")
    return name if parts.port in {None, 80, 443} else f"{name}:{parts.port}"


def joined(url: str, target: str) -> str:
    """Where a redirect from `url` leads. Raises `CollectError`."""
    try:
        # requests gives header bytes as Latin letters; sites write Chinese paths there as plain UTF-8.
        return urljoin(url, target.encode("latin-1").decode("utf-8"))
    except ValueError:
        raise CollectError(f"{shown(url)} 跳转到了一个无法识别的网址。") from None


def may_hear_secrets(url: str, following: str) -> bool:
    """Whether what is meant for the site of `url` (a token, a validator) may be told to where it redirects."""
    try:
        here, there = urlsplit(url), urlsplit(following)
        same = here.hostname == there.hostname
        ports = [parts.port or _PORTS.get(parts.scheme) for parts in (here, there)]
    except ValueError:
        return False
    upgraded = (here.scheme, there.scheme) == ("http", "https") and ports == [80, 443]
    return same and ((here.scheme == there.scheme and ports[0] == ports[1]) or upgraded)


def refuse_sign_in(start: str, target: str, advice: str) -> None:
    """Raises a permanent `CollectError` where a redirect leads to a page for signing in or proving to be human."""
    if _is_sign_in(target) and not _is_sign_in(start):
        raise CollectError(f"{shown(start)} 跳转到登录或验证页面 {shown(target)}。{advice}", permanent=True)


def _is_sign_in(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    words = {*_WORDS.split((parts.hostname or "").lower()), *_WORDS.split(parts.path.lower())}
    # Discuz! signs in at member.php?mod=logging&action=login.
    words.update(value.lower() for name, value in parse_qsl(parts.query) if name in {"mod", "action", "act", "do"})
    return not words.isdisjoint(_SIGN_IN)
