"""A session with a BMC through DMTF's Redfish library: opened, used to read, and closed."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from msgspec import Struct

from sopctl.adapters.bmc.faults import BmcFault
from sopctl.adapters.bmc.watch import Endpoint, Watch
from sopctl.errors import SopctlError, missing_extra
from sopctl.model.as_json import NotJson, from_json
from sopctl.model.text import printable

READ_SECONDS = 180.0
"""For a whole reading; slow BMCs need a minute for a hundred documents."""
LOOK_SECONDS = 15.0
END_SECONDS = 10.0
"""For closing the session, which is tried whatever ended the reading."""

Wanted = Callable[[Mapping[str, object]], list[str]]
"""From the documents that were read (by path), the paths to ask for next; none at the end."""


class Login(Struct, frozen=True):
    """The account on the BMC that the office uses."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login(user={self.user!r})"


def certificate(endpoint: Endpoint, *, seconds: float = LOOK_SECONDS, cancel: threading.Event | None = None) -> str:
    """The SHA-256 (hex) of the certificate that the BMC shows now. Nothing is sent. Raises BmcFault, Interrupted."""
    from sopctl.adapters.bmc.gate import sha256, unreachable
    from sopctl.adapters.secured import unverified

    with Watch(endpoint, seconds, cancel) as watch:
        try:
            raw = watch.connect()
            raw.settimeout(watch.left())
            with unverified().wrap_socket(raw, server_hostname=endpoint.address) as made:
                return sha256(made.getpeercert(binary_form=True) or b"")
        except (OSError, ssl.SSLError, ValueError) as error:
            watch.refuse()
            raise unreachable(endpoint, error) from None


def read(
    endpoint: Endpoint,
    login: Login,
    wanted: Wanted,
    *,
    seconds: float = READ_SECONDS,
    cancel: threading.Event | None = None,
) -> dict[str, object]:
    """Log in, ask for what is `wanted` until that is nothing, and log out. Returns the documents by path; None for one
    that is not there or cannot be read.

    Raises BmcFault when there is no session, when the BMC shows another certificate, answers too much or too slowly, or
    leads elsewhere; Interrupted on `cancel`. Documents that came before are dropped then.
    """
    found: dict[str, object] = {}
    with Watch(endpoint, seconds, cancel) as watch, _session(endpoint, login, watch) as client:
        while paths := [path for path in wanted(found) if path not in found]:
            for path in paths:
                found[path] = _document(client, path, endpoint)
                watch.refuse()
    return found


@contextmanager
def _session(endpoint: Endpoint, login: Login, watch: Watch) -> Iterator[Any]:
    """A session of the library, logged in; closed at the end, if need be with a little time of its own."""
    try:
        import redfish  # loads requests and more, only where a BMC is asked
    except ImportError:
        raise missing_extra("bmc").recast(BmcFault) from None

    from sopctl.adapters.bmc.gate import Gate

    gate = Gate(endpoint, watch)
    with _translated(endpoint):
        client = redfish.redfish_client(
            f"https://{endpoint.place}",
            login.user,
            login.password,
            timeout=LOOK_SECONDS,  # the watch is what counts
            max_retry=0,
            check_connectivity=True,
            https_adapter=gate,
        )
    try:
        with _translated(endpoint, login.user):
            client.login(auth="session")
            if not client.get_session_key():
                raise _refused(endpoint, login.user, "it gives no session")
        yield client
    finally:
        with Watch(endpoint, END_SECONDS) as last, suppress(Exception):  # a session that stays ends by itself
            gate.watch = last
            client.logout()


def _document(client: Any, path: str, endpoint: Endpoint) -> object:
    with _translated(endpoint):
        answer = client.get(path)
    if answer.status != 200:
        return None
    try:
        return from_json(answer.read, object)
    except NotJson:
        return None


@contextmanager
def _translated(endpoint: Endpoint, user: str = "") -> Iterator[None]:
    """The library's errors as ours; with `user`, at the login."""
    try:
        yield
    except SopctlError:
        raise
    except Exception as error:  # noqa: BLE001 (the library raises whatever an answer leads it to)
        inner = error.__cause__ or error
        if isinstance(inner, SopctlError):
            raise inner from None
        # The library's messages quote answers, never what was sent.
        reason = printable(f"{type(inner).__name__}: {inner}", 200)
        if user:
            raise _refused(endpoint, user, reason) from None
        raise BmcFault(
            "bmc-answer-unreadable",
            "what the BMC answers is not Redfish: {reason}",
            where=endpoint.place,
            remedy="Redfish is often switched off by default: ask the owner to enable it on the BMC.",
            reason=reason,
        ) from None


def _refused(endpoint: Endpoint, user: str, reason: str) -> BmcFault:
    return BmcFault(
        "bmc-login-refused",
        "the BMC opens no session for {user}: {reason}",
        where=endpoint.place,
        remedy="Ask the owner for a read-only account that may log in over Redfish, and whether its password is due.",
        user=user,
        reason=reason,
    )
