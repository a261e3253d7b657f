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
    "auc_over_folds": "AUC 各折",
    "negative_against_positive": "正负准确率",
    "interval": "95% 区间",
    "over_folds": "准确率各折",
    "calibration_error": "校准误差",
    "threshold": "标记线",
    "implicit_negative_flagged": "隐性不满被标",
    "explicit_negative_flagged": "明说不满被标",
    "none_flagged": "没有态度被误标",
    "implicit_positive_flagged": "隐性满意被误标",
    "explicit_positive_flagged": "明说满意被误标",
    "recall_at_10_false_alarms": "误报 10% 时听出隐性不满",
    "recall_over_folds": "听出各折",
    "micro_f1": "微 F1",
    "macro_f1": "宏 F1",
    "accuracy": "准确率",
    "first_right": "第一个就对",
    "among_three": "前三个里有",
}
"""What the measures of a card are called; one without a name here is shown by its own."""

SCORES = {
    "working_point": "标记线上，手工标注的车主句子",
    "expression": "明说、流露、没有态度，三类",
    "stances": "对每个话题的态度",
    "departments": "部门",
}
"""What the rows of a card that are no sets are called."""

LICENCES = {
    "none stated": "没有写明",
    "stated MIT by the repository": "仓库写明 MIT",
    "research only": "只许研究",
    "own data": "自己的数据",
}
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
        scores=[(_called(entry["set"]), entry.get("n"), _measures(entry)) for entry in card.scores],
    )


def _called(name: str) -> str:
    subject, _, source = name.partition(":")
    return f"话题，{source}" if subject == "topics" and source else SCORES.get(name, name)


def _measures(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (MEASURES.get(name, name), _say(name, value))
        for name, value in entry.items()
        if name not in {"set", "n"} and value is not None
    ]


def _say(name: str, value: Any) -> str:
    """Three decimals; an interval from–to, what the folds gave as mean ± standard deviation."""
    if isinstance(value, (list, tuple)):
        return (" ± " if name.endswith("over_folds") else "–").join(_say("", each) for each in value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)
