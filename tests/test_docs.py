"""Documented or it fails: settings, events, commands, source kinds and the version have their line."""

import tomllib
from dataclasses import fields
from pathlib import Path

import click
import pytest

from monitor import __version__
from monitor.cli import COMMANDS, cli
from monitor.configuration.import_templates import FIELD_NAMES, load_templates
from monitor.domain.alerts import Event
from monitor.settings import Settings
from scrapers.registry import KINDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIG_README = (ROOT / "config" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", fields(Settings), ids=lambda field: field.name)
def test_a_setting_is_documented_with_its_help(field: object) -> None:
    name, text = field.name, field.metadata["help"]  # type: ignore[attr-defined]
    assert f"| `{name}` |" in CONFIG_README
    assert text in CONFIG_README


@pytest.mark.parametrize("event", Event)
def test_an_event_is_documented_and_has_its_mail(event: Event) -> None:
    assert f"`{event.value}`" in CONFIG_README
    folder = ROOT / "templates" / "email" / event.value
    assert {path.name for path in folder.iterdir()} == {"subject.txt", "body.txt", "body.html"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_in_the_readme_and_says_what_it_does(name: str) -> None:
    assert f"monitor {name}" in README
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help
    for option in command.params:
        assert not isinstance(option, click.Option) or option.help or option.name in ("host", "port", "data")


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_kind_is_in_the_readme(kind: str) -> None:
    assert f"`{kind}`" in README


@pytest.mark.parametrize("name", [path.stem for path in (ROOT / "config" / "imports").glob("*.toml")])
def test_an_import_template_is_documented_with_its_platform(name: str) -> None:
    template = load_templates(ROOT / "config" / "imports")[name]
    assert f"| `imports/{name}.toml` | {template.title} |" in CONFIG_README


def test_every_key_of_an_import_template_is_documented() -> None:
    keys = {
        key for path in (ROOT / "config" / "imports").glob("*.toml") for key in tomllib.loads(path.read_text("utf-8"))
    }
    for key in keys:
        assert f"| `{key}` |" in CONFIG_README or f"| `[{key}]` |" in CONFIG_README, key
    for field in FIELD_NAMES:
        assert f"`{field}`" in CONFIG_README


def test_the_changelog_begins_with_the_present_version() -> None:
    headings = [
        line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line.startswith("## ")
    ]
    assert headings[0].split()[1] == __version__


def test_every_dependency_is_bounded() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in project["dependencies"]:
        assert "<" in requirement, requirement


def test_the_map_in_the_readme_names_every_package() -> None:
    for folder in ROOT.glob("monitor/*/__init__.py"):
        assert f"{folder.parent.name}/" in README, folder.parent.name
