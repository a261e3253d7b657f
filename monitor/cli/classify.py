"""`monitor classify`: texts on standard input, verdicts on standard output; no database."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

import click

from monitor.cli.measuring import tell_if_for_research
from monitor.cli.output import remark
from monitor.configuration import load_configuration
from monitor.domain.routing import RoutingDecision
from monitor.domain.verdicts import Verdict
from monitor.services.routing import route
from monitor.services.tools import Tools
from monitor.settings import config_folder, load_settings
from monitor.wiring import build_tools, model_in_force

_BATCH = 256


@click.command()
@click.option("--backend", type=click.Choice(["trained", "snownlp"]), help="用哪个分类器；不写则按设置")
@click.argument("source", type=click.File("rb"), default="-")
def classify(source: BinaryIO, backend: str | None) -> None:
    """逐行判断：每行一个 JSON（text，可带 context：同一串里别的话），或就是一段文字；按原顺序每行输出一个判断。"""
    folder = config_folder()
    settings = load_settings(folder, classifier=backend)
    if settings.classifier == "trained":
        tell_if_for_research(model_in_force(settings))
    tools = build_tools(settings, load_configuration(folder, settings.zone))
    for batch in _batches(_items(source)):
        click.echo("\n".join(_verdicts(batch, tools)))


class Item(NamedTuple):
    """One line to judge; the context is the rest of its thread."""

    id: Any
    text: str
    context: str = ""


def _items(source: BinaryIO) -> Iterator[Item]:
    """What each line gives, blank ones too, so that answers stand beside questions."""
    for number, line in enumerate(source, 1):
        yield _item(number, line.decode("utf-8", errors="replace").rstrip("\r\n"))


def _item(number: int, line: str) -> Item:
    """A line that looks like JSON and is not is judged as plain text; one without an id is called by its number."""
    if not line.lstrip().startswith("{"):
        return Item(number, line)
    try:
        given = json.loads(line)
    except ValueError:
        remark(f"第 {number} 行像 JSON 但不完整，按普通文字判断")
        return Item(number, line)
    if not isinstance(given.get("text"), str):
        remark(f"第 {number} 行的 JSON 里没有文字 text，按空文本判断")
        return Item(given.get("id", number), "")
    context = given.get("context")
    return Item(given.get("id", number), given["text"], context if isinstance(context, str) else "")


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    while batch := list(islice(items, _BATCH)):
        yield batch


def _verdicts(batch: list[Item], tools: Tools) -> Iterator[str]:
    judged = tools.judge.judge([item.text for item in batch], [item.context for item in batch])
    for item, (verdict, suggestions) in zip(batch, judged, strict=True):
        decision = route(item.text, "", verdict, suggestions, tools)
        yield json.dumps(as_json(item.id, verdict, decision), ensure_ascii=False)


def as_json(name: Any, verdict: Verdict, decision: RoutingDecision) -> dict[str, Any]:
    """The verdict as programs read it; offsets count characters of the text as it was given."""
    scores = verdict.scores
    return {
        "id": name,
        "polarity": verdict.polarity.value,
        "scores": {
            "negative": round(scores.negative, 4),
            "neutral": round(scores.neutral, 4),
            "positive": round(scores.positive, 4),
        },
        "dissatisfied": round(verdict.dissatisfied, 4),
        "flagged": verdict.flagged,
        "expression": verdict.expression.value,
        "cues": [
            {"family": cue.family, "start": cue.start, "end": cue.end, "text": cue.text, "reason": cue.reason}
            for cue in verdict.cues
        ],
        "topics": [
            {"topic": topic.name, "score": round(topic.score, 4), "polarity": topic.polarity.value}
            for topic in verdict.topics
        ],
        "severity": verdict.severity.value,
        "severity_reason": verdict.severity_reason,
        "intent": verdict.intent.value,
        "spam": round(verdict.spam, 4),
        "worst": list(verdict.worst) if verdict.worst else None,
        "reason": verdict.reason,
        "department": decision.department,
        "decided_by": decision.decided_by.value,
        "rule": decision.rule,
        "confidence": round(decision.confidence, 4),
        "version": verdict.version,
    }
