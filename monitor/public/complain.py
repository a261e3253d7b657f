"""/complain: the form, and the page with number and code."""

from collections.abc import Mapping
from dataclasses import replace

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError

from monitor import edge
from monitor.domain.errors import Invalid
from monitor.domain.wording import REMEDIES_WISHED
from monitor.public import passes
from monitor.public.limits import minutes_to_wait
from monitor.public.pages import public_blueprint
from monitor.public.promises import promises
from monitor.public.typed import Filled, new_once, opened_once, trapped
from monitor.services.submitting import MAX_TEXT, submit_complaint

blueprint = public_blueprint("complain", __name__)
_TRAPPED = "有一栏本该留空的被填上了，多半是浏览器自动填的。我们已经清空它，请再点一次提交。"
_TOO_OLD = "这一页打开得太久了，请再点一次提交。"


@blueprint.get("/complain")
def form() -> ResponseReturnValue:
    """The empty form."""
    return form_page(Filled())


@blueprint.post("/complain")
def send() -> ResponseReturnValue:
    """Files the complaint, or shows the form again with everything that was typed."""
    filled = Filled.read()
    if trapped():
        return form_page(filled, _TRAPPED, 400)
    if not opened_once(filled.once):
        return form_page(replace(filled, once=""), _TOO_OLD, 422)
    try:
        receipt = submit_complaint(edge.session(), filled.complaint(), edge.tools(), edge.now())
    except Invalid as error:
        return form_page(filled, str(error), 422, fields=error.fields)
    edge.commit()
    passes.keep_receipt(receipt)
    return redirect(url_for("complain.thanks"), 303)


def form_page(
    filled: Filled, problem: str = "", status: int = 200, *, fields: Mapping[str, str] | None = None
) -> tuple[str, int]:
    """The form with what was typed, and what is wrong with it."""
    page = render_template(
        "public/complain.html",
        filled=filled,
        once=filled.once or new_once(),
        problem=problem,
        fields=fields or {},
        remedies=REMEDIES_WISHED,
        promises=promises(edge.tools(), edge.now()),
        max_text=MAX_TEXT,
    )
    return page, status


@blueprint.errorhandler(CSRFError)
def on_stale_page(_: CSRFError) -> ResponseReturnValue:
    """The token was missing or too old: the same form again, with a fresh one."""
    return form_page(Filled.read(), f"{_TOO_OLD}如果又看到这句话，请允许浏览器使用 Cookie。", 400)


@blueprint.errorhandler(RateLimitExceeded)
def on_too_many(_: RateLimitExceeded) -> ResponseReturnValue:
    """Too many from one address: says when to try again, and keeps what was typed."""
    wait = minutes_to_wait()
    problem = f"从您这个网络来的投诉一小时内已有很多件，请约 {wait} 分钟后再点提交。也可以现在拨打 12315。"
    page, status = form_page(Filled.read(), problem, 429)
    return page, status, {"Retry-After": str(wait * 60)}


@blueprint.get("/complain/thanks")
def thanks() -> ResponseReturnValue:
    """Number and code, for as long as this browser may show them."""
    receipt = passes.kept_receipt()
    if receipt is None:
        return redirect(url_for("track.ask"), 303)
    page = render_template("public/thanks.html", receipt=receipt, promises=promises(edge.tools(), edge.now()))
    return page, {"Cache-Control": "no-store"}
