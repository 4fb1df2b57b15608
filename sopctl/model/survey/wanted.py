"""What a configuration will make of a server: what its letter asks for, and what the site wants of every server."""

from collections.abc import Sequence

from msgspec import Struct

from sopctl.model.services import Ports


class Wanted(Struct, frozen=True):
    """The letter's services, sources and accounts, and the site's settings. `controllers` are addresses from which
    everything is let in; `repairs` is the cause for which the last access try failed, which this run repairs."""

    management: str
    accounts: Sequence[str] = ()
    ports: tuple[Ports, ...] = ()
    sources: tuple[str, ...] = ()
    controllers: tuple[str, ...] = ()
    port: int = 22
    """The port of the SSH server, as we reach it."""
    host_name: str = ""
    time_zone: str = ""
    time_servers: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()
    journal_max: str = ""
    security_updates: bool = False
    banner: str = ""
    static_address: str = ""
    repairs: str = ""
    deposit: str = ""
    """The id of the deposit whose server this is to be."""
    settled: bool = False
    """Does the office have its account on the server already?"""
    raw: bool = False
    """Only accounts are made, through the shell."""
