"""A whole installation of a test's own, run as people run it: in processes, with a config and a data folder."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import requests

from monitor.configuration import load_configuration
from monitor.settings import load_settings, resource_folder
from monitor.storage.db import Database, open_database
from tests.free_port import free_port


@dataclass
class TestInstallation:
    """Folders, environment and port; `start` runs a command of ours in its own process."""

    __test__ = False

    root: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        shutil.copytree(resource_folder("config"), self.config)
        (self.config / "sources.toml").write_text("", encoding="utf-8")

    @property
    def config(self) -> Path:
        """The configuration folder."""
        return self.root / "config"

    @property
    def url(self) -> str:
        """Where its web answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What its processes see."""
        own = {f"MONITOR_{name.upper()}": value for name, value in self.settings.items()}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
        places = {"MONITOR_CONFIG": str(self.config), "MONITOR_DATA": str(self.root / "data")}
        return {**kept, **places, "MONITOR_PORT": str(self.port), **own}

    def write(self, name: str, text: str) -> None:
        """Writes a configuration file."""
        (self.config / name).write_text(text, encoding="utf-8")

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Starts a command; its standard error can be read."""
        return subprocess.Popen(
            [sys.executable, "-m", "monitor", *command],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *command: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Runs a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "monitor", *command],
            env=self.environment,
            input=given,
            capture_output=True,
            timeout=120,
            check=False,
        )

    def database(self) -> Database:
        """Its database, from outside."""
        return open_database(load_settings(self.config, self.environment).url)

    def check_configuration(self) -> None:
        """Raises `ConfigError` when its configuration is wrong."""
        settings = load_settings(self.config, self.environment)
        load_configuration(self.config, settings.zone)

    def wait_until_it_answers(self, seconds: float = 30) -> None:
        """Returns when the web answers; fails the test when it does not in time."""
        wait_until(self._answers, seconds, f"{self.url} does not answer")

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).ok
        except requests.ConnectionError:
            return False


def wait_until(holds: Callable[[], bool], seconds: float, otherwise: str) -> None:
    """Returns when the condition holds; fails the test with a sentence when it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(0.1)


def stop(process: subprocess.Popen[str], *, kill: bool = False) -> str:
    """Ends a process, politely or not; gives what it wrote to standard error."""
    process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
    return process.communicate(timeout=60)[1]
