"""Who calls: a bearer token, and what it may do."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request

from monitor import edge
from monitor.api.errors import Unauthorized
from monitor.domain.errors import Forbidden
from monitor.services.members import token_for
from monitor.storage.models import ApiToken

_MISSING = {"may_push": "这个令牌不能推送帖子。", "may_read": "这个令牌不能读取。"}


def needs(right: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Lets a view run only for a valid token with this right (`may_push` or `may_read`)."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if not getattr(_caller(), right):
                raise Forbidden(_MISSING[right])
            return view(*args, **kwargs)

        return checked

    return decorate


def _caller() -> ApiToken:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthorized("请带上令牌：Authorization: Bearer xw_…")
    try:
        return token_for(edge.session(), token.strip())
    except Forbidden as error:
        raise Unauthorized(str(error)) from error
