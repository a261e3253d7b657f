"""Ticket numbers and query codes: easy to read out on the telephone, hard to guess."""

import hashlib
import hmac
import secrets
import unicodedata
from datetime import date

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that nothing is misread."""

_MODULUS = 31
_BODY = ALPHABET[:_MODULUS]
"""The signs of a number: without Z, which the check character could not tell from 0."""

_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


def new_ticket_number(day: date) -> str:
    """A number such as TS-20261122-7F3KQ2-9: day of receipt, 29 random bits, a check character."""
    body = "".join(secrets.choice(_BODY) for _ in range(6))
    stem = f"{day:%Y%m%d}{body}"
    return f"TS-{day:%Y%m%d}-{body}-{_check_character(stem)}"


def read_ticket_number(given: str) -> str:
    """The number as it is stored, from what a person typed; "" when its check character is wrong."""
    signs = _signs(given).removeprefix("TS")
    if len(signs) != 15 or not signs[:8].isdigit() or "Z" in signs or _check_character(signs[:14]) != signs[14]:
        return ""
    return f"TS-{signs[:8]}-{signs[8:14]}-{signs[14]}"


def _check_character(stem: str) -> str:
    """Weighted sum modulo 31: finds every single wrong character and every swap of two neighbours."""
    total = sum(weight * ALPHABET.index(sign) for weight, sign in enumerate(stem, 1))
    return ALPHABET[total % _MODULUS]


def query_code_for(key: bytes, occasion: str) -> str:
    """Twelve characters, 60 bits: the same for the same occasion, not to be guessed without the key."""
    bits = int.from_bytes(hmac.new(key, f"query code:{occasion}".encode(), hashlib.sha256).digest()[:8])
    signs = "".join(ALPHABET[(bits >> 5 * place) % 32] for place in range(12))
    return f"{signs[:4]}-{signs[4:8]}-{signs[8:]}"


def query_code_hash(code: str) -> str:
    """What is stored of a query code. It is random enough that a plain SHA-256 cannot be turned back."""
    return hashlib.sha256(_signs(code).encode()).hexdigest()


def _signs(given: str) -> str:
    """What counts of what a person typed: full width and lower case are taken, blanks and hyphens left out."""
    folded = unicodedata.normalize("NFKC", given).upper().translate(_MISREAD)
    return "".join(sign for sign in folded if sign in ALPHABET)
