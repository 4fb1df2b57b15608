"""The access check of one host: one connection, one deadline, one ladder of rungs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sopctl import __version__
from sopctl.adapters.ssh import tcp
from sopctl.adapters.ssh.banner import announce, read_banner
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key
from sopctl.adapters.ssh.line import Line
from sopctl.errors import InvalidRecord
from sopctl.model.access import AccessResult, Cause, HostKey, Pin, Rung, RungResult, Target, Verdict, pin
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.adapters.ssh.session import Session

IDENTIFICATION = f"SSH-2.0-sopctl_{__version__}"


def check(target: Target, key: Key | None = None, *, cancel: threading.Event | None = None) -> AccessResult:
    """Climb the ladder of `target`: name, TCP, banner, key exchange, host key, login, command, services.

    The answer comes at the latest half a second after `target.timeout`, whatever the host does. Only a server
    that proved the pinned host key ever sees a credential. One SSH connection, one login attempt; no agent, no
    forwarding, none of the user's own SSH files.
    Raises InvalidRecord for a pin that is none and for a login without a key; Interrupted soon after `cancel`
    was set.
    """
    if target.user is not None and key is None:
        raise InvalidRecord("a login needs a private key", where=target.host, remedy="give a key file")
    expected = pin(target.expect_key) if target.expect_key is not None else None
    climb = _Climb(target, Deadline(target.timeout, cancel))
    try:
        climb.connect()
        climb.meet(expected)
        if target.user is not None and key is not None:
            climb.log_in(target.user, key)
        climb.close()
        climb.try_services()
    except Fault as fault:
        return climb.result(fault)
    finally:
        climb.close()
    return climb.result()


class _Climb:
    """One check under way: the rungs so far, what was found, and what must be closed in the end."""

    def __init__(self, target: Target, deadline: Deadline) -> None:
        self._target = target
        self._deadline = deadline
        self._rungs: list[RungResult] = []
        self._address: tcp.Address | None = None
        self._line: Line | None = None
        self._session: Session | None = None
        self._banner = ""
        self._host_key: HostKey | None = None
        self._algorithms: dict[str, str] = {}

    def connect(self) -> None:
        """Name and TCP: a connected line."""
        target = self._target
        with self._on(Rung.NAME) as note:
            addresses = tcp.resolve(target.host, target.port, self._deadline)
            note.append(", ".join(address[1][0] for address in addresses))
        with self._on(Rung.TCP) as note:
            self._address, sock = tcp.connect(addresses, self._deadline)
            self._line = Line(sock, self._deadline)
            note.append(f"{self._address[1][0]} port {target.port}")

    def meet(self, expected: Pin | None) -> None:
        """Banner, key exchange, host key: a session with the server that it must be."""
        assert self._line is not None  # noqa: S101 (connect() came first)
        with self._on(Rung.BANNER) as note:
            announce(self._line, IDENTIFICATION)
            self._banner = read_banner(self._line, self._deadline)
            note.append(self._banner)
        with self._on(Rung.KEX) as note:
            from sopctl.adapters.ssh.session import Session

            self._session = Session(self._line, IDENTIFICATION, expected.type if expected else None)
            self._host_key, self._algorithms = self._session.exchange_keys()
            note.append(", ".join(self._algorithms.values()))
        with self._on(Rung.HOST_KEY) as note:
            self._judge(self._host_key, expected, self._session)
            note.append(f"{self._host_key.type} {self._host_key.sha256}")

    def _judge(self, found: HostKey, expected: Pin | None, session: "Session") -> None:
        shown = f"{found.type} {found.sha256}"
        if expected is None:
            if self._target.user is not None:
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

    def log_in(self, user: str, key: Key) -> None:
        """Login and command."""
        assert self._session is not None  # noqa: S101 (meet() came first)
        with self._on(Rung.LOGIN) as note:
            self._session.login(user, key)
            note.append(f"{printable(user, 64)} with {key.fingerprint}")
        with self._on(Rung.COMMAND) as note:
            self._session.run(self._target.command)
            note.append(printable(self._target.command, 80))

    def try_services(self) -> None:
        """The TCP ports that must accept too."""
        ports = self._target.services
        if not ports or self._address is None:
            return
        with self._on(Rung.SERVICE) as note:
            closed = tcp.closed_ports(self._address, ports, self._deadline)
            if closed:
                raise Fault(Cause.PORT_CLOSED, "; ".join(f"port {port}: {why}" for port, why in closed.items()))
            note.append(f"{'port' if len(ports) == 1 else 'ports'} {', '.join(map(str, ports))}")

    def close(self) -> None:
        """Close what is open; a second call does nothing."""
        if self._session is not None:
            self._session.close()
        elif self._line is not None:
            self._line.close()
        self._session = self._line = None

    def result(self, fault: Fault | None = None) -> AccessResult:
        """What came out, with the last rung reached."""
        target = self._target
        return AccessResult(
            host=target.host,
            port=target.port,
            verdict=Verdict.INACCESSIBLE if fault else Verdict.ACCESSIBLE,
            rung=self._rungs[-1].rung,
            cause=fault.cause if fault else None,
            detail=fault.detail if fault else self._rungs[-1].detail,
            seconds=time.monotonic() - self._deadline.started,
            rungs=tuple(self._rungs),
            user=target.user,
            host_key=self._host_key,
            banner=self._banner,
            algorithms=self._algorithms,
        )

    @contextmanager
    def _on(self, rung: Rung) -> Iterator[list[str]]:
        """Time a rung and keep how it ended. What the body appends to the list is its detail."""
        began, note = time.monotonic(), list[str]()
        try:
            yield note
        except Fault as fault:
            self._rungs.append(RungResult(rung, False, time.monotonic() - began, fault.detail))
            raise
        self._rungs.append(RungResult(rung, True, time.monotonic() - began, "; ".join(note)))
