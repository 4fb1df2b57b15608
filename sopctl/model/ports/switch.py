"""A switch as the site describes it (`switches/NAME.yml`), and how the ports of deposits should be set on it."""

from typing import Annotated

from msgspec import Meta, Struct

from sopctl.errors import Action, InvalidRecord
from sopctl.locale import gettext_noop
from sopctl.model import names
from sopctl.model.access.algorithms import Legacy
from sopctl.model.deposit import Host, KeyFile, Network, OptionalLine, Port, VlanId
from sopctl.model.ports.port import PortSetting, description

Interface = Annotated[str, Meta(pattern=names.INTERFACE)]
Template = Annotated[str, Meta(pattern=names.INTERFACES)]

FREE = "bebas"
"""The description of a port without a deposit."""


class SwitchRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """`switches/NAME.yml`: how its ports are set, and which VLANs deposits may have."""

    name: Annotated[str, Meta(pattern=names.FILE_NAME)]
    """Its name, which is the file's."""
    platform: Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9 ._-]{0,40}\Z")]
    """What it runs, by netmiko's name, such as cisco_ios. Which platforms have a driver is known to the adapters."""
    address: Host
    """Where it answers over SSH."""
    account: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9._-]{0,62}\Z")]
    """The account that logs in."""
    ports: Template
    """The interface of the rack's port number {n}, such as GigabitEthernet1/0/{n}."""
    service_vlan: VlanId
    """The VLAN of servers whose letter asks for no other."""
    quarantine_vlan: VlanId
    """The VLAN of ports that are nobody's."""
    port: Port = 22
    """Its SSH port."""
    key: KeyFile | None = None
    """The file in keys/ with the account's private key; this or `password`."""
    password: KeyFile | None = None
    """The file in keys/ with the account's password."""
    enable: KeyFile | None = None
    """The file in keys/ with the password of the privileged mode, if the account does not start there."""
    interfaces: dict[Annotated[int, Meta(ge=1, le=512)], Interface] = {}
    """Port numbers whose interface follows another rule → the interface."""
    uplinks: tuple[Interface, ...] = ()
    """Interfaces that are never touched."""
    vlans: tuple[VlanId, ...] = ()
    """Other VLANs that a letter may ask for."""
    note: OptionalLine = ""
    """A note for people."""
    legacy: Legacy = False
    """Old SSH algorithms that this switch may be spoken to with: `true`, or their names."""

    def __post_init__(self) -> None:
        if not names.is_address(self.address):
            raise ValueError(gettext_noop("Expected an IP address or a host name in `address`"))
        if (self.key is None) == (self.password is None):
            raise ValueError(gettext_noop("Expected one of `key` and `password` (a file in keys/)"))
        if self.service_vlan == self.quarantine_vlan or self.quarantine_vlan in self.vlans:
            raise ValueError(gettext_noop("Expected a `quarantine_vlan` that no server is in"))
        named = list(self.interfaces.values())
        if len(set(named)) < len(named):
            raise ValueError(gettext_noop("Expected each of `interfaces` once"))

    def interface(self, number: int) -> str:
        """The name of the interface behind the rack's port `number`."""
        return self.interfaces.get(number) or self.ports.replace("{n}", str(number))


def service(switch: SwitchRecord, deposit_id: str, server: str, unit: str, network: Network | None) -> PortSetting:
    """The port of a server that is in use: its own VLAN, or a trunk where the letter asks for more than one.

    Raises InvalidRecord for a VLAN that no deposit may have on this switch.
    """
    asked = network or Network()
    allowed = {switch.service_vlan, *switch.vlans}
    strange = sorted({*([asked.vlan] if asked.vlan else []), *asked.tagged} - allowed)
    if strange:
        raise InvalidRecord(
            "vlan-not-allowed",
            "network: VLAN {vlan} is not allowed for deposits on {switch}",
            remedy=("Correct the VLAN in the record, or allow it: `vlans` in switches/.", Action("edit", deposit_id)),
            vlan=strange[0],
            switch=switch.name,
        )
    return PortSetting(
        description=description(deposit_id, server, unit),
        mode="trunk" if asked.tagged else "access",
        vlan=asked.vlan or switch.service_vlan,
        tagged=tuple(sorted({*asked.tagged} - {asked.vlan or switch.service_vlan})),
        speed_mbps=asked.speed_mbps,
    )


def quarantine(switch: SwitchRecord) -> PortSetting:
    """A port that is nobody's: shut and in the quarantine VLAN, so that it leads nowhere if someone enables it."""
    return PortSetting(description=FREE, vlan=switch.quarantine_vlan, enabled=False)
