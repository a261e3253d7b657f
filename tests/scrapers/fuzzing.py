"""Made-up faults for payloads: bytes damaged on the way, and JSON whose values are not what was promised.

Each fault is one row of a table. A test draws a damaged payload and may see nothing but posts or a `CollectError`.
"""

import copy
import math
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

THOROUGH = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "2500")),
    # Generous, for machines that do other things too; a reader that hangs still fails.
    deadline=timedelta(seconds=10),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
"""How a parser is fuzzed under `@pytest.mark.fuzz`: 2,500 inputs or as many as asked for, each in bounded time."""

ByteFault = Callable[[bytes, int, int, bytes], bytes]
"""A payload, two places in it in order, and a piece of noise; gives the damaged payload."""

BYTE_FAULTS: Mapping[str, ByteFault] = {
    "cut": lambda body, start, _end, _noise: body[:start],
    "headless": lambda body, start, _end, _noise: body[start:],
    "hole": lambda body, start, end, _noise: body[:start] + body[end:],
    "noise": lambda body, start, _end, noise: body[:start] + noise + body[start:],
    "overwritten": lambda body, start, _end, noise: body[:start] + noise + body[start + len(noise) :],
    "twice": lambda body, start, end, _noise: body[:end] + body[start:],
    "half a character": lambda body, start, _end, _noise: body[:start] + b"\xc4" + body[start:],
    "nought": lambda body, start, _end, _noise: body[:start] + b"\x00" + body[start:],
    "GBK": lambda body, _start, _end, _noise: body.decode("utf-8", "replace").encode("gb18030", "replace"),
    "UTF-16": lambda body, _start, _end, _noise: body.decode("utf-8", "replace").encode("utf-16"),
    "mislabelled": lambda body, _start, _end, _noise: body.replace(b"utf-8", b"gbk").replace(b"UTF-8", b"big5"),
    "deep": lambda body, start, _end, _noise: body[:start] + b"<div>" * 1500 + body[start:],
    "open quote": lambda body, start, _end, _noise: body[:start] + b'"' + body[start:],
    "open tag": lambda body, start, _end, _noise: body[:start] + b"<a href=" + body[start:],
    "open CDATA": lambda body, start, _end, _noise: body[:start] + b"<![CDATA[" + body[start:],
    "entity": lambda body, start, _end, _noise: body[:start] + b"&nbsp;&#0;&#x110000;&none;" + body[start:],
    "huge number": lambda body, start, _end, _noise: body[:start] + b"9" * 400 + body[start:],
    "other": lambda _body, _start, _end, noise: noise,
}


@st.composite
def mutated(draw: st.DrawFn, payload: bytes) -> bytes:
    """`payload` with one to three faults of `BYTE_FAULTS`."""
    body = payload
    for name in draw(st.lists(st.sampled_from(sorted(BYTE_FAULTS)), min_size=1, max_size=3)):
        start, end = sorted((draw(st.integers(0, len(body))), draw(st.integers(0, len(body)))))
        body = BYTE_FAULTS[name](body, start, end, draw(st.binary(max_size=12)))
    return body


def _nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**400, 2**63, 1e308, math.nan, math.inf, 0.5,
    "", " ", "0", "-1", "null", "\ud83d", "\x00", "<b>", "<div>" * 1500, "９" * 20, "9" * 400, "2026-13-45T99:99:99Z",
    "https://[::1", "//", "javascript:alert(1)", "长" * 5000,
    [], {}, [[]], [None], [0], [{}], {"id": None}, {"": []}, _nested(300),
)  # fmt: skip
"""Values that nobody promised."""

JsonFault = Callable[[Any, Any], Any]
"""The value in its place and an odd one; gives what stands there now."""

JSON_FAULTS: Mapping[str, JsonFault] = {
    "odd": lambda _old, odd: odd,
    "in a list": lambda old, _odd: [old],
    "in an object": lambda old, _odd: {"value": old},
    "listed twice": lambda old, _odd: [*old, *old] if isinstance(old, list) else [old, old],
    "as words": lambda old, _odd: str(old),
    "negative": lambda old, _odd: -old if isinstance(old, int) else old,
    "much larger": lambda old, _odd: old * 10**6 if isinstance(old, int) else old,
    "one more": lambda old, odd: [*old, odd] if isinstance(old, list) else odd,
    "emptied": lambda old, _odd: type(old)(),
}


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value inside, the whole first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in _places(part, (*path, key)))]


def _faulted(value: Any, path: tuple[Any, ...], fault: JsonFault, odd: Any) -> Any:
    if not path:
        return fault(value, odd)
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = fault(holder[path[-1]], odd)
    return value


def _without(value: Any, path: tuple[Any, ...]) -> Any:
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    if path:
        del holder[path[-1]]
    return value


@st.composite
def odd_json(draw: st.DrawFn, value: Any) -> Any:
    """A copy of `value` in which one to four values are missing or faulty by `JSON_FAULTS`; `value` stays as it is."""
    value = copy.deepcopy(value)
    for name in draw(st.lists(st.sampled_from(["missing", *sorted(JSON_FAULTS)]), min_size=1, max_size=4)):
        # Paths into nests of hundreds of levels would only change the nest.
        path = draw(st.sampled_from([place for place in _places(value) if len(place) < 12]))
        if name == "missing":
            value = _without(value, path)
        else:
            value = _faulted(value, path, JSON_FAULTS[name], copy.deepcopy(draw(st.sampled_from(ODD_VALUES))))
    return value
