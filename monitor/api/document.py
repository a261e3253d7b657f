"""The OpenAPI document: its head, its security scheme and the one shape of errors."""

from typing import Any

from flask import Flask
from flask_smorest import Api

from monitor import __version__
from monitor.api.shapes import ErrorShape

PREFIX = "/api/v1"
TOKEN = "token"  # noqa: S105 - the name of the security scheme

SIGNATURE = "signature"

_DESCRIPTION = (
    "推送帖子进来，读取工单出去。每个请求都要带令牌：`Authorization: Bearer xw_…`；"
    "令牌由管理员用 `monitor tokens add` 发放，分“可推送”和“可读取”两种权限。"
    "签名推送不用令牌，用 Standard Webhooks 的三个头：webhook-id、webhook-timestamp、webhook-signature，"
    "密钥在来源页上。"
    "时间一律是带时区的 ISO 8601；出错时的回答都是 `{code, message, fields?}`。"
)


class _Described(Api):  # type: ignore[misc]
    """The document; errors become JSON in `errors`, for the API alone, and not for every page of the application."""

    ERROR_SCHEMA = ErrorShape

    def _register_error_handlers(self) -> None:
        """Leaves the application's error pages alone."""


def describe(app: Flask) -> Any:
    """Sets the document up; routes are added to what this returns."""
    app.config.update(
        API_TITLE="弦外 API",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    described = _Described(app, spec_kwargs={"info": {"description": _DESCRIPTION}})
    described.spec.components.security_scheme(TOKEN, {"type": "http", "scheme": "bearer"})
    described.spec.components.security_scheme(
        SIGNATURE, {"type": "apiKey", "in": "header", "name": "webhook-signature"}
    )
    return described
