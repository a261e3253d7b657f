"""A small IMAP server on loopback, as obedient or as odd as told; it remembers every command."""

import base64
import re
import shutil
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from tests.requirements import need

USER, PASSWORD = "kefu@example.com", '一个 "密码"'


@dataclass
class Stored:
    """One mail in the mailbox."""

    body: bytes
    received: datetime = datetime(2026, 8, 20, 4, 0, tzinfo=UTC)
    flags: set[str] = field(default_factory=set)


Answer = Callable[["_Session", str, str], bool]
"""Answers a command itself (session, tag, arguments) and says whether it did."""


class ImapServer:
    """One folder and who may read it; `odd` replaces the answers to single commands."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None) -> None:
        self.mails: dict[int, Stored] = {}
        self.folder = "INBOX"
        self.validity = 7
        self.next_uid = 1
        self.capabilities = "IMAP4rev1 ID AUTH=PLAIN" + (" STARTTLS" if starttls else "")
        self.says_next = True
        self.commands: list[str] = []
        self.odd: dict[str, Answer] = {}
        self.tls, self.starttls = tls, starttls
        outer = self

        class Handler(_Session):
            server_state = outer

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=lambda: self._server.serve_forever(poll_interval=0.01), daemon=True).start()

    def add(self, body: bytes, **about: Any) -> int:
        """Puts a mail into the folder and gives its number."""
        uid = self.next_uid
        self.mails[uid] = Stored(body, **about)
        self.next_uid += 1
        return uid

    def asked(self, word: str) -> list[str]:
        """The commands that have this word."""
        return [command for command in self.commands if word in command]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Session(socketserver.StreamRequestHandler):
    server_state: ImapServer
    disable_nagle_algorithm = True

    def setup(self) -> None:
        if self.server_state.tls:
            self.request = self.server_state.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def say(self, line: str | bytes) -> None:
        self.wfile.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def handle(self) -> None:
        self.say("* OK ready")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            words = rest.split(" ", 2)
            name = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
            self.server_state.commands.append(rest)
            arguments = rest[len(name) :].strip()
            odd = self.server_state.odd.get(name)
            if odd and odd(self, tag, arguments):
                continue
            getattr(self, f"do_{name.replace(' ', '_').lower()}")(tag, arguments)
            if name == "LOGOUT":
                return

    def done(self, tag: str, said: str = "done") -> None:
        self.say(f"{tag} OK {said}")

    def do_capability(self, tag: str, _arguments: str) -> None:
        self.say(f"* CAPABILITY {self.server_state.capabilities}")
        self.done(tag)

    def do_starttls(self, tag: str, _arguments: str) -> None:
        assert self.server_state.starttls is not None
        # A word in plain text behind the answer: whoever takes it for the server's has been fooled.
        self.wfile.write(f"{tag} OK go ahead\r\n".encode())
        self.request = self.server_state.starttls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.server_state.capabilities = self.server_state.capabilities.replace(" STARTTLS", "")

    def do_authenticate(self, tag: str, _arguments: str) -> None:
        self.say("+ ")
        words = base64.b64decode(self.rfile.readline()).decode().split("\0")
        self._admit(tag, right=words == ["", USER, PASSWORD])

    def do_login(self, tag: str, arguments: str) -> None:
        self._admit(tag, right=arguments == f'{USER} "secret"')

    def _admit(self, tag: str, *, right: bool) -> None:
        self.say(f"{tag} OK welcome" if right else f"{tag} NO [AUTHENTICATIONFAILED] wrong password")

    def do_id(self, tag: str, _arguments: str) -> None:
        self.say('* ID ("name" "fake")')
        self.done(tag)

    def do_list(self, tag: str, _arguments: str) -> None:
        self.say('* LIST (\\HasNoChildren) "/" INBOX')
        self.say('* LIST (\\HasNoChildren) "/" "&YpWLyQ- 2026"')
        self.done(tag)

    def do_examine(self, tag: str, arguments: str) -> None:
        state = self.server_state
        if arguments != f'"{state.folder}"':
            self.say(f"{tag} NO [NONEXISTENT] no such mailbox")
            return
        self.say(f"* {len(state.mails)} EXISTS")
        self.say(f"* OK [UIDVALIDITY {state.validity}] valid")
        if state.says_next:
            self.say(f"* OK [UIDNEXT {state.next_uid}] next")
        self.done(tag, "[READ-ONLY] examined")

    def do_uid_search(self, tag: str, arguments: str) -> None:
        found = [str(uid) for uid, mail in self.server_state.mails.items() if self._fits(uid, mail, arguments)]
        self.say(f"* SEARCH {' '.join(found)}".rstrip())
        self.done(tag)

    def _fits(self, uid: int, mail: Stored, criteria: str) -> bool:
        last = max(self.server_state.mails)
        numbers = re.search(r"UID (\d+|\*)(?::(\d+|\*))?", criteria)
        assert numbers is not None
        ends = sorted(last if end == "*" else int(end) for end in (numbers[1], numbers[2] or numbers[1]))
        day = re.search(r"SINCE (\S+)", criteria)
        since = datetime.strptime(day[1], "%d-%b-%Y").replace(tzinfo=UTC) if day else None
        return ends[0] <= uid <= ends[1] and (since is None or mail.received >= since)

    def do_uid_fetch(self, tag: str, arguments: str) -> None:
        numbers, _, what = arguments.partition(" ")
        for uid in (int(word) for word in numbers.split(",")):
            if uid in self.server_state.mails:
                self._give(uid, self.server_state.mails[uid], what)
        self.done(tag)

    def _give(self, uid: int, mail: Stored, what: str) -> None:
        place = list(self.server_state.mails).index(uid) + 1
        if "RFC822.SIZE" in what:
            self.say(f"* {place} FETCH (UID {uid} RFC822.SIZE {len(mail.body)})")
            return
        if ".PEEK" not in what:
            mail.flags.add("\\Seen")
        part = re.search(r"BODY\.PEEK\[\](?:<0\.(\d+)>)?", what)
        body = mail.body[: int(part[1])] if part and part[1] else mail.body
        received = mail.received.strftime("%d-%b-%Y %H:%M:%S +0000")
        self.say(f'* {place} FETCH (UID {uid} INTERNALDATE "{received}" BODY[] {{{len(body)}}}')
        self.wfile.write(body)
        self.say(")")

    def do_logout(self, tag: str, _arguments: str) -> None:
        self.say("* BYE")
        self.done(tag)


def saying(*lines: str) -> Answer:
    """An odd answer: these lines, in which {tag} stands for the command's."""

    def answer(session: _Session, tag: str, _arguments: str) -> bool:
        for line in lines:
            session.say(line.format(tag=tag))
        return True

    return answer


def mail(text: str = "刹车响", *, number: int = 1, headers: Mapping[str, str] | None = None) -> bytes:
    """A plain mail."""
    lines = {
        "Message-ID": f"<{number}@mail.example.com>",
        "Date": format_datetime(datetime(2026, 8, 20, 2, 0, tzinfo=UTC)),
        "From": f"Wang <wang{number}@example.com>",
        "Subject": f"No. {number}",
        "Content-Type": "text/plain; charset=utf-8",
        **(headers or {}),
    }
    return "\r\n".join([*(f"{name}: {value}" for name, value in lines.items()), "", text]).encode()


def certificate(folder: Path) -> Path:
    """A file with a fresh key and certificate by which a server called localhost proves itself."""
    need("peers", "openssl is not installed", there=shutil.which("openssl") is not None)
    key, proof, both = folder / "key.pem", folder / "proof.pem", folder / "localhost.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(proof)]
    subprocess.run(["openssl", *words.split(), *names], check=True, capture_output=True)
    both.write_text(key.read_text() + proof.read_text())
    return both


def proving(certificate: Path) -> ssl.SSLContext:
    """How a server shows the certificate in that file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
