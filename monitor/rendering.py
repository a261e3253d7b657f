"""Messages in words: templates/email/<name>/ with subject.txt, body.txt and body.html. Plain Jinja, no Flask."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from monitor.domain.alerts import Rendered

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

    def __call__(self, name: str, facts: Mapping[str, Any]) -> Rendered:
        """Subject, plain text and HTML; the subject on one line, so that no text can add a header."""
        subject, text, html = (self._environment.get_template(f"{name}/{part}").render(facts) for part in _PARTS)
        return Rendered(" ".join(subject.split())[:200], text.strip() + "\n", html)
