"""Copying a post by hand: a form, and a bookmark that fills it from the page one is reading."""

from datetime import datetime
from urllib.parse import quote

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitor import edge
from monitor.domain.errors import Invalid
from monitor.domain.people import Permission
from monitor.services.capturing import MOST, Copied, capture, count_from
from monitor.web.signed_in import myself, staff_pages

pages = staff_pages("capture", Permission.DECIDE_SIGNALS)

_BOOKMARK = (
    "(function(){{var s=String(window.getSelection()).slice(0,1500);"
    "window.open('{address}?url='+encodeURIComponent(location.href)"
    "+'&title='+encodeURIComponent(document.title.slice(0,200))+'&text='+encodeURIComponent(s));}})()"
)


@pages.get("/capture")
def show() -> ResponseReturnValue:
    """The form, filled with what the bookmark brought; nothing is stored by looking at it."""
    return _form(request.args.to_dict(), {})


@pages.post("/capture")
def save() -> ResponseReturnValue:
    """Keeps what was pasted."""
    typed = request.form.to_dict()
    try:
        copied = Copied(
            text=typed.get("text", ""),
            url=typed.get("url", ""),
            title=typed.get("title", "")[:500],
            author=typed.get("author", "")[:200],
            written_at=_moment(typed.get("written_at", "")),
        )
        captured = capture(edge.session(), copied, myself(), edge.tools(), edge.now())
    except Invalid as error:
        edge.session().rollback()
        return _form(typed, error.fields), 422
    if captured.fresh:
        flash("已收下。判断要几秒钟，之后会在信号或收件箱里。", "success")
    else:
        flash("这一条以前摘录过，没有重复收；您这次摘录也记下了。", "success")
    return redirect(url_for("capture.show"))


def _form(typed: dict[str, str], errors: dict[str, str]) -> str:
    address = url_for("capture.show", _external=True)
    return render_template(
        "capture/show.html",
        typed=typed,
        errors=errors,
        known=count_from(edge.session(), typed.get("url", "")),
        bookmark="javascript:" + quote(_BOOKMARK.format(address=address), safe="(){}=+;:,?&'/."),
        most=MOST,
    )


def _moment(typed: str) -> datetime | None:
    """What a browser's date and time field says, in the office's zone. Raises `Invalid`."""
    if not typed:
        return None
    try:
        moment = datetime.fromisoformat(typed).replace(tzinfo=edge.tools().zone)
    except ValueError:
        raise Invalid("时间写得不对。", fields={"written_at": "应为日期和时间，例如 2026-11-22 14:05"}) from None
    if moment > edge.now():
        raise Invalid("时间还没有到。", fields={"written_at": "不能晚于现在"})
    return moment
