"""Messages in words: templates/email/<name>/ with subject.txt, body.txt and body.html. Plain Jinja, no Flask."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)

from monitor.domain.alerts import Rendered
from monitor.domain.errors import ConfigError
from monitor.domain.text import mask_contacts

_PARTS = ("subject.txt", "body.txt", "body.html")


class MailRenderer:
    """Renders the messages of a template folder; a fact that a template names and nobody gave is an error."""

    def __init__(self, templates: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(templates / "email"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["masked"] = mask_contacts

    def check(self, names: Iterable[str]) -> None:
        """Raises `ConfigError` when a message has a part missing or broken: at the start, not at midnight."""
        for name in names:
            for part in _PARTS:
                try:
                    self._environment.get_template(f"{name}/{part}")
                except TemplateNotFound as error:
                    raise ConfigError(f"邮件模板缺少 templates/email/{name}/{part}") from error
                except TemplateSyntaxError as error:
                    place = f"templates/email/{name}/{part} 第 {error.lineno} 行"
                    raise ConfigError(f"邮件模板写错了：{place}：{error.message}") from error

    def __call__(self, name: str, facts: Mapping[str, Any]) -> Rendered:
        """Subject, plain text and HTML; the subject on one line, so that no text can add a header."""
        subject, text, html = (self._environment.get_template(f"{name}/{part}").render(facts) for part in _PARTS)
        return Rendered(" ".join(subject.split())[:200], text.strip() + "\n", html)
