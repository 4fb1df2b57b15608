"""The one way to a BMC for the Redfish library: every request and every answer passes here.

A BMC belongs to someone else and may be hostile. So nothing is sent before it has shown the pinned certificate, nothing
goes to another host (a link, a redirection), nothing but reading and the session itself is asked for, and answers are
bounded in size and, by the watch, in time.
"""

import hashlib
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError

from sopctl.adapters.bmc.faults import BmcFault, CertificateChanged
from sopctl.adapters.bmc.watch import Endpoint, Watch
from sopctl.adapters.secured import unverified
from sopctl.model.text import printable

MAX_ANSWER = 2_000_000
"""Bytes of one answer; the largest that a real BMC gives are some 200,000."""
MAX_ALL = 24_000_000
"""Bytes of all answers of a session."""
MAX_MOVES = 3
"""How often an answer may name another path of the same BMC: with a slash behind it, usually."""

_MOVED = (301, 302, 303, 307, 308)
_KEPT = {"accept", "content-type", "content-length", "odata-version", "x-auth-token", "connection", "user-agent"}


def sha256(certificate: bytes) -> str:
    return hashlib.sha256(certificate).hexdigest()


class Gate(HTTPAdapter):
    """Sends requests to `endpoint` alone, while `watch` lasts."""

    def __init__(self, endpoint: Endpoint, watch: Watch) -> None:
        self._endpoint, self.watch = endpoint, watch
        self._bytes = 0
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: Any) -> None:
        gate = self

        class Connection(HTTPSConnection):
            def _new_conn(self) -> Any:
                return gate.watch.connect()

            def connect(self) -> None:
                super().connect()
                assert isinstance(self.sock, ssl.SSLSocket)  # noqa: S101 (an HTTPS connection has no other)
                shown = sha256(self.sock.getpeercert(binary_form=True) or b"")
                if shown != gate._endpoint.pinned:
                    self.close()
                    raise _changed(gate._endpoint, shown)
                self.is_verified = True  # by its pin

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        self.poolmanager = PoolManager(
            num_pools=connections, maxsize=maxsize, block=block, ssl_context=unverified(), retries=False
        )
        self.poolmanager.pool_classes_by_scheme = {"https": Pool}

    def send(  # type: ignore[override]  # what a session gives for proxies and TLS does not count here
        self, request: PreparedRequest, stream: bool = False, timeout: object = None, **ignored: object
    ) -> Response:
        """The answer, read in full. Raises BmcFault, also where the library meets another error."""
        for _ in range(MAX_MOVES):
            answer = self._sent(request)
            target = answer.headers.get("Location")
            if answer.status_code not in _MOVED:
                return answer
            if not target or request.method != "GET":
                break
            request = request.copy()
            request.url = urljoin(str(request.url), target)
        raise _elsewhere(self._endpoint, str(target))

    def _sent(self, request: PreparedRequest) -> Response:
        self._refuse(request)
        # No credentials from .netrc, no cookies.
        for name in [name for name in request.headers if name.lower() not in _KEPT]:
            del request.headers[name]
        request.headers["Accept-Encoding"] = "identity"
        try:
            answer = super().send(request, stream=True, timeout=self.watch.left(), verify=False, proxies={})
            answer._content = self._body(answer)  # requests has no other way to hand over what was read
        except BmcFault:
            raise
        except (OSError, HTTPError, ValueError) as error:
            self.watch.refuse()
            raise _fault_in(error) or unreachable(self._endpoint, error) from None
        answer._content_consumed = True
        answer.raw.release_conn()
        return answer

    def _body(self, answer: Response) -> bytes:
        parts, size = [], 0
        while part := answer.raw.read(65536, decode_content=True):
            size += len(part)
            self._bytes += len(part)
            if size > MAX_ANSWER or self._bytes > MAX_ALL:
                answer.raw.close()
                raise BmcFault(
                    "bmc-answer-too-large",
                    "the BMC sends more than {limit} bytes",
                    remedy="Update the BMC's firmware. Until then, fill in a sheet by hand.",
                    where=self._endpoint.place,
                    limit=MAX_ANSWER if size > MAX_ANSWER else MAX_ALL,
                )
            parts.append(part)
        self.watch.refuse()
        return b"".join(parts)

    def _refuse(self, request: PreparedRequest) -> None:
        """Raise BmcFault for a request to elsewhere, or one that could change something."""
        where = urlsplit(str(request.url))
        try:
            port = where.port or 443
        except ValueError:
            port = 0
        here = (where.scheme, (where.hostname or "").casefold(), port, where.username)
        if here != ("https", self._endpoint.address.casefold(), self._endpoint.port, None):
            raise _elsewhere(self._endpoint, str(request.url))
        session = request.method in ("POST", "DELETE") and "session" in where.path.casefold()
        if not where.path.startswith("/redfish/v1") or (request.method != "GET" and not session):
            raise _elsewhere(self._endpoint, f"{request.method} {where.path}")


def _fault_in(error: BaseException | None) -> BmcFault | None:
    """The fault that the library wrapped in errors of its own."""
    for _ in range(8):
        if error is None or isinstance(error, BmcFault):
            return error
        reason: Mapping[str, Any] = getattr(error, "__dict__", {})
        error = next(
            (
                each
                for each in (reason.get("reason"), *error.args, error.__cause__, error.__context__)
                if isinstance(each, BaseException)
            ),
            None,
        )
    return None


def unreachable(endpoint: Endpoint, error: BaseException) -> BmcFault:
    """The error for a connection that did not come about."""
    return BmcFault(
        "bmc-unreachable",
        "there is no HTTPS connection with the BMC: {reason}",
        where=endpoint.place,
        remedy="Look whether the BMC has this address, and whether the controller's network leads to it.",
        reason=printable(f"{type(error).__name__}: {error}", 200),
    )


def _changed(endpoint: Endpoint, shown: str) -> CertificateChanged:
    return CertificateChanged(
        "bmc-certificate-changed",
        "the BMC's certificate changed: expected SHA256:{pinned}, but it shows SHA256:{shown}",
        where=endpoint.place,
        remedy="Nothing was sent. Ask the owner whether the BMC was reset or renewed its certificate, and compare it "
        "there before you confirm it again.",
        pinned=endpoint.pinned,
        shown=shown,
    )


def _elsewhere(endpoint: Endpoint, target: str) -> BmcFault:
    return BmcFault(
        "bmc-leads-elsewhere",
        "the BMC sends the reading elsewhere, and nothing was sent there: {target}",
        remedy=(
            "If the BMC now has another address, correct that in the record; otherwise, find out why it points there."
        ),
        where=endpoint.place,
        target=printable(target, 200),
    )
