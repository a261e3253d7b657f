"""Commands run in this process, on an installation of the test's own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.cli import main
from tests.installing import TestInstallation


@dataclass(frozen=True)
class Answer:
    """What a command said, and its exit status."""

    out: str
    err: str
    status: int


Command = Callable[..., Answer]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestInstallation:
    """An installation without sources, to which the environment points."""
    place = TestInstallation(tmp_path / "place")
    for name, value in place.environment.items():
        if name.startswith("MONITOR_"):
            monkeypatch.setenv(name, value)
    return place


@pytest.fixture
def command(place: TestInstallation, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command as `monitor` does."""
    del place

    def run(*arguments: object) -> Answer:
        status = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as done:
            status = int(done.code or 0)
        said = capsys.readouterr()
        return Answer(said.out, said.err, status)

    return run


@pytest.fixture
def ready(command: Command) -> Command:
    """The same, with the database made."""
    assert command("db", "upgrade").status == 0
    return command
