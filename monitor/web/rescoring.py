"""Judging stored posts again: begin, watch, let rest, see what changed, take back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitor import edge
from monitor.domain.errors import InvalidAction
from monitor.domain.people import Permission
from monitor.domain.rescoring import UNFINISHED, RunState, Shift
from monitor.services import rescoring
from monitor.services.access import require
from monitor.storage.models import RescoreChange, RescoreRun
from monitor.storage.queries.rescoring import changes_of, recent_runs
from monitor.web.signed_in import me, myself, staff_pages
from monitor.web.words import quote_of

pages = staff_pages("rescoring", Permission.SEE_SOURCES)
_SHOWN = 240  # characters of one post
_ASLEEP_AFTER = timedelta(minutes=2)
CHANGES = (Shift.NEWLY_FLAGGED, Shift.NO_LONGER_FLAGGED)


@pages.get("/model/rescoring")
def show() -> ResponseReturnValue:
    """The run under way or what there is to do, what a run changed, and the runs before."""
    session, tools = edge.session(), edge.tools()
    runs = recent_runs(session)
    under_way = next((run for run in runs if run.state in UNFINISHED), None)
    ours = under_way is not None and rescoring.is_of_this_version(under_way, tools)
    chosen = next((run for run in runs if str(run.id) == request.args.get("run")), runs[0] if runs else None)
    return render_template(
        "rescoring/show.html",
        runs=runs,
        run=under_way,
        chosen=chosen,
        # Looks at every post; while a run is watched nobody asks, and the run itself knows.
        outdated=0 if ours else rescoring.count_outdated(session, tools),
        version=tools.judge.version,
        ours=ours,
        asleep=_is_asleep(under_way),
        **_changes(chosen),
    )


def _is_asleep(run: RescoreRun | None) -> bool:
    return run is not None and run.state is RunState.RUNNING and edge.now() - run.heartbeat_at > _ASLEEP_AFTER


def _changes(run: RescoreRun | None) -> dict[str, Any]:
    """One page of the posts whose flag a run changed, in the direction asked for, else in that with any."""
    asked, after = request.args.get("what", ""), request.args.get("after", "")
    first = CHANGES[0] if run is None or run.newly_flagged or not run.no_longer_flagged else CHANGES[1]
    what = next((shift for shift in CHANGES if shift.value == asked), first)
    start = int(after) if after.isdecimal() and len(after) < 12 else 0
    page = changes_of(edge.session(), run.id, what, after=start) if run else None
    return {
        "what": what,
        "shifts": CHANGES,
        "changes": [_line(change) for change in page.changes] if page else [],
        "next_after": page.next_after if page else None,
        "is_first": not start,
    }


def _line(change: RescoreChange) -> dict[str, Any]:
    """A changed post with the cues that spoke for dissatisfaction: of the new verdict, or of the one that was."""
    judged = change.post.assessments
    place = next((n for n, assessment in enumerate(judged) if assessment.run_id == change.run_id), len(judged) - 1)
    heard = judged[place if change.what is Shift.NEWLY_FLAGGED else max(place - 1, 0)] if judged else None
    return {"change": change, "post": change.post, "quote": quote_of(change.post, most=_SHOWN, by=heard)}


@pages.post("/model/rescoring")
def start() -> ResponseReturnValue:
    """Begins a run."""
    return _do(lambda: _started(rescoring.start(edge.session(), edge.tools(), myself(), edge.now())))


def _started(run: RescoreRun) -> str:
    return f"开始重新判断 {run.total:,} 条帖子，您可以离开这一页，它会自己做完。"


@pages.post("/model/rescoring/<int:run_id>/pause")
def pause(run_id: int) -> ResponseReturnValue:
    """Lets the run rest."""

    def step() -> str:
        rescoring.pause(edge.session(), _run(run_id), myself(), edge.now())
        return "已暂停，判断过的都留着。"

    return _do(step)


@pages.post("/model/rescoring/<int:run_id>/resume")
def resume(run_id: int) -> ResponseReturnValue:
    """Lets the run go on."""

    def step() -> str:
        rescoring.resume(edge.session(), _run(run_id), edge.tools(), myself(), edge.now())
        return "接着做了。"

    return _do(step)


@pages.post("/model/rescoring/<int:run_id>/undo")
def undo(run_id: int) -> ResponseReturnValue:
    """Takes the run back."""

    def step() -> str:
        count = rescoring.undo(edge.session(), _run(run_id), myself(), edge.now())
        return f"收回了 {count:,} 条判断，之前的判断重新算数。"

    return _do(step)


def _run(run_id: int) -> RescoreRun:
    return rescoring.run_to_change(edge.session(), run_id)


def _do(step: Callable[[], str]) -> ResponseReturnValue:
    require(me(), Permission.CHANGE_MODEL)
    try:
        said = step()
    except InvalidAction as error:
        edge.session().rollback()
        flash(str(error), "danger")
    else:
        flash(said, "success")
    return redirect(url_for("rescoring.show"))
