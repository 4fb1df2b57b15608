"""Certificates for the tests' own servers, made in the test, each wrong in one way; and the servers that show them."""

import contextlib
import http.server
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.patience import PATIENCE

NAME = "web.example.org"


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: str, issuer: str, begins: float, days: float) -> x509.CertificateBuilder:
    begin = datetime.now(UTC) + timedelta(days=begins)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
    )


@dataclass
class Authority:
    """A certificate authority whose certificate lies in `file` (PEM)."""

    file: Path

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        made = _builder("Test authority", "Test authority", -10, 100)
        certificate = (
            made.public_key(self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, folder: Path, *names: str, begins: float = -1, days: float = 30) -> Path:
        """A file with a key and a certificate for `names` (DNS, addresses), valid `days` from `begins` days on."""
        key = ec.generate_private_key(ec.SECP256R1())
        every: list[x509.GeneralName] = []
        for name in names:
            try:
                every.append(x509.IPAddress(ipaddress.ip_address(name)))
            except ValueError:
                every.append(x509.DNSName(name))
        certificate = (
            _builder("server", "Test authority", begins, days)
            .public_key(key.public_key())
            .add_extension(x509.SubjectAlternativeName(every), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        file = folder / f"{abs(hash((names, begins, days)))}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        return file


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.hosts.append(self.headers["Host"])  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class WebServer(http.server.ThreadingHTTPServer):
    """A real HTTP server, over TLS when it has a certificate. `hosts` are the names that it was asked for."""

    daemon_threads = True

    def __init__(self, status: int, certificate: Path | None, oldest: ssl.TLSVersion) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.hosts: list[str] = []
        self.port = self.server_address[1]
        if certificate is not None:
            how = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            how.load_cert_chain(certificate)
            if oldest < ssl.TLSVersion.TLSv1_2:
                how.set_ciphers("ALL:@SECLEVEL=0")
                how.minimum_version = how.maximum_version = oldest
            self.socket = how.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def shutdown_request(self, request: Any) -> None:
        """What a client still sends is read first: closing over it would take our last words back (RFC 1122)."""
        with contextlib.suppress(OSError):
            request.shutdown(socket.SHUT_WR)
            request.settimeout(2)
            while request.recv(4096):
                pass
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """A client that finds our certificate wanting hangs up: that is what it should do."""


@contextlib.contextmanager
def web(
    status: int = 200, certificate: Path | None = None, oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
) -> Iterator[WebServer]:
    """A web server on loopback for as long as the context lasts."""
    with WebServer(status, certificate, oldest) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(PATIENCE)
