"""A TCP server on loopback for tests: each connection is played in a thread, and no thread is left behind."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

DEADLINE = 5.0
"""Seconds after which a server gives up waiting for anything."""


@contextlib.contextmanager
def serving(
    play: Callable[[socket.socket], None],
    stop: threading.Event,
    *,
    address: str = "127.0.0.1",
    met: Callable[[], None] = lambda: None,
) -> Iterator[int]:
    """Listen until the block ends, which sets `stop`; yields the port. `met` is told of each connection before it is
    played."""
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.bind((address, 0))
    listener.listen(128)
    port: int = listener.getsockname()[1]
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if stop.is_set():
                connection.close()
                return
            met()
            threads.append(threading.Thread(target=play, args=(connection,), daemon=True))
            threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield port
    finally:
        stop.set()
        with contextlib.suppress(OSError), socket.create_connection((address, port), 1):
            pass
        acceptor.join(DEADLINE)
        listener.close()
        for thread in threads:
            thread.join(DEADLINE)
