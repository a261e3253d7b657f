"""What this browser may see for a while: the receipt just given, and tickets whose code it has shown."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import session as cookie

from monitor import edge
from monitor.services.submitting import Receipt

RECEIPT_LASTS = timedelta(minutes=15)
PASS_LASTS = timedelta(minutes=30)
_MOST = 5


@dataclass(frozen=True, slots=True)
class Kept:
    """A receipt that may still be shown."""

    number: str
    code: str


def keep_receipt(receipt: Receipt) -> None:
    """Lets this browser show the receipt for a quarter of an hour, and follow the ticket if the code came with it."""
    cookie["receipt"] = {"number": receipt.number, "code": receipt.code, "until": _in(RECEIPT_LASTS)}
    if receipt.code:
        give_pass(receipt.number)


def kept_receipt() -> Kept | None:
    """The receipt to show, or None when there is none or it is too old."""
    kept: dict[str, Any] = cookie.get("receipt") or {}
    if kept.get("until", 0) < _in(timedelta()):
        return None
    return Kept(kept["number"], kept["code"])


def give_pass(number: str) -> None:
    """Lets this browser see the ticket for half an hour."""
    passes = {**_valid(), number: _in(PASS_LASTS)}
    cookie["passes"] = dict(list(passes.items())[-_MOST:])


def has_pass(number: str) -> bool:
    """Whether this browser may see the ticket now."""
    return number in _valid()


def drop_passes() -> None:
    """Forgets everything this browser may see."""
    cookie.pop("passes", None)
    cookie.pop("receipt", None)


def _valid() -> dict[str, int]:
    passes: dict[str, int] = cookie.get("passes") or {}
    return {number: until for number, until in passes.items() if until >= _in(timedelta())}


def _in(span: timedelta) -> int:
    return int((edge.now() + span).timestamp())
