"""What every public page has: words for moments, what a back button needs, and a kind page for errors."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    TooManyRequests,
)

from monitor import edge
from monitor.domain import errors
from monitor.domain.wording import say_day, say_moment
from monitor.services.submitting import MAX_TEXT

_SORRY = {
    404: ("没有这一页", "地址可能输错了。"),
    413: ("内容太长，没有收下", f"请按浏览器的返回键，您写的还在；删短一些再提交，最多 {MAX_TEXT} 个字。"),
    500: ("这次没有成功", "是我们这边出了问题，已经记录下来。请按浏览器的返回键，您写的还在，过一会儿再试。"),
}
_UNCLEAR = ("这次没有成功", "请按浏览器的返回键，您写的还在，再试一次。")


def public_blueprint(name: str, module: str) -> Blueprint:
    """A blueprint whose pages have our words and error pages."""
    blueprint = Blueprint(name, module)
    blueprint.context_processor(_words)
    blueprint.after_request(_kept_by_back_button)
    blueprint.register_error_handler(errors.NotFound, lambda _: _sorry(404))
    # Named one by one: Flask asks for a handler of the code before it asks for one of the base class.
    for kind in (BadRequest, NotFound, MethodNotAllowed, RequestEntityTooLarge, TooManyRequests, InternalServerError):
        blueprint.register_error_handler(kind, _on_http_error)
    return blueprint


def _on_http_error(error: HTTPException) -> ResponseReturnValue:
    return _sorry(error.code or 500)


def _sorry(status: int) -> ResponseReturnValue:
    title, advice = _SORRY.get(status, _UNCLEAR)
    return render_template("public/sorry.html", title=title, advice=advice), status


def _words() -> dict[str, Any]:
    tools = edge.tools()

    def moment(value: datetime) -> str:
        return say_moment(value, tools.zone, now=edge.now())

    def day(value: datetime) -> str:
        return say_day(value, tools.zone, now=edge.now())

    return {"company": tools.company, "moment": moment, "day": day}


def _kept_by_back_button(response: Response) -> Response:
    """Not `no-store`, unless a page says so: a browser that goes back to a form must still have what was typed."""
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
