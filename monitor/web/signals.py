"""Flagged posts that wait for a person: accept, or dismiss with a reason."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from monitor import edge
from monitor.domain.errors import Invalid, InvalidAction, MonitorError
from monitor.domain.people import Permission
from monitor.domain.wording import TRIAGE_REASONS
from monitor.services.assessing import spoken_text
from monitor.services.signals import DISMISSALS, accept_signal, dismiss_signal, suggested_desk, waiting_signal
from monitor.storage.models import Post
from monitor.storage.queries.people import active_departments
from monitor.storage.queries.posts import PAGE, newest_assessment, waiting_signals
from monitor.web.copies import copies_told
from monitor.web.corrections import corrected, form_choices, save_correction
from monitor.web.signed_in import myself, staff_pages
from monitor.web.words import quote_of

pages = staff_pages("signals", Permission.DECIDE_SIGNALS)
_SHOWN = 500  # characters of one signal


@pages.get("/signals")
def show() -> ResponseReturnValue:
    """The signals, the newest first."""
    before = request.args.get("before", "")
    posts = waiting_signals(edge.session(), before=int(before) if before.isdecimal() else None)
    departments = [department.name for department in active_departments(edge.session())]
    return render_template(
        "signals/show.html",
        cards=[_card(post) for post in posts[:PAGE]],
        copies=copies_told(posts[:PAGE]),
        more=posts[PAGE - 1].id if len(posts) > PAGE else None,
        first=not before,
        departments=departments,
        choices=form_choices(departments),
        dismissals=DISMISSALS,
        reasons=TRIAGE_REASONS,
    )


def _card(post: Post) -> dict[str, Any]:
    assessment = newest_assessment(post)
    desk, changed = suggested_desk(post, assessment, edge.tools()), corrected(post)
    return {
        "post": post,
        "quote": quote_of(post, most=_SHOWN),
        "assessment": assessment,
        "corrected": changed,
        "desk": desk,
        "chosen": changed.now.department if changed and "department" in changed.now.corrected else desk.department,
    }


@pages.get("/signals/<int:post_id>/text")
def text(post_id: int) -> ResponseReturnValue:
    """The whole text of a long signal, plain."""
    post = waiting_signal(edge.session(), post_id)
    return spoken_text(post), 200, {"Content-Type": "text/plain; charset=utf-8"}


@pages.post("/signals/<int:post_id>/accept")
def accept(post_id: int) -> ResponseReturnValue:
    """Makes a ticket of the signal."""
    try:
        post = waiting_signal(edge.session(), post_id)
        department = request.form.get("department", "")
        ticket = accept_signal(
            edge.session(), post, myself(), department=department, tools=edge.tools(), now=edge.now()
        )
    except (Invalid, InvalidAction) as error:
        return _not_done(error)
    address = url_for("tickets.show", number=ticket.number)
    flash(
        Markup('已建工单 <a href="{}">{}</a>，由{}主办。').format(address, ticket.number, ticket.department.name),
        "success",
    )
    return redirect(_back())


@pages.post("/signals/<int:post_id>/dismiss")
def dismiss(post_id: int) -> ResponseReturnValue:
    """Puts the signal aside."""
    reason = request.form.get("reason", "")
    try:
        dismiss_signal(edge.session(), waiting_signal(edge.session(), post_id), myself(), reason, edge.now())
    except (Invalid, InvalidAction) as error:
        return _not_done(error)
    flash(f"已忽略：{DISMISSALS[reason]}。", "success")
    return redirect(_back())


@pages.post("/signals/<int:post_id>/correction")
def correct(post_id: int) -> ResponseReturnValue:
    """Says what the verdict on a signal should have been."""
    try:
        said = save_correction(waiting_signal(edge.session(), post_id), request.form)
    except (Invalid, InvalidAction) as error:
        return _not_done(error)
    flash(said, "success")
    return redirect(_back())


def _not_done(error: MonitorError) -> ResponseReturnValue:
    edge.session().rollback()
    flash(str(error), "danger")
    return redirect(_back())


def _back() -> str:
    before = request.form.get("before", "")
    return url_for("signals.show", before=before if before.isdecimal() else None)
