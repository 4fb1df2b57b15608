"""The one way to NetBox for pynetbox: every request and every answer passes here.

requests would follow redirections with the token, read .netrc and proxies from the environment, and wait for an answer
byte by byte. So it gets its answers from `adapters/asking`: of the one address, over verified TLS, bounded in size and
over the whole conversation in time, and never elsewhere.
"""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from sopctl.adapters.asking import Answer, Lost, NotSent, ask
from sopctl.adapters.netbox.faults import NetBoxFault, Server

RUN_SECONDS = 3600.0
"""For all that is asked in one run."""
MAX_ANSWER = 16_000_000
"""Bytes of an answer: a thousand devices, NetBox's largest page, have some 5,000,000."""
BUSY = (429, 503)
"""It asks for patience."""
TRIES = 4
MOST_PATIENCE = 30.0
"""Seconds that are waited before a try, whatever it asks for."""
_MOVED = (301, 302, 303, 307, 308)
_SENT = ("accept", "authorization", "content-type")


class Transport(BaseAdapter):
    """Sends requests to `server` alone, for as long as a run may take. `wait` is how it waits, `seconds` how long an
    answer may take."""

    def __init__(self, server: Server, seconds: float, wait: Callable[[float], None]) -> None:
        super().__init__()
        self._server, self._seconds, self._wait = server, seconds, wait
        self._until = time.monotonic() + RUN_SECONDS

    def send(self, request: PreparedRequest, *_more: object, **_ignored: object) -> Response:
        """The answer, read in full. Raises NetBoxFault."""
        if _origin(str(request.url)) != _origin(self._server.url):
            raise NetBoxFault(
                "netbox-leads-elsewhere",
                "NetBox names another address for its own objects: {found}",
                where=self._server.url,
                remedy="Write into sopctl.yml the address by which NetBox knows itself.",
                found="{}://{}:{}".format(*_origin(str(request.url))),
            )
        patience = 1.0
        for left in reversed(range(TRIES)):
            answer = self._asked(request)
            if answer.status not in BUSY or not left:
                break
            said = answer.headers.get("retry-after", "")
            asked = float(said) if said.isascii() and said.isdigit() and len(said) < 10 else patience
            self._wait(min(max(asked, patience), MOST_PATIENCE))
            patience *= 2
        if answer.status in _MOVED:
            raise NetBoxFault(
                "netbox-moved",
                "NetBox answers that it has moved, and nothing was sent there",
                where=self._server.url,
                remedy="Write its new address, as https://…, into sopctl.yml.",
            )
        return _response(request, answer)

    def _asked(self, request: PreparedRequest) -> Answer:
        left = self._until - time.monotonic()
        if left <= 0:
            raise NetBoxFault(
                "netbox-took-too-long",
                "all that was to be asked of NetBox did not end within {minutes:.0f} minutes",
                where=self._server.url,
                remedy="What was written stays. The next run goes on.",
                minutes=RUN_SECONDS / 60,
            )
        body = request.body.encode() if isinstance(request.body, str) else request.body
        assert body is None or isinstance(body, bytes)  # noqa: S101 (JSON is all that pynetbox sends)
        headers = {name: str(value) for name, value in request.headers.items() if name.lower() in _SENT}
        try:
            return ask(
                str(request.url),
                body,
                headers,
                method=request.method,
                seconds=min(self._seconds, left),
                most=MAX_ANSWER,
                ca=self._server.ca,
            )
        except (NotSent, Lost) as error:
            raise NetBoxFault(
                "netbox-unreachable",
                "there is no answer of NetBox: {reason}",
                where=self._server.url,
                remedy="Look whether it runs, whether its certificate is of an authority that is trusted here, and "
                "whether this machine reaches it.",
                reason=str(error),
            ) from None

    def close(self) -> None:
        """Nothing is kept open."""


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = 0
    return parts.scheme, (parts.hostname or "").casefold(), port


def _response(request: PreparedRequest, answer: Answer) -> Response:
    made: Any = Response()
    made.status_code, made.reason, made.url, made.request = answer.status, "", request.url, request
    made.headers, made.encoding = CaseInsensitiveDict(answer.headers), "utf-8"
    made._content, made._content_consumed = answer.body, True  # requests has no other way to hand over what was read
    return made  # type: ignore[no-any-return]
