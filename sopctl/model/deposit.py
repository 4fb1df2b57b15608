"""Deposit: the request as filed. A person may edit it. What happens to the server is not here but in its history.

A deposit is a server or a network appliance (`kind`): a firewall, router or switch, which is deposited like a server.
An appliance is read, never configured: its letter asks for no accounts, and names the one that lets the office in.
Another machine (`other`: Windows, ESXi, a NAS, a locked appliance) takes no SSH of ours: people configure it and fill
in its inventory by hand.
"""

from datetime import date
from ipaddress import AddressValueError, IPv4Address, IPv4Interface
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from sopctl.locale import gettext_noop
from sopctl.model import names, services
from sopctl.model.access.algorithms import Legacy
from sopctl.model.facts.platforms import KNOWN

Id = Annotated[str, Meta(pattern=names.ID)]
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=names.LINE)]
"""A line of text: no control characters, so that it can stand in any form, list or message."""
OptionalLine = Annotated[str, Meta(max_length=200, pattern=names.LINE)]
Email = Annotated[str, Meta(max_length=200, pattern=names.EMAIL)]
Port = Annotated[int, Meta(ge=1, le=65535)]
ServicePort = Port | Annotated[str, Meta(pattern=names.PORTS)]
"""A TCP port by its number, or a port with its protocol, or a range: 443, 53/udp, 8000-8010."""
Account = Annotated[str, Meta(pattern=names.ACCOUNT)]
PublicKey = Annotated[str, Meta(pattern=names.PUBLIC_KEY)]
KeyFile = Annotated[str, Meta(pattern=names.FILE_NAME)]
"""The name of a file in the site's keys/."""
Host = Annotated[str, Meta(min_length=1, max_length=253)]
"""A host name or an IP address, once `names.is_address` has said so."""
OptionalHost = Annotated[str, Meta(max_length=253)]

Kind = Literal["server", "appliance", "other"]
Platform = Annotated[str, Meta(pattern=names.one_of(KNOWN))]
"""What an appliance runs, by the names that netmiko has for it."""


class Letter(Struct, frozen=True, forbid_unknown_fields=True):
    """The letter that asks for the deposit."""

    number: Line
    """The sender's own number, kept word for word."""
    date: date
    """Its date."""


class Contact(Struct, frozen=True, forbid_unknown_fields=True):
    """A contact person (narahubung) of the requesting unit."""

    name: Line
    """Their name."""
    position: OptionalLine = ""
    """Their position (jabatan)."""
    nip: Annotated[str, Meta(pattern=names.NIP)] = ""
    """Their civil servant's number, 18 digits."""
    rank: OptionalLine = ""
    """Their rank and grade (pangkat/golongan)."""
    email: Email | None = None
    """Where messages go."""
    phone: OptionalLine = ""
    """Their telephone number."""
    language: Literal["id", "en"] | None = None
    """The language of messages to them [default: the site's]."""


class Contacts(Struct, frozen=True, forbid_unknown_fields=True):
    """Who answers for the deposit."""

    administrative: Contact
    """Who signs and receives letters."""
    technical: Contact
    """Who is informed about the server."""


RackUnits = Annotated[int, Meta(ge=1, le=60)]
Millimetres = Annotated[int, Meta(ge=1, le=2000)]
Watts = Annotated[int, Meta(ge=1, le=20000)]


class Server(Struct, frozen=True, forbid_unknown_fields=True):
    """The server as declared, not yet seen. Whatever is not known about an adopted server is empty or None."""

    name: Annotated[str, Meta(pattern=names.HOST_NAME)]
    """Its host name, its own among all deposits."""
    brand_model: Line
    """Maker and model."""
    height_units: RackUnits
    """Its height in rack units."""
    serial: OptionalLine = ""
    """The serial number on its case."""
    depth_mm: Millimetres | None = None
    """Its depth."""
    power_watts: Watts | None = None
    """What it draws at most."""
    weight_kg: Annotated[int, Meta(ge=1, le=1000)] | None = None
    """Its weight."""
    processor: OptionalLine = ""
    """Its processors."""
    cores: Annotated[int, Meta(ge=1, le=4096)] | None = None
    """Its processor cores."""
    memory_gib: Annotated[int, Meta(ge=1, le=65536)] | None = None
    """Its memory."""
    disks: tuple[Line, ...] = ()
    """Its disks, one text each."""
    operating_system: OptionalLine = ""
    """Its operating system."""
    application: OptionalLine = ""
    """What runs on it, by the name that people know it by."""
    description: Annotated[str, Meta(max_length=1000, pattern=names.LINE)] = ""
    """What that application is for, and for whom."""

    def __post_init__(self) -> None:
        if not names.is_host_name(self.name):
            raise ValueError(gettext_noop("Expected a host name of its own in `name`"))


class RequestedServer(Server, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The server as a letter describes it: with everything that finding a place needs."""

    serial: Line
    """The serial number on its case."""
    depth_mm: Millimetres
    """Its depth."""
    power_watts: Watts
    """What it draws at most."""


class RequestedAccount(Struct, frozen=True, forbid_unknown_fields=True):
    """An account that the requesting unit wants on the server."""

    name: Account
    """Its name."""
    keys: Annotated[tuple[PublicKey, ...], Meta(min_length=1)]
    """The public keys that may log in, each as in a .pub file."""


class FirstContact(Struct, frozen=True, forbid_unknown_fields=True):
    """How the controller first gets in: an account that the owner made, and the name of the office's key that opens it
    (one that letters may name); without a key, a password that is given when the server is configured. For an appliance
    this remains the way in, with a key or password that the office sets for that deposit alone. `password` occurs only
    in older records: it named a file of keys/, and is no longer accepted or sent."""

    user: Account
    """The account that the owner made for the office."""
    key: KeyFile | None = None
    """The file in keys/ that opens it, one of `first_contact_keys`; without it, a password that is given when the
    server is configured."""
    password: KeyFile | None = None
    """In records of earlier versions: a file in keys/. No longer accepted."""


class StaticAddress(Struct, frozen=True, forbid_unknown_fields=True):
    """The network in which the server is to have a static IPv4 address. The address itself is the one at which the
    server is reached, so that the two cannot differ."""

    prefix: Annotated[int, Meta(ge=1, le=31)]
    """The length of the network's prefix."""
    gateway: Annotated[str, Meta(max_length=15)]
    """The network's gateway."""

    def refuse_unfit(self, address: str) -> None:
        """Raise ValueError unless a server can have `address` in this network, and reach the gateway from it."""
        try:
            network = IPv4Interface(f"{IPv4Address(address)}/{self.prefix}").network
        except AddressValueError:
            raise ValueError(
                gettext_noop("Expected an IPv4 address in `address`, as `static_address` keeps it")
            ) from None
        try:
            gateway = IPv4Address(self.gateway)
        except AddressValueError:
            raise ValueError(gettext_noop("Expected an IPv4 address in `static_address.gateway`")) from None
        # RFC 3021: a network of two addresses has neither a name nor a broadcast address.
        ends = {network.network_address, network.broadcast_address} if network.num_addresses > 2 else set()
        if IPv4Address(address) in ends:
            raise ValueError(
                f"Expected in `address` one that a server can have, not the first or the last of {network}"
            )
        if gateway not in network or gateway in ends or gateway == IPv4Address(address):
            raise ValueError(f"Expected in `static_address.gateway` another machine of the server's network, {network}")


class Access(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the server answers, how the controller first gets in, who may log in, which ports must be reachable besides
    SSH (TCP, or UDP where it is said), from which addresses or networks (none named: from everywhere), where it must
    not depend on DHCP, what makes its address static, and, where its owner has an account of that name, what the
    office's account is called. A letter without an address asks the office for one."""

    address: OptionalHost = ""
    """How the controller reaches the server; left out, the office gives it an address."""
    first_contact: FirstContact | None = None
    """How the controller first gets in."""
    accounts: tuple[RequestedAccount, ...] = ()
    """Who may log in afterwards."""
    port: Port = 22
    """Its SSH port."""
    ports: tuple[ServicePort, ...] = ()
    """Which ports must be reachable besides SSH, and what must answer there: 443, 443/https, 25/smtp, 53/udp,
    8000-8010."""
    sources: tuple[str, ...] = ()
    """From which addresses or networks; none: from everywhere."""
    static_address: StaticAddress | None = None
    """Make the address, which the server has by DHCP, its own."""
    management_account: Account | None = None
    """What the office's account is called on this server, where its owner has one of that name."""
    legacy: Legacy = False
    """Old SSH algorithms that an appliance may be spoken to with: `true`, or their names. The office allows them, in
    the deposit's record; no letter can."""
    network: KeyFile | None = None
    """The network that it is in (a file of networks/), where that is not its rack's. The office says so, no letter."""

    def __post_init__(self) -> None:
        """Raise ValueError (msgspec adds the path) for what a pattern cannot express."""
        if self.address and not names.is_address(self.address):
            raise ValueError(gettext_noop("Expected an IP address or a host name in `address`"))
        try:  # a record is read as text: a plain TCP port is a number again, and each port is written in one way only
            force_setattr(self, "ports", tuple(dict.fromkeys(map(services.plain, self.ports))))
        except ValueError as error:
            raise ValueError(f"{error} in `ports`") from None
        for source in self.sources:
            if not names.is_network(source):
                raise ValueError(gettext_noop("Expected addresses or networks such as 192.0.2.0/24 in `sources`"))
        taken = names.FORBIDDEN_ACCOUNTS & {account.name for account in self.accounts}
        if taken:
            raise ValueError(f"A letter cannot ask for the system account {sorted(taken)[0]!r}")
        if self.management_account in {account.name for account in self.accounts}:
            raise ValueError(gettext_noop("Expected in `management_account` a name that none of `accounts` has"))
        if len({account.name for account in self.accounts}) < len(self.accounts):
            raise ValueError(gettext_noop("An account is listed twice"))
        if self.static_address:
            self.static_address.refuse_unfit(self.address)


class RequestedAccess(Access, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Access as a letter asks for it."""

    first_contact: FirstContact
    """How the controller first gets in."""
    accounts: Annotated[tuple[RequestedAccount, ...], Meta(min_length=1)]
    """Who may log in afterwards."""

    def __post_init__(self) -> None:
        Access.__post_init__(self)
        _refuse_the_offices(self)
        _refuse_password(self.first_contact)


class ApplianceAccess(Access, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Access to an appliance: the account that the owner made for the office, and no other."""

    first_contact: FirstContact
    """The owner's account for the office."""

    def __post_init__(self) -> None:
        Access.__post_init__(self)
        _refuse_the_offices(self)
        _refuse_accounts(self)


class Bmc(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the server's management controller (BMC) answers over HTTPS. The letter does not decide which account the
    office uses there."""

    address: Host
    """Its name or address."""
    port: Port = 443
    """Its HTTPS port."""

    def __post_init__(self) -> None:
        if not names.is_address(self.address):
            raise ValueError(gettext_noop("Expected an IP address or a host name in `address` of `bmc`"))


VlanId = Annotated[int, Meta(ge=1, le=4094)]
"""IEEE 802.1Q: 0 and 4095 are reserved."""


class Network(Struct, frozen=True, forbid_unknown_fields=True):
    """What the server needs of its switch port."""

    vlan: VlanId | None = None
    """A VLAN other than the switch's service VLAN."""
    tagged: tuple[VlanId, ...] = ()
    """VLANs that it wants tagged."""
    speed_mbps: Literal[10, 100, 1000, 2500, 5000, 10000, 25000, 40000, 100000] | None = None
    """A fixed speed."""
    macs: tuple[Annotated[str, Meta(pattern=names.MAC)], ...] = ()
    """The MAC addresses by which it is recognised when it is plugged in."""


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """What a requesting unit files: step 1 of penitipan. The office adds the id when it opens the dossier."""

    unit: Line
    """The unit that owns the server."""
    letter: Letter
    """The letter."""
    contacts: Contacts
    """Who answers for it."""
    server: RequestedServer
    """The server as declared."""
    access: RequestedAccess
    """Where it answers, and who may log in."""
    valid_until: date | None = None
    """When the deposit ends."""
    network: Network | None = None
    """What it needs of its switch port."""
    kind: Literal["server"] = "server"
    """What it is."""
    bmc: Bmc | None = None
    """Its management controller (iLO, iDRAC), read where the server itself cannot be."""


class ApplianceRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """As `Request`, for a network appliance."""

    unit: Line
    """The unit that owns it."""
    letter: Letter
    """The letter."""
    contacts: Contacts
    """Who answers for it."""
    server: RequestedServer
    """The appliance as declared."""
    access: ApplianceAccess
    """Where it answers."""
    valid_until: date | None = None
    """When the deposit ends."""
    network: Network | None = None
    """What it needs of its switch port."""
    kind: Literal["appliance"]
    """What it is."""
    platform: Platform
    """What it runs."""


class OtherAccess(Access, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Access to a machine that takes no SSH of ours: its address, and the ports that must be reachable."""

    def __post_init__(self) -> None:
        Access.__post_init__(self)
        _refuse_the_offices(self)
        _refuse_way_in(self)


class OtherRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """As `Request`, for a machine that takes no SSH of ours."""

    unit: Line
    """The unit that owns it."""
    letter: Letter
    """The letter."""
    contacts: Contacts
    """Who answers for it."""
    server: RequestedServer
    """The machine as declared."""
    access: OtherAccess
    """Where it answers."""
    valid_until: date | None = None
    """When the deposit ends."""
    network: Network | None = None
    """What it needs of its switch port."""
    kind: Literal["other"]
    """What it is."""
    bmc: Bmc | None = None
    """Its management controller."""


AnyRequest = Request | ApplianceRequest | OtherRequest


class Adoption(Struct, frozen=True, forbid_unknown_fields=True):
    """A server that stood in the racks before the register began: like a request, but without what is not known."""

    unit: Line
    contacts: Contacts
    server: Server
    access: Access
    letter: Letter | None = None
    valid_until: date | None = None
    network: Network | None = None
    kind: Kind = "server"
    platform: Platform | None = None
    bmc: Bmc | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for fields that do not fit its kind."""
        if (self.kind == "appliance") != (self.platform is not None):
            raise ValueError(f"Expected `platform` ({', '.join(KNOWN)}) for an appliance, and only for one")
        if self.kind == "appliance":
            _refuse_accounts(self.access)
            return
        if self.kind == "other":
            _refuse_way_in(self.access)
            return
        if self.access.legacy:
            raise ValueError(gettext_noop("Expected `legacy` for an appliance only: a server's SSH can be updated"))
        if self.access.first_contact:
            _refuse_password(self.access.first_contact)

    def unknown(self) -> list[str]:
        """What is not known of it, as paths into the record."""
        known = {
            "letter": self.letter,
            "server.serial": self.server.serial,
            "server.depth_mm": self.server.depth_mm,
            "server.power_watts": self.server.power_watts,
            "access.first_contact": self.access.first_contact or self.kind == "other",
            "access.accounts": self.access.accounts or self.kind != "server",
            "valid_until": self.valid_until,
        }
        return [path for path, value in known.items() if not value]


class Deposit(Adoption, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request, or an adoption, in its dossier."""

    id: Id


def _refuse_accounts(access: Access) -> None:
    """Raise ValueError unless this can be the access to an appliance."""
    way = access.first_contact
    if access.accounts:
        raise ValueError(gettext_noop("Expected no `accounts`: an appliance is not configured"))
    if way and way.key and way.password:
        raise ValueError(gettext_noop("Expected a `key` or a `password` in `first_contact` of an appliance, not both"))


def _refuse_way_in(access: Access) -> None:
    """Raise ValueError for what only SSH would use, on a machine that takes none."""
    if access.accounts or access.first_contact or access.management_account or access.legacy:
        raise ValueError(gettext_noop("Expected no `accounts` and no `first_contact`: nobody logs in to it over SSH"))


def _refuse_the_offices(access: Access) -> None:
    """Raise ValueError for a letter that says what only the office does."""
    if access.legacy:
        raise ValueError(
            gettext_noop("Expected no `legacy`: old SSH algorithms are for the office to allow, not for a letter")
        )
    if access.network:
        raise ValueError(
            gettext_noop("Expected no `network` in `access`: through which network it is reached, the office says")
        )


def _refuse_password(way: FirstContact) -> None:
    """Raise ValueError for a server's password: it is typed once, when the server is configured, and kept nowhere."""
    if way.password is not None:
        raise ValueError(
            gettext_noop("Expected no `password` in `first_contact`: only an appliance's is kept, never a server's")
        )
