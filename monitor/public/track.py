"""/track: number and code, then where the complaint stands and what its writer may do now."""

from collections.abc import Callable, Mapping

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError

from monitor import edge
from monitor.domain.errors import Invalid, InvalidAction, NotFound
from monitor.domain.tickets import Action
from monitor.domain.wording import SATISFACTION, SOLVED
from monitor.public import passes
from monitor.public.limits import minutes_to_wait
from monitor.public.pages import public_blueprint
from monitor.public.progress import progress_of
from monitor.public.typed import line, words
from monitor.services import submitting
from monitor.services.acting import act_on, record_refusal
from monitor.services.audit import CUSTOMER
from monitor.storage.models import Ticket

blueprint = public_blueprint("track", __name__)
_NO_STORE = {"Cache-Control": "no-store"}


@blueprint.get("/track")
def ask() -> ResponseReturnValue:
    """The two fields to fill in."""
    return ask_page(problem="请重新输入工单号和查询码，这样只有您能看到进度。" if "again" in request.args else "")


@blueprint.post("/track")
def look_up() -> ResponseReturnValue:
    """Opens the ticket to whoever has number and code; every other answer is one and the same."""
    try:
        ticket = submitting.tracked_ticket(edge.session(), line("number"), line("code"))
    except NotFound as error:
        return ask_page(line("number"), str(error), 422)
    passes.give_pass(ticket.number)
    return redirect(url_for("track.show", number=ticket.number), 303)


def ask_page(number: str = "", problem: str = "", status: int = 200) -> ResponseReturnValue:
    """The query form; the code is never written back into it."""
    return render_template("public/track.html", number=number, problem=problem), status


@blueprint.post("/track/leave")
def leave() -> ResponseReturnValue:
    """Forgets the tickets this browser may see, for who shares a device."""
    passes.drop_passes()
    return redirect(url_for("track.ask"), 303)


@blueprint.get("/track/<number>")
def show(number: str) -> ResponseReturnValue:
    """Where the complaint stands."""
    if not passes.has_pass(number):
        return _ask_again()
    return _page(number)


@blueprint.post("/track/<number>/words")
def add_words(number: str) -> ResponseReturnValue:
    """Adds to the complaint."""
    return _change(
        number, "words", lambda t: submitting.add_words(edge.session(), t, words("text"), edge.tools(), edge.now())
    )


@blueprint.post("/track/<number>/rating")
def rate(number: str) -> ResponseReturnValue:
    """Takes the writer's judgement of our answer."""
    given = {"solved": line("solved"), "satisfaction": line("satisfaction"), "note": words("note")}
    return _change(number, "rating", lambda t: submitting.rate(edge.session(), t, given, edge.tools(), edge.now()))


@blueprint.post("/track/<number>/withdrawal")
def withdraw(number: str) -> ResponseReturnValue:
    """Takes the complaint back, in the writer's own words."""
    return _act(number, "withdrawal", Action.WITHDRAW, {"evidence": words("evidence")})


@blueprint.post("/track/<number>/reopening")
def reopen(number: str) -> ResponseReturnValue:
    """Takes a closed complaint up again."""
    return _act(number, "reopening", Action.REOPEN, {"reason": words("reason")})


def _act(number: str, form: str, action: Action, fields: Mapping[str, str]) -> ResponseReturnValue:
    """One action of the table, taken by the customer; an attempt that the table refuses is noted."""

    def take(ticket: Ticket) -> None:
        try:
            act_on(edge.session(), ticket, action, CUSTOMER, fields, tools=edge.tools(), now=edge.now())
        except InvalidAction as error:
            edge.session().rollback()
            record_refusal(edge.session(), ticket.id, action, CUSTOMER, str(error), edge.now())
            edge.commit()
            raise

    return _change(number, form, take)


def _change(number: str, form: str, change: Callable[[Ticket], None]) -> ResponseReturnValue:
    """Makes a change and shows the page anew, or shows it with what was typed and why it cannot be."""
    if not passes.has_pass(number):
        return _ask_again()
    try:
        change(submitting.followed_ticket(edge.session(), number))
    except Invalid as error:
        edge.session().rollback()
        return _page(number, form=form, problem=str(error), status=422)
    except InvalidAction as error:
        edge.session().rollback()
        return _page(number, form=form, problem=str(error), status=409)
    edge.commit()
    return redirect(url_for("track.show", number=number, done=form), 303)


@blueprint.errorhandler(CSRFError)
def on_stale_page(_: CSRFError) -> ResponseReturnValue:
    """The token was missing or too old: the same page again, with a fresh one."""
    return _again("这一页打开得太久了，请再点一次。", 400)


@blueprint.errorhandler(RateLimitExceeded)
def on_too_many(_: RateLimitExceeded) -> ResponseReturnValue:
    """Too many from one address: says when to try again, and keeps what was typed."""
    return _again(f"次数有些多，请约 {minutes_to_wait()} 分钟后再试。", 429)


def _again(problem: str, status: int) -> ResponseReturnValue:
    number = str((request.view_args or {}).get("number", ""))
    if not number:
        return ask_page(line("number"), problem, status)
    if not passes.has_pass(number):
        return _ask_again()
    return _page(number, form=request.path.rpartition("/")[2], problem=problem, status=status)


def _ask_again() -> ResponseReturnValue:
    return redirect(url_for("track.ask", again=""), 303)


_DONE = {
    "words": "已经加进去了，办理的同事会看到。",
    "rating": "谢谢，您的评价已经记下。",
    "withdrawal": "已按您的意思撤回。",
    "reopening": "已经重新打开，会有同事接着办。",
}


def _page(number: str, *, form: str = "", problem: str = "", status: int = 200) -> ResponseReturnValue:
    ticket = submitting.followed_ticket(edge.session(), number)
    page = render_template(
        "public/progress.html",
        number=number,
        progress=progress_of(edge.session(), ticket, edge.tools(), edge.now()),
        form=form,
        problem=problem,
        done=_DONE.get(request.args.get("done", "")),
        typed=request.form,
        solved=SOLVED,
        satisfaction=SATISFACTION,
    )
    return page, status, _NO_STORE
