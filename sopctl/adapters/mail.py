"""E-mail to contact persons over SMTP (RFC 5321). The standard library's client: one message, one connection.

The Message-ID is ours, made from the event that announces it, so that a message sent twice shows as the same one.
"""

import smtplib
import ssl
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Literal

from sopctl.errors import OutsideFailure

TIMEOUT_SECONDS = 20


class MayHaveArrived(OutsideFailure):
    """The connection was lost while the server had the message: it may have taken it, or not."""


def send(
    *,
    host: str,
    port: int,
    tls: Literal["none", "starttls", "ssl"],
    sender: str,
    sender_name: str,
    to: str,
    subject: str,
    text: str,
    message_id: str,
    copies: Sequence[str] = (),
    login: tuple[str, str] | None = None,
    ca: str | None = None,
) -> None:
    """Hand one message to the mail server. Returns only when the server has taken it.

    `login` is user and password; `ca` the authority (a PEM file) that the server's certificate must come from.

    Raises OutsideFailure when the server cannot be reached or refuses, and then nothing was sent; MayHaveArrived when
    the connection was lost before the server's answer.
    """
    mail = EmailMessage()
    mail["From"] = Address(sender_name, addr_spec=sender)
    mail["To"] = Address(addr_spec=to)
    if copies:
        mail["Cc"] = [Address(addr_spec=each) for each in copies]
    mail["Subject"] = subject
    mail["Date"] = formatdate(localtime=True)
    mail["Message-ID"] = f"<{message_id}>"
    mail.set_content(text)
    where = f"mail server {host}:{port}"
    try:
        context = ssl.create_default_context(cafile=ca or None)
        client: smtplib.SMTP
        if tls == "ssl":
            client = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            client = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        with client:
            if tls == "starttls":
                client.starttls(context=context)
            if login:
                client.login(*login)
            _hand_over(client, mail, where)
    except MayHaveArrived:
        raise
    except (OSError, smtplib.SMTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise OutsideFailure(
            "message-was-not-sent",
            "the message was not sent: {reason}",
            where=where,
            remedy="Check `mail` in sopctl.yml and the server, then run the command again; "
            "or inform by other means: --via phone",
            reason=reason,
        ) from error


def _hand_over(client: smtplib.SMTP, mail: EmailMessage, where: str) -> None:
    try:
        client.send_message(mail)
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
            raise  # an answer of the server: it did not take the message
        raise MayHaveArrived(
            "connection-was-lost-while-message",
            "the connection was lost while the message was handed over: {error}",
            where=where,
            remedy="Ask the contact person whether it came, then: --via phone, or --again to send it once more",
            error=error,
        ) from error
