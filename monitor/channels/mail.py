"""Mail over SMTP."""

import smtplib
import ssl
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from monitor.clock import utc_now
from monitor.domain.alerts import Message
from monitor.domain.errors import DeliveryError


@dataclass(frozen=True, kw_only=True)
class MailChannel:
    """An SMTP server. `security` is starttls, tls or none."""

    host: str
    port: int
    sender: str
    company: str
    user: str = ""
    password: str = ""
    security: str = "starttls"
    timeout: float = 20.0

    def send(self, message: Message) -> None:
        """Hands the message over. Raises `DeliveryError`, permanent when the server refused for good (5xx)."""
        try:
            with self._connect() as server:
                self._greet(server)
                server.send_message(self._compose(message), self.sender, [message.recipient])
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _refused(code, said) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            # A bad address in our own settings looks like a ValueError; it is told, and tried again once mended.
            raise DeliveryError(f"邮件服务器 {self.host}:{self.port}：{_say(error)}") from error

    def _connect(self) -> AbstractContextManager[smtplib.SMTP]:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=ssl.create_default_context())
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout)

    def _greet(self, server: smtplib.SMTP) -> None:
        if self.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if self.user:
            server.login(self.user, self.password)

    def _compose(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = Address(self.company, addr_spec=self.sender)
        mail["To"] = message.recipient
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(utc_now())
        mail["Message-ID"] = f"<{message.key}@{self.sender.rpartition('@')[2]}>"
        # RFC 3834: nobody's holiday notice shall answer this, and no loop shall start.
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        mail.add_alternative(message.html, subtype="html")
        return mail


def _refused(code: int, said: bytes | str) -> DeliveryError:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return DeliveryError(f"邮件服务器答复 {code}：{text}", permanent=500 <= code < 600)


def _say(error: BaseException) -> str:
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):  # smtplib wraps some of them
        return "没有在规定时间内答复"
    if isinstance(error, ConnectionRefusedError):
        return "拒绝连接"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "对话没有完就断开了连接"
    return str(error) or type(error).__name__
