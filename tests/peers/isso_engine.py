"""Isso (PyPI), run as its makers say, and driven as its own page drives it."""

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import requests

from tests.free_port import free_port
from tests.installing import wait_until
from tests.requirements import need

CONF = """
[general]
dbpath = {folder}/comments.db
host = {url}/
latest-enabled = true
[server]
listen = {url}
public-endpoint = {url}
[guard]
enabled = false
[rss]
base = {url}/
limit = 200
"""
_MEMORY = Path("/dev/shm")
_DELETED = 4


@dataclass
class Isso:
    """A running engine; its comments are known by their numbers."""

    folder: Path
    port: int = field(default_factory=free_port)
    cookies: dict[int, dict[str, str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        conf = self.folder / "isso.cfg"
        conf.write_text(CONF.format(folder=self.folder, url=self.url), encoding="utf-8")
        command = [str(Path(sys.executable).parent / "isso"), "-c", str(conf), "run"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._is_up, 60, "isso does not answer")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=30)

    def restart(self) -> None:
        """Falls over, and is started again."""
        self.kill()
        self.start()

    def _is_up(self) -> bool:
        try:
            return requests.get(f"{self.url}/config", timeout=10).ok
        except requests.RequestException:
            return False

    def write(self, text: str, thread: str, *, answers: int | None = None, author: str = "路过的车主") -> int:
        body = {"text": text, "author": author, "title": "保养那些事", "parent": answers}
        answer = requests.post(f"{self.url}/new", params={"uri": thread}, json=body, timeout=30)
        assert answer.status_code == 201, answer.text
        return self._remember(answer)

    def write_all(self, texts: Sequence[str], thread: str) -> list[int]:
        """Writes many comments at once."""
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda text: self.write(text, thread), texts))

    def edit(self, number: int, text: str) -> None:
        answer = requests.put(f"{self.url}/id/{number}", json={"text": text}, cookies=self.cookies[number], timeout=30)
        assert answer.ok, answer.text
        self._remember(answer)

    def delete(self, number: int) -> None:
        answer = requests.delete(f"{self.url}/id/{number}", cookies=self.cookies.pop(number), timeout=30)
        assert answer.ok, answer.text

    def _remember(self, answer: requests.Response) -> int:
        """Keeps the cookie by which the engine knows the author of a comment."""
        number = int(answer.json()["id"])
        self.cookies[number] = {name: value for name, value in answer.cookies.items() if name == str(number)}
        return number

    def held(self) -> Mapping[str, str]:
        """What the engine's own database says: name → text, of all that is not deleted."""
        with sqlite3.connect(self.folder / "comments.db") as connection:
            rows = connection.execute("SELECT id, created, text FROM comments WHERE mode != ?", [_DELETED]).fetchall()
        connection.close()
        return {f"{number}-{round(created * 1000)}": text for number, created, text in rows}

    def options(self, **more: Any) -> dict[str, Any]:
        return {"url": self.url, "own_site": True, "own_reason": "测试自己启动的", **more}


@contextmanager
def running_isso() -> Iterator[Isso]:
    """An empty engine, gone afterwards."""
    need("peers", "isso is not installed (pip install '.[peers]')", there=find_spec("isso") is not None)
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        engine = Isso(Path(folder))
        engine.start()
        try:
            yield engine
        finally:
            engine.kill()
