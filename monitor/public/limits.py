"""How often one address may file and ask; counted in a place that all web processes share."""

import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter

from monitor.clock import utc_now


@dataclass(frozen=True, slots=True)
class _Limit:
    endpoint: str
    rate: str
    only_when_done: bool = False


_LIMITS = (
    # Only what was really filed counts: nobody is locked out for forgetting a field three times.
    _Limit("complain.send", "10 per hour", only_when_done=True),
    _Limit("track.look_up", "60 per hour"),
    _Limit("track.add_words", "30 per hour", only_when_done=True),
)


def apply(app: Flask) -> None:
    """Puts the limits on the views. When the shared store is away, each process counts by itself."""
    limiter = Limiter(
        address_prefix,
        app=app,
        storage_uri=app.extensions["installation"].settings.rate_limit_storage,
        strategy="moving-window",
        in_memory_fallback_enabled=True,
        key_prefix="public",
    )
    app.extensions["public limits"] = limiter
    for limit in _LIMITS:
        decorate = limiter.limit(limit.rate, deduct_when=_was_done if limit.only_when_done else None)
        view = cast("Callable[..., ResponseReturnValue]", app.view_functions[limit.endpoint])
        app.view_functions[limit.endpoint] = cast("Callable[..., ResponseReturnValue]", decorate(view))


def minutes_to_wait() -> int:
    """After how many minutes the limit that this request met lets one more through."""
    met = cast("Limiter", current_app.extensions["public limits"]).current_limit
    seconds = met.reset_at - utc_now().timestamp() if met else 3600
    return min(60, max(1, math.ceil(seconds / 60)))


def address_prefix() -> str:
    """Where a request comes from: an IPv4 address, or the /64 that one IPv6 household has to itself."""
    given = request.remote_addr or ""
    try:
        address = ipaddress.ip_address(given.partition("%")[0])
    except ValueError:
        return given
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address), 64), strict=False))


def _was_done(response: Response) -> bool:
    return response.status_code < 400
