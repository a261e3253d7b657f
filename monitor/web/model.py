"""What the classifier was made of, how well it hears, and what it cannot do."""

from collections.abc import Mapping
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from monitor import edge
from monitor.domain.people import Permission
from monitor.web.signed_in import staff_pages
from monitor.wiring import model_card, model_in_force

pages = staff_pages("model", Permission.SEE_SOURCES)

MEASURES = {
    "auc": "不满 AUC",
    "negative_against_positive": "正负准确率",
    "interval": "95% 区间",
    "calibration_error": "校准误差",
    "threshold": "标记线",
    "implicit_negative_flagged": "隐性不满被标",
    "explicit_negative_flagged": "明说不满被标",
    "none_flagged": "没有态度被误标",
    "implicit_positive_flagged": "隐性满意被误标",
    "explicit_positive_flagged": "明说满意被误标",
    "micro_f1": "微 F1",
    "macro_f1": "宏 F1",
    "accuracy": "准确率",
    "first_right": "第一个就对",
    "among_three": "前三个里有",
}
"""What the measures of a card are called; one without a name here is shown by its own."""

LICENCES = {"none stated": "没有写明", "stated MIT by the repository": "仓库写明 MIT"}
"""What the sets say of their licence; anything else is shown in their own words."""


@pages.get("/model")
def show() -> ResponseReturnValue:
    """The card of the model in force."""
    settings = edge.installation().settings
    card = model_card(model_in_force(settings))
    return render_template(
        "model/show.html",
        card=card,
        backend=settings.classifier,
        licences=LICENCES,
        scores=[(entry["set"], entry.get("n"), _measures(entry)) for entry in card.scores],
    )


def _measures(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    # A set of neutral texts alone has nothing to tell apart: its interval is everything from 0 to 1.
    empty = {"negative_against_positive", "interval"} if entry.get("interval") in ((0.0, 1.0), [0.0, 1.0]) else set()
    return [
        (MEASURES.get(name, name), _say(value))
        for name, value in entry.items()
        if name not in {"set", "n", *empty} and value is not None
    ]


def _say(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return "–".join(map(_say, value)) if isinstance(value, (list, tuple)) else str(value)
