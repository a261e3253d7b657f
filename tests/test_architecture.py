"""The drawing of who may import whom, held against every import of the tree, also those inside functions."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted([*ROOT.glob("monitor/**/*.py"), *ROOT.glob("scrapers/**/*.py"), ROOT / "wsgi.py"])
FILES = [path for path in FILES if "versions" not in path.parts]

GROUND = {"monitor.domain", "scrapers.base", "scrapers.errors"}
ADAPTERS = {"monitor.storage", "monitor.classifiers", "monitor.channels", "monitor.rendering", "monitor.settings",
            "monitor.configuration", "monitor.tables"}  # fmt: skip
SHARED_BY_EDGES = GROUND | {"monitor.services", "monitor.storage", "monitor.wiring", "monitor.settings",
                            "monitor.configuration", "monitor.edge", "monitor.clock"}  # fmt: skip

MAY_IMPORT: dict[str, set[str]] = {
    "monitor.domain": set(),
    "scrapers": set(),
    "scrapers.reading": {"scrapers.base", "scrapers.errors"},
    "scrapers.fetching": {"scrapers.base", "scrapers.errors", "scrapers.secret", "scrapers.reading"},
    "scrapers.visiting": {"scrapers.base", "scrapers.errors", "scrapers.reading", "scrapers.fetching"},
    "monitor.clock": set(),
    "monitor.tables": {"monitor.domain"},
    "monitor.settings": {"monitor.domain", "monitor.tables"},
    "monitor.configuration": {"monitor.domain", "monitor.tables", "scrapers.base"},
    "monitor.storage": {"monitor.domain"},
    "monitor.classifiers": {"monitor.domain", "monitor.tables"},
    "monitor.channels": {"monitor.domain", "monitor.clock"},
    "monitor.rendering": {"monitor.domain"},
    "monitor.services": {"monitor.domain", "monitor.storage", "scrapers.base", "scrapers.errors"},
    "monitor.wiring": GROUND | ADAPTERS | {"monitor.services", "scrapers"},
    "monitor.edge": {"monitor.services", "monitor.wiring", "monitor.clock"},
    "monitor.web": SHARED_BY_EDGES,
    "monitor.public": SHARED_BY_EDGES,
    "monitor.api": SHARED_BY_EDGES,
    # `monitor serve` runs web and jobs in one process, and an import is handled to the end by the job's own step.
    "monitor.cli": SHARED_BY_EDGES | {"monitor.app", "monitor.jobs", "monitor.storage"},
    "monitor.jobs": SHARED_BY_EDGES,
    "monitor.app": SHARED_BY_EDGES | {"monitor.web", "monitor.public", "monitor.api"},
    "monitor.__main__": {"monitor.cli"},
    "wsgi": {"monitor.app"},
}
"""Room → what it may import besides itself, the standard library and third-party packages."""


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> set[str]:
    """Every module that a file imports, anywhere in it; `from monitor import web` counts as monitor.web."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            module = str(node.module)
            plain = module in ("monitor", "monitor.cli")
            found.update(f"{module}.{alias.name}" if plain else module for alias in node.names)
    return found


def _room(module: str) -> str:
    """The longest name of the drawing that the module lies in."""
    rooms = [room for room in MAY_IMPORT if module == room or module.startswith(f"{room}.")]
    return max(rooms, key=len, default="")


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_a_file_imports_only_what_its_room_may(path: Path) -> None:
    room = _room(_name(path))
    if not room:
        assert _name(path) in ("monitor", "scrapers"), f"{path} lies in no room of the drawing"
        return
    for module in _imports(path):
        if module.split(".")[0] not in ("monitor", "scrapers") or module == "monitor.__version__":
            continue
        allowed = MAY_IMPORT[room] | {room}
        assert any(module == name or module.startswith(f"{name}.") for name in allowed), f"{_name(path)} → {module}"


def test_services_see_no_concrete_classifier_channel_or_collector() -> None:
    for path in FILES:
        if _room(_name(path)) == "monitor.services":
            bad = [
                m for m in _imports(path) if m.startswith(("monitor.classifiers", "monitor.channels", "scrapers.kinds"))
            ]
            assert not bad, f"{_name(path)} → {bad}"


def test_the_domain_needs_the_standard_library_alone() -> None:
    for path in FILES:
        if _room(_name(path)) == "monitor.domain":
            outside = {m.split(".")[0] for m in _imports(path)} - set(sys.stdlib_module_names) - {"monitor"}
            assert not outside, f"{_name(path)} → {outside}"


def test_only_edges_ask_the_clock() -> None:
    may = (
        "monitor.cli",
        "monitor.jobs",
        "monitor.edge",
        "monitor.web",
        "monitor.public",
        "monitor.api",
        "monitor.channels",
    )
    for path in FILES:
        if "monitor.clock" in _imports(path):
            assert _name(path).startswith(may), _name(path)


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400, f"{path} has {text.count(chr(10))} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 60, f"{_name(path)}.{node.name} has {length} lines"


def test_every_module_opens_with_a_sentence() -> None:
    for path in FILES:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path} says nothing of itself"


def test_the_top_level_holds_what_was_agreed() -> None:
    agreed = {"monitor", "scrapers", "templates", "config", "tests", "pyproject.toml", "wsgi.py", "README.md",
              "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile"}  # fmt: skip
    tracked = {path.name for path in ROOT.iterdir() if not path.name.startswith((".", "__pycache__"))}
    assert tracked - {"dist", "build", "xianwai.egg-info"} == agreed
