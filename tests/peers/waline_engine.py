"""Waline (npm) on PostgreSQL, run as its makers say, and driven as its own page and its administrator drive it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Engine, create_engine, make_url, text

from tests.free_port import free_port
from tests.installing import wait_until
from tests.requirements import POSTGRES, need, need_postgres

PLACE = Path(__file__).parents[2] / ".data" / "peers" / "waline"
"""Where `make peers` installs it."""

START = """
require("node:http").createServer(require("@waline/vercel")({env: "production"})).listen(%d, "127.0.0.1")
"""
# As in assets/waline.pgsql of its repository; the package does not bring it along.
TABLES = """
CREATE TABLE {prefix}comment (
    id serial PRIMARY KEY, user_id int, comment text, insertedat timestamptz, ip varchar(100), link varchar(255),
    mail varchar(255), nick varchar(255), pid int, rid int, sticky numeric, status varchar(50) NOT NULL DEFAULT '',
    "like" int, ua text, url varchar(255), createdat timestamptz, updatedat timestamptz
);
CREATE TABLE {prefix}users (
    id serial PRIMARY KEY, display_name varchar(255), email varchar(255), password varchar(255), type varchar(50),
    label varchar(255), url varchar(255), avatar varchar(255), "2fa" varchar(32),
    createdat timestamptz, updatedat timestamptz
);
"""


@dataclass
class Waline:
    """A running engine; its comments are known by their numbers."""

    folder: Path
    database: Engine
    port: int = field(default_factory=free_port)
    prefix: str = field(default_factory=lambda: f"waline_{os.getpid()}_")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        server = make_url(POSTGRES)
        own = {
            "PG_HOST": server.host, "PG_PORT": str(server.port or 5432), "PG_DB": server.database,
            "PG_USER": server.username, "PG_PASSWORD": server.password or "none", "PG_PREFIX": self.prefix,
            # Nothing a test writes must survive a power cut.
            "PGOPTIONS": "-c synchronous_commit=off",
            "TZ": "UTC", "TMPDIR": str(self.folder), "JWT_TOKEN": "a secret of the test",
            # No pause between comments, no judgement by a service on the net, and no list of sign-ins fetched from one.
            "IPQPS": "0", "AKISMET_KEY": "false", "OAUTH_URL": 'data:application/json,{"services":[]}',
        }  # fmt: skip
        node = shutil.which("node")
        assert node is not None
        self._process = subprocess.Popen(
            [node, "-e", START % self.port],
            cwd=PLACE,
            env={"PATH": os.environ["PATH"], **{name: value for name, value in own.items() if value}},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._is_up, 60, "waline does not answer")

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
            return requests.get(f"{self.url}/api/comment", params={"type": "count", "url": "/"}, timeout=10).ok
        except requests.RequestException:
            return False

    def make_tables(self) -> None:
        with self.database.begin() as connection:
            connection.execute(text(TABLES.format(prefix=self.prefix)))

    def drop_tables(self) -> None:
        with self.database.begin() as connection:
            connection.execute(text(f"DROP TABLE IF EXISTS {self.prefix}comment, {self.prefix}users"))

    def sign_in(self) -> None:
        """The first account is the administrator's, who may edit and delete."""
        account = {"email": "root@example.com", "password": "a password", "display_name": "店长"}
        self._ask("POST", "user", json=account)
        token = self._ask("POST", "token", json=account)["token"]
        self._headers = {"Authorization": f"Bearer {token}"}

    def write(self, words: str, thread: str, *, answers: int | None = None, author: str = "路过的车主") -> int:
        body = {"url": thread, "comment": words, "nick": author, "mail": "car@example.com", "ua": "test"}
        if answers is not None:
            body |= {"pid": str(answers), "rid": str(answers), "at": author}
        return int(self._ask("POST", "comment", json=body)["objectId"])

    def write_all(self, texts: Sequence[str], thread: str) -> list[int]:
        """Writes many comments at once."""
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda words: self.write(words, thread), texts))

    def edit(self, number: int, words: str) -> None:
        self._ask("PUT", f"comment/{number}", json={"comment": words}, headers=self._headers)

    def delete(self, number: int) -> None:
        self._ask("DELETE", f"comment/{number}", headers=self._headers)

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        answer = requests.request(method, f"{self.url}/api/{path}", timeout=30, **more)
        assert answer.ok, answer.text
        assert answer.json()["errno"] == 0, answer.text
        return answer.json()["data"]

    def held(self) -> Mapping[str, str]:
        """What the engine's own database says: number → text."""
        with self.database.connect() as connection:
            rows = connection.execute(text(f"SELECT id, comment FROM {self.prefix}comment")).all()
        return {str(number): words for number, words in rows}

    def options(self, **more: Any) -> dict[str, Any]:
        return {"url": self.url, "own_site": True, "own_reason": "测试自己启动的", **more}


@contextmanager
def running_waline() -> Iterator[Waline]:
    """An empty engine, gone afterwards."""
    need("peers", "no Node.js", there=shutil.which("node") is not None)
    need("peers", "Waline is not installed (make peers)", there=(PLACE / "node_modules" / "@waline").is_dir())
    need_postgres()
    with tempfile.TemporaryDirectory() as folder:
        engine = Waline(Path(folder), create_engine(POSTGRES))
        try:
            engine.drop_tables()
            engine.make_tables()
            engine.start()
            engine.sign_in()
            yield engine
        finally:
            engine.kill()
            engine.drop_tables()
            engine.database.dispose()
