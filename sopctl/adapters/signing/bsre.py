"""BSrE's eSign client service (versions 1 and 2 of its API): a paper goes there with the signer's secret, and comes
back signed. What is known of it was learned from its users: docs/howto/signing.md names what has never met the real
service.

How asking ends is one of three: a PDF, which nobody here believes yet; `NotSigned`, it surely did not sign; `Unclear`,
it may have. Nothing is asked twice: an answer that was lost looks the same whether it signed or not, and its users'
accounts lock after a few wrong passphrases. What it says is quoted without the signer's number and secret.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from sopctl.adapters.asking import Answer, Lost, NotSent, ask
from sopctl.adapters.signing.making import Box
from sopctl.locale import Text
from sopctl.model.as_json import NotJson, from_json
from sopctl.model.text import printable

STATUS_SECONDS = 30.0
SIGN_SECONDS = 180.0
STATUS_MOST = 64 * 1024
"""Bytes of an answer that is no paper."""
GROWTH = 16 * 1024 * 1024
"""How many bytes a paper may grow by being signed; a signature with its proofs has some 100,000."""

NIK = r"^[0-9]{16}\Z"

READY = "ISSUE"
"""The word for somebody who has a certificate that signs."""

_LOCKS = "2031"


class NotSigned(Exception):
    """It surely did not sign. `secret_wrong`: because the passphrase was another."""

    def __init__(self, why: str, *, secret_wrong: bool = False) -> None:
        super().__init__(why)
        self.secret_wrong = secret_wrong


class Unclear(Exception):
    """It was asked, and nothing that came tells whether it signed."""


@dataclass(frozen=True)
class Service:
    """Where the service is, how the office's application logs in there, and what its version of the API is. `origin`:
    the corner of a page from which it counts. `ca` is a PEM file of the only authority to trust."""

    url: str
    version: Literal["v1", "v2"]
    login: tuple[str, str] = field(repr=False)
    ca: Path | None = None
    origin: Literal["bottom-left", "top-left"] = "bottom-left"


@dataclass(frozen=True)
class Signer:
    """Who signs: their number (NIK, 16 digits), and the passphrase, or a code that is good once (`once`, version 2)."""

    nik: str = field(repr=False)
    secret: str = field(repr=False)
    once: bool = False


@dataclass(frozen=True)
class Seen:
    """How the signature is seen: where, on a page of which height (points), and as which picture (PNG)."""

    box: Box
    page_height: float
    picture: bytes


def refuse_not_ready(service: Service, nik: str) -> None:
    """Raise NotSigned unless the service says that somebody has a certificate that signs."""
    try:
        if service.version == "v1":
            answer = _ask(service, f"/api/user/status/{nik}", None, STATUS_SECONDS, STATUS_MOST)
        else:
            answer = _ask(service, "/api/v2/user/check/status", {"nik": nik}, STATUS_SECONDS, STATUS_MOST)
    except (NotSent, Lost) as error:
        raise NotSigned(str(error)) from None
    found = _object(answer.body)
    said = found.get("status")
    if answer.status != 200 or said != READY:
        word = said if isinstance(said, str) else ""
        raise NotSigned(_quoted(" ".join(filter(None, (word, _said(found)))) or f"HTTP {answer.status}", nik))


def request_code(service: Service, nik: str) -> None:
    """Have the service send the signer a code that is good once (version 2). Raises NotSigned where it does not."""
    try:
        answer = _ask(service, "/api/v2/sign/get/totp", {"nik": nik, "data": 1}, STATUS_SECONDS, STATUS_MOST)
    except (NotSent, Lost) as error:
        raise NotSigned(str(error)) from None
    if answer.status != 200:
        raise NotSigned(_quoted(_said(_object(answer.body)) or f"HTTP {answer.status}", nik))


def sign(service: Service, who: Signer, content: bytes, seen: Seen | None) -> bytes:
    """What the service returns as `content` with a signature more: a PDF as it came, to be examined as a stranger's.

    Raises NotSigned, Unclear.
    """
    make = _question_1 if service.version == "v1" else _question_2
    path, body, kind = make(service, who, content, seen)
    most = (len(content) + GROWTH) * (1 if service.version == "v1" else 2)
    try:
        answer = _ask(service, path, body, SIGN_SECONDS, most, kind)
    except NotSent as error:
        raise NotSigned(str(error)) from None
    except Lost as error:
        raise Unclear(str(error)) from None
    if answer.status == 200:
        return _paper(service, answer)
    said = _said(_object(answer.body))
    quoted = _quoted(said, who.nik, who.secret)
    if answer.status == 400 and re.search(r"\b[0-9]{4}\b", said):  # its own refusals have a number in their text
        raise NotSigned(quoted, secret_wrong=_LOCKS in said)
    raise Unclear(f"HTTP {answer.status} {quoted}".rstrip())


def _question_1(service: Service, who: Signer, content: bytes, seen: Seen | None) -> tuple[str, bytes, str]:
    """The path, the body and its type (RFC 7578) for version 1."""
    fields = {"nik": who.nik, "passphrase": who.secret, "tampilan": "visible" if seen else "invisible"}
    files = {"file": ("dokumen.pdf", "application/pdf", content)}
    if seen:
        x, y, width, height = _place(service, seen)
        fields |= {"image": "true", "page": str(seen.box.page), "xAxis": str(x), "yAxis": str(y)}
        fields |= {"width": str(width), "height": str(height)}
        files["imageTTD"] = ("tanda-tangan.png", "image/png", seen.picture)
    boundary = secrets.token_hex(24)  # which nothing that is sent can have by chance
    head = f"--{boundary}\r\nContent-Disposition: form-data; name="
    parts = [f'{head}"{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    for name, (file_name, kind, data) in files.items():
        parts += [f'{head}"{name}"; filename="{file_name}"\r\nContent-Type: {kind}\r\n\r\n'.encode(), data, b"\r\n"]
    body = b"".join((*parts, f"--{boundary}--\r\n".encode()))
    return "/api/sign/pdf", body, f"multipart/form-data; boundary={boundary}"


def _question_2(service: Service, who: Signer, content: bytes, seen: Seen | None) -> tuple[str, bytes, str]:
    """The path, the body and its type for version 2."""
    shown: dict[str, Any] = {"tampilan": "INVISIBLE"}
    if seen:
        x, y, width, height = _place(service, seen)
        shown = {"tampilan": "VISIBLE", "imageBase64": base64.b64encode(seen.picture).decode(), "page": seen.box.page}
        shown |= {"originX": x, "originY": y, "width": width, "height": height}
    asked = {
        "nik": who.nik,
        "totp" if who.once else "passphrase": who.secret,
        "signatureProperties": [shown],
        "file": [base64.b64encode(content).decode()],
    }
    return "/api/v2/sign/pdf", msgspec.json.encode(asked), "application/json"


def _place(service: Service, seen: Seen) -> tuple[int, int, int, int]:
    """The box as the service counts: x, y, width and height, in whole points."""
    left, bottom, right, top = seen.box.corners
    return left, bottom if service.origin == "bottom-left" else int(seen.page_height - top), right - left, top - bottom


def _paper(service: Service, answer: Answer) -> bytes:
    """The PDF of a good answer. Raises Unclear where there is none, or not just one."""
    content = answer.body
    if service.version == "v2":
        files = _object(answer.body).get("file")
        if not isinstance(files, list) or len(files) != 1 or not isinstance(files[0], str):
            raise Unclear(Text("it said yes, and gave not one paper"))
        try:
            content = base64.b64decode(files[0], validate=True)
        except (binascii.Error, ValueError):
            raise Unclear(Text("it said yes, and what it gave is not base64")) from None
    if not content.startswith(b"%PDF-"):
        raise Unclear(Text("it said yes, and gave no PDF"))
    return content


def _ask(
    service: Service,
    path: str,
    body: bytes | Mapping[str, Any] | None,
    seconds: float,
    most: int,
    kind: str = "application/json",
) -> Answer:
    sent = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
    headers = {"Accept": "application/json, application/pdf"} | ({"Content-Type": kind} if sent is not None else {})
    url = service.url.rstrip("/") + path
    return ask(url, sent, headers, seconds=seconds, most=most, ca=service.ca, login=service.login)


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object of an answer; empty where it has none."""
    try:
        found = from_json(body, dict[str, Any])
    except NotJson:
        return {}
    return found


def _said(found: Mapping[str, Any]) -> str:
    """What an answer says about itself."""
    said = (found.get("error"), found.get("message"))
    return next((each for each in said if isinstance(each, str) and each), "")


def _quoted(text: str, *secret: str) -> str:
    """What the service said, without the signer's number and secret."""
    for each in filter(None, secret):
        text = text.replace(each, "…")
    return printable(re.sub(r"[0-9]{16}", "…", text), 200)
