"""Events to a receiver of the office: one POST each, signed, to an address that was judged.

The receiver is named by the site, in keys/. Where its name leads is not: so the connection goes to an address that was
looked at, never to this machine unless the site says so, and over TLS whose certificate is of that name. Redirects are
not followed.
"""

import hashlib
import hmac
import http.client
import ipaddress
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

from sopctl.adapters import secured
from sopctl.errors import InvalidRecord, OutsideFailure, in_words
from sopctl.locale import Prose, Text

SECONDS = 10.0
"""For connecting, and between two parts of the answer."""
ALL_SECONDS = 30.0
"""For everything together."""
SIGNATURE = "X-Sopctl-Signature"
TAKEN = range(200, 300)


def signature(secret: str, at: int, body: bytes) -> str:
    """What the receiver can check: `t=TIME,v1=HMAC`, the HMAC-SHA-256 (hex) of the time, a dot and the body. The time
    lets it refuse what somebody kept and sends again."""
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={made.hexdigest()}"


def post(name: str, url: str, body: bytes, *, secret: str, at: int, key: str) -> None:
    """Post `body` to the receiver `name`. `key` is the event's own: a receiver that has it already knows it by that.

    Raises InvalidRecord for a URL that is none or not encrypted, OutsideFailure when the receiver does not take it.
    """
    parts = urlsplit(url)
    host, here = parts.hostname or "", _is_loopback(parts.hostname or "")
    if (parts.scheme != "https" and not (parts.scheme == "http" and here)) or not host:
        raise InvalidRecord(
            "receiver-not-encrypted",
            "the receiver {channel!r} has no address that begins with https://",
            remedy="Write its whole address into the file of keys/ that sopctl.yml names.",
            channel=name,
        )
    headers = {"Content-Type": "application/json", SIGNATURE: signature(secret, at, body), "Idempotency-Key": key}
    try:
        connection = _connected(host, parts.port or (443 if parts.scheme == "https" else 80), parts.scheme, here=here)
        end = threading.Timer(ALL_SECONDS, _cut, (connection,))
        end.start()
        try:
            connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
            status = connection.getresponse().status
        finally:
            end.cancel()
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _not_taken(name, in_words(error)) from error
    if status not in TAKEN:
        raise _not_taken(name, Text("it answers {status}", status=status))


def _connected(host: str, port: int, scheme: str, *, here: bool) -> http.client.HTTPConnection:
    """A connection to the first of its addresses, once all were judged."""
    found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in found:
        if not _right(address, here=here):
            raise OSError(f"{address} is no address of a receiver")
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    plain = socket.create_connection((found[0], port), SECONDS)
    if scheme == "https":
        try:
            connection.sock = secured.verified().wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise
    else:
        connection.sock = plain
    return connection


def _right(address: str, *, here: bool) -> bool:
    """May a receiver be there? `here`: the site itself names this machine."""
    judged = ipaddress.ip_address(address.partition("%")[0])
    judged = getattr(judged, "ipv4_mapped", None) or judged
    if judged.is_loopback:
        return here
    return not (judged.is_link_local or judged.is_multicast or judged.is_unspecified or judged.is_reserved)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _cut(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _not_taken(name: str, reason: Prose) -> OutsideFailure:
    return OutsideFailure(
        "event-not-taken",
        "the receiver {channel!r} did not take an event: {reason}",
        remedy="It is tried again by itself. See to the receiver.",
        channel=name,
        reason=reason,
    )
