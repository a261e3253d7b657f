"""A raw mail (RFC 5322, MIME) as a post: its words, who wrote it and when, and which mails are not for people."""

import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from typing import TypeAlias

from scrapers.base import Rejection
from scrapers.reading.charsets import decode
from scrapers.reading.dates import read_date
from scrapers.reading.posts import Fields, Item, Reading, digest, shape_post
from scrapers.reading.quotes import own_words, own_words_of_page

Mail: TypeAlias = "Message[str, str]"

_MOST_LEVELS = 30
_MOST_PARTS = 200
_ENCODED = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_ID = re.compile(r"<([^<>\s]{1,998})>")
_COMMENT = re.compile(r"\([^()]*\)")
# Written in ASCII, so that nothing but their name tells them from it.
_SEVEN_BITS = {
    "hz-gb-2312": "hz",
    "hz": "hz",
    "iso-2022-jp": "iso2022_jp",
    "iso-2022-kr": "iso2022_kr",
    "utf-7": "utf-7",
}
_QUEUED = timedelta(days=7)
"""How long a mail may be on its way: servers give up after four or five days (RFC 5321, 4.5.4.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is known of a mail besides its bytes."""

    place: str
    """Where it lies, for people."""
    received: str = ""
    """When the server took it in, in its own words."""
    size: int = 0
    """Its whole size where only the beginning was fetched."""
    own_domains: Sequence[str] = ()
    """Domains of one's own systems: mails that these number are notices, not complaints."""


def parse_mail(raw: bytes, arrival: Arrival, reading: Reading) -> Item:
    """The post in a mail, or the reason why there is none. Never raises."""
    try:
        message: Mail = message_from_bytes(raw)
    except ValueError:
        # The standard library trips over parameters such as a boundary in pieces numbered beyond all reason.
        return Rejection(arrival.place, "邮件的结构是坏的，读不了")
    except RecursionError:
        return Rejection(arrival.place, "邮件的结构套得太深，没有读")
    refusal = _why_not_for_people(message, arrival)
    return Rejection(arrival.place, refusal) if refusal else _post(message, arrival, reading)


def header(message: Mail, name: str) -> str:
    """A header on one line, decoded; "" when it is missing."""
    return decode_words(_raw_header(message, name))


def _raw_header(message: Mail, name: str) -> str:
    found = (value for key, value in message.raw_items() if key.lower() == name.lower())
    return re.sub(r"[\r\n]+[ \t]*", " ", str(next(found, "")))[:20_000].strip()


def decode_words(value: str) -> str:
    """A header's text: encoded words (RFC 2047) read, and bytes that nobody encoded read as what they look like."""
    pieces: list[tuple[str, bytes]] = []
    end = 0
    for found in _ENCODED.finditer(value):
        between = value[end : found.start()]
        # Space between two encoded words belongs to the coding: mail programs even cut characters in two.
        if between.strip() or not pieces:
            pieces.append(("", between.encode("utf-8", "surrogateescape")))
        pieces.append((found[1].partition("*")[0].lower(), _bytes_in(found[2], found[3])))
        end = found.end()
    pieces.append(("", value[end:].encode("utf-8", "surrogateescape")))
    return "".join(_text(body, charset) for charset, body in _merged(pieces))


def _merged(pieces: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Neighbours of the same charset as one."""
    waiting = ("", b"")
    for charset, body in pieces:
        if charset == waiting[0]:
            waiting = (charset, waiting[1] + body)
        else:
            yield waiting
            waiting = (charset, body)
    yield waiting


def _bytes_in(encoding: str, coded: str) -> bytes:
    plain = coded.encode("ascii", "ignore")
    if encoding.lower() == "q":
        return binascii.a2b_qp(plain.replace(b"_", b"=20"))
    plain = re.sub(rb"[^A-Za-z0-9+/]", b"", plain)
    plain = plain[:-1] if len(plain) % 4 == 1 else plain
    return binascii.a2b_base64(plain + b"=" * (-len(plain) % 4))


def _text(body: bytes, charset: str) -> str:
    """The text of some bytes; what is called gb2312, or nothing known, is read as the GB18030 that holds it."""
    codec = _SEVEN_BITS.get(charset.lower())
    if codec and body.isascii():
        try:
            return body.decode(codec)
        except UnicodeError:
            pass
    return decode(body, charset)


def _why_not_for_people(message: Mail, arrival: Arrival) -> str:
    """Why a mail was written by a program (RFC 3834 and customs older than it), or ""."""
    submitted = header(message, "Auto-Submitted").lower().partition(";")[0].strip()
    if submitted not in {"", "no"}:
        return f"自动发出的邮件（Auto-Submitted: {submitted[:40]}）"
    precedence = header(message, "Precedence").lower()
    if precedence in {"bulk", "list", "junk"}:
        return f"群发邮件（Precedence: {precedence}）"
    if header(message, "X-Auto-Response-Suppress"):
        return "自动发出的邮件（X-Auto-Response-Suppress）"
    if message.get_content_type() == "multipart/report" or _raw_header(message, "Return-Path") == "<>":
        return "退信或回执"
    domain = _message_id(message).rpartition("@")[2].lower()
    own = next((name for name in arrival.own_domains if domain == name or domain.endswith(f".{name}")), "")
    return f"自己的系统发出的邮件（Message-ID 的域名是 {own}）" if own else ""


def _message_id(message: Mail) -> str:
    return _first_id(message, "Message-ID")


def _first_id(message: Mail, name: str) -> str:
    value = _raw_header(message, name)
    found = _ID.search(value)
    return found[1] if found else value.strip("<> ") if name == "Message-ID" else ""


def _post(message: Mail, arrival: Arrival, reading: Reading) -> Item:
    found = _words_in(message)
    words = found.text or found.passed_on
    title = header(message, "Subject")
    # The address is the account; the name beside it may be anything.
    author = parseaddr(header(message, "From"))[1].lower() or header(message, "From")
    name = _name(message, author, title, words)
    answered = _ID.findall(_raw_header(message, "References")) or [_first_id(message, "In-Reply-To")]
    written, zone_assumed = _written(message, arrival, reading)
    fields = Fields(
        id=name,
        text=words,
        title=title,
        author=author,
        created=written.isoformat() if written else "",
        parent=_first_id(message, "In-Reply-To") or answered[-1],
        thread=answered[0] or _message_id(message) or name,
        extra={"attachments": str(found.attachments)} if found.attachments else {},
    )
    post = replace(shape_post(fields, reading), zone_assumed=zone_assumed)
    if words or (post.text and not arrival.size):
        return post
    if arrival.size:
        return Rejection(arrival.place, f"邮件太大（{arrival.size / 1e6:.1f} MB），只读了开头，那里没有文字")
    attached = f"只有附件（{found.attachments} 个）" if found.attachments else "是空的"
    return Rejection(arrival.place, f"邮件{attached}，没有文字")


def _name(message: Mail, author: str, title: str, words: str) -> str:
    """The Message-ID, and a mark of writer and date: some programs number all their mails alike, and anybody can copy
    a number. Without one, a digest of what the mail says."""
    number, stamp = _message_id(message), header(message, "Date")
    return f"{number}~{digest(author, stamp)[:8]}" if number else f"sha:{digest(author, stamp, title, words)}"


def _written(message: Mail, arrival: Arrival, reading: Reading) -> tuple[datetime | None, bool]:
    """When a mail was written and whether its zone was assumed: what it says, unless its last server knows better.

    A sender's clock may be years off. A mailbox knows only when it got the mail, which for one copied there is late.
    """
    stamps = (header(message, "Date"), header(message, "Received").rpartition(";")[2], arrival.received)
    # "(CST)" behind "-0600" is America's, and the number says it all.
    own, relayed, kept = (read_date(_COMMENT.sub("", words).strip(), reading.now, reading.zone) for words in stamps)
    if own[0] and (relayed[0] is None or abs(own[0] - relayed[0]) <= _QUEUED):
        return own
    return relayed if relayed[0] else kept


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The words found in one part of a mail and in what is inside it."""

    text: str = ""
    is_page: bool = False
    attachments: int = 0
    passed_on: str = ""
    """The words of a mail that came as an attachment: they count where its sender added none."""


def _words_in(part: Mail, level: int = 0) -> _Words:
    if part.get_content_maintype() == "message":
        inner = _inside(part)
        return _Words(attachments=1, passed_on=_words_in(inner[0], level + 1).text if inner and level < 3 else "")
    if not part.is_multipart():
        return _words_of(part)
    found = [_words_in(inner, level + 1) for inner in _inside(part)] if level < _MOST_LEVELS else []
    written = [each for each in found if each.text]
    if part.get_content_subtype() == "alternative":
        written = sorted(written, key=lambda each: each.is_page)[:1]
    return _Words(
        text="\n".join(each.text for each in written),
        is_page=any(each.is_page for each in written),
        attachments=sum(each.attachments for each in found),
        passed_on=next((each.passed_on for each in found if each.passed_on), ""),
    )


def _inside(part: Mail) -> list[Mail]:
    payload = part.get_payload()
    return [inner for inner in payload[:_MOST_PARTS] if isinstance(inner, Message)] if isinstance(payload, list) else []


def _words_of(part: Mail) -> _Words:
    kind = part.get_content_type()
    if kind not in {"text/plain", "text/html"} or part.get_content_disposition() == "attachment":
        return _Words(attachments=1)
    payload = part.get_payload(decode=True)
    text = _text(payload if isinstance(payload, bytes) else b"", _parameter(part, "charset"))
    if kind == "text/html":
        return _Words(text=own_words_of_page(text), is_page=True)
    return _Words(text=own_words(_unfolded(text, part)))


def _parameter(part: Mail, name: str) -> str:
    """A parameter of the content type, in lower case; one coded by RFC 2231 comes with its charset and language."""
    try:
        value = part.get_param(name, "")
    except ValueError:
        return ""
    return str(value[2] if isinstance(value, tuple) else value).lower()


def _unfolded(text: str, part: Mail) -> str:
    """The lines as they were before format=flowed (RFC 3676) broke the long ones with a space at their end."""
    if _parameter(part, "format") != "flowed":
        return text
    keeps_space = _parameter(part, "delsp") != "yes"
    joint = r"(?<!^--)( )\r?\n(?!>)" if keeps_space else r"(?<!^--) \r?\n(?!>)"
    return re.sub(joint, r"\1" if keeps_space else "", text, flags=re.MULTILINE)
