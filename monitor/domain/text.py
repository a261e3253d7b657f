"""Text as it comes, made fit to store and compare: cleaning, fingerprints, summaries, search terms."""

import hashlib
import re
import unicodedata

_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff\ud800-\udfff]")
_LINE_ENDS = re.compile(r"\r\n?|\u2028|\u2029")
# The look-behind keeps this linear: a run of a million blanks is looked at once, not once from each blank.
_TRAILING = re.compile(r"(?<![ \t\u3000])[ \t\u3000]+\n")
_BLANK_LINES = re.compile(r"\n{3,}")
_CONTACT = re.compile(r"(?<!\d)\+?\d(?:[ -]?\d){6,}(?!\d)|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SENTENCE_END = re.compile(r"[。！？!?\n；;]")


def clean_text(text: str) -> str:
    """The text without control characters, lone surrogates and needless blanks. Words are never cut. Never raises."""
    tidy = _LINE_ENDS.sub("\n", text)
    tidy = _UNWANTED.sub("", tidy)
    return _BLANK_LINES.sub("\n\n", _TRAILING.sub("\n", tidy)).strip()


def content_hash(title: str, text: str) -> str:
    """SHA-256 over exactly what was said; another hash under the same identity means that the post was edited."""
    return hashlib.sha256(f"{title}\0{text}".encode()).hexdigest()


def fingerprint(text: str) -> str:
    """SHA-256 of letters and digits alone, width and case folded: copies that differ in punctuation have the same."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return hashlib.sha256("".join(c for c in folded if c.isalnum()).encode()).hexdigest()


def summarize(title: str, text: str, *, length: int = 60) -> str:
    """One line for a list: the title, or the first sentence, cut to `length` characters."""
    line = title.strip() or _first_sentence(text)
    line = " ".join(line.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def _first_sentence(text: str) -> str:
    start = text.lstrip()[:400]
    parts = [part.strip() for part in _SENTENCE_END.split(start) if part.strip()]
    return parts[0] if parts else start


def mask_contacts(words: str) -> str:
    """Words without telephone numbers and mail addresses, fit to leave the house: mails and exports travel on."""
    return _CONTACT.sub("〔联系方式〕", words)


def mask_contact(value: str) -> str:
    """A phone number or mail address with its middle hidden, as staff see it by default."""
    if "@" in value:
        name, _, host = value.partition("@")
        return f"{name[:1]}***@{host}"
    if len(value) >= 7:
        return f"{value[:3]}****{value[-4:]}"
    return "*" * len(value)
