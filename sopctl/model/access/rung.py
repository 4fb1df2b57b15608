"""The steps of an access check.

They follow the order in which a client meets a server: RFC 4253 (transport), RFC 4252 (login), RFC 4254 (session).
"""

from collections.abc import Mapping
from enum import StrEnum

from sopctl.locale import Sense, Text


class Rung(StrEnum):
    """The steps of an access check, in order. `jump` only with a jump host, the last three only with services."""

    JUMP = "jump"
    NAME = "name"
    TCP = "tcp"
    BANNER = "banner"
    KEX = "kex"
    HOST_KEY = "host-key"
    LOGIN = "login"
    COMMAND = "command"
    SERVICE = "service"
    TLS = "tls"
    HTTP = "http"


RUNGS: Mapping[str, Text] = {
    Rung.JUMP: Sense("rung", "jump host"),
    Rung.NAME: Sense("rung", "name lookup"),
    Rung.TCP: Sense("rung", "TCP"),
    Rung.BANNER: Sense("rung", "banner"),
    Rung.KEX: Sense("rung", "key exchange"),
    Rung.HOST_KEY: Sense("rung", "host key"),
    Rung.LOGIN: Sense("rung", "login"),
    Rung.COMMAND: Sense("rung", "command"),
    Rung.SERVICE: Sense("rung", "service"),
    Rung.TLS: Sense("rung", "TLS"),
    Rung.HTTP: Sense("rung", "HTTP"),
}
"""The steps in words, for screens."""
