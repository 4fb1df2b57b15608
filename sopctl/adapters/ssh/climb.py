"""Climbing the ladder of one host: rung by rung, within one deadline, directly or from a jump host."""

import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sopctl import __version__
from sopctl.adapters.ssh import tcp
from sopctl.adapters.ssh.banner import read_banner, send_identification
from sopctl.adapters.ssh.connection import LIMIT, Connection
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key, Password, load_key
from sopctl.adapters.ssh.root import run_unasked, unasked_fault
from sopctl.errors import SopctlError
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, JumpHost, Rung, RungResult, ServiceResult, Verdict
from sopctl.model.access.target import HostKey, Jump, Pin, Target
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.adapters.ssh.session import ForwardedChannel, Session

IDENTIFICATION = f"SSH-2.0-sopctl_{__version__}"

Clock = Callable[[], float]
"""Seconds since 1970 (UTC), as time.time."""

Confirm = Callable[[HostKey], None]
"""Raises what keeps the office from trusting a host key."""


class Climb:
    """One check in progress: the rungs so far, what was found, and what must be closed in the end. `inline`: its
    session may be (see `Session`)."""

    def __init__(
        self,
        target: Target,
        deadline: Deadline,
        *,
        limit: int = LIMIT,
        clock: Clock = time.time,
        inline: bool = False,
    ) -> None:
        self.target = target
        self.deadline = deadline
        self.rungs: list[RungResult] = []
        self.services: list[ServiceResult] = []
        self.session: Session | None = None
        self._limit = limit
        self._clock = clock
        self._inline = inline
        self._jump_host: Climb | None = None
        self._from_jump = [target.host]
        self._address: tcp.Address | None = None
        self._connection: Connection | None = None
        self._banner = ""
        self._host_key: HostKey | None = None
        self._algorithms: dict[str, str] = {}

    def jump(self, jump: Jump, key: Key) -> None:
        """Log in to the jump host, from which all further connections are made. What it forwards from the target has a
        limit of its own."""
        there = Target(jump.host, jump.port, jump.user, jump.expect_key)
        with self.on(Rung.JUMP) as note:
            self._jump_host = host = Climb(there, self.deadline, limit=2 * self._limit)
            try:
                host.connect()
                host.handshake()
                host.log_in(jump.user, key)
            except Fault as fault:
                rung = fault.rung or host.rungs[-1].rung
                raise Fault(fault.cause, f"jump host {jump.host}, {rung}: {fault.detail}", Rung.JUMP) from None
            note.append(f"{printable(jump.user, 64)} at {jump.host} port {jump.port}, {host.rungs[-2].detail}")

    def connect(self) -> Connection:
        """Name lookup and TCP connection. A jump host looks the name up itself, unless it is to be judged where it
        leads: then it is looked up here, and the jump host is asked for an address. One whose key is named in the
        target is logged in to first. Returns the connection, which `close` closes."""
        if self.target.jump and self.target.jump.key_file and self._jump_host is None:
            self.jump(self.target.jump, self._key_of(self.target.jump))
        target, asked = self.target, (self.target.host, self.target.port, self.deadline, self.target.destinations)
        if self._jump_host and self._jump_host.session:
            if target.destinations:
                with self.on(Rung.NAME) as note:
                    self._from_jump = [str(address[0]) for _, address in tcp.resolve(*asked)]
                    note.append(", ".join(self._from_jump))
            with self.on(Rung.TCP) as note:
                self._connection = Connection(self._forwarded(), self.deadline, self._limit)
                note.append(f"{self._from_jump[0]} port {target.port}, from the jump host")
            return self._connection
        with self.on(Rung.NAME) as note:
            addresses = tcp.resolve(*asked)
            note.append(", ".join(address[1][0] for address in addresses))
        with self.on(Rung.TCP) as note:
            self._address, sock = tcp.connect(addresses, self.deadline)
            self._connection = Connection(sock, self.deadline, self._limit)
            note.append(f"{self._address[1][0]} port {target.port}")
        return self._connection

    def _key_of(self, jump: Jump) -> Key:
        try:
            return load_key(Path(jump.key_file))
        except SopctlError as error:  # it was there when the target was named
            with self.on(Rung.JUMP):
                raise Fault(Cause.DENIED, f"jump host {jump.host}: {error.message}") from None

    def _forwarded(self) -> "ForwardedChannel":
        """The jump host's connection to the first address of the target that accepts; the others are forgotten. Each is
        given its share of the remaining time."""
        assert self._jump_host is not None and self._jump_host.session is not None  # noqa: S101, PT018 (jump() came first)
        while True:
            here, share = self._from_jump[0], self.deadline.left() / len(self._from_jump)
            try:
                stream = self._jump_host.session.forward(here, self.target.port, share)
            except Fault as fault:
                if len(self._from_jump) == 1 or fault.rung is not Rung.TCP:
                    raise
                del self._from_jump[0]
            else:
                self._from_jump = [here]
                return stream

    def handshake(self, confirm: Confirm | None = None) -> None:
        """Banner, key exchange and host key: a session with the server that has the expected key, or where none is
        expected yet, one that `confirm` accepts."""
        self.exchange_banners()
        self.verify_host_key(confirm)

    def exchange_banners(self) -> None:
        """The banner: both sides send their identification."""
        assert self._connection is not None  # noqa: S101 (connect() came first)
        with self.on(Rung.BANNER) as note:
            send_identification(self._connection, IDENTIFICATION)
            self._banner = read_banner(self._connection, self.deadline)
            note.append(self._banner)

    def verify_host_key(self, confirm: Confirm | None = None) -> None:
        """Key exchange, and comparison of the host key with the target's expected one. Where none is expected,
        `confirm` raises what refuses the key that is shown; the server waits meanwhile."""
        assert self._connection is not None  # noqa: S101 (exchange_banners() came first)
        expected = self.target.expect_key
        with self.on(Rung.KEX) as note:
            from sopctl.adapters.ssh.session import Session

            kind = expected.type if expected else None
            self.session = Session(self._connection, IDENTIFICATION, kind, self.target.old, inline=self._inline)
            self._host_key, self._algorithms = self.session.exchange_keys()
            note.append(", ".join(self._algorithms.values()))
        with self.on(Rung.HOST_KEY) as note:
            if expected is None and confirm is not None:
                asked = time.monotonic()
                confirm(self._host_key)
                self.deadline.postpone(time.monotonic() - asked)
            else:
                self._compare(self._host_key, expected, self.session)
            note.append(str(self._host_key.pin))

    def _compare(self, found: HostKey, expected: Pin | None, session: "Session") -> None:
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
                    f"; it also has keys of the types {', '.join(others)}: if the expected key is one of these, give "
                    "its type too"
                )
            raise Fault(Cause.HOST_KEY_CHANGED, f"expected {known}, but the server shows {shown}{hint}")

    def log_in(self, user: str, way: Key | Password) -> None:
        """The login: one attempt; with a password that has a key, one with the key before it."""
        with self.on(Rung.LOGIN) as note:
            note.append(f"{printable(user, 64)} with {self._opened_by(user, way)}")

    def _opened_by(self, user: str, way: Key | Password) -> str:
        """Log in. Returns what opened the account."""
        assert self.session is not None  # noqa: S101 (handshake() came first)
        if isinstance(way, Key):
            self.session.login(user, way)
            return way.fingerprint
        if way.key:
            with suppress(Fault):  # then the password decides, also what is said
                self.session.login(user, way.key)
                return way.key.fingerprint
        self.session.login_by_password(user, way)
        return "a password"

    def run(self, command: str) -> None:
        """The command, run by the account's shell."""
        assert self.session is not None  # noqa: S101 (log_in() came first)
        with self.on(Rung.COMMAND) as note:
            if command == "true":
                self.session.prove_shell()
            else:
                self.session.run(command)
            note.append(printable(command, 80))

    def run_as_root(self, script: bytes, arguments: Sequence[str], keep: int) -> bytes:
        """The first `keep` bytes of what the POSIX sh `script` prints as root, which the account is, or becomes
        unasked."""
        assert self.session is not None  # noqa: S101 (log_in() came first)
        with self.on(Rung.COMMAND) as note:
            status, output = run_unasked(self.session, script, arguments, keep)
            if status != 0:
                raise unasked_fault(self.target.user or "", status, output, "as root, the script failed")
            note.append("as root")
        return output

    def run_script(self, script: bytes, arguments: Sequence[str], keep: int) -> bytes:
        """The same, as the account itself."""
        assert self.session is not None  # noqa: S101 (log_in() came first)
        with self.on(Rung.COMMAND) as note:
            status, output = self.session.run_with_input(shlex.join(["sh", "-s", "--", *arguments]), script, keep)
            if status != 0:
                words = printable(output.strip(), 200) or f"exit status {status}"
                raise Fault(Cause.COMMAND_FAILED, f"the script failed: {words}")
            note.append("as the account itself")
        return output

    def connections(self, ports: list[int]) -> tuple[dict[int, Connection], dict[int, str]]:
        """Connections to other ports of the server, made from the same place; and for the other ports, why there is
        none.

        From a jump host they are made one after the other, each with its share of the remaining time.
        """
        if self._jump_host is None:
            assert self._address is not None  # noqa: S101 (connect() came first)
            accepted, closed = tcp.connect_ports(self._address, ports, self.deadline)
            return {port: Connection(sock, self.deadline) for port, sock in accepted.items()}, closed
        assert self._jump_host.session is not None  # noqa: S101 (jump() came first)
        opened: dict[int, Connection] = {}
        closed = {}
        for tried, port in enumerate(ports):
            share = self.deadline.left() / (len(ports) - tried)
            try:
                opened[port] = Connection(
                    self._jump_host.session.forward(self._from_jump[0], port, share), self.deadline
                )
            except Fault as fault:
                closed[port] = fault.detail
        return opened, closed

    def disconnect(self) -> None:
        """Close the SSH connection to the target; a second call does nothing."""
        if self.session is not None:
            self.session.close()
        elif self._connection is not None:
            self._connection.close()
        self.session = self._connection = None

    def close(self) -> None:
        """Close everything that is open."""
        self.disconnect()
        if self._jump_host is not None:
            self._jump_host.close()

    def result(self, fault: Fault | None = None) -> AccessResult:
        """The result of the check, up to the last rung reached."""
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
            at=int(self._clock()),
        )

    def _located(self, fault: Fault) -> Fault:
        """`fault`; or, when the connection to the jump host ended, that: it looks as if the target had closed its."""
        jump = self._jump_host.session if self._jump_host else None
        if fault.cause is Cause.CLOSED and fault.rung is None and jump is not None and jump.ended():
            return Fault(Cause.CLOSED, "the connection to the jump host ended", Rung.JUMP)
        return fault

    @contextmanager
    def on(self, rung: Rung) -> Iterator[list[str]]:
        """Time a rung and record how it ended. What the body appends to the list becomes the rung's detail."""
        began, note = time.monotonic(), list[str]()
        try:
            yield note
        except (Fault, OSError) as raised:
            fault = self._located(raised if isinstance(raised, Fault) else _of_system(raised))
            failed = fault.rung or rung
            # That rung may have succeeded before: a jump host that accepts the login, but refuses to forward.
            self.rungs = [one for one in self.rungs if one.rung is not failed]
            self.rungs.append(RungResult(failed, False, time.monotonic() - began, fault.detail))
            raise fault from None
        self.rungs.append(RungResult(rung, True, time.monotonic() - began, "; ".join(note)))


def _of_system(error: OSError) -> Fault:
    """What this machine itself refuses, whatever it is: it is of this one host, and of no other."""
    return Fault(Cause.NO_ROUTE, f"this machine: {printable(error.strerror or str(error), 200).lower()}")


def _seen_from(jump: Jump) -> JumpHost:
    return JumpHost(jump.host, jump.port, jump.user, str(jump.expect_key) if jump.expect_key else None)
