"""E-mail to contact persons over SMTP (RFC 5321), with the standard library's client: one connection per message.

The caller chooses the Message-ID, from the event that announces the message, so that a message sent twice is
recognised as the same one.
"""

import contextlib
import mimetypes
import smtplib
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any, Literal

from sopctl.adapters import secured
from sopctl.errors import Action, OutsideFailure, in_words

TIMEOUT_SECONDS = 20
"""For one answer that does not begin."""
CONVERSATION_SECONDS = 90.0
"""For all of it: a server that says one byte every three seconds never times out otherwise."""
REPLY_LINES = 100
"""How many lines one reply may have (RFC 5321, 4.5.3.1.5, bounds a line; nothing there bounds their number)."""


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
    files: Mapping[str, bytes] | None = None,
    login: tuple[str, str] | None = None,
    ca: str | None = None,
) -> tuple[str, ...]:
    """Hand one message to the mail server. Returns once the server has accepted it for `to`: those of `copies` that it
    refused. `files` go with it, by their names: PDF documents, spreadsheets.

    `login` is user and password; `ca` the path of a PEM file with the certificate authority to trust, by default
    those of this machine.

    Raises OutsideFailure when the server cannot be reached or refuses: nothing reached `to`. Raises MayHaveArrived when
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
    for name, content in (files or {}).items():
        kind, _, part = (mimetypes.guess_type(name)[0] or "application/octet-stream").partition("/")
        mail.add_attachment(content, maintype=kind, subtype=part, filename=name)
    where = f"mail server {host}:{port}"
    try:
        context = secured.verified(ca_file=ca or None)
        client: _Bounded
        if tls == "ssl":
            client = _SecureClient(host, port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            client = _Client(host, port, timeout=TIMEOUT_SECONDS)
        with client.ending():
            if tls == "starttls":
                client.starttls(context=context)
            if login:
                client.login(*login)
            refused = _hand_over(client, mail, where)
    except MayHaveArrived:
        raise
    except (OSError, smtplib.SMTPException) as error:
        reason = in_words(error)
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
    return refused


class _Bounded(smtplib.SMTP):
    """A client whose conversation ends in time, whatever the server says, and whose replies are bounded."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._giving = False
        self.given = False
        """Has any of the message's text been sent?"""
        self._watch = threading.Timer(CONVERSATION_SECONDS, self._cut)
        self._watch.daemon = True
        self._watch.start()
        try:
            super().__init__(*args, **options)
        except BaseException:
            self._watch.cancel()
            raise

    def _cut(self) -> None:
        if self.sock:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)  # whoever reads from it is woken

    def getreply(self) -> tuple[int, bytes]:
        """One reply. Raises SMTPServerDisconnected for one of too many lines, besides what the library raises."""
        if self.file is None and self.sock:
            self.file = _Lines(self.sock.makefile("rb"))
        if isinstance(self.file, _Lines):
            self.file.left = REPLY_LINES
        return super().getreply()

    @contextlib.contextmanager
    def ending(self) -> Iterator[None]:
        """End the conversation with the block. How the server takes that says nothing of the message."""
        try:
            yield
        finally:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self.quit()
            self.close()

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the message's text, once the server asks for it."""
        self._giving = True
        return super().data(msg)

    def send(self, s: Any) -> None:
        """Send a command (text), or the message (bytes)."""
        self.given = self.given or (self._giving and isinstance(s, bytes))
        super().send(s)

    def close(self) -> None:
        """Close the connection."""
        self._watch.cancel()
        super().close()


class _Lines:
    """The server's lines, so many of them."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.left = REPLY_LINES

    def readline(self, size: int = -1) -> bytes:
        """The next line. Raises OSError after the last that may come."""
        self.left -= 1
        if self.left < 0:
            raise OSError("the reply has too many lines")
        return bytes(self._file.readline(size))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Client(_Bounded):
    """For a connection in the clear, or encrypted by STARTTLS."""


class _SecureClient(_Bounded, smtplib.SMTP_SSL):
    """For a connection that is encrypted from its beginning."""


def _hand_over(client: _Bounded, mail: EmailMessage, where: str) -> tuple[str, ...]:
    """Give the message to the server. Returns the copies that it refused."""
    try:
        refused = client.send_message(mail)
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        answered = isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected)
        if answered or not client.given:
            raise  # it did not take the message
        raise MayHaveArrived(
            "mail-may-have-arrived",
            "the connection was lost while the message was handed over: {reason}",
            where=where,
            remedy=(
                "Ask the contact person whether it arrived.",
                Action("notify", given={"via": "phone"}, alternatives=(Action("notify", given={"again": ""}),)),
            ),
            reason=in_words(error),
        ) from error
    to = mail["To"].addresses[0].addr_spec
    if to in refused:
        code, said = refused[to]
        raise smtplib.SMTPResponseException(code, f"{to}: {said.decode(errors='replace')}; only copies were taken")
    return tuple(refused)
