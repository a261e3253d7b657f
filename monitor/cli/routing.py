"""Routing on the command line."""

import json

import click

from monitor.configuration import load_configuration
from monitor.domain.wording import label
from monitor.services.routing import route
from monitor.settings import config_folder, load_settings
from monitor.wiring import build_tools


@click.group()
def routing() -> None:
    """派单：哪个部门主办，为什么。"""


@routing.command()
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def explain(text: str, as_json: bool) -> None:
    """说明 TEXT 会派给哪个部门、依据是什么。"""
    folder = config_folder()
    settings = load_settings(folder)
    tools = build_tools(settings, load_configuration(folder, settings.zone))
    verdict, suggestions = tools.judge.judge([text])[0]
    decision = route(text, "", verdict, suggestions, tools)
    if as_json:
        answer = {
            "department": decision.department,
            "decided_by": decision.decided_by.value,
            "rule": decision.rule,
            "confidence": round(decision.confidence, 4),
            "words": list(decision.words),
            "suggestions": [
                {"department": s.department, "confidence": round(s.confidence, 4)} for s in suggestions[:3]
            ],
        }
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    click.echo(f"主办部门：{decision.department}")
    rule = f"“{decision.rule}”" if decision.rule else ""
    click.echo(f"依据：{label(decision.decided_by)}{rule}，把握 {decision.confidence:.0%}")
    if decision.words:
        click.echo(f"起作用的词：{'、'.join(decision.words)}")
    click.echo("模型的建议：" + "，".join(f"{s.department} {s.confidence:.0%}" for s in suggestions[:3]))
    click.echo(f"话题：{'、'.join(topic.name for topic in verdict.topics) or '看不出'}")
    click.echo(f"严重程度：{label(verdict.severity)} {verdict.severity_reason}".rstrip())
