"""Mail to a real SMTP server on loopback: taken, refused, slow, dying."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from monitor.channels.mail import MailChannel
from monitor.domain.alerts import Event, Message
from monitor.domain.errors import DeliveryError
from monitor.services.delivery import deliver_next
from monitor.storage.db import Database
from monitor.storage.models import Notification
from tests.free_port import free_port

MESSAGE = Message("li@example.com", "【重大】刹车异响 TS-1", "您好，\n.一行\n再见", "<p>您好</p>", "abc123")


class Server:
    """What the server answers: to a recipient, to the mail itself, and how long it thinks before."""

    def __init__(self, *, to_recipient: str = "250 OK", to_data: str = "250 OK", thinks: float = 0) -> None:
        self.to_recipient, self.to_data, self.thinks = to_recipient, to_data, thinks
        self.mails: list[EmailMessage] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        refused = self.to_recipient != "250 OK" and address.startswith("li@")
        if not refused:
            envelope.rcpt_tos.append(address)
        return self.to_recipient if refused else "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, EmailMessage, policy=default)
        refused = str(mail["To"]).startswith("li@")
        if refused and self.thinks:
            await asyncio.sleep(self.thinks)
        self.mails.append(mail)
        return self.to_data if refused else "250 OK"


@contextmanager
def running(handler: Server, **options: Any) -> Iterator[int]:
    """The port at which the server listens."""
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def channel(port: int, **options: Any) -> MailChannel:
    """A channel to that server, impatient and without encryption unless told."""
    given = {"security": "none", "timeout": 0.6, **options}
    return MailChannel(host="127.0.0.1", port=port, sender="xianwai@example.com", company="栎川汽车", **given)


def refusal(port: int, **options: Any) -> DeliveryError:
    """What sending there is refused with."""
    with pytest.raises(DeliveryError) as refused:
        channel(port, **options).send(MESSAGE)
    return refused.value


def test_a_mail_arrives_whole_with_its_headers() -> None:
    handler = Server()
    with running(handler) as port:
        channel(port).send(MESSAGE)
        channel(port).send(MESSAGE)
    mail = handler.mails[0]
    assert (mail["Subject"], mail["To"]) == (MESSAGE.subject, MESSAGE.recipient)
    assert mail["From"].addresses[0].display_name == "栎川汽车"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [m["Message-ID"] for m in handler.mails] == ["<abc123@example.com>"] * 2, "a repeat can be recognised"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().split() == MESSAGE.text.split()
    assert html.get_content().strip() == MESSAGE.html


@pytest.mark.parametrize(("answer", "permanent"), [("550 no such user", True), ("451 later", False)])
@pytest.mark.parametrize("stage", ["to_recipient", "to_data"])
def test_a_refusal_is_permanent_when_the_server_says_so(stage: str, answer: str, permanent: bool) -> None:
    handler = Server()
    setattr(handler, stage, answer)
    with running(handler) as port:
        error = refusal(port)
    assert error.permanent is permanent
    assert answer[:3] in str(error)


def test_a_slow_server_is_not_waited_for() -> None:
    with running(Server(thinks=1.2)) as port:
        error = refusal(port)
    assert not error.permanent
    assert "规定时间" in str(error)


def test_nobody_there_is_a_passing_failure() -> None:
    error = refusal(free_port())
    assert not error.permanent
    assert "拒绝连接" in str(error)


def test_encryption_that_is_demanded_and_missing_is_an_error_and_no_plain_mail() -> None:
    handler = Server()
    with running(handler) as port:
        refusal(port, security="starttls")
    assert handler.mails == []


def test_a_server_that_does_not_speak_tls_is_a_failure_and_no_crash() -> None:
    with running(Server()) as port:
        assert not refusal(port, security="tls").permanent


def test_a_wrong_password_is_told() -> None:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        from aiosmtpd.smtp import AuthResult

        return AuthResult(success=False, handled=False)

    with running(Server(), authenticator=check, auth_require_tls=False) as port:
        assert "535" in str(refusal(port, user="u", password="wrong"))


@contextmanager
def dying(after: str) -> Iterator[int]:
    """A server that hangs up, without a word, once it has read this command (or the end of the mail)."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 hello\r\n")
            data = False
            for line in lines:
                if line.upper().startswith(after.encode()) and (not data or after == "."):
                    return
                data = data or line.upper().startswith(b"DATA")
                if not data or line.upper().startswith(b"DATA"):
                    connection.sendall(b"354 go on\r\n" if data else b"250 OK\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join(5)
        listener.close()


@pytest.mark.parametrize("after", ["EHLO", "MAIL", "RCPT", "DATA", "."])
def test_a_server_that_dies_in_mid_dialogue_is_a_passing_failure(after: str) -> None:
    with dying(after) as port:
        assert not refusal(port).permanent


@pytest.mark.parametrize("recipient", ["a@b\r\nBcc: c@d", "a@b\nX: y", "\ud800@x"])
def test_a_bad_recipient_is_a_delivery_error_and_sends_nothing(recipient: str) -> None:
    handler = Server()
    with running(handler) as port, pytest.raises(DeliveryError):
        channel(port).send(Message(recipient, "s", "t", "h", "k"))
    assert handler.mails == []


@pytest.mark.parametrize(
    ("handler", "wait"),
    [
        (lambda: Server(to_recipient="550 no"), None),
        (lambda: Server(to_data="451 later"), timedelta(minutes=1)),
        (lambda: Server(thinks=1.2), timedelta(minutes=1)),
    ],
    ids=["refused", "later", "slow"],
)
def test_after_a_failure_the_row_says_so_and_the_next_mail_goes_out(
    sqlite: Database, now: datetime, handler: Callable[[], Server], wait: timedelta | None
) -> None:
    with sqlite.writing.begin() as session:
        for place, name in enumerate(("li@example.com", "wang@example.com")):
            session.add(
                Notification(
                    key=f"k{place}",
                    event=Event.ANSWER,
                    channel="mail",
                    recipient=name,
                    subject="s",
                    text="t",
                    html="h",
                    created_at=now,
                    next_attempt_at=now,
                )
            )
    server = handler()
    with running(server) as port:
        while deliver_next(sqlite.writing, {"mail": channel(port)}, now):
            pass
    with sqlite.reading() as session:
        failed, sent = session.scalars(select(Notification).order_by(Notification.id)).all()
    assert (failed.sent_at, failed.next_attempt_at) == (None, wait and now + wait)
    assert failed.error
    assert (sent.sent_at, sent.error) == (now, "")
    assert "wang@example.com" in [mail["To"] for mail in server.mails]
