"""paramiko's transport, for a session that must end whatever the server does.

Two of them: `Transport` runs the protocol in a thread of its own, as paramiko's does, so that several threads may use
it; `Inline` runs it in the thread that waits for something. An access check has nothing to do meanwhile, and to hand
over to another thread for each packet costs a fifth of a login.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import paramiko
from paramiko.buffered_pipe import BufferedPipe
from paramiko.common import (
    MSG_DEBUG,
    MSG_DISCONNECT,
    MSG_IGNORE,
    MSG_KEXINIT,
    MSG_UNIMPLEMENTED,
    cMSG_UNIMPLEMENTED,
)
from paramiko.packet import Packetizer
from paramiko.ssh_exception import MessageOrderError, SSHException

from sopctl.adapters import spoken
from sopctl.adapters.ssh.connection import Connection
from sopctl.model.access.algorithms import Old
from sopctl.model.text import printable

T = TypeVar("T")

# paramiko's log quotes the server unescaped, and has a traceback for every refusal. The result says it all.
_LOG = "sopctl.adapters.ssh.paramiko"
logging.getLogger(_LOG).setLevel(logging.CRITICAL + 1)
logging.getLogger(_LOG).propagate = False

_KEX_REPLIES = range(30, 42)
"""The messages that mean something else in each key exchange (RFC 4251 section 7)."""


class _Packetizer(Packetizer):
    """Without a timer thread for the handshake: the Connection has a deadline."""

    def start_handshake(self, timeout: float) -> None:
        pass


class Transport(spoken.Transport):
    """Keeps what paramiko only logs."""

    def __init__(self, connection: Connection, key_type: str | None, old: Sequence[Old]) -> None:
        self.farewell = ""
        self.refusal = (0, "")
        """Why the server refused the last channel: reason code (RFC 4254 section 5.1) and text."""
        super().__init__(connection, key_type=key_type, old=old, packetizer_class=_Packetizer)
        self.set_log_channel(_LOG)

    def event(self) -> threading.Event:
        """What somebody waits for until this transport sets it, at the latest when it ends."""
        return threading.Event()

    def settle(self, seconds: float) -> None:
        """Give the thread that runs the protocol so long to end, after its connection has."""
        if self.is_alive():
            self.join(seconds)

    def run(self) -> None:
        """As paramiko's; but should its clean-up fail, nobody waits forever, and no traceback is printed."""
        try:
            super().run()
        except Exception as error:  # noqa: BLE001 (whatever it is, the session has ended)
            self.saved_exception = error
        finally:
            self._free()

    def _free(self) -> None:
        """Let go of whoever waits."""
        self.active = False
        for channel in list(self._channels.values()):  # type: ignore[attr-defined]  # not in the stubs
            channel._unlink()
        if self.completion_event is not None:
            self.completion_event.set()

    def _log(self, level: int, msg: object, *args: object) -> None:
        """Nothing: see `_LOG`."""

    def _parse_channel_open_failure(self, m: paramiko.Message) -> None:
        seen = paramiko.Message(m.asbytes())
        seen.get_int()
        self.refusal = (seen.get_int(), printable(seen.get_string(), 200))
        super()._parse_channel_open_failure(m)  # type: ignore[misc]

    def _parse_disconnect(self, m: paramiko.Message) -> None:
        m.get_int()
        self.farewell = printable(m.get_string(), 200)


class Inline(Transport):
    """Without a thread of its own: whoever waits for something reads what the server sends, until it is there or the
    connection has ended. For one thread, and a session in which nothing is sent but requests: nobody reads while
    something is written."""

    def __init__(self, connection: Connection, key_type: str | None, old: Sequence[Old]) -> None:
        super().__init__(connection, key_type, old)
        self._connection = connection
        self._opens = False

    def event(self) -> threading.Event:
        return _Awaited(self)

    def start(self) -> None:
        """What paramiko's thread does before it reads packets."""
        self._guarded(self._begin)

    def serve(self, until: Callable[[], bool], *, patient: bool = True) -> None:
        """Do as the server says until that is true, or the session has ended; without being patient, only for as long
        as it says something within a TICK."""
        while self.active and not until():
            if patient or self._guarded(self._connection.wait):
                self._guarded(self._next)
            else:
                return

    def open_channel(self, *arguments: Any, **options: Any) -> paramiko.Channel:
        self._opens = True
        channel = super().open_channel(*arguments, **options)
        channel.event, channel.status_event = self.event(), self.event()
        channel.in_buffer = _Pipe(self)
        return channel

    def _send_user_message(self, data: paramiko.Message) -> None:
        super()._send_user_message(data)  # type: ignore[misc]
        if self._opens:  # what open_channel waits for then, it finds done
            self._opens = False
            self.serve(lambda: not self.channel_events)

    def _guarded(self, act: Callable[[], T]) -> T | None:
        try:
            return act()
        except Exception as error:  # noqa: BLE001 (a hostile packet can trigger any; the session has ended)
            self.saved_exception = error
            self._end()
            return None

    def _begin(self) -> None:
        own: Any = self  # the stubs lack most of what paramiko's own loop uses
        own.packetizer.write_all(f"{self.local_version}\r\n".encode())
        own._check_banner()
        own._send_kex_init()
        own._expect_packet(MSG_KEXINIT)

    def _next(self) -> None:
        """Read a packet, and do as it says: one turn of the loop in paramiko's `run`, which is the same in its versions
        4 and 5."""
        own: Any = self
        if own.packetizer.need_rekey() and not own.in_kex:
            own._send_kex_init()
        kind, message = own.packetizer.read_message()
        if kind in (MSG_IGNORE, MSG_DEBUG):
            own._enforce_strict_kex(kind)
            return
        if kind == MSG_DISCONNECT:
            own._parse_disconnect(message)
            own._end()
            return
        if expected := own._expected_packet:
            if kind not in expected:
                wrong = MessageOrderError if own.agreed_on_strict_kex else SSHException
                raise wrong(f"Expecting packet from {expected!r}, got {kind}")
            own._expected_packet = ()
            if kind in _KEX_REPLIES:
                own.kex_engine.parse_next(kind, message)
                return
        own._do(kind, message)

    def _do(self, kind: int, message: Any) -> None:
        own: Any = self
        login = own.auth_handler
        if kind in own._handler_table:
            own._handler_table[kind](message)
        elif kind in own._channel_handler_table:
            number = message.get_int()
            channel = own._channels.get(number)
            if channel is not None:
                own._channel_handler_table[kind](channel, message)
            elif number not in own.channels_seen:
                own._end()
        elif login is not None and kind in login._handler_table:
            login._handler_table[kind](message)
        elif kind != MSG_UNIMPLEMENTED:
            answer = paramiko.Message()
            answer.add_byte(cMSG_UNIMPLEMENTED)
            answer.add_int(message.seqno)
            own._send_message(answer)

    def _end(self) -> None:
        self._free()
        if self.auth_handler is not None:
            self.auth_handler.abort()
        for event in self.channel_events.values():
            event.set()
        self.packetizer.close()


class _Awaited(threading.Event):
    """Whoever waits for it, reads. The end of the Connection ends the wait, at its deadline at the latest."""

    def __init__(self, transport: Inline) -> None:
        super().__init__()
        self._transport = transport

    def wait(self, timeout: float | None = None) -> bool:
        self._transport.serve(self.is_set)
        return self.is_set()


class _Pipe(BufferedPipe):  # type: ignore[type-arg]  # generic in the stubs alone
    """The output of a channel: whoever wants some, reads, if only for a TICK at a time."""

    def __init__(self, transport: Inline) -> None:
        super().__init__()
        self._transport = transport

    def read(self, nbytes: int, timeout: float | None = None) -> bytes:
        self._transport.serve(self._decided, patient=False)
        return bytes(super().read(nbytes, 0.0))

    def _decided(self) -> bool:
        """Is there output, or will there be no more?"""
        return self.read_ready() or bool(self._closed)  # type: ignore[attr-defined]
