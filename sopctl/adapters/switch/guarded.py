"""netmiko, guarded: one pinned host key, one deadline, a bound on what may come, and an end that shows at once.

netmiko 4.8 accepts any host key unless told otherwise, waits for silence, reads for as long as something comes, and
does not notice a connection that closed until its own time is up. A device may be someone else's, and hostile.
"""

import contextlib
import logging
import socket
import threading
import time
from base64 import b64decode

import paramiko
from netmiko.base_connection import BaseConnection
from netmiko.channel import SSHChannel
from netmiko.ssh_dispatcher import CLASS_MAPPER

from sopctl.errors import Interrupted
from sopctl.model.access.target import HostKey

MAX_OUTPUT = 4 * 1024 * 1024
"""Characters of one session. The address table of a large switch is about one million."""

SSH_PORT = 22
"""A host key on another port is known by `[host]:port` (sshd(8), known_hosts)."""

# What paramiko logs quotes the device, unescaped, and every refusal with a traceback. The error says it all.
_LOG = "sopctl.adapters.switch.paramiko"
logging.getLogger(_LOG).setLevel(logging.CRITICAL + 1)
logging.getLogger(_LOG).propagate = False


class TimeIsUp(Exception):
    """The watch's time is over."""


class Dropped(Exception):
    """The other side closed the connection."""


class Flooded(Exception):
    """More came than MAX_OUTPUT."""


class Watch:
    """The session's one deadline. At its end it cuts the connection, which frees every wait inside paramiko."""

    def __init__(self, seconds: float, cancel: threading.Event | None = None) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._cancel = cancel
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def over(self, connection: socket.socket) -> None:
        """Watch over `connection` from now on."""
        self._socket = connection
        self._timer.start()

    def end(self) -> None:
        """Stop watching."""
        self._timer.cancel()

    def left(self) -> float:
        """Seconds until the end, never negative."""
        return max(0.0, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        return self.left() == 0.0

    def look(self) -> None:
        """Raise TimeIsUp after the end, Interrupted when cancelled."""
        if self._cancel is not None and self._cancel.is_set():
            raise Interrupted("stopped", "stopped")
        if self.passed:
            raise TimeIsUp

    def _cut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


class _Channel(SSHChannel):
    """netmiko's channel; every read of netmiko's loops comes through here."""

    def __init__(self, conn: paramiko.Channel, encoding: str, watch: Watch) -> None:
        super().__init__(conn, encoding)
        self._watch = watch
        self._came = 0

    def read_buffer(self) -> str:
        """What is there now. Raises TimeIsUp, Dropped, Flooded and Interrupted."""
        self._watch.look()
        output = super().read_buffer()
        self._came += len(output)
        if self._came > MAX_OUTPUT:
            raise Flooded
        if not output and self.remote_conn is not None and self.remote_conn.closed:
            raise Dropped
        return output

    def write_channel(self, out_data: str) -> None:
        self._watch.look()
        try:
            super().write_channel(out_data)
        except OSError:
            self._watch.look()
            raise Dropped from None


class Guarded(BaseConnection):
    """What a guarded connection adds to netmiko's class of a platform. Made by `guarded`, never by itself."""

    watch: Watch
    pinned: HostKey

    def special_login_handler(self, delay_factor: float = 1.0) -> None:
        """netmiko's first word on a new channel: before it, the channel is replaced by the guarded one."""
        assert isinstance(self.remote_conn, paramiko.Channel)  # noqa: S101 (over SSH, that is what it is)
        self.channel = _Channel(self.remote_conn, self.encoding, self.watch)
        super().special_login_handler(delay_factor)

    def _build_ssh_client(self) -> paramiko.SSHClient:
        """A client that knows the pinned key alone. (Should netmiko ever not ask here, `ssh_strict` refuses all.)"""
        client = paramiko.SSHClient()
        client.set_log_channel(_LOG)
        name = self.host if self.port == SSH_PORT else f"[{self.host}]:{self.port}"
        key = paramiko.PKey.from_type_string(self.pinned.type, b64decode(self.pinned.key))
        client.get_host_keys().add(name, self.pinned.type, key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        return client


def guarded(device_type: str) -> type[Guarded]:
    """netmiko's class of a platform with the guard in front of it."""
    return type("GuardedConnection", (Guarded, CLASS_MAPPER[device_type]), {})
