"""TLS over a Connection: the handshake, and the server's certificate, also one that is not trusted."""

import os
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from sopctl.adapters import secured
from sopctl.adapters.ssh.connection import CHUNK, Connection, Cut
from sopctl.adapters.ssh.fault import Fault
from sopctl.errors import InvalidRecord, OutsideFailure, in_words
from sopctl.model.access.causes import Cause
from sopctl.model.text import printable

MAX_CA_BYTES = 1024 * 1024
NAMES_SHOWN = 5

# X509_V_ERR_… of OpenSSL's x509_vfy.h
_DATES = (9, 10)
_NAMES = (62, 63, 64)

_NOTHING_IN_COMMON = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "HANDSHAKE_FAILURE", "NO_SHARED_CIPHER", "TOO_SMALL")

T = TypeVar("T")


class Certificate(Struct, frozen=True):
    """A certificate's names (DNS names and addresses, safe to print), end of validity, and issuer."""

    names: tuple[str, ...]
    expires: datetime
    issuer: str

    def __str__(self) -> str:
        names = ", ".join(self.names[:NAMES_SHOWN]) + (", …" if len(self.names) > NAMES_SHOWN else "")
        return f"certificate for {names or 'no name'}, valid until {self.expires:%Y-%m-%d %H:%M} UTC, by {self.issuer}"


def _not_waiting(path: str, flags: int) -> int:
    """Opens a pipe that nobody writes into at once: it is empty."""
    return os.open(path, flags | os.O_NONBLOCK)


def load_ca(path: Path) -> str:
    """Read the CA certificates (PEM) in `path`. Raises InvalidRecord and OutsideFailure."""
    try:
        with open(path, "rb", opener=_not_waiting) as file:
            content = file.read(MAX_CA_BYTES + 1)
    except OSError as error:
        raise OutsideFailure(
            "ca-certificates-not-read",
            "the CA certificates cannot be read: {reason}",
            where=str(path),
            remedy="Give the path of a PEM file that this account may read.",
            reason=in_words(error),
        ) from None
    try:
        if len(content) > MAX_CA_BYTES:
            raise ValueError
        text = content.decode("ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise InvalidRecord(
            "no-ca-certificates",
            "the file holds no certificates",
            where=str(path),
            remedy="Give a PEM file: -----BEGIN CERTIFICATE----- …",
        ) from None
    return text


@cache
def context(ca: str | None) -> ssl.SSLContext:
    """TLS with the certificate checked against `ca` (PEM), by default against this machine's CAs."""
    return secured.verified(ca=ca)


@cache
def unverified_context() -> ssl.SSLContext:
    """TLS without a check of the certificate, to read one that was rejected. No data is sent over such a connection."""
    return secured.unverified()


class Tls:
    """The client side of TLS over `connection`; reads and writes like it."""

    def __init__(self, connection: Connection, how: ssl.SSLContext, name: str) -> None:
        self._connection = connection
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = how.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._heard = False

    def handshake(self) -> None:
        """The handshake. Raises Fault for a rejected certificate and for a server that does not speak TLS, and
        Interrupted."""
        try:
            self._until_done(self._tls.do_handshake)
        except ssl.SSLCertVerificationError as error:
            raise Fault(_certificate_cause(error.verify_code), printable(error.verify_message, 200)) from None
        except ssl.SSLError as error:
            reason = error.reason or "the connection ended"
            if any(part in reason for part in _NOTHING_IN_COMMON):
                cause = Cause.NO_COMMON_ALGORITHM
            else:
                cause = Cause.NOT_TLS if self._heard else Cause.CLOSED
            raise Fault(cause, f"no TLS handshake: {printable(reason.lower().replace('_', ' '), 120)}") from None

    def certificate(self) -> Certificate | None:
        """The server's certificate; None when it cannot be parsed."""
        return read_certificate(self._tls.getpeercert(binary_form=True) or b"")

    @property
    def version(self) -> str:
        return self._tls.version() or ""

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes; empty when the server has ended the connection. Raises ssl.SSLError and Cut."""
        try:
            return self._until_done(lambda: self._tls.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def sendall(self, data: bytes) -> None:
        self._until_done(lambda: self._tls.write(data))

    def _until_done(self, act: Callable[[], T]) -> T:
        """Repeat `act`, feeding OpenSSL what the server sends, for as long as it wants to read more."""
        while True:
            try:
                done = act()
            except ssl.SSLWantReadError:
                self._connection.sendall(self._outgoing.read())
                self._incoming_more()
                continue
            self._connection.sendall(self._outgoing.read())
            return done

    def _incoming_more(self) -> None:
        try:
            data = self._connection.recv(CHUNK)
        except TimeoutError:
            return
        except Cut:
            raise
        except OSError:
            data = b""
        if data:
            self._heard = True
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


def read_certificate(der: bytes) -> Certificate | None:
    """A certificate (X.509, DER); None when it cannot be parsed."""
    from cryptography import x509

    try:
        shown = x509.load_der_x509_certificate(der)
        issuer = printable(shown.issuer.rfc4514_string(), 120) or "an unnamed issuer"
        expires = shown.not_valid_after_utc
        try:
            every = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            names = [*every.get_values_for_type(x509.DNSName), *every.get_values_for_type(x509.IPAddress)]
        except x509.ExtensionNotFound:
            names = []
    except Exception:  # noqa: BLE001 (a hostile certificate can trigger any exception in its parser)
        return None
    return Certificate(tuple(printable(str(name), 120) for name in names), expires, issuer)


def _certificate_cause(code: int) -> Cause:
    if code in _DATES:
        return Cause.CERTIFICATE_EXPIRED
    return Cause.CERTIFICATE_WRONG_NAME if code in _NAMES else Cause.CERTIFICATE_UNTRUSTED


def now() -> datetime:
    """The current time, to tell how long a certificate is still valid."""
    return datetime.now(UTC)
