"""Parts of the suite that need what a bare machine may not have: they skip with their reason, or fail when required.

MONITOR_REQUIRE names, separated by commas, what must not be skipped: browser, postgres, redis, peers, package,
kill, onnx.
"""

import os
import socket
from pathlib import Path

import pytest

POSTGRES = os.environ.get("MONITOR_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
REDIS = "redis://127.0.0.1:6379/9"
CHROMIUM = Path("/usr/bin/chromium")


def is_required(part: str) -> bool:
    """Whether this run may not go without the part."""
    return part in os.environ.get("MONITOR_REQUIRE", "").split(",")


def need(part: str, reason: str, *, there: bool) -> None:
    """Goes on when the part is there; else skips with the reason, or fails when the part is required."""
    if there:
        return
    if is_required(part):
        pytest.fail(f"{part} is required here: {reason}")
    pytest.skip(reason)


def listens(port: int) -> bool:
    """Whether something on this machine answers at the port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def need_postgres() -> None:
    """Skips without PostgreSQL on 127.0.0.1:5432."""
    need("postgres", "no PostgreSQL at 127.0.0.1:5432", there=listens(5432))


def need_redis() -> None:
    """Skips without Redis on 127.0.0.1:6379."""
    need("redis", "no Redis at 127.0.0.1:6379", there=listens(6379))


def need_chromium() -> None:
    """Skips without Debian's Chromium."""
    need("browser", f"no Chromium at {CHROMIUM}", there=CHROMIUM.exists())
