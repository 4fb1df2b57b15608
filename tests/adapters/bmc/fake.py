"""A BMC for tests: a real HTTPS server with a certificate of its own, which serves a mock-up of tests/cases/bmc."""

import hashlib
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD, TOKEN = "inventaris", "rahasia-bmc", "t0ken"


@cache
def _identity(number: int) -> tuple[bytes, bytes]:
    """The certificate (DER) and, as PEM, the certificate with its key; another one for each number."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"bmc-{number}")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1000 + number)
        .not_valid_before(now - timedelta(days=900))
        .not_valid_after(now - timedelta(days=1))  # most BMCs' certificates have ended; the pin is what counts
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(serialization.Encoding.DER), made.public_bytes(serialization.Encoding.PEM) + pem


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Bmc"

    def do_GET(self) -> None:
        self.server.heard.append(
            ("GET", self.path, self.headers.get("X-Auth-Token"), self.headers.get("Authorization"))
        )
        if self.server.answer and self.server.answer(self):
            return
        root = self.path in ("/redfish/v1/", "/redfish/v1")
        if not root and self.headers.get("X-Auth-Token") != TOKEN:
            self.give(401, {"error": {"code": "Base.1.0.NoValidSession"}})
        elif self.path not in self.server.documents and f"{self.path}/" in self.server.documents:
            self.give(308, {}, Location=f"{self.path}/")
        elif self.path in self.server.documents:
            self.give(200, self.server.documents[self.path])
        else:
            self.give(404, {"error": {"code": "Base.1.0.ResourceMissingAtURI"}})

    def do_POST(self) -> None:
        self.server.heard.append(("POST", self.path, None, None))
        said = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if said != {"UserName": USER, "Password": PASSWORD}:
            self.give(401, {"error": {"code": "Base.1.0.InsufficientPrivilege"}})
            return
        self.server.sessions += 1
        self.give(201, {}, **{"X-Auth-Token": TOKEN, "Location": "/redfish/v1/SessionService/Sessions/7"})

    def do_DELETE(self) -> None:
        self.server.heard.append(("DELETE", self.path, self.headers.get("X-Auth-Token"), None))
        self.server.sessions -= 1
        self.give(204, None)

    def give(self, status: int, content: object, **headers: str) -> None:
        """Bytes go as they are."""
        raw = b"" if content is None else content
        body = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Bmc(ThreadingHTTPServer):
    """Serves `documents`; `answer` may answer a request in their place (true when it did)."""

    daemon_threads = True

    def __init__(self, folder: Path, documents: Mapping[str, Any], number: int = 1, port: int = 0) -> None:
        self.documents = dict(documents)
        self.answer: Callable[[Handler], bool] | None = None
        self.heard: list[tuple[str, str, str | None, str | None]] = []
        self.sessions = 0
        certificate, pem = _identity(number)
        self.sha256 = hashlib.sha256(certificate).hexdigest()
        (folder / f"bmc-{number}.pem").write_bytes(pem)
        super().__init__(("127.0.0.1", port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / f"bmc-{number}.pem")
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        pass

    def __enter__(self) -> "Bmc":
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


def drip(handler: Handler, part: bytes, times: int = 10_000, pause: float = 0.05) -> None:
    """Send this again and again, slowly, until the other side has enough."""
    with suppress(OSError):
        for _ in range(times):
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(pause)
