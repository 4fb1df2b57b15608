"""E-mail to contact persons over SMTP (RFC 5321), with the standard library's client: one connection per message.

The caller chooses the Message-ID, from the event that announces the message, so that a message sent twice is
recognised as the same one.
"""

import smtplib
import ssl
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Literal

from sopctl.errors import Action, OutsideFailure

TIMEOUT_SECONDS = 20


class MayHaveArrived(OutsideFailure):
    """The connection was lost while the message was being handed over: the server may or may not have taken it."""


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
    """Hand one message to the mail server. Returns once the server has accepted it.

    `login` is user and password; `ca` the path of a PEM file with the certificate authority to trust, by default
    those of this machine.

    Raises OutsideFailure when the server cannot be reached or refuses: nothing was sent. Raises MayHaveArrived when
    the connection was lost before the server answered.
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
            "mail-not-sent",
            "the message was not sent: {reason}",
            where=where,
            remedy=(
                "Check `mail` in sopctl.yml and the mail server, then run the command again.",
                "Or inform the contact person by other means.",
                Action("notify", given={"via": "phone"}),
            ),
            reason=reason,
        ) from error


def _hand_over(client: smtplib.SMTP, mail: EmailMessage, where: str) -> None:
    try:
        client.send_message(mail)
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
            raise  # the server answered: it did not take the message
        raise MayHaveArrived(
            "mail-may-have-arrived",
            "the connection was lost while the message was handed over: {reason}",
            where=where,
            remedy=(
                "Ask the contact person whether it arrived.",
                Action("notify", given={"via": "phone"}, alternatives=(Action("notify", given={"again": ""}),)),
            ),
            reason=str(error),
        ) from error
