"""A mailbox read over IMAP as by a guest: it is examined, never selected, and nothing in it is marked.

The connection goes to an address that was checked, as those of the web client do, and ends when its time is up.
"""

import imaplib
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, Self

from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.fetching.addresses import Resolve, only_public, own_network, resolve
from scrapers.fetching.imap_words import RawMail, encode_folder, folders_in, mail_in, numbers_in, quoted, said, sizes_in

_LONGEST_LINE = 8_000_000
_LONGEST_LITERAL = 16_000_000
# RFC 5530: refusals that pass by themselves.
_FOR_NOW = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[CONTACTADMIN]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where a mailbox is and how it is opened."""

    host: str
    user: str
    password: str
    port: int = 993
    folder: str = "INBOX"
    security: str = "tls"
    """`tls`, `starttls` or `none`."""
    own: bool = False
    """The host is one's own and may be inside a private network."""
    ca_file: str = ""
    """Certificates of the authority that one's own server trusts, besides the system's."""
    seconds: float = 25.0
    """How long a single answer may take."""
    total_seconds: float = 180.0
    """How long the whole conversation may take."""
    find: Resolve = resolve

    @property
    def place(self) -> str:
        """The server as it is named to people."""
        return f"邮件服务器 {self.host}:{self.port}"

    def connect(self) -> socket.socket:
        """A connection to an address of the host that was checked; the name is not looked up a second time."""
        addresses = self.find(self.host, self.port)
        (own_network if self.own else only_public)(self.host, addresses)
        failure = OSError("no address")
        for address in addresses[:3]:
            try:
                return socket.create_connection((address, self.port), timeout=self.seconds)
            except OSError as error:
                failure = error
        raise failure

    def encryption(self) -> ssl.SSLContext:
        """How the line is encrypted. Raises `CollectorNotConfigured`."""
        context = ssl.create_default_context()
        if self.ca_file:
            try:
                context.load_verify_locations(self.ca_file)
            except OSError as error:
                message = f"选项 ca_file 指向的 {self.ca_file} 读不了，或不是 PEM 格式的证书。"
                raise CollectorNotConfigured(message, option="ca_file") from error
        return context


class MailRefused(CollectError):
    """The server does not give one mail, though it gives others."""


class _Conversation(imaplib.IMAP4):
    """imaplib over a socket that was made elsewhere, with bounds on what the server may send."""

    def __init__(self, sock: socket.socket, account: Account) -> None:
        self.sock = sock
        self._stream: IO[bytes] | None = None
        self._stream_of: socket.socket | None = None
        super().__init__(account.host, account.port, account.seconds)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:  # noqa: ARG002
        self.host, self.port = host, port

    def _reader(self) -> IO[bytes]:
        # STARTTLS puts another socket in place; what came in plain text before must not be read after it.
        if self._stream is None or self._stream_of is not self.sock:
            self._stream, self._stream_of = self.sock.makefile("rb"), self.sock
        return self._stream

    def read(self, size: int) -> bytes:
        if size > _LONGEST_LITERAL:
            raise self.abort(f"literal of {size} bytes")
        return self._reader().read(size)

    def readline(self) -> bytes:
        line = self._reader().readline(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE:
            raise self.abort("line too long")
        return line

    def send(self, data: Any) -> None:
        self.sock.sendall(data)

    def shutdown(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self.sock.close()


class Mailbox:
    """One folder, open for reading while the `with` block lasts. Every method raises `CollectError`."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._deadline = time.monotonic() + account.total_seconds
        self.validity = 0
        """The folder's UIDVALIDITY: with another one all numbers mean other mails."""
        self.next_uid = 1

    def __enter__(self) -> Self:
        with self._explained():
            sock = self._account.connect()
        # The line itself, whatever wraps it later: a server that drips bytes trips no time-out of the socket.
        self._line = sock.dup()
        self._watch = threading.Timer(self._account.total_seconds, _cut, [self._line])
        self._watch.daemon = True
        self._watch.start()
        try:
            self._open(sock)
        except CollectError:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # No CLOSE: it would expunge a folder that was not just examined.
            self._imap.logout()
        except (imaplib.IMAP4.error, OSError, ValueError):
            self._imap.shutdown()
        self._close()

    def _open(self, sock: socket.socket) -> None:
        try:
            with self._explained():
                if self._account.security == "tls":
                    sock = self._account.encryption().wrap_socket(sock, server_hostname=self._account.host)
                self._imap = _Conversation(sock, self._account)
            self._sign_in()
            self._examine()
        except CollectError:
            sock.close()
            if hasattr(self, "_imap"):
                self._imap.shutdown()
            raise

    def _close(self) -> None:
        self._watch.cancel()
        self._line.close()

    def search(self, criteria: str) -> list[int]:
        """The numbers of the mails that fit, in ascending order."""
        with self._explained():
            status, data = self._imap.uid("SEARCH", criteria)
        self._check(status, data, "查找邮件")
        return numbers_in(data)

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """The sizes in bytes of those of the mails that are still there."""
        with self._explained():
            status, data = self._imap.uid("FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE)")
        self._check(status, data, "查询邮件大小")
        found = sizes_in(data)
        return {uid: found[uid] for uid in uids if uid in found}

    def fetch(self, uid: int, *, most: int = 0) -> RawMail | None:
        """A mail, or its first `most` bytes; None when it is there no more. Raises `MailRefused`, `CollectError`."""
        part = f"BODY.PEEK[]<0.{most}>" if most else "BODY.PEEK[]"
        with self._explained():
            status, data = self._imap.uid("FETCH", str(uid), f"(UID INTERNALDATE {part})")
        if status != "OK":
            raise MailRefused(f"{self._account.place} 不肯给出邮件 {uid}（{said(data[-1] if data else '')}）。")
        return mail_in(data, uid)

    def _sign_in(self) -> None:
        account, imap = self._account, self._imap
        if account.security == "starttls":
            if "STARTTLS" not in imap.capabilities:
                raise CollectError(
                    f"{account.place} 不支持 STARTTLS，请把 ssl 改为 tls（端口一般是 993）。", permanent=True
                )
            with self._explained():
                imap.starttls(account.encryption())
        if "LOGINDISABLED" in imap.capabilities:
            raise CollectError(
                f"{account.place} 不许在未加密的连接上登录，请把 ssl 改为 tls 或 starttls。", permanent=True
            )
        with self._explained():
            self._authenticate()
        # NetEase lets nobody read who does not introduce himself (RFC 2971).
        if "ID" in imap.capabilities:
            with self._explained():
                imap.xatom("ID", '("name" "XianwaiBot" "version" "1")')

    def _authenticate(self) -> None:
        account, imap = self._account, self._imap
        try:
            if "AUTH=PLAIN" in imap.capabilities:
                words = f"\0{account.user}\0{account.password}".encode()
                imap.authenticate("PLAIN", lambda _challenge: words)
            else:
                user = account.user if re.fullmatch(r"[A-Za-z0-9@._+-]+", account.user) else quoted(account.user)
                imap.login(user, account.password)
        except UnicodeEncodeError as error:
            raise CollectError(f"{account.place} 只收英文字母和数字的用户名和密码。", permanent=True) from error
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise self._refused(said(error).replace(account.password, "…")) from error

    def _refused(self, words: str) -> CollectError:
        account = self._account
        if any(code in words.upper() for code in _FOR_NOW):
            return CollectError(f"{account.place} 暂时不让登录（{words}），稍后会再试。")
        return CollectError(
            f"{account.place} 没有让用户 {account.user} 登录（{words}）。请检查用户名和密码；"
            "QQ、网易等邮箱要先在网页上开启 IMAP，并把它给的授权码当密码。",
            permanent=True,
        )

    def _examine(self) -> None:
        account = self._account
        with self._explained():
            status, data = self._imap.select(quoted(encode_folder(account.folder)), readonly=True)
        if status != "OK":
            words = said(data[-1])
            if "unsafe login" in words.lower():
                raise CollectError(
                    f"{account.place} 认为这次登录不安全（{words}），请在邮箱网页上放行。", permanent=True
                )
            raise CollectError(
                f"邮箱里没有文件夹“{account.folder}”，或不许读取（{words}）。{self._others()}", permanent=True
            )
        self.validity = self._number("UIDVALIDITY")
        self.next_uid = self._number("UIDNEXT") or max(self.search("UID *"), default=0) + 1

    def _number(self, name: str) -> int:
        value = self._imap.response(name)[1][-1]
        return int(value) if isinstance(value, bytes) and value.isdigit() else 0

    def _others(self) -> str:
        """The folders there are, for a person who mistyped one."""
        with self._explained():
            status, data = self._imap.list()
        names = folders_in(data)[:20] if status == "OK" else []
        return f"有的文件夹：{'、'.join(names)}。" if names else ""

    def _check(self, status: str, data: Sequence[Any], what: str) -> None:
        if status != "OK":
            raise CollectError(f"{self._account.place} 没有答应{what}（{said(data[-1] if data else '')}）。")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns what goes wrong in a conversation into words for people."""
        try:
            yield
        except (imaplib.IMAP4.error, OSError, UnicodeError, ValueError) as error:
            if time.monotonic() > self._deadline:
                raise CollectError(f"{self._account.place} 太慢，时间到了还没有读完，已放弃。稍后会再试。") from error
            raise CollectError(f"{self._account.place} {_reason(error)}。") from error


def _cut(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _reason(error: Exception) -> str:
    """What went wrong, for a person; the first row that fits."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"的证书验证不通过（{error.verify_message}）；自己的服务器可以用选项 ca_file 指明它的证书"
    if "timed out" in str(error):
        return "没有在规定时间内回答，稍后会再试"
    return next(words for kind, words in _REASONS if isinstance(error, kind)).format(said=said(error))


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLError, "建立不了加密连接；请检查 ssl 和端口：tls 一般是 993，starttls 一般是 143"),
    (TimeoutError, "没有在规定时间内回答，稍后会再试"),
    (socket.gaierror, "的主机名找不到，请检查 host"),
    (ConnectionRefusedError, "拒绝连接，请检查 host 和 port"),
    (imaplib.IMAP4.error, "中途断开或答非所问（{said}），稍后会再试"),
    (Exception, "连接不上或中途断开，稍后会再试"),
)
