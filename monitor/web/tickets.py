"""The page of one ticket, and everything that can be done on it."""

from collections.abc import Callable, Container
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from sqlalchemy.orm.exc import StaleDataError

from monitor import edge
from monitor.domain.errors import Invalid, InvalidAction, NotFound, StaleWrite
from monitor.domain.routing import DecidedBy
from monitor.domain.tickets import ACTION_NAMES, OPEN_STATES, Action, actions_open_to
from monitor.services import approvals, followups
from monitor.services.access import ticket_for, visible_tickets
from monitor.services.acting import person_for, record_refusal
from monitor.services.assessing import spoken_text
from monitor.services.customers import REVEAL_REASONS, reveal_contact
from monitor.services.notes import add_note
from monitor.storage.models import Assignment, Post, Ticket
from monitor.storage.queries.people import active_departments
from monitor.storage.queries.posts import newest_assessment
from monitor.storage.queries.tickets import history_of, load_case, other_tickets_of
from monitor.web.copies import copies_told
from monitor.web.corrections import corrected, form_choices, save_correction
from monitor.web.signed_in import me, myself, staff_pages
from monitor.web.ticket_forms import MAIN_ACTION, WAITS_FOR, Draft, field_names, forms_for
from monitor.web.timeline import last_change, timeline
from monitor.web.words import quotes_of

pages = staff_pages("tickets")
_SHOWN_POSTS = 12
_SHOWN_HAPPENINGS = 40
_SHOWN_FOR = timedelta(minutes=10)
_MOST_CHARACTERS = 6000  # typed into one field


@pages.get("/tickets/<number>")
def show(number: str) -> ResponseReturnValue:
    """The ticket."""
    ticket = ticket_for(edge.session(), me(), number)
    if ticket.number != number:
        return redirect(url_for("tickets.show", number=ticket.number))
    return _page(ticket, Draft())


def _page(ticket: Ticket, draft: Draft) -> str:
    session, now = edge.session(), edge.now()
    ticket = load_case(session, ticket.id)
    happenings = timeline(ticket, history_of(session, ticket.id))
    shown = len(happenings) if request.args.get("timeline") == "all" else _SHOWN_HAPPENINGS
    posts = ticket.posts if request.args.get("posts") == "all" else ticket.posts[:_SHOWN_POSTS]
    open_to_them = _what_may_be_done(ticket, now)
    return render_template(
        "tickets/show.html",
        ticket=ticket,
        draft=draft,
        kept=_homeless(draft, open_to_them["offered"]),
        posts=[(p, q, newest_assessment(p), corrected(p)) for p, q in zip(posts, quotes_of(posts), strict=True)],
        copies=copies_told(posts, outside=ticket.id),
        correcting=request.args.get("correct", ""),
        assignment=_current(ticket),
        suggestions=_suggestions(ticket),
        clocks=followups.open_follow_ups(ticket),
        happenings=happenings[-shown:],
        earlier=max(len(happenings) - shown, 0),
        whole=request.args.get("timeline") == "all",
        others=other_tickets_of(session, ticket, scope=visible_tickets(me())),
        shows_contact=_shows_contact(ticket, now),
        reveal_reasons=REVEAL_REASONS,
        waits_for=WAITS_FOR[ticket.status].format(department=ticket.department.name),
        **open_to_them,
    )


def _what_may_be_done(ticket: Ticket, now: datetime) -> dict[str, Any]:
    """The actions of this person on this ticket now, and nothing else."""
    person = person_for(ticket, myself())
    actions = actions_open_to(ticket.status, person, ticket.severity)
    departments = [department.name for department in active_departments(edge.session())]
    forms = forms_for(ticket, person, actions, departments, now, edge.tools().zone)
    main = forms[0] if forms and forms[0].action is MAIN_ACTION.get(ticket.status) else None
    return {
        "main": main,
        "forms": [form for form in forms if form is not main],
        "offered": {form.action.value for form in forms} | {"notes", "follow-ups", "contact"},
        "approval": approvals.open_approval(ticket),
        "is_open": ticket.status in OPEN_STATES,
        "may_decide": approvals.may_decide(ticket, myself()),
        "hand_over": next((a for a in (Action.ACCEPT, Action.REASSIGN) if a in actions), None),
        "dispatch_at": edge.tools().dispatch_at,
        "choices": form_choices(departments),
        "DecidedBy": DecidedBy,
    }


def _homeless(draft: Draft, offered: Container[str]) -> list[str]:
    """What somebody wrote for a step that is no longer theirs to take: it has no form, and must not be lost."""
    written = ("text", "reason", "question", "evidence", "note", "root_cause", "target")
    return [] if draft.form in offered else [words for name in written if (words := draft.values.get(name))]


def _current(ticket: Ticket) -> Assignment | None:
    return next((a for a in ticket.assignments if a.until_at is None), None)


def _suggestions(ticket: Ticket) -> list[dict[str, Any]]:
    """Other desks that the model would choose, from the last time it was asked."""
    made = next((a.suggestions for a in reversed(ticket.assignments) if a.suggestions), [])
    return [choice for choice in made if choice["department"] != ticket.department.name]


@pages.get("/tickets/<number>/posts/<int:post_id>")
def post_text(number: str, post_id: int) -> ResponseReturnValue:
    """The whole text of a long post, plain."""
    post = _post_of(ticket_for(edge.session(), me(), number), post_id)
    return spoken_text(post), 200, {"Content-Type": "text/plain; charset=utf-8"}


def _post_of(ticket: Ticket, post_id: int) -> Post:
    post = next((post for post in ticket.posts if post.id == post_id), None)
    if post is None:
        raise NotFound("这张工单里没有这条帖子。")
    return post


@pages.post("/tickets/<number>/posts/<int:post_id>/correction")
def correct(number: str, post_id: int) -> ResponseReturnValue:
    """Says what the verdict on a post should have been."""
    _post_of(ticket_for(edge.session(), me(), number), post_id)
    return _do(number, f"correction-{post_id}", lambda ticket: save_correction(_post_of(ticket, post_id), request.form))


@pages.post("/tickets/<number>/<action>")
def act(number: str, action: str) -> ResponseReturnValue:
    """Takes an action, or asks a second person where the rules want one."""
    if action not in set(Action):
        raise NotFound("没有这个动作。")
    chosen = Action(action)
    fields = {name: _typed(name) for name in field_names(chosen)}

    def step(ticket: Ticket) -> str:
        done = approvals.act_or_ask(
            edge.session(), ticket, chosen, myself(), fields, tools=edge.tools(), now=edge.now()
        )
        name = ACTION_NAMES[chosen]
        return f"“{name}”已完成。" if done else f"已申请“{name}”，等另一位同事审批。"

    return _do(number, chosen.value, step, chosen)


@pages.post("/tickets/<number>/approval")
def decide(number: str) -> ResponseReturnValue:
    """Agrees to or refuses what somebody else asked for."""
    granted = _typed("decision") == "grant"

    def step(ticket: Ticket) -> str:
        approval = approvals.decide(edge.session(), ticket, myself(), granted, tools=edge.tools(), now=edge.now())
        return f"{'已同意' if granted else '没有同意'}“{ACTION_NAMES[approval.action]}”。"

    return _do(number, "approval", step)


@pages.post("/tickets/<number>/notes")
def note(number: str) -> ResponseReturnValue:
    """Adds a note among colleagues."""

    def step(ticket: Ticket) -> str:
        add_note(edge.session(), ticket, _typed("text"), myself(), edge.now())
        return "备注已记下。"

    return _do(number, "notes", step)


@pages.post("/tickets/<number>/contact")
def reveal(number: str) -> ResponseReturnValue:
    """Shows the customer's contact data for a while to somebody who says why."""

    def step(ticket: Ticket) -> str:
        reveal_contact(edge.session(), ticket, myself(), _typed("reason"), edge.now())
        cookie[_shown_key(ticket)] = (edge.now() + _SHOWN_FOR).timestamp()
        return f"联系方式显示 {_SHOWN_FOR.seconds // 60} 分钟，这次查看已记录。"

    return _do(number, "contact", step)


def _shown_key(ticket: Ticket) -> str:
    return f"contact {ticket.number}"


def _shows_contact(ticket: Ticket, now: datetime) -> bool:
    return bool(cookie.get(_shown_key(ticket), 0) > now.timestamp())


@pages.post("/tickets/<number>/follow-ups")
def plan_follow_up(number: str) -> ResponseReturnValue:
    """Sets a follow-up by hand."""

    def step(ticket: Ticket) -> str:
        due = _local_moment(_typed("due_at"))
        followups.plan_by_hand(edge.session(), ticket, _typed("text"), due, myself(), edge.now())
        return "跟进已定好，到时会提醒。"

    return _do(number, "follow-ups", step)


@pages.post("/tickets/<number>/follow-ups/<int:follow_up_id>/done")
def finish_follow_up(number: str, follow_up_id: int) -> ResponseReturnValue:
    """Ticks off a follow-up that a person set."""

    def step(ticket: Ticket) -> str:
        followups.finish_by_hand(edge.session(), ticket, follow_up_id, myself(), edge.now())
        return "跟进已完成。"

    return _do(number, "follow-ups", step)


def _do(number: str, form: str, step: Callable[[Ticket], str], action: Action | None = None) -> ResponseReturnValue:
    """One step on a ticket: done and flashed, or the page again with everything that was typed and what is wrong."""
    ticket = ticket_for(edge.session(), me(), number)
    ticket_id, number = ticket.id, ticket.number
    try:
        _refuse_stale(ticket)
        said = step(ticket)
        edge.session().flush()
    except Invalid as error:
        return _again(number, form, str(error), 422, error.fields)
    except (StaleWrite, StaleDataError):
        return _again(number, form, _too_late(ticket_id), 409)
    except NotFound as error:
        return _again(number, form, str(error), 422, {"target": str(error)})
    except InvalidAction as error:
        _note_refusal(ticket_id, str(error), action)
        return _again(number, form, str(error), 409)
    flash(said, "success")
    return redirect(_after(number))


def _refuse_stale(ticket: Ticket) -> None:
    seen = _typed("row_version")
    if seen and seen != str(ticket.row_version):
        raise StaleWrite("这张工单刚刚有人改过。")


def _too_late(ticket_id: int) -> str:
    edge.session().rollback()
    changed = last_change(history_of(edge.session(), ticket_id))
    return f"{changed}，所以这一步先没有做。您写的内容还在下面，看过之后可以再提交。"


def _again(number: str, form: str, message: str, status: int, errors: Any = None) -> ResponseReturnValue:
    edge.session().rollback()
    values = {name: _typed(name) for name in request.form if name not in ("csrf_token", "row_version")}
    draft = Draft(form, values, errors or {}, message)
    return _page(ticket_for(edge.session(), me(), number), draft), status


def _note_refusal(ticket_id: int, message: str, action: Action | None) -> None:
    """What the rules forbid is noted in a transaction of its own, after the work was taken back."""
    edge.session().rollback()
    if action is not None:
        record_refusal(edge.session(), ticket_id, action, myself(), message, edge.now())
        edge.commit()


def _after(number: str) -> str:
    """Back to the ticket, or to the inbox when it now belongs to a department that this person does not see."""
    try:
        ticket_for(edge.session(), me(), number)
    except NotFound:
        return url_for("inbox.show")
    return url_for("tickets.show", number=number)


def _typed(name: str) -> str:
    return request.form.get(name, "").strip()[:_MOST_CHARACTERS]


def _local_moment(given: str) -> datetime:
    try:
        return datetime.fromisoformat(given).replace(tzinfo=edge.tools().zone)
    except ValueError as error:
        raise Invalid("请选择跟进的时间。", fields={"due_at": "请选择日期和时间"}) from error
