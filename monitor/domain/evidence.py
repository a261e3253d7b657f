"""Seals over what came in: a chain in which nothing can be changed, removed or put in between without being seen.

A seal is the SHA-256 of the seal before it and of the canonical JSON of what it covers. It proves that nothing was
altered since, not that the source said the truth (Provisions of the Supreme People's Court on Internet Courts, Art. 11:
digests and electronic signatures as proof of authenticity).
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

START = "0" * 64
"""What stands before the first seal of a source."""

_SECRET = re.compile(r"(?i)\b([\w-]*(?:key|token|secret|sign|signature|password|passwd|pwd|auth)[\w-]*)=[^&#]*")


def seal_of(previous: str, source_id: int, number: int, sealed_at: datetime, facts: Mapping[str, Any]) -> str:
    """The seal, hexadecimal, of these facts as link `number` of the chain of a source."""
    covered = {
        "facts": facts,
        "number": number,
        "previous": previous,
        "sealed_at": sealed_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "source": source_id,
    }
    return hashlib.sha256(canonical(covered)).hexdigest()


def canonical(facts: Mapping[str, Any]) -> bytes:
    """The one way to write these facts: JSON with sorted keys and no blanks, in UTF-8 (after RFC 8785)."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")


def facts_of(
    *,
    posts: Iterable[tuple[str, str]] = (),
    payloads: Iterable[tuple[str, int, str]] = (),
    gone: Iterable[tuple[str, str]] = (),
) -> dict[str, Any]:
    """What a seal covers.

    `posts`: id and content hash. `payloads`: address, bytes and SHA-256. `gone`: id, and how we know.
    """
    facts: dict[str, Any] = {"posts": [list(post) for post in posts]}
    found = [[safe_address(url), size, sha256] for url, size, sha256 in payloads]
    lost = [list(each) for each in gone]
    return facts | ({"payloads": found} if found else {}) | ({"gone": lost} if lost else {})


def safe_address(url: str) -> str:
    """An address as it may be kept: without password, and with keys and tokens in its query blotted out."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    query = _SECRET.sub(r"\1=***", parts.query)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query))[:2000]
