"""How IMAP (RFC 3501) writes things: names of folders, and the answers to the few questions asked."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scrapers.reading.posts import one_line

_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,12})")
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_INTERNAL = re.compile(rb'INTERNALDATE "([^"]{1,60})"')
_QUOTED_BODY = re.compile(rb'BODY\[\](?:<\d+>)? "((?:[^"\\]|\\.)*)"')
_WORDS = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^\s"()]+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMail:
    """One mail as it lies on the server, or its beginning, and when the server took it in."""

    uid: int
    body: bytes
    received: str = ""


def encode_folder(name: str) -> str:
    """A folder's name as the protocol wants it: modified UTF-7, section 5.1.3."""
    parts = re.split(r"([^\x20-\x7e]+)", name)
    return "".join(_coded(part) if number % 2 else part.replace("&", "&-") for number, part in enumerate(parts))


def _coded(part: str) -> str:
    coded = base64.b64encode(part.encode("utf-16-be", "surrogatepass")).decode()
    return f"&{coded.rstrip('=').replace('/', ',')}-"


def decode_folder(name: str) -> str:
    """The name that people know; what is not well coded stays as it is."""

    def decoded(found: re.Match[str]) -> str:
        coded = found[1].replace(",", "/")
        try:
            return base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True).decode("utf-16-be")
        except ValueError:
            return found[0]

    return re.sub(r"&([A-Za-z0-9+,]+)-", decoded, name).replace("&-", "&")


def quoted(word: str) -> str:
    """A word as a quoted string."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def numbers_in(data: Sequence[Any]) -> list[int]:
    """The numbers in the answer to SEARCH, in ascending order."""
    words = (word for part in data if isinstance(part, bytes) for word in part.split())
    return sorted({int(word) for word in words if word.isdigit() and len(word) <= 10})


def sizes_in(data: Sequence[Any]) -> dict[int, int]:
    """The sizes in the answer to FETCH, by number."""
    found: dict[int, int] = {}
    for part in data:
        about = _about(part)
        uid, size = _UID.search(about), _SIZE.search(about)
        if uid and size:
            found[int(uid[1])] = int(size[1])
    return found


def mail_in(data: Sequence[Any], uid: int) -> RawMail | None:
    """The mail in the answer to FETCH; servers mix in news about others, and may quote a short body.

    imaplib gives a body as a pair of what stood before it and itself; what stood after it comes next.
    """
    for place, part in enumerate(data):
        is_pair = isinstance(part, tuple)
        after = data[place + 1] if is_pair and place + 1 < len(data) else b""
        words = _about(part) + (after if isinstance(after, bytes) else b"")
        found, short = _UID.search(words), _QUOTED_BODY.search(words)
        if not found or int(found[1]) != uid or not (is_pair or short):
            continue
        body = part[1] if is_pair else _unescaped(short[1]) if short else b""
        received = _INTERNAL.search(words)
        return RawMail(uid=uid, body=body, received=received[1].decode("ascii", "ignore") if received else "")
    return None


def folders_in(data: Sequence[Any]) -> list[str]:
    """The folders in the answer to LIST."""
    return [name for part in data if (name := _folder(part))]


def _folder(part: Any) -> str:
    if isinstance(part, tuple):
        return decode_folder(part[1].decode("ascii", "replace"))
    words = _WORDS.findall(_about(part))
    return decode_folder((_unescaped(words[-1][0]) or words[-1][1]).decode("ascii", "replace")) if words else ""


def _about(part: Any) -> bytes:
    words = part[0] if isinstance(part, tuple) else part
    return words if isinstance(words, bytes) else b""


def _unescaped(words: bytes) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", words)


def said(words: object) -> str:
    """A server's words, short and clean."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return one_line(text.removeprefix("b'").removesuffix("'"), 200) or "没有说原因"
