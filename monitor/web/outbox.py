"""Messages on their way out, as they will be read."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitor import edge
from monitor.domain.errors import NotFound
from monitor.domain.people import Permission
from monitor.services.delivery import retry_now
from monitor.storage.models import Notification
from monitor.storage.queries.alerts import PAGE, Delivery, count_failed, delivery_of, messages, ticket_number_of
from monitor.web.security import FRAMED_POLICY, FRAMING_POLICY
from monitor.web.signed_in import staff_pages

pages = staff_pages("outbox", Permission.SEE_OUTBOX)
STATES = {Delivery.WAITING: "待发", Delivery.SENT: "已发", Delivery.FAILED: "失败"}


@pages.get("/outbox")
def show() -> ResponseReturnValue:
    """The messages, the newest first."""
    given, before = request.args.get("state", ""), request.args.get("before", "")
    chosen = Delivery(given) if given in set(Delivery) else None
    found = messages(edge.session(), delivery=chosen, before=int(before) if before.isdecimal() else None)
    return render_template(
        "outbox/show.html",
        messages=found[:PAGE],
        more=found[PAGE - 1].id if len(found) > PAGE else None,
        chosen=chosen,
        states=_states(),
        failed=count_failed(edge.session()),
        delivery_of=delivery_of,
        stays=_stays(),
    )


def _stays() -> bool:
    return edge.installation().settings.mail_transport == "outbox"


def _states() -> dict[Delivery, str]:
    """When nothing leaves the machine, nothing was sent."""
    return STATES | ({Delivery.SENT: "已留存"} if _stays() else {})


@pages.get("/outbox/<int:message_id>")
def message(message_id: int) -> ResponseReturnValue:
    """One message: plain text, and the HTML version in a frame that can do nothing."""
    found = _message(message_id)
    response = Response(
        render_template(
            "outbox/message.html",
            message=found,
            state=delivery_of(found),
            states=_states(),
            number=ticket_number_of(edge.session(), found),
            stays=_stays(),
            Delivery=Delivery,
        )
    )
    response.headers["Content-Security-Policy"] = FRAMING_POLICY
    return response


@pages.get("/outbox/<int:message_id>/html")
def message_html(message_id: int) -> ResponseReturnValue:
    """The HTML version alone, for the frame."""
    response = Response(_message(message_id).html)
    response.headers["Content-Security-Policy"] = FRAMED_POLICY
    return response


@pages.post("/outbox/<int:message_id>/retry")
def retry(message_id: int) -> ResponseReturnValue:
    """Puts a message back in the queue."""
    if retry_now(edge.session(), message_id, edge.now()):
        flash("已放回队列，马上再发一次。", "success")
    else:
        flash("这封邮件已经发出，不用再发。", "warning")
    return redirect(url_for("outbox.message", message_id=message_id))


def _message(message_id: int) -> Notification:
    found = edge.session().get(Notification, message_id)
    if found is None:
        raise NotFound("没有这封邮件。")
    return found
