"""A stand-in for BSrE's eSign client service on loopback, with TLS, that says yes to nothing that was not scripted.

A script is a list of `Turn`s: which question comes next, and how it is answered. A question that is not the next one,
or that has a field too many, too few or of another form, is refused with 599 and kept in `faults`; leaving the block
raises for faults, and for turns that never came. It really signs, with certificates of the tests' authority, appending
or rewriting the file as iText 5 does.
"""

import base64
import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from sopctl.adapters.documents import appearance
from sopctl.adapters.signing import bsre, making
from tests.authority import PASSPHRASE, Authority, Identity

LOGIN = ("sopctl-uji", "rahasia aplikasi")
NIK = "3503010101800001"
SECRET = "frasa sandi penanda tangan"
CODE = "482913"
PNG = b"\x89PNG\r\n\x1a\n"

SHOWN_1 = {"image", "imageTTD", "page", "xAxis", "yAxis", "width", "height"}
SHOWN_2 = {"imageBase64", "page", "originX", "originY", "width", "height"}


@dataclass(frozen=True)
class Turn:
    """A question that must come next (`status`, `code` or `sign`), and how it is answered: a word of `ANSWERS` or
    `STATES`. `change`: what is done to the file before it is signed; `after`: to the signed one."""

    question: str
    answer: str = "yes"
    who: str = "signer"
    change: Callable[[bytes], bytes] = bytes
    after: Callable[[bytes], bytes] = bytes
    seen: bool = True


class Wrong(Exception):
    """A question that is not as the script and the API say."""


@dataclass
class Fake:
    """The service: who signs by which certificate, what it was asked, and what was wrong with that."""

    authority: Authority
    people: Mapping[str, Identity]
    version: str
    script: list[Turn]
    faults: list[str] = field(default_factory=list)
    signed: list[bytes] = field(default_factory=list)
    boxes: list[tuple[int, ...]] = field(default_factory=list)

    def asked(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Turn, bytes, tuple[int, ...]]:
        """The turn of a question, the PDF that it brings, and the box. Raises Wrong."""
        if not self.script:
            raise Wrong("nothing more was scripted")
        turn = self.script[0]
        login = base64.b64encode(":".join(LOGIN).encode()).decode()
        if headers.get("Authorization") != f"Basic {login}":
            raise Wrong("another login")
        expected = {
            ("v1", "status"): ("GET", f"/api/user/status/{NIK}"),
            ("v1", "sign"): ("POST", "/api/sign/pdf"),
            ("v2", "status"): ("POST", "/api/v2/user/check/status"),
            ("v2", "code"): ("POST", "/api/v2/sign/get/totp"),
            ("v2", "sign"): ("POST", "/api/v2/sign/pdf"),
        }[self.version, turn.question]
        if (method, path) != expected:
            raise Wrong(f"{method} {path} came, {expected} was scripted")
        found: bytes = b""
        box: tuple[int, ...] = ()
        if turn.question == "sign":
            kind = headers.get("Content-Type", "")
            found, box = (self._fields_1 if self.version == "v1" else self._fields_2)(turn, kind, body)
        elif method == "POST":
            wanted = {"nik": NIK} | ({"data": 1} if turn.question == "code" else {})
            if headers.get("Content-Type") != "application/json" or json.loads(body) != wanted:
                raise Wrong(f"another body than {sorted(wanted)}")
        self.script.pop(0)
        return turn, found, box

    def _fields_1(self, turn: Turn, kind: str, body: bytes) -> tuple[bytes, tuple[int, ...]]:
        message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
        fields: dict[str, bytes] = {}
        for part in message.iter_parts():
            name = str(part.get_param("name", header="content-disposition"))
            if name in fields:
                raise Wrong(f"{name} twice")
            fields[name] = bytes(part.get_payload(decode=True) or b"")
        wanted = {"file", "nik", "passphrase", "tampilan"} | (SHOWN_1 if turn.seen else set())
        if set(fields) != wanted:
            raise Wrong(f"fields {sorted(set(fields) ^ wanted)}")
        if fields["tampilan"] != (b"visible" if turn.seen else b"invisible") or fields.get("image", b"true") != b"true":
            raise Wrong("tampilan or image")
        if turn.seen and not fields["imageTTD"].startswith(PNG):
            raise Wrong("imageTTD is no PNG")
        self._refuse_other_secret(turn, fields["nik"].decode(), fields["passphrase"].decode(), SECRET)
        names = ("page", "xAxis", "yAxis", "width", "height") if turn.seen else ()
        return fields["file"], self._box([fields[name].decode() for name in names])

    def _fields_2(self, turn: Turn, kind: str, body: bytes) -> tuple[bytes, tuple[int, ...]]:
        asked = json.loads(body)
        secret = "totp" if "totp" in asked else "passphrase"
        if kind != "application/json" or set(asked) != {"nik", secret, "signatureProperties", "file"}:
            raise Wrong(f"fields {sorted(asked)}")
        self._refuse_other_secret(turn, asked["nik"], asked[secret], CODE if secret == "totp" else SECRET)
        if len(asked["signatureProperties"]) != 1 or len(asked["file"]) != 1:
            raise Wrong("one paper, one signature")
        shown = asked["signatureProperties"][0]
        if set(shown) != {"tampilan"} | (SHOWN_2 if turn.seen else set()):
            raise Wrong(f"properties {sorted(shown)}")
        if shown["tampilan"] != ("VISIBLE" if turn.seen else "INVISIBLE"):
            raise Wrong("tampilan")
        if turn.seen and not base64.b64decode(shown["imageBase64"], validate=True).startswith(PNG):
            raise Wrong("imageBase64 is no PNG")
        names = ("page", "originX", "originY", "width", "height") if turn.seen else ()
        return base64.b64decode(asked["file"][0], validate=True), self._box([str(shown[name]) for name in names])

    def _refuse_other_secret(self, turn: Turn, nik: str, secret: str, right: str) -> None:
        if nik != NIK or (secret == right) == (turn.answer == "2031"):
            raise Wrong("another NIK or secret than was scripted")

    def _box(self, numbers: Sequence[str]) -> tuple[int, ...]:
        if not all(re.fullmatch(r"[0-9]{1,4}", each) for each in numbers):
            raise Wrong("a box that is not of whole numbers")
        found = tuple(map(int, numbers))
        if found and not (found[0] >= 1 and found[1] + found[3] <= 596 and found[2] + found[4] <= 936):
            raise Wrong("a box that is not on the page")
        return found

    def sign(self, turn: Turn, content: bytes, box: tuple[int, ...]) -> bytes:
        """The paper as the service gives it back."""
        key = making.pkcs12(self.authority.p12(self.people[turn.who]), PASSPHRASE, "x")
        look = None
        if box:
            page, x, y, width, height = box
            seen = appearance(key.signer.cn, "26-11-2026", "BSrE")
            look = making.Look(making.Box(page, x, y, width, height), seen)
        name = f"sig_{len(self.signed)}_{len(content)}"
        made = turn.after(making.sign(turn.change(content), key, field=name, look=look))
        self.signed.append(made)
        return made

    def end(self) -> None:
        """Raise AssertionError for what was not as scripted."""
        assert not self.faults, self.faults
        assert not self.script, f"never asked: {self.script}"


STATES = {
    "ISSUE": (1111, "User sudah terdaftar dan memiliki sertifikat dengan status ISSUE"),
    "NOT_REGISTERED": (1110, f"User {NIK} belum terdaftar"),
    "EXPIRED": (1112, "Sertifikat kedaluwarsa"),
    "RENEW": (1113, "Sertifikat perlu diperbarui"),
    "SUSPEND": (1114, "User ditangguhkan"),
    "REVOKE": (1115, "Sertifikat dicabut"),
}
REFUSALS = {
    "2031": f"Proses signing gagal : Passphrase anda salah 2031 ({NIK})",
    "2011": "Proses signing gagal : User tidak terdaftar 2011",
}
PLAIN = {
    "503": (503, b"<html>maintenance</html>", "text/html"),
    "502": (502, b"", "text/html"),
    "500": (500, b'{"error": "Internal Server Error", "status_code": 500}', "application/json"),
    "401": (401, b"", "text/html"),
    "400-html": (400, b"<html>Bad Request 2031</html>", "text/html"),
    "400-silent": (400, b'{"status_code": 400}', "application/json"),
    "html": (200, b"<html>login</html>", "text/html"),
    "error-200": (200, b'{"error": "Proses signing gagal 2011"}', "application/json"),
    "empty": (200, b"", "application/pdf"),
    "redirect": (302, b"", "text/html"),
    "nothing-json": (200, b'{"time": 3, "file": []}', "application/json"),
}
CUT = ("drop-before", "drop-after", "cut", "drip")


def _answered(fake: Fake, turn: Turn, content: bytes, box: tuple[int, ...]) -> tuple[int, bytes, str]:
    """Status, body and its type."""
    if turn.question == "status" and turn.answer in ("yes", *STATES):
        word = "ISSUE" if turn.answer == "yes" else turn.answer
        code, message = STATES[word]
        return 200, json.dumps({"status_code": code, "status": word, "message": message}).encode(), "application/json"
    if turn.question == "code" and turn.answer == "yes":
        return 200, b'{"message": "Kode dikirim"}', "application/json"
    if turn.answer in REFUSALS:
        said = {"error": REFUSALS[turn.answer], "status_code": 400}
        return 400, json.dumps(said).encode(), "application/json"
    if turn.answer in PLAIN:
        return PLAIN[turn.answer]
    made = content if turn.answer == "echo" else fake.sign(turn, content, box)
    if fake.version == "v1":
        return 200, made, "application/pdf"
    files = [base64.b64encode(made).decode()] * (2 if turn.answer == "two" else 1)
    if turn.answer == "not-base64":
        files = ["%" + files[0]]
    return 200, json.dumps({"time": 812, "file": files}).encode(), "application/json"


@contextmanager
def bsre_service(
    authority: Authority, people: Mapping[str, Identity], version: str, script: Sequence[Turn], folder: Path
) -> Iterator[tuple[Fake, bsre.Service]]:
    """The fake while the block lasts, and how it is reached."""
    fake = Fake(authority, people, version, list(script))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *words: object) -> None:
            pass

        def do_GET(self) -> None:
            self.answer(b"")

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["Content-Length"])))

        def answer(self, body: bytes) -> None:
            try:
                headers: dict[str, Any] = dict(self.headers.items())
                turn, content, box = fake.asked(self.command, self.path, headers, body)
            except (Wrong, ValueError, KeyError, TypeError) as error:
                fake.faults.append(f"{self.command}: {error}")
                return self.say(599, b"", "text/plain")
            if box:
                fake.boxes.append(box)
            if turn.answer == "drop-before":
                return self.drop()
            if turn.answer in CUT:
                whole = _answered(fake, turn, content, box)[1]
                if turn.answer != "drop-after":
                    self.say(200, whole[: len(whole) // 2], "application/pdf", length=len(whole))
                if turn.answer == "drip":  # until the client ends it
                    self.connection.recv(1)
                return self.drop()
            return self.say(*_answered(fake, turn, content, box))

        def drop(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def say(self, status: int, body: bytes, kind: str, *, length: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            if status == 302:
                self.send_header("Location", "https://localhost:1/login")
            self.send_header("id_dokumen", f"d{len(fake.signed)}")
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

    certificate = authority.server("localhost", name="localhost")
    (folder / "service.pem").write_bytes(certificate.pem + authority.middle.pem + certificate.key_pem)
    (folder / "service-root.pem").write_bytes(authority.root.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "service.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    url = f"https://localhost:{server.server_port}"
    try:
        yield fake, bsre.Service(url, "v1" if version == "v1" else "v2", LOGIN, folder / "service-root.pem")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    fake.end()
