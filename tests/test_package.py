"""The built wheel works from any folder, in an environment of its own: templates and configuration travel inside it."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.free_port import free_port
from tests.installing import wait_until
from tests.requirements import is_required

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.package


def _run(*command: str | Path, cwd: Path, given: str = "", environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the commands of an environment that holds nothing but the wheel and what it needs."""
    if not is_required("package"):
        pytest.skip("builds and installs a wheel, which takes a minute; set MONITOR_REQUIRE=package")
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=ROOT)
    venv.create(folder / "env", with_pip=True)
    wheel = next(folder.glob("*.whl"))
    _run(folder / "env" / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=folder)
    return folder / "env" / "bin"


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MONITOR_", "PYTHONPATH"))}
    return {**kept, "XDG_DATA_HOME": str(folder / "share"), "MONITOR_PORT": str(free_port())}


def test_it_classifies_from_any_folder(installed: Path, tmp_path: Path) -> None:
    given = "配件说要等两个月，算了，就这么放着吧。\n"
    answer = _run(installed / "monitor", "classify", cwd=tmp_path, given=given, environment=_environment(tmp_path))
    assert '"cues"' in answer


def test_it_starts_with_its_example_and_answers(installed: Path, tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    process = subprocess.Popen(
        [str(installed / "monitor"), "serve"],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        wait_until(lambda: _ticket_count(installed, tmp_path, environment) > 3, 60, "no tickets came of the example")
    finally:
        process.terminate()
        remarks = process.communicate(timeout=60)[1]
    assert "一次性密码" in remarks
    assert (tmp_path / "share" / "xianwai" / "xianwai.db").exists()


def _ticket_count(installed: Path, cwd: Path, environment: dict[str, str]) -> int:
    done = subprocess.run(
        [str(installed / "monitor"), "tickets", "list", "--format", "csv"],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    return max(done.stdout.count("\n") - 1, 0)
