"""How right the classifier is on this installation's own posts, as far as spot checks tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template
from flask.typing import ResponseReturnValue

from monitor import edge
from monitor.domain.candidates import FEWEST, Adoption, Candidate, Comparison
from monitor.domain.learning import Accuracy, Estimate
from monitor.domain.people import Permission
from monitor.services.accuracy import report
from monitor.web.corrections import POLARITIES
from monitor.web.signed_in import staff_pages
from monitor.wiring import model_shelf

pages = staff_pages("accuracy", Permission.SEE_SOURCES)

FEW = 100
"""Answers below which an interval is too wide to conclude anything from (±10 points at an accuracy of one half)."""
VERY_FEW = 30


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure as the page says it."""

    name: str
    meaning: str
    estimate: Estimate | None


def measures_of(accuracy: Accuracy) -> Sequence[Measure]:
    """The measures of an accuracy, the plainest first."""
    return (
        Measure("判断对了", "不满还是没有不满，说对的占多少", accuracy.accuracy),
        Measure("听全了", "真有不满的，标出来了多少", accuracy.recall),
        Measure("没有误标", "标出来的，真有不满的占多少", accuracy.precision),
        Measure("倾向对了", "不满、中性、满意三样都分对", accuracy.polarity),
    )


@dataclass(frozen=True, slots=True)
class OwnModel:
    """A model of one's own as the page says it: when it came into force, what became of it, and why."""

    version: str
    adopted: datetime | None
    by: str
    state: str
    look: str
    reason: str


def own_model_lines(models: Sequence[Candidate], chain: Sequence[Adoption]) -> list[OwnModel]:
    """The models of one's own, the one in force first and then as they came into force, the newest first."""
    last = {adoption.version: adoption for adoption in chain}
    lines = [_line(model, last.get(model.version)) for model in models]
    return sorted(lines, key=lambda line: (line.look == "good", str(line.adopted or "")), reverse=True)


def _line(model: Candidate, adoption: Adoption | None) -> OwnModel:
    state, look = _state(model, adoption)
    at, by = (datetime.fromisoformat(adoption.adopted_at), adoption.by) if adoption else (None, "")
    return OwnModel(model.version, at, by, state, look, model.trouble or _found(model.comparison))


def _state(model: Candidate, adoption: Adoption | None) -> tuple[str, str]:
    if model.trouble:
        return "坏了", "bad"
    if model.active:
        return ("现在用的，强行启用", "warn") if adoption and adoption.forced else ("现在用的", "good")
    if adoption:
        return "用过", "quiet"
    return ("可以启用", "new") if model.comparison and model.comparison.passed else ("候选", "quiet")


def _found(comparison: Comparison | None) -> str:
    """What the comparison with the model that was in force found."""
    if comparison is None:
        return "还没有比较过"
    if not comparison.enough:
        return f"核对集只有 {comparison.n} 条，满 {FEWEST} 条才看得出好坏"
    right = f"核对集 {comparison.n} 条里，改对 {comparison.won} 条，改错 {comparison.lost} 条"
    return f"{right}；{'不比当时用的差' if comparison.passed else '比当时用的差'}"


@pages.get("/model/accuracy")
def show() -> ResponseReturnValue:
    """The report."""
    found, shelf = report(edge.session()), model_shelf(edge.installation().settings)
    return render_template(
        "accuracy/show.html",
        report=found,
        measures=measures_of(found.present),
        polarities=POLARITIES,
        few=FEW,
        very_few=VERY_FEW,
        version=edge.tools().judge.version,
        models=own_model_lines(shelf.candidates(), shelf.adoptions()),
    )
