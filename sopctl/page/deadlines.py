"""HTTP as uvicorn speaks it, with a deadline over everything that a client could draw out: until a request's head and
its body have arrived, and until the answer was taken. uvicorn itself watches only over the time between two requests.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0
"""For the head of a request, from its first byte; of the first one, from the connection on."""
REQUEST_SECONDS = 75.0
"""For its body, after the head. The guard (`guard.py`) answers earlier; this is for who goes on sending after that."""
TAKING_SECONDS = 60.0
"""For the client to take what was written, while more waits than a socket holds."""


class Deadlines(H11Protocol):
    """One connection. A client that is too slow is cut off, without a word: it would not read one."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._stage: object = None
        self._arrival: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        for each in (self._arrival, self._taking):
            if each:
                each.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking = self._taking or self.loop.call_later(TAKING_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._taking:
            self._taking.cancel()
            self._taking = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self.loop.call_later(TAKING_SECONDS, self.transport.abort)  # closing waits until everything was taken

    def _watch(self) -> None:
        """Set the deadline of what is arriving. It is not moved by each byte, only by the next stage."""
        stage = self.conn.their_state if self.conn.their_state in (h11.IDLE, h11.SEND_BODY) else None
        if stage is self._stage:
            return
        self._stage = stage
        if self._arrival:
            self._arrival.cancel()
            self._arrival = None
        if stage is not None:
            seconds = HEAD_SECONDS if stage is h11.IDLE else REQUEST_SECONDS
            self._arrival = self.loop.call_later(seconds, self.transport.abort)
