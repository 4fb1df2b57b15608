"""E-mail to contact persons over SMTP (RFC 5321). The standard library's client: one message, one connection.

The Message-ID is ours, made from the event that announces it, so that a message sent twice shows as the same one.
"""

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Literal

from sopctl.errors import OutsideFailure

TIMEOUT_SECONDS = 20


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
) -> None:
    """Hand one message to the mail server. Returns only when the server has taken it.

    Raises OutsideFailure when the server cannot be reached or refuses; then nothing was sent.
    """
    mail = EmailMessage()
    mail["From"] = Address(sender_name, addr_spec=sender)
    mail["To"] = Address(addr_spec=to)
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{message_id}>"
    mail.set_content(text)
    where = f"mail server {host}:{port}"
    try:
        context = ssl.create_default_context()
        client: smtplib.SMTP
        if tls == "ssl":
            client = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            client = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        with client:
            if tls == "starttls":
                client.starttls(context=context)
            client.send_message(mail)
    except (OSError, smtplib.SMTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise OutsideFailure(
            f"the message was not sent: {reason}",
            where=where,
            remedy="Check `mail` in sopctl.yml and the server, then run the command again; "
            "or inform by other means: --via phone",
        ) from error
