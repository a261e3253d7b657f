"""Bytes to text, in the encodings that Chinese pages and files really use, whatever they say they use."""

import codecs
import re

from charset_normalizer import from_bytes

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Pages that say gb2312 use characters outside it; gb18030 holds them all and reads the older ones alike.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "cp936": "gb18030", "iso-8859-1": "cp1252"}
# Codecs that are no charset of a page: they raise for anything, or read a backslash as a sign.
_NO_CHARSETS = {"undefined", "idna", "punycode", "unicode-escape", "unicode_escape", "raw-unicode-escape",
                "raw_unicode_escape", "utf-7"}  # fmt: skip
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9._:-]{2,40})""", re.IGNORECASE)
_SAMPLE = 64 * 1024


def named_charset(name: str) -> str:
    """The codec for a charset's name, widened where sites say less than they use; empty when there is none."""
    plain = name.strip().strip("\"'").lower()
    try:
        known = codecs.lookup(_WIDER.get(plain, plain))
    except (LookupError, ValueError):
        return ""
    fit = known._is_text_encoding and known.name not in _NO_CHARSETS
    return _WIDER.get(known.name, known.name) if fit else ""


def charset_of(content_type: str) -> str:
    """The charset that a Content-Type header names, quoted or not; empty when it names none."""
    found = _DECLARED.search(content_type.encode("ascii", "ignore"))
    return named_charset(found[1].decode("ascii")) if found else ""


def _reads(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except (UnicodeError, LookupError, ValueError):
        return None


def _detected(body: bytes) -> str:
    guess = from_bytes(body[:_SAMPLE]).best()
    return named_charset(guess.encoding) if guess else ""


def _is_mostly_utf8(body: bytes) -> bool:
    """Whether these are UTF-8 with a few broken bytes, such as a text cut in the middle of a character."""
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return broken * 20 <= sum(char > "\x7f" for char in text[:_SAMPLE]) - broken


def decode(body: bytes, declared: str = "") -> str:
    """The text of `body`, by its byte order mark, else UTF-8 when valid, else as declared, else as detected."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    # Bytes that are valid UTF-8 hardly ever are anything else, so this goes before what the server claims.
    text = _reads(body, "utf-8")
    if text is not None and "\x00" not in text[:200]:
        return text
    if _is_mostly_utf8(body[:_SAMPLE]):
        return body.decode("utf-8", "replace")
    inner = _DECLARED.search(body[:2048])
    own = named_charset(inner[1].decode("ascii")) if inner else ""
    for encoding in (named_charset(declared), own, "gb18030"):
        text = _reads(body, encoding) if encoding and encoding != "utf-8" else None
        if text is not None:
            return text
    best = named_charset(declared) or own or _detected(body) or "utf-8"
    return body.decode(best, "replace")


def sniff_charset(sample: bytes) -> str:
    """The encoding of a file by its first bytes, which may end in the middle of a character."""
    for mark, encoding in _BOMS:
        if sample.startswith(mark):
            return encoding
    if sample.isascii() or _is_mostly_utf8(sample):
        return "utf-8"
    try:
        codecs.getincrementaldecoder("gb18030")().decode(sample)
    except UnicodeError:
        pass
    else:
        return "gb18030"
    detected = _detected(sample)
    # A few broken bytes must not turn a whole UTF-8 file into Latin letters; its broken lines are told one by one.
    return detected if detected in {"big5", "big5hkscs", "cp950", "shift_jis", "euc_kr"} else "utf-8"
