"""What stands before every handler: which host was asked, where the request comes from, how large and slow it may be;
and the headers of every answer."""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MIB = 1024 * 1024
MAX_BODY = MIB
MAX_UPLOAD = 64 * MIB
"""Bytes of a form without files, and of one with files."""
MOST_HEARD = 512 * MIB
"""Bytes of a form with files that is too large. It is heard so far, and not kept, so that it can be shown again with
what was typed before the files."""
BODY_SECONDS = 60.0
"""How long a request may take to arrive."""
PER_SECOND = 20.0
BURST = 200.0
"""Requests of one address: what flows in, and how many may have gathered."""
ADDRESSES = 4096
"""How many addresses are remembered."""


class Refusal(NamedTuple):
    """What is answered before any handler: to people in both languages, to programs as a `Problem`."""

    status: int
    id: str
    indonesian: str
    english: str


TOO_SLOW = Refusal(408, "too-slow", "terlalu lama dalam perjalanan; kirim lagi", "too slow: send it again")
TOO_LARGE = Refusal(413, "too-large", "terlalu besar", "too large")
OTHER_NAME = Refusal(421, "other-name", "halaman ini punya alamat lain", "this page is asked for by another name")
OTHER_METHOD = Refusal(405, "other-method", "hanya GET, HEAD dan POST", "only GET, HEAD and POST")
TOO_OFTEN = Refusal(429, "too-often", "terlalu sering; tunggu sebentar", "too many requests: wait a moment")
ASKED_ELSEWHERE = Refusal(403, "other-site", "diminta oleh situs lain", "asked for by another site")
SENT_ELSEWHERE = Refusal(403, "other-origin", "dikirim dari situs lain", "sent from another site")

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # `no-referrer` would make Chromium send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Of every answer; a handler may set its own instead."""


@dataclass
class Guard:
    """The application behind its checks.

    `hosts`: the names (with their ports) by which the page may be asked for. `proxied`: it listens on a socket that
    only the office's proxy can reach; then, and only then, that proxy says who asks (the last entry of its
    `X-Forwarded-For`).
    """

    app: App
    hosts: frozenset[str]
    proxied: bool = False
    secure: bool = False
    """Is it asked for over https?"""
    by_program: Callable[[Scope], bool] = lambda _scope: False
    """Is a request a program's, which gets JSON?"""
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        address = self._address(scope, headers)
        scope["sopctl.address"] = address
        refused = self._refused(scope, headers, address)
        by_program, own = self.by_program(scope), self._with_headers(send)
        with_files = headers.get("content-type", "").startswith("multipart/form-data")
        most = MAX_UPLOAD if with_files else MAX_BODY
        try:
            if refused:
                raise _Refused(refused)
            heard = MOST_HEARD if with_files and not by_program else most
            body, scope["sopctl.cut"] = await asyncio.wait_for(_body(receive, most, heard), BODY_SECONDS)
        except TimeoutError:
            await _answer(own, TOO_SLOW, as_json=by_program)
        except _Refused as error:
            await _answer(own, error.refusal, as_json=by_program)
        else:
            await self.app(scope, _replay(body, receive), own)

    def _address(self, scope: Scope, headers: dict[str, str]) -> str:
        if self.proxied:
            return headers.get("x-forwarded-for", "").rpartition(",")[2].strip()[:64]
        client = scope.get("client")
        return str(client[0]) if client else ""

    def _refused(self, scope: Scope, headers: dict[str, str], address: str) -> Refusal | None:
        if headers.get("host", "").lower() not in self.hosts:
            return OTHER_NAME
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return OTHER_METHOD
        if not self._within_rate(address):
            return TOO_OFTEN
        site, mode = headers.get("sec-fetch-site", ""), headers.get("sec-fetch-mode", "")
        reads = scope["method"] in ("GET", "HEAD")
        if site not in ("", "same-origin", "none") and not (reads and mode == "navigate"):
            return ASKED_ELSEWHERE
        origin = headers.get("origin")
        if not reads and origin is not None and urlsplit(origin).netloc.lower() != headers["host"].lower():
            return SENT_ELSEWHERE
        return None

    def _within_rate(self, address: str) -> bool:
        now = time.monotonic()
        left, at = self._buckets.pop(address, (BURST, now))
        left = min(BURST, left + (now - at) * PER_SECOND)
        self._buckets[address] = (max(left - 1, 0.0), now)
        while len(self._buckets) > ADDRESSES:
            self._buckets.popitem(last=False)
        return left >= 1

    def _with_headers(self, send: Send) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message.setdefault("headers", [])}
                wanted = dict(HEADERS)
                if self.secure:
                    wanted["Strict-Transport-Security"] = "max-age=31536000"
                message["headers"] = [
                    *message["headers"],
                    *((n.lower().encode(), v.encode()) for n, v in wanted.items() if n.lower().encode() not in there),
                ]
            await send(message)

        return with_headers


class _Refused(Exception):
    """Nothing of it comes to a handler."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.id)
        self.refusal = refusal


def _headers(scope: Scope) -> dict[str, str]:
    """By name in lower case; of one that stands there twice, all, so that no check and no handler disagree on which."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


async def _body(receive: Receive, most: int, heard: int) -> tuple[bytes, bool]:
    """The body, or its first `most` bytes; and was it longer than that? Raises _Refused where it is longer than what
    is `heard`."""
    found, length = bytearray(), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(found), length > most
        more = message.get("body", b"")
        length += len(more)
        found += more[: most - len(found)]
        if length > heard:
            raise _Refused(TOO_LARGE)
        if not message.get("more_body", False):
            return bytes(found), length > most


def _replay(body: bytes, receive: Receive) -> Receive:
    left = [body]

    async def replay() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return replay


async def _answer(send: Send, refusal: Refusal, *, as_json: bool) -> None:
    said, kind = f"{refusal.indonesian} / {refusal.english}\n", b"text/plain; charset=utf-8"
    if as_json:
        said, kind = json.dumps({"error": refusal.id, "message": refusal.english}), b"application/json"
    content = said.encode()
    await send(
        {
            "type": "http.response.start",
            "status": refusal.status,
            "headers": [(b"content-type", kind), (b"content-length", b"%d" % len(content))],
        }
    )
    await send({"type": "http.response.body", "body": content})
