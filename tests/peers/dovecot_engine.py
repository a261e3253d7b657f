"""Dovecot (Debian), run as a process of nobody's with a folder of its own, and driven as a mail program drives it."""

import imaplib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from grp import getgrgid
from pathlib import Path
from typing import Any

from tests.conftest import NOW
from tests.free_port import free_port
from tests.installing import wait_until
from tests.requirements import need

USER, PASSWORD = "kefu@example.com", "a password"
CONF = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail
mail_fsync = never
passdb {{
  driver = passwd-file
  args = scheme=plain {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


@dataclass
class Dovecot:
    """A running server with one mailbox; its mails are known by the numbers in their Message-ID."""

    folder: Path
    port: int = field(default_factory=free_port)

    def start(self) -> None:
        """Starts it as a user without rights, whoever runs the tests: it will not read mail as root."""
        root = os.geteuid() == 0
        who = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
        names = {"user": who.pw_name, "group": getgrgid(who.pw_gid).gr_name, "uid": who.pw_uid, "gid": who.pw_gid}
        conf, users = self.folder / "dovecot.conf", self.folder / "users"
        conf.write_text(CONF.format(folder=self.folder, port=self.port, **names), encoding="utf-8")
        users.write_text(f"{USER}:{PASSWORD}\n", encoding="utf-8")
        for path in (self.folder, conf, users) if root else ():
            os.chown(path, who.pw_uid, who.pw_gid)
        as_nobody: dict[str, Any] = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []} if root else {}
        self._process = subprocess.Popen([_dovecot(), "-F", "-c", str(conf)], **as_nobody)
        wait_until(self._is_up, 60, "dovecot does not answer")

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
            with imaplib.IMAP4("127.0.0.1", self.port):
                return True
        except (OSError, imaplib.IMAP4.error):
            return False

    @contextmanager
    def _open(self) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.port) as line:
            line.login(USER, f"{PASSWORD}")
            line.select("INBOX")
            yield line

    def write_all(self, texts: Mapping[int, str]) -> None:
        """Puts mails into the mailbox, by the numbers they are to have."""
        with self._open() as line:
            for number, words in texts.items():
                assert line.append("INBOX", None, None, mail(number, words))[0] == "OK"

    def edit(self, number: int, words: str) -> None:
        """Saves a mail anew with other words, as mail programs do with what can be edited."""
        self.delete([number])
        self.write_all({number: words})

    def delete(self, numbers: Sequence[int]) -> None:
        with self._open() as line:
            for number in numbers:
                found = line.uid("SEARCH", "HEADER", "Message-ID", f"<n{number}@mail.example.com>")[1][0].split()
                line.uid("STORE", found[0].decode(), "+FLAGS", "(\\Deleted)")
            line.expunge()

    def flags(self) -> set[str]:
        """All flags that any mail has."""
        with self._open() as line:
            found = line.fetch("1:*", "(FLAGS)")[1]
        return {flag for words in found if isinstance(words, bytes) for flag in _flags_in(words)} - {"\\Recent"}

    def held(self) -> Mapping[str, str]:
        """What lies in the mailbox: Message-ID → text."""
        bodies = [path.read_text(encoding="utf-8") for path in (self.folder / "mail").glob("*/*") if path.is_file()]
        mails = (body.partition("\n\n") for body in bodies if body.startswith("Message-ID"))
        return {head.split("<")[1].split(">")[0]: words.strip() for head, _, words in mails}

    def forget_numbers(self) -> None:
        """Loses the list of numbers while it is stopped: all mails get new ones, under another UIDVALIDITY."""
        (self.folder / "mail" / "dovecot-uidlist").unlink()

    def options(self, **more: Any) -> dict[str, Any]:
        own = {"own_site": True, "own_reason": "测试自己启动的"}
        return {"host": "127.0.0.1", "port": self.port, "ssl": "none", "user": USER, **own, **more}


def _dovecot() -> str:
    """Where the server is, or ""."""
    return shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin") or ""


def _flags_in(words: bytes) -> list[str]:
    return [flag.decode() for flag in imaplib.ParseFlags(words)]


def mail(number: int, words: str) -> bytes:
    """A plain mail."""
    head = (
        f"Message-ID: <n{number}@mail.example.com>\r\nDate: {format_datetime(NOW)}\r\n"
        f"From: wang{number % 50}@example.com\r\nSubject: {number}\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return f"{head}{words}\r\n".encode()


@contextmanager
def running_dovecot() -> Iterator[Dovecot]:
    """An empty mailbox, gone afterwards."""
    found = _dovecot()
    need("peers", "Dovecot is not installed (apt-get install dovecot-imapd)", there=bool(found))
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    need("peers", f"the configuration is for Dovecot 2.3, not {version.strip()}", there=version.startswith("2.3."))
    # Not below pytest's folder, which nobody but its owner may enter.
    with tempfile.TemporaryDirectory(prefix="dovecot-") as folder:
        engine = Dovecot(Path(folder))
        engine.start()
        try:
            yield engine
        finally:
            engine.kill()
