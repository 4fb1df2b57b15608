"""States that a server may be in when its owner hands it over: files of states/, which an operator can read.

Each says what it is, which packages it needs, a script that puts a freshly booted server into it, and what answers
there from outside. A server can be in several at once: their packages and scripts come one after the other.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

FOLDER = Path(__file__).parent / "states"
FINGERPRINT = Path(__file__).parent / "fingerprint.sh"
"""A script that prints all that an owner may have set on a server, for comparing it with itself."""

Port = Annotated[int, Meta(ge=1, le=65535)]


class Service(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that answers from another address. `send` is what is sent there (`send_hex`: as hexadecimal digits),
    `expect` a part of the answer; without `expect` an open port is enough, over UDP any answer. `asked`: the letter
    asks for this port; else the office's firewall closes it, once its owner agrees."""

    port: Port
    protocol: Literal["tcp", "udp"] = "tcp"
    send: str = ""
    send_hex: str = ""
    expect: str = ""
    asked: bool = True

    @property
    def request(self) -> bytes:
        return bytes.fromhex(self.send_hex) if self.send_hex else self.send.encode()

    def __str__(self) -> str:
        """As a letter names it: 80, 53/udp."""
        return str(self.port) if self.protocol == "tcp" else f"{self.port}/{self.protocol}"


class OwnerState(Struct, frozen=True, forbid_unknown_fields=True):
    """A state. `what` is for a person. `script` is run as root by a POSIX shell, at the server's console, once its sshd
    answers; `packages` are installed before it boots (`packages_of`: those that a release has besides), and `services`
    answer then. `ssh_port` is where its sshd is reached, at its IPv6 address where `ipv6`; `account` is the account of
    the letter, `office_account` the name that the record gives to the office's own; `refused` is a part of what
    `configure` must say if it must not go on, and `remedy` the script with which the owner then helps. `releases` are
    those that know the state at all."""

    what: str
    script: str
    packages: tuple[str, ...] = ()
    packages_of: dict[str, tuple[str, ...]] = {}
    services: tuple[Service, ...] = ()
    ssh_port: Port = 22
    ipv6: bool = False
    account: str = ""
    office_account: str = ""
    refused: str = ""
    remedy: str = ""
    releases: tuple[str, ...] = ()
    name: str = ""


def packages(states: Iterable[OwnerState], release: str) -> tuple[str, ...]:
    """The packages of all these states on a release, sorted."""
    return tuple(sorted({each for one in states for each in (*one.packages, *one.packages_of.get(release, ()))}))


def ssh_port(states: Iterable[OwnerState], default: int) -> int:
    """Where sshd is reached on a server in all these states."""
    return next((one.ssh_port for one in states if one.ssh_port != default), default)
