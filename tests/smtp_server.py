"""A real SMTP server on loopback that keeps what it was given."""

from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.free_port import free_port


class KeepingHandler:
    """Takes every mail."""

    def __init__(self) -> None:
        self.mails: list[Message] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        del server, session
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, EmailMessage, policy=default))
        return "250 OK"


class KeepingServer:
    """Start and stop around a test; `mails` is what came."""

    def __init__(self) -> None:
        self.handler = KeepingHandler()
        self.port = free_port()
        self._controller = Controller(self.handler, hostname="127.0.0.1", port=self.port)

    @property
    def mails(self) -> list[Message]:
        """Every mail taken, in order."""
        return self.handler.mails

    def __enter__(self) -> "KeepingServer":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()
