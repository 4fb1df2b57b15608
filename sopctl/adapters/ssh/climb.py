"""The ladder itself: one host, climbed rung by rung within one deadline, directly or from a jump host."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sopctl import __version__
from sopctl.adapters.ssh import tcp
from sopctl.adapters.ssh.banner import announce, read_banner
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key, Password
from sopctl.adapters.ssh.line import LIMIT, Line
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, JumpHost, Rung, RungResult, ServiceResult, Verdict
from sopctl.model.access.target import HostKey, Jump, Pin, Target
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.adapters.ssh.session import Session

IDENTIFICATION = f"SSH-2.0-sopctl_{__version__}"

JUMP_LIMIT = 2 * LIMIT
"""Bytes that a jump host may send: what it passes on from the target has a limit of its own."""


class Climb:
    """One check under way: the rungs so far, what was found, and what must be closed in the end."""

    def __init__(self, target: Target, deadline: Deadline, *, limit: int = LIMIT) -> None:
        self.target = target
        self.deadline = deadline
        self.rungs: list[RungResult] = []
        self.services: list[ServiceResult] = []
        self.session: Session | None = None
        self._limit = limit
        self._gate: Climb | None = None
        self._address: tcp.Address | None = None
        self._line: Line | None = None
        self._banner = ""
        self._host_key: HostKey | None = None
        self._algorithms: dict[str, str] = {}

    def jump(self, jump: Jump, key: Key) -> None:
        """Log in at the jump host, where connections are then made from."""
        there = Target(jump.host, jump.port, jump.user, jump.expect_key)
        with self.on(Rung.JUMP) as note:
            self._gate = gate = Climb(there, self.deadline, limit=JUMP_LIMIT)
            try:
                gate.connect()
                gate.meet()
                gate.log_in(jump.user, key)
            except Fault as fault:
                rung = fault.rung or gate.rungs[-1].rung
                raise Fault(fault.cause, f"jump host {jump.host}, {rung}: {fault.detail}", Rung.JUMP) from None
            note.append(f"{printable(jump.user, 64)} at {jump.host} port {jump.port}, {gate.rungs[-2].detail}")

    def connect(self) -> None:
        """Name and TCP: a connected line. Through a jump host it is that host which looks the name up."""
        target = self.target
        if self._gate and self._gate.session:
            with self.on(Rung.TCP) as note:
                stream = self._gate.session.stream(target.host, target.port, self.deadline.left())
                self._line = Line(stream, self.deadline)
                note.append(f"{target.host} port {target.port}, from the jump host")
            return
        with self.on(Rung.NAME) as note:
            addresses = tcp.resolve(target.host, target.port, self.deadline)
            note.append(", ".join(address[1][0] for address in addresses))
        with self.on(Rung.TCP) as note:
            self._address, sock = tcp.connect(addresses, self.deadline)
            self._line = Line(sock, self.deadline, self._limit)
            note.append(f"{self._address[1][0]} port {target.port}")

    def meet(self) -> None:
        """Banner, key exchange, host key: a session with the server that it must be."""
        self.greet()
        self.recognise()

    def greet(self) -> None:
        """The banner: both say who they are."""
        assert self._line is not None  # noqa: S101 (connect() came first)
        with self.on(Rung.BANNER) as note:
            announce(self._line, IDENTIFICATION)
            self._banner = read_banner(self._line, self.deadline)
            note.append(self._banner)

    def recognise(self) -> None:
        """Key exchange and host key: is it the server that it must be?"""
        assert self._line is not None  # noqa: S101 (greet() came first)
        expected = self.target.expect_key
        with self.on(Rung.KEX) as note:
            from sopctl.adapters.ssh.session import Session

            self.session = Session(self._line, IDENTIFICATION, expected.type if expected else None)
            self._host_key, self._algorithms = self.session.exchange_keys()
            note.append(", ".join(self._algorithms.values()))
        with self.on(Rung.HOST_KEY) as note:
            self._judge(self._host_key, expected, self.session)
            note.append(str(self._host_key.pin))

    def _judge(self, found: HostKey, expected: Pin | None, session: "Session") -> None:
        shown = found.pin
        if expected is None:
            if self.target.user is not None:
                raise Fault(Cause.HOST_KEY_UNKNOWN, f"no host key is on record; the server shows {shown}")
            return
        if found.sha256 != expected.sha256:
            known = f"{expected.type or 'key'} {expected.sha256}"
            hint = ""
            if expected.type is None and (others := session.other_key_types()):
                hint = (
                    f"; it also has keys of the types {', '.join(others)}: if the expected one is of these, say which"
                )
            raise Fault(Cause.HOST_KEY_CHANGED, f"expected {known}, but the server shows {shown}{hint}")

    def log_in(self, user: str, way: Key | Password) -> None:
        """The login, one attempt."""
        assert self.session is not None  # noqa: S101 (meet() came first)
        with self.on(Rung.LOGIN) as note:
            if isinstance(way, Password):
                self.session.login_by_password(user, way)
                note.append(f"{printable(user, 64)} with a password")
            else:
                self.session.login(user, way)
                note.append(f"{printable(user, 64)} with {way.fingerprint}")

    def run(self, command: str) -> None:
        """The command, in the account's shell."""
        assert self.session is not None  # noqa: S101 (log_in() came first)
        with self.on(Rung.COMMAND) as note:
            if command == "true":
                self.session.prove_shell()
            else:
                self.session.run(command)
            note.append(printable(command, 80))

    def lines(self, ports: list[int]) -> tuple[dict[int, Line], dict[int, str]]:
        """Connections to other ports of the same server, from the same place; and why some cannot be made.

        From a jump host they are made one after the other, each with its share of the time that is left.
        """
        if self._gate is None:
            assert self._address is not None  # noqa: S101 (connect() came first)
            accepted, closed = tcp.connect_ports(self._address, ports, self.deadline)
            return {port: Line(sock, self.deadline) for port, sock in accepted.items()}, closed
        assert self._gate.session is not None  # noqa: S101 (jump() came first)
        lines: dict[int, Line] = {}
        closed = {}
        for tried, port in enumerate(ports):
            share = self.deadline.left() / (len(ports) - tried)
            try:
                lines[port] = Line(self._gate.session.stream(self.target.host, port, share), self.deadline)
            except Fault as fault:
                closed[port] = fault.detail
        return lines, closed

    def hang_up(self) -> None:
        """End the SSH connection to the target; a second call does nothing."""
        if self.session is not None:
            self.session.close()
        elif self._line is not None:
            self._line.close()
        self.session = self._line = None

    def close(self) -> None:
        """Close all that is open."""
        self.hang_up()
        if self._gate is not None:
            self._gate.close()

    def result(self, fault: Fault | None = None) -> AccessResult:
        """What came out, with the last rung reached."""
        target = self.target
        return AccessResult(
            host=target.host,
            port=target.port,
            verdict=Verdict.INACCESSIBLE if fault else Verdict.ACCESSIBLE,
            rung=self.rungs[-1].rung,
            cause=fault.cause if fault else None,
            detail=fault.detail if fault else self.rungs[-1].detail,
            seconds=time.monotonic() - self.deadline.started,
            rungs=tuple(self.rungs),
            user=target.user,
            host_key=self._host_key,
            banner=self._banner,
            algorithms=self._algorithms,
            services=tuple(self.services),
            jump=_seen_from(target.jump) if target.jump else None,
        )

    def _named(self, fault: Fault) -> Fault:
        """`fault`, or the jump host's end, which looks like one of the target."""
        gate = self._gate.session if self._gate else None
        if fault.cause is Cause.CLOSED and fault.rung is None and gate is not None and gate.ended():
            return Fault(Cause.CLOSED, "the connection to the jump host ended", Rung.JUMP)
        return fault

    @contextmanager
    def on(self, rung: Rung) -> Iterator[list[str]]:
        """Time a rung and keep how it ended. What the body appends to the list is its detail."""
        began, note = time.monotonic(), list[str]()
        try:
            yield note
        except Fault as told:
            fault = self._named(told)
            failed = fault.rung or rung
            # One rung may have seemed well before: a jump host that lets us in, but not on, or not for long.
            self.rungs = [one for one in self.rungs if one.rung is not failed]
            self.rungs.append(RungResult(failed, False, time.monotonic() - began, fault.detail))
            raise fault from None
        self.rungs.append(RungResult(rung, True, time.monotonic() - began, "; ".join(note)))


def _seen_from(jump: Jump) -> JumpHost:
    return JumpHost(jump.host, jump.port, jump.user, str(jump.expect_key) if jump.expect_key else None)
