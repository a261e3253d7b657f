"""Errors as JSON, in one shape: {code, message, fields?}."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint
from marshmallow import ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from monitor.domain.errors import Forbidden, Invalid, InvalidAction, MonitorError, NotFound, StaleWrite


class Unauthorized(MonitorError):
    """The request says not who it comes from, or says it wrongly."""

    code = "unauthorized"


class TooLarge(MonitorError):
    """More than is taken at once."""

    code = "too_large"


_STATUS: dict[type[MonitorError], int] = {
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    InvalidAction: 409,
    StaleWrite: 409,
    TooLarge: 413,
    Invalid: 422,
}
_MESSAGES = {
    404: ("not_found", "没有这个地址；有哪些见 /api/v1/openapi.json。"),
    405: ("method_not_allowed", "这个地址不接受这种方法；各地址的方法见 /api/v1/openapi.json。"),
    413: ("too_large", "请求太大，请分几次推送。"),
    500: ("error", "我们这边出了问题，已经记录；请稍后再试。"),
}


def _answer(status: int, code: str, message: str, fields: Mapping[str, str] | None = None) -> Response:
    body: dict[str, Any] = {"code": code, "message": message}
    if fields:
        body["fields"] = dict(fields)
    answer = jsonify(body)
    answer.status_code = status
    return answer


def _on_refusal(error: MonitorError) -> ResponseReturnValue:
    answer = _answer(_STATUS.get(type(error), 400), error.code, str(error), getattr(error, "fields", None))
    if answer.status_code == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="xianwai"'
    return answer


def _on_http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    code, message = _MESSAGES.get(status, ("bad_request", "请求不对，见 /api/v1/openapi.json。"))
    answer = _answer(status, code, message)
    answer.headers.extend(h for h in error.get_headers() if h[0] not in ("Content-Type", "Content-Length"))
    return answer


def api_blueprint(name: str, module: str, description: str) -> Blueprint:
    """A blueprint whose arguments are read by our parser and whose errors are JSON."""
    blueprint = Blueprint(name, module, description=description)
    blueprint.ARGUMENTS_PARSER = _Parser()
    blueprint.register_error_handler(MonitorError, _on_refusal)
    # Named one by one: Flask asks for a handler of the code before it asks for one of the base class.
    for kind in (RequestEntityTooLarge, InternalServerError, HTTPException):
        blueprint.register_error_handler(kind, _on_http_error)
    return blueprint


def answer_unknown_addresses(app: Flask, prefix: str) -> None:
    """Answers in JSON where no route matches under `prefix`: such a request belongs to no blueprint."""

    @app.before_request
    def _answer_unknown() -> ResponseReturnValue | None:
        error = request.routing_exception
        if error is None or (error.code or 500) < 400 or not request.path.startswith(f"{prefix}/"):
            return None
        return _on_http_error(error)


class _Parser(FlaskParser):
    """Reads arguments; whatever is wrong with them becomes an `Invalid` that names the field."""

    def _raw_load_json(self, req: Any) -> Any:
        if not req.is_json:
            raise Invalid("请用 Content-Type: application/json。", fields={"body": "应为 JSON"})
        try:
            return super()._raw_load_json(req)
        except (ValueError, RecursionError) as error:  # also numbers of 5,000 digits, and 10,000 open brackets
            raise Invalid("请求的内容不是合格的 JSON（UTF-8）。", fields={"body": "读不出来"}) from error

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> Any:
        """Raises `Invalid`."""
        fields = dict(_flat(error.messages))
        raise Invalid(f"有 {len(fields)} 处不对：{'、'.join(list(fields)[:5])}。", fields=fields) from error


def _flat(messages: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """{"json": {"posts": {3: {"text": ["…"]}}}} as ("posts.3.text", "…")."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            outermost = not path and key in ("json", "query")
            yield from _flat(inner, "" if outermost else f"{path}.{key}".lstrip("."))
    else:
        said = messages if isinstance(messages, list) else [messages]
        yield path.removesuffix("_schema").removesuffix(".") or "body", "；".join(str(part) for part in said)
