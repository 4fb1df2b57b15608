"""The steps of an access check.

They follow the order in which a client meets a server: RFC 4253 (transport), RFC 4252 (login), RFC 4254 (session).
"""

from enum import StrEnum


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
