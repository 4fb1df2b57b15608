"""The last rungs: the TCP ports that must accept connections, a mail server's greeting, TLS and HTTP on those that
should speak them.
"""

import contextlib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from msgspec.structs import replace

from sopctl import __version__
from sopctl.adapters.ssh.climb import Climb
from sopctl.adapters.ssh.connection import Connection, Cut
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.tls import Certificate, Tls, context, now, unverified_context
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import Rung, ServiceResult
from sopctl.model.access.target import Service, ServiceKind
from sopctl.model.text import printable

MAX_STATUS_LINE = 8192
MAX_GREETING = 8192
_GREETING = re.compile(rb"220[ -]([^\r\n]*)\r?\n")
"""RFC 5321, section 4.2: the first line of the reply with which a mail server begins."""
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: ([^\r\n]*))?\r?\n")


class ByteStream(Protocol):
    """What an HTTP request is sent over: a Connection, or TLS over one."""

    def recv(self, size: int, /) -> bytes: ...
    def sendall(self, data: bytes, /) -> None: ...


def try_services(climb: Climb, ca: str | None) -> None:
    """Check the services that the target must offer besides SSH. A rung reports every failure; the first one is its
    cause.

    Raises Fault and Interrupted.
    """
    wanted = [one if isinstance(one, Service) else Service(one) for one in climb.target.services]
    found = {service: ServiceResult(service.port, service.kind) for service in wanted}
    with contextlib.ExitStack() as opened:
        try:
            _ServiceChecks(climb, found, opened).climb(ca)
        finally:
            climb.services += found.values()


class _ServiceChecks:
    """The checks of one target's services; `found` collects the results."""

    def __init__(self, climb: Climb, found: dict[Service, ServiceResult], opened: contextlib.ExitStack) -> None:
        self._climb = climb
        self._found = found
        self._opened = opened
        self._name = climb.target.server_name or climb.target.host

    def climb(self, ca: str | None) -> None:
        """Service, TLS and HTTP, as far as the services call for them."""
        streams: dict[Service, ByteStream] = dict(self._connect())
        with self._rung(Rung.TLS, [service for service in streams if service.secured]) as secured:
            for service in secured:
                with self._noting(service):
                    connection = streams[service]
                    assert isinstance(connection, Connection)  # noqa: S101 (tells mypy what _connect() made)
                    streams[service] = self._secure(service, connection, ca)
        with self._rung(Rung.HTTP, [service for service in streams if service.web]) as web:
            for service in web:
                with self._noting(service):
                    self._request(service, streams[service])

    def _connect(self) -> dict[Service, Connection]:
        connected: dict[Service, Connection] = {}
        with self._rung(Rung.SERVICE, list(self._found)) as services:
            opened, closed = self._climb.connections(sorted({service.port for service in services}))
            for connection in opened.values():
                self._opened.callback(connection.close)
            for service in services:
                if service.port in closed:
                    self._note(service, cause=Cause.PORT_CLOSED, detail=closed[service.port])
                elif opened[service.port] in connected.values():  # the port is listed twice, for two protocols
                    connected[service] = self._again(service.port)
                else:
                    connected[service] = opened[service.port]
            for service, connection in connected.items():
                if service.kind is ServiceKind.SMTP:
                    with self._noting(service):
                        self._greeted(service, connection)
        return connected

    def _greeted(self, service: Service, connection: Connection) -> None:
        """The greeting of a mail server, which speaks first; then we leave."""
        said = _line(connection, MAX_GREETING)
        if not said:
            raise Fault(Cause.NOT_SMTP, "closed the connection without a greeting")
        if _GREETING.match(said) is None:
            raise Fault(Cause.NOT_SMTP, f'says "{printable(said, 80)}"')
        with contextlib.suppress(OSError):
            connection.sendall(b"QUIT\r\n")
        self._note(service, detail=printable(said.split(b"\n")[0].strip(), 80))

    def _again(self, port: int) -> Connection:
        """One more connection to a port that accepted one."""
        opened, closed = self._climb.connections([port])
        if closed:
            raise Fault(Cause.PORT_CLOSED, f"port {port}: {closed[port]}")
        self._opened.callback(opened[port].close)
        return opened[port]

    def _secure(self, service: Service, connection: Connection, ca: str | None) -> Tls:
        tls = Tls(connection, context(ca), self._name)
        try:
            tls.handshake()
        except Fault as fault:
            shown = self._shown(service) if fault.cause.startswith("certificate-") else None
            more = f"; {shown}" if shown else ""
            self._note(service, expires=_iso(shown))
            raise Fault(fault.cause, f"{fault.detail}{more}") from None
        shown = tls.certificate()
        days = f" ({(shown.expires - now()).days} days)" if shown else ""
        self._note(service, detail=f"{tls.version}, {shown or 'certificate not readable'}{days}", expires=_iso(shown))
        return tls

    def _shown(self, service: Service) -> Certificate | None:
        """The certificate that was rejected, read over a connection of its own, over which no data is sent."""
        with contextlib.suppress(Fault, Cut, OSError):
            tls = Tls(self._again(service.port), unverified_context(), self._name)
            tls.handshake()
            return tls.certificate()
        return None

    def _request(self, service: Service, stream: ByteStream) -> None:
        host = f"[{self._name}]" if ":" in self._name else self._name
        request = (
            f"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sopctl/{__version__}\r\nAccept: */*\r\n"
            "Connection: close\r\n\r\n"
        )
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # what it sent before can still be read
            stream.sendall(request.encode())
        answer = _line(stream, MAX_STATUS_LINE)
        if not answer:
            raise Fault(Cause.CLOSED, "closed the connection without an answer")
        said = _STATUS_LINE.match(answer)
        if said is None:
            raise Fault(Cause.NOT_HTTP, f'answers "{printable(answer, 80)}"')
        status = int(said[1])
        shown = f"HTTP {status} {printable(said[2] or b'', 80)}".rstrip()
        self._note(service, status=status)
        if status >= 400:
            raise Fault(Cause.HTTP_STATUS, shown)
        before = self._found[service].detail
        self._note(service, detail=f"{before}; {shown}" if before else shown)

    @contextmanager
    def _noting(self, service: Service) -> Iterator[None]:
        """Record how one service failed, and go on with the next."""
        deadline = self._climb.deadline
        try:
            yield
        except Fault as fault:
            self._note(service, cause=fault.cause, detail=fault.detail)
        except Cut:
            deadline.tick()  # raises when cancelled
            late = deadline.passed
            what = "did not answer in time" if late else "sends data without end"
            self._note(service, cause=Cause.TIMEOUT if late else Cause.FLOODED, detail=what)
        except ssl.SSLError as error:
            reason = printable((error.reason or "no reason given").lower().replace("_", " "), 120)
            self._note(service, cause=Cause.CLOSED, detail=f"ended TLS: {reason}")
        except OSError:
            self._note(service, cause=Cause.CLOSED, detail="closed the connection")

    @contextmanager
    def _rung(self, rung: Rung, services: list[Service]) -> Iterator[list[Service]]:
        """One rung for all `services`, if there are any; it fails when one of them failed."""
        if not services:
            yield services
            return
        with self._climb.on(rung) as note:
            yield services
            failed = [self._found[service] for service in services if self._found[service].cause]
            if failed and failed[0].cause:
                raise Fault(failed[0].cause, "; ".join(f"port {one.port}: {one.detail}" for one in failed))
            details = [(service.port, self._found[service].detail) for service in services]
            if rung is Rung.SERVICE:
                ports = sorted({port for port, _ in details})
                note.append(f"{'port' if len(ports) == 1 else 'ports'} {', '.join(map(str, ports))}")
            else:
                note.extend(f"port {port}: {detail}" for port, detail in details)

    def _note(self, service: Service, **seen: object) -> None:
        self._found[service] = replace(self._found[service], **seen)


def _line(stream: ByteStream, limit: int) -> bytes:
    """What comes up to the end of the first line, at most `limit` bytes and what came with them."""
    said = b""
    while b"\n" not in said and len(said) <= limit:
        try:
            data = stream.recv(1024)
        except TimeoutError:
            continue
        if not data:
            break
        said += data
    return said


def _iso(certificate: Certificate | None) -> str | None:
    return certificate.expires.isoformat() if certificate else None
