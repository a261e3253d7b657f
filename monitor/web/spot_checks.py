"""One drawn post at a time for a person to judge, without being told what the classifier said."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitor import edge
from monitor.domain.errors import Invalid, InvalidAction
from monitor.domain.people import Permission
from monitor.domain.verdicts import Expression, Polarity
from monitor.services import spot_checks
from monitor.services.assessing import spoken_text
from monitor.storage.models import Assessment, SpotCheck
from monitor.storage.queries.learning import count_open_checks
from monitor.storage.queries.people import active_departments
from monitor.storage.queries.posts import newest_assessment
from monitor.storage.queries.spot_checks import check_with_post, progress_since
from monitor.web.corrections import POLARITIES, correction_from, form_choices
from monitor.web.signed_in import me, myself, staff_pages
from monitor.web.words import plain_quote_of

pages = staff_pages("spot_checks", Permission.DECIDE_SIGNALS)


@pages.get("/spot-checks")
def show() -> ResponseReturnValue:
    """The next post to judge."""
    check = spot_checks.next_to_check(edge.session(), me(), flag_at=edge.tools().flag_at)
    return _page(check_with_post(edge.session(), check.id) if check else None)


def _page(check: SpotCheck | None, typed: Mapping[str, str] | None = None, trouble: Invalid | None = None) -> str:
    session = edge.session()
    return render_template(
        "spot_checks/show.html",
        check=check,
        quote=plain_quote_of(check.post) if check else None,
        progress=progress_since(session, _today()),
        waiting=count_open_checks(session),
        choices=form_choices([department.name for department in active_departments(session)]),
        typed=typed or {},
        trouble=trouble,
    )


def _today() -> datetime:
    """The beginning of this day where the office is."""
    return edge.now().astimezone(edge.tools().zone).replace(hour=0, minute=0, second=0, microsecond=0)


@pages.get("/spot-checks/<int:check_id>/text")
def text(check_id: int) -> ResponseReturnValue:
    """The whole text of a long post, plain."""
    return spoken_text(_held(check_id).post), 200, {"Content-Type": "text/plain; charset=utf-8"}


@pages.post("/spot-checks/<int:check_id>/answer")
def answer(check_id: int) -> ResponseReturnValue:
    """Keeps the judgement, says what the classifier had said, and shows the next post."""
    typed = request.form.to_dict()
    try:
        check = _held(check_id)
        said = newest_assessment(check.post)
        spot_checks.answer(edge.session(), check, myself(), edge.now(), **_answer_from(typed))
    except Invalid as error:
        edge.session().rollback()
        return _page(check_with_post(edge.session(), check_id), typed, error), 422
    except InvalidAction as error:
        edge.session().rollback()
        flash(str(error), "warning")
    else:
        flash(_told(said, Polarity(typed["polarity"])), "success")
    return redirect(url_for("spot_checks.show"))


@pages.post("/spot-checks/<int:check_id>/skip")
def skip(check_id: int) -> ResponseReturnValue:
    """Leaves a post that cannot be judged."""
    try:
        spot_checks.skip(edge.session(), _held(check_id), myself(), edge.now())
    except InvalidAction as error:
        edge.session().rollback()
        flash(str(error), "warning")
    return redirect(url_for("spot_checks.show"))


def _held(check_id: int) -> SpotCheck:
    return spot_checks.check_for(edge.session(), check_id)


def _answer_from(typed: Mapping[str, str]) -> dict[str, Any]:
    """The answer as typed. How it shows is asked of the dissatisfied only; what was picked before that counts not."""
    given = correction_from(typed)
    if given["polarity"] is not Polarity.NEGATIVE:
        given["expression"] = None
    elif given["expression"] in (None, Expression.NONE):
        raise Invalid("请再说说不满是怎么看出来的。", fields={"expression": "请选明说或隐性"})
    del given["note"]
    return given


def _told(said: Assessment | None, truth: Polarity) -> str:
    """What the classifier had said, told only afterwards so that it leads nobody."""
    if said is None:
        return "记下了。分类器没有判断过这条。"
    agreed = "和您一样" if said.polarity is truth else "和您不同"
    return f"记下了。分类器判断是{POLARITIES[said.polarity]}（不满 {said.dissatisfied:.0%}），{agreed}。"
