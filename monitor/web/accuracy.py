"""How right the classifier is on this installation's own posts, as far as spot checks tell."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from monitor import edge
from monitor.domain.learning import Accuracy, Estimate
from monitor.domain.people import Permission
from monitor.services.accuracy import report
from monitor.web.corrections import POLARITIES
from monitor.web.signed_in import staff_pages

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


@pages.get("/model/accuracy")
def show() -> ResponseReturnValue:
    """The report."""
    found = report(edge.session())
    return render_template(
        "accuracy/show.html",
        report=found,
        measures=measures_of(found.present),
        polarities=POLARITIES,
        few=FEW,
        very_few=VERY_FEW,
        version=edge.tools().judge.version,
    )
