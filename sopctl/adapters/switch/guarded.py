"""netmiko, guarded: one pinned host key, one deadline, a limit on output, and a closed connection noticed at once.

netmiko 4.8 accepts any host key unless told otherwise, waits for silence, reads for as long as data keeps coming, and
does not notice a closed connection before its own time-out. A device may be someone else's, and hostile.
"""

import contextlib
import logging
import socket
import threading
import time
from base64 import b64decode
from collections.abc import Sequence
from functools import partial
from typing import Any

import paramiko
from netmiko.base_connection import BaseConnection
from netmiko.channel import SSHChannel
from netmiko.ssh_dispatcher import CLASS_MAPPER

from sopctl.adapters import spoken
from sopctl.errors import stopped
from sopctl.model.access.algorithms import Old
from sopctl.model.access.target import HostKey

MAX_OUTPUT = 4 * 1024 * 1024
"""Characters that may be received for one command. The MAC address table of a large switch is about one million."""

MAX_SECONDS = 900.0
"""How long a session may last at the most, however slow the device is: a change on a line of 9,600 baud takes three
minutes."""

SSH_PORT = 22
"""The host key of another port is listed under `[host]:port` (sshd(8), known_hosts)."""

# paramiko's log quotes the device unescaped, and has a traceback for every refusal. Our errors say it all.
_LOG = "sopctl.adapters.switch.paramiko"
logging.getLogger(_LOG).setLevel(logging.CRITICAL + 1)
logging.getLogger(_LOG).propagate = False


class DeadlinePassed(Exception):
    """The session's deadline has passed."""


class Dropped(Exception):
    """The device closed the connection."""


class Flooded(Exception):
    """The device sent more than MAX_OUTPUT."""


class Watchdog:
    """The session's one deadline. When it passes, the connection is shut down, which ends every wait in paramiko.

    A device that answers slowly gets the time that its answers took again, up to MAX_SECONDS in all: what it showed of
    its speed is what it is given. One that hangs gets none.
    """

    def __init__(self, seconds: float, cancel: threading.Event | None = None) -> None:
        self.seconds = seconds
        """How long the session may last, by what the device showed so far."""
        self._began = time.monotonic()
        self._cancel = cancel
        self._socket: socket.socket | None = None
        self._timer = self._timed(seconds)

    def start(self, connection: socket.socket) -> None:
        """Watch `connection` from now on."""
        self._socket = connection
        self._timer.start()

    def stop(self) -> None:
        """Stop watching."""
        self._socket = None
        self._timer.cancel()

    def credit(self, seconds: float) -> None:
        """A command was answered in so many seconds."""
        self.seconds = max(self.seconds, min(self.seconds + seconds, MAX_SECONDS))

    def left(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self._began + self.seconds - time.monotonic())

    @property
    def passed(self) -> bool:
        return self.left() == 0.0

    def check(self) -> None:
        """Raise DeadlinePassed after the deadline, Interrupted when cancelled."""
        if self._cancel is not None and self._cancel.is_set():
            raise stopped()
        if self.passed:
            raise DeadlinePassed

    def _timed(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._shut_down)
        timer.daemon = True
        return timer

    def _shut_down(self) -> None:
        connection, left = self._socket, self.left()
        if connection is None:
            return
        if left > 0:  # the deadline has moved since
            self._timer = self._timed(left)
            self._timer.start()
            return
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


class _Channel(SSHChannel):
    """netmiko's channel; every read in netmiko's loops goes through here."""

    def __init__(self, conn: paramiko.Channel, encoding: str, watchdog: Watchdog) -> None:
        super().__init__(conn, encoding)
        self._watchdog = watchdog
        self._received = 0

    def begin_answer(self) -> None:
        """Another command is sent: what is received counts anew."""
        self._received = 0

    def read_buffer(self) -> str:
        """What has arrived so far. Raises DeadlinePassed, Dropped, Flooded and Interrupted."""
        self._watchdog.check()
        output = super().read_buffer()
        self._received += len(output)
        if self._received > MAX_OUTPUT:
            raise Flooded
        if not output and self.remote_conn is not None and self.remote_conn.closed:
            raise Dropped
        return output

    def write_channel(self, out_data: str) -> None:
        self._watchdog.check()
        try:
            super().write_channel(out_data)
        except OSError:
            self._watchdog.check()
            raise Dropped from None


class _Client(paramiko.SSHClient):
    """A client that knows only the pinned key and speaks only what sopctl speaks, whatever netmiko asks for."""

    def __init__(self, name: str, pinned: HostKey, old: Sequence[Old]) -> None:
        super().__init__()
        self.set_log_channel(_LOG)
        key = paramiko.PKey.from_type_string(pinned.type, b64decode(pinned.key))
        self.get_host_keys().add(name, pinned.type, key)
        self.set_missing_host_key_policy(paramiko.RejectPolicy())
        self._transports = partial(spoken.Transport, old=old, key_type=pinned.type)

    def connect(self, *where: Any, **options: Any) -> None:
        super().connect(*where, **{**options, "transport_factory": self._transports})


class Guarded(BaseConnection):
    """What a guarded connection adds to netmiko's class for a platform; see `guarded`."""

    watchdog: Watchdog
    pinned: HostKey
    old: Sequence[Old] = ()
    """Old SSH algorithms that are allowed for this device."""

    def begin_answer(self) -> None:
        """A command is about to be sent: MAX_OUTPUT is for its answer alone."""
        if isinstance(self.channel, _Channel):
            self.channel.begin_answer()

    def special_login_handler(self, delay_factor: float = 1.0) -> None:
        """netmiko's hook on a new channel, before anything is read from it: swap in the guarded channel."""
        assert isinstance(self.remote_conn, paramiko.Channel)  # noqa: S101 (always, over SSH)
        self.channel = _Channel(self.remote_conn, self.encoding, self.watchdog)
        super().special_login_handler(delay_factor)

    def _build_ssh_client(self) -> paramiko.SSHClient:
        """netmiko's hook for its client. (Should netmiko ever bypass this, `ssh_strict` refuses all.)"""
        name = self.host if self.port == SSH_PORT else f"[{self.host}]:{self.port}"
        return _Client(name, self.pinned, self.old)


def guarded(device_type: str) -> type[Guarded]:
    """netmiko's class for a platform, with the guard in front of it."""
    return type("GuardedConnection", (Guarded, CLASS_MAPPER[device_type]), {})
