"""The server under the page: uvicorn, on loopback or a Unix socket."""

import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from sopctl.errors import OutsideFailure, UsageError, in_words
from sopctl.page.app import application
from sopctl.page.deadlines import Deadlines
from sopctl.page.visit import Command
from sopctl.store.modes import refuse_open_doors
from sopctl.store.page.database import FOLDER, Database, client_secret
from sopctl.store.settings import FILE_NAME
from sopctl.store.site import Site

AT_ONCE = 256
"""Connections that are served at once; more are told to come back."""
IDLE_SECONDS = 15
"""How long a connection is kept without a request."""
LEAVE_SECONDS = 20
"""How long requests that are being worked on may take when the page is stopped."""


def serve(site: Site, *, port: int, unix: Path | None, say: Callable[[str], None], command: Command) -> None:
    """Serve until it is stopped. Raises UsageError for a socket without the page's address in sopctl.yml, InvalidRecord
    or OutsideFailure for a site whose page nobody could use, or anybody change."""
    url = site.settings.page.url if site.settings.page else ""
    if unix and not url:
        raise UsageError(
            "page-without-address",
            "behind a proxy, the page must know its address",
            where=str(site.root / "sopctl.yml"),
            remedy="Name it in sopctl.yml: page: {url: https://titipan.example.org}",
        )
    refuse_open_doors(site.root, (FILE_NAME, FOLDER))
    Database(site).make()
    client_secret(site)
    app = application(
        site.root,
        hosts=hosts(url, None if unix else port),
        proxied=bool(unix),
        secure=url.startswith("https:"),
        command=command,
    )
    config = uvicorn.Config(
        app,
        http=Deadlines,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        lifespan="off",
        ws="none",
        limit_concurrency=AT_ONCE,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=LEAVE_SECONDS,
        log_level="warning",
        access_log=False,
    )
    listening = _listening(port, unix)
    say(f"the page of {site.root}: {url or f'http://127.0.0.1:{port}'}")
    try:
        with listening:
            uvicorn.Server(config).run(sockets=[listening])
    finally:
        if unix:
            unix.unlink(missing_ok=True)


def refuse_taken(port: int) -> None:
    """Raise OutsideFailure where something listens on this port of loopback."""
    _listening(port, None).close()


def _listening(port: int, unix: Path | None) -> socket.socket:
    """The socket to listen on: bound here, because uvicorn lets everybody write to a Unix socket, and ends with a code
    of its own where it cannot listen. Raises OutsideFailure."""
    where = str(unix) if unix else f"127.0.0.1:{port}"
    found = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
    try:
        if unix:
            _sweep(unix)
            found.bind(str(unix))
            unix.chmod(0o660)
        else:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind(("127.0.0.1", port))
        found.listen(AT_ONCE)
    except OSError as error:
        found.close()
        raise OutsideFailure(
            "page-not-listening",
            "the page cannot listen there: {reason}",
            where=where,
            remedy="End what listens there, or name another place (--port, --unix).",
            reason=in_words(error),
        ) from None
    return found


def _sweep(unix: Path) -> None:
    """Remove a socket that a killed page left: nobody answers there."""
    with socket.socket(socket.AF_UNIX) as other:
        try:
            other.connect(str(unix))
        except ConnectionRefusedError:
            unix.unlink()
        except FileNotFoundError:
            pass


def hosts(url: str, port: int | None) -> frozenset[str]:
    """The names by which the page may be asked for: that of its address, and on loopback this machine's own."""
    mine = {urlsplit(url).netloc} if url else set()
    return frozenset(mine | ({f"{name}:{port}" for name in ("127.0.0.1", "localhost")} if port else set()))
