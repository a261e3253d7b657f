"""JSON answers of interfaces: loaded or explained, then read field by field whatever their types turn out to be."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from scrapers.base import Response
from scrapers.errors import CollectError
from scrapers.reading.markup import is_web_page
from scrapers.reading.pages import page_text, refuse_wall

ASK_JSON = {"Accept": "application/json"}
"""The header without which some sites answer the same address with a web page."""

_LARGEST = 2**63
_WHOLE = re.compile(r"-?[0-9]{1,19}")


def read_json(response: Response, place: str) -> Any:
    """The data in a response. Raises `CollectError` that says what came instead."""
    text = page_text(response)
    if response.status >= 400:
        wait = response.headers.get("retry-after", "").strip()
        raise CollectError(
            f"{place} 返回 {response.status}：“{text[:80].strip()}”。稍后会再试。",
            retry_after=float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 9 else None,
            status=response.status,
        )
    return load_json(text, place)


def load_json(text: str, place: str) -> Any:
    """The data in an answer's text. Raises `CollectError` that says what came instead."""
    try:
        return json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        if is_web_page(text):
            refuse_wall(text, place)
            raise CollectError(f"{place} 返回的是网页，不是 JSON。请检查网址，或对方可能关闭了接口。") from error
        raise CollectError(f"{place} 返回的不是完整的 JSON：“{text[:80].strip()}”") from error


def table(value: Any) -> Mapping[str, Any]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> Sequence[Any]:
    """`value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def word(value: Any) -> str:
    """A string or a number as a string; anything else is nothing."""
    if isinstance(value, str):
        return value
    number = whole(value)
    if number is not None:
        return str(number)
    return str(value) if isinstance(value, float) and math.isfinite(value) else ""


def whole(value: Any) -> int | None:
    """A whole number, also one written as a string or with a point; None for anything else or beyond 64 bits."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _LARGEST:
        return None
    return int(value) if value == int(value) else None


def is_true(value: Any) -> bool:
    """Whether a flag is set: interfaces write true, 1 and "1"."""
    return value is True or whole(value) == 1
