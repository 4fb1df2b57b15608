"""The last rungs: the TCP ports that must accept, TLS on those that speak it, HTTP on those that answer it."""

import contextlib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from msgspec.structs import replace

from sopctl import __version__
from sopctl.adapters.ssh.climb import Climb
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.line import Cut, Line
from sopctl.adapters.ssh.tls import Certificate, Tls, context, now, unchecking_context
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import Rung, ServiceResult
from sopctl.model.access.target import Service
from sopctl.model.text import printable

MAX_STATUS_LINE = 8192
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: ([^\r\n]*))?\r?\n")


class Talk(Protocol):
    """What a request is sent over: a Line, or TLS over it."""

    def recv(self, size: int, /) -> bytes: ...
    def sendall(self, data: bytes, /) -> None: ...


def try_services(climb: Climb, ca: str | None) -> None:
    """Try what the target must offer besides SSH. All that is wrong on a rung is told; the first cause counts.

    Raises Fault and Interrupted.
    """
    wanted = [one if isinstance(one, Service) else Service(one) for one in climb.target.services]
    found = {service: ServiceResult(service.port, service.kind) for service in wanted}
    with contextlib.ExitStack() as opened:
        try:
            _Tries(climb, found, opened).climb(ca)
        finally:
            climb.services += found.values()


class _Tries:
    """The services of one target under way; `found` fills up with what is seen of each."""

    def __init__(self, climb: Climb, found: dict[Service, ServiceResult], opened: contextlib.ExitStack) -> None:
        self._climb = climb
        self._found = found
        self._opened = opened
        self._name = climb.target.server_name or climb.target.host

    def climb(self, ca: str | None) -> None:
        """Service, TLS and HTTP, as far as they are wanted."""
        talks: dict[Service, Talk] = dict(self._connect())
        with self._rung(Rung.TLS, [service for service in talks if service.secured]) as secured:
            for service in secured:
                with self._noting(service):
                    line = talks[service]
                    assert isinstance(line, Line)  # noqa: S101 (tells mypy what _connect() made)
                    talks[service] = self._secure(service, line, ca)
        with self._rung(Rung.HTTP, [service for service in talks if service.web]) as web:
            for service in web:
                with self._noting(service):
                    self._request(service, talks[service])

    def _connect(self) -> dict[Service, Line]:
        connected: dict[Service, Line] = {}
        with self._rung(Rung.SERVICE, list(self._found)) as services:
            lines, closed = self._climb.lines(sorted({service.port for service in services}))
            for line in lines.values():
                self._opened.callback(line.close)
            for service in services:
                if service.port in closed:
                    self._note(service, cause=Cause.PORT_CLOSED, detail=closed[service.port])
                elif lines[service.port] in connected.values():  # asked for twice, in two kinds
                    connected[service] = self._again(service.port)
                else:
                    connected[service] = lines[service.port]
        return connected

    def _again(self, port: int) -> Line:
        """Another connection to a port that accepted one."""
        lines, closed = self._climb.lines([port])
        if closed:
            raise Fault(Cause.PORT_CLOSED, f"port {port}: {closed[port]}")
        self._opened.callback(lines[port].close)
        return lines[port]

    def _secure(self, service: Service, line: Line, ca: str | None) -> Tls:
        tls = Tls(line, context(ca), self._name)
        try:
            tls.shake_hands()
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
        """The certificate that was found wanting: looked at on a connection of its own, over which nothing is sent."""
        with contextlib.suppress(Fault, Cut, OSError):
            tls = Tls(self._again(service.port), unchecking_context(), self._name)
            tls.shake_hands()
            return tls.certificate()
        return None

    def _request(self, service: Service, talk: Talk) -> None:
        host = f"[{self._name}]" if ":" in self._name else self._name
        request = (
            f"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sopctl/{__version__}\r\nAccept: */*\r\n"
            "Connection: close\r\n\r\n"
        )
        answer = b""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # what it said before that is still read
            talk.sendall(request.encode())
        while b"\n" not in answer and len(answer) <= MAX_STATUS_LINE:
            try:
                data = talk.recv(1024)
            except TimeoutError:
                continue
            if not data:
                break
            answer += data
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
        """Keep how one service failed, and go on to the next."""
        deadline = self._climb.deadline
        try:
            yield
        except Fault as fault:
            self._note(service, cause=fault.cause, detail=fault.detail)
        except Cut:
            deadline.tick()  # raises when cancelled
            late = deadline.passed
            what = "did not answer within the time" if late else "sends data without end"
            self._note(service, cause=Cause.TIMEOUT if late else Cause.FLOODED, detail=what)
        except ssl.SSLError as error:
            reason = printable((error.reason or "no reason given").lower().replace("_", " "), 120)
            self._note(service, cause=Cause.CLOSED, detail=f"ended TLS: {reason}")
        except OSError:
            self._note(service, cause=Cause.CLOSED, detail="closed the connection")

    @contextmanager
    def _rung(self, rung: Rung, services: list[Service]) -> Iterator[list[Service]]:
        """One rung for all `services`, if there are any; it fails when one of them did."""
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


def _iso(certificate: Certificate | None) -> str | None:
    return certificate.expires.isoformat() if certificate else None
