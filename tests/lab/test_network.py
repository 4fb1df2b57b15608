"""static_address and resolvers, where ifupdown, systemd-networkd, netplan or NetworkManager runs a server's network.

One server for each, all in the same runs. The first one also gives the others their addresses (DHCP), and names.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.ansible.runner import Outcome, RunResult, TaskEvent
from sopctl.adapters.lab import LabServer, LabStatus, Tier
from tests.lab.conftest import unavailable
from tests.lab.test_configure import CHECKOUT, Office
from tests.patience import PATIENCE

pytestmark = pytest.mark.lab

NO_NETWORKD = """
rm /etc/systemd/network/10-lab.network
systemctl --quiet disable --now systemd-networkd.service systemd-networkd.socket
"""
OWNERS = {
    "ifupdown": """
cat >/etc/network/interfaces <<'END'
source /etc/network/interfaces.d/*
auto lo
iface lo inet loopback
auto host0
iface host0 inet static
    address {address}
    netmask 255.255.255.0
    gateway {gateway}
    mtu 1400
    up ip route add 198.18.255.0/24 via {gateway}
END
cat >/etc/systemd/system/names.service <<'END'
[Service]
ExecStart=/usr/sbin/dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --interface=host0 --bind-dynamic \\
    --no-hosts --no-resolv --address=/name.example.org/192.0.2.7 --dhcp-option=3,{gateway} --dhcp-option=6 \\
    --dhcp-leasefile=/run/leases --dhcp-range={address},static,255.255.255.0,2m {leases}
[Install]
WantedBy=multi-user.target
END
{no_networkd}
ip address flush dev host0
systemctl --quiet enable --now networking.service names.service
""",
    "networkd": """
cat >/etc/systemd/network/10-lab.network <<'END'
[Match]
Name=host0
[Network]
DHCP=yes
LinkLocalAddressing=no
END
networkctl reload
""",
    "netplan": """
rm /etc/systemd/network/10-lab.network
(umask 077; cat >/etc/netplan/01-owner.yaml) <<'END'
network:
  version: 2
  ethernets:
    card: {{match: {{name: host0}}, dhcp4: true, mtu: 1400, link-local: []}}
END
ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
systemctl --quiet enable --now systemd-resolved.service
netplan generate
networkctl reload
""",
    "networkmanager": """
printf '[main]\\ndns=default\\nrc-manager=symlink\\n' >/etc/NetworkManager/conf.d/owner.conf
(umask 077; cat >/etc/NetworkManager/system-connections/owner.nmconnection) <<'END'
[connection]
id=owner
uuid=2b0d2c52-0a52-4a4c-8a39-7d6f0a3f1c11
type=ethernet
interface-name=host0
[ethernet]
mtu=1400
[ipv4]
method=auto
dns=192.0.2.1;
END
{no_networkd}
ip address flush dev host0
ip link set host0 down
systemctl --quiet enable --now NetworkManager.service
""",
}
"""How an owner has it: the script that makes it so, by who manages the network."""

LEASED = f"timeout {PATIENCE:.0f} sh -c 'until ip -4 address show dev host0 | grep -q dynamic; do sleep 0.2; done'"
"""Wait for an address from the first server."""

WRONG = {
    "ifupdown": (29, 9, "/etc/network"),
    "netplan": (29, 9, "/etc/netplan"),
    "networkmanager": (24, 99, "/etc/NetworkManager/system-connections"),
}
"""A prefix, and the last number of a gateway that nobody is, and what is put back; 29 leaves the controller outside."""

WOULD = {
    "ifupdown": ["Write what names our stanza", "Write the address", "Write the DNS servers"],
    "networkd": ["Make the folder of our drop-in", "Write the address", "Write the DNS servers"],
    "netplan": [],  # refused
    "networkmanager": ["Copy the owner's profile", "Compare the copy with what is wanted", "Write the DNS servers"],
}
"""The tasks that a look says would change something."""

OTHERS = {
    "ifupdown": ("printf 'mapping eth9\\nscript x\\n' >>/etc/network/interfaces", "dengan mapping milik pemilik"),
    "netplan": (
        "systemctl stop systemd-networkd.service systemd-networkd.socket",
        "host0 tidak dikelola NetworkManager, systemd-networkd, atau ifupdown",
    ),
    "networkmanager": ("ip address add 198.18.254.1/24 dev lo", "manager=networkmanager"),
}
"""What an owner may do besides, and what is said of the card then."""

FILES = r"""
find /etc/network /etc/netplan /etc/systemd/network /etc/systemd/resolved.conf.d /etc/NetworkManager /etc/resolv.conf \
    /var/lib/sopctl/resolv.conf -printf '%p %y %m %l\n' -type f -exec sha256sum {} \; 2>/dev/null | sort
"""
NETWORK = """
{ ip -4 -o address show dev host0; ip -4 route | sort; } | sed 's/valid_lft [0-9].*//; s/ metric [0-9]*//'
cat /sys/class/net/host0/mtu
"""
ASKED = "getent hosts name.example.org; getent hosts name"
ANSWER = "192.0.2.7       name.example.org\n" * 2
TAGS = ("address", "resolvers")

Said = TypeVar("Said")
Changes = dict[str, dict[str, object]]


class Offices:
    """Four servers of one office, each with another manager of its network."""

    def __init__(self, root: Path, status: LabStatus) -> None:
        self.office = Office(root, status, status.servers[0])
        self.servers = dict(zip(OWNERS, status.servers, strict=True))
        self.gateway = status.controller
        self.net = status.controller.rpartition(".")[0]

    def on_each(self, do: Callable[[str, LabServer], Said]) -> dict[str, Said]:
        with ThreadPoolExecutor(len(self.servers)) as pool:
            return dict(zip(self.servers, pool.map(do, self.servers, self.servers.values()), strict=True))

    def say(self, script: str) -> dict[str, str]:
        """What each answers to a script."""
        return self.on_each(lambda name, server: servers.run(server, script))

    def move_in(self, leases: str) -> None:
        """Have each server as its owner would, at its console: a connection would be cut by what it changes."""

        def settle(name: str, server: LabServer) -> None:
            words = {"address": server.address, "gateway": self.gateway, "leases": leases, "no_networkd": NO_NETWORKD}
            script = OWNERS[name].format(**words) + ("" if name == "ifupdown" else LEASED)
            servers.console(self.office.status.name, server.name, f"set -e\n{script}", timeout=2 * PATIENCE)

        settle("ifupdown", self.servers["ifupdown"])  # which gives the others their addresses
        self.on_each(lambda name, server: None if name == "ifupdown" else settle(name, server))

    def start_anew(self) -> None:
        """Switch all off, and on again with the same disks."""
        self.say("systemd-run --quiet --on-active=1 systemctl poweroff")
        name, deadline = self.office.status.name, time.monotonic() + PATIENCE
        while (status := servers.status(name)) and any(each.state != "stopped" for each in status.servers):
            assert time.monotonic() < deadline, status
            time.sleep(0.5)
        servers.up(name, servers=len(OWNERS))

    def run(
        self,
        wrong: Changes | None = None,
        *,
        playbook: str = "configure.yml",
        check: bool = False,
        on_event: Callable[[TaskEvent], None] = lambda event: None,
    ) -> RunResult:
        """A run on all four, of the network's part; `wrong` changes host variables by server.

        The owner's account stands for the office's: that one's making is tested elsewhere.
        """
        names = {"servers": [self.servers["ifupdown"].address], "search": ["example.org"]}
        hosts = {}
        for name, server in self.servers.items():
            hosts[name] = self.office.variables(
                server,
                sopctl_static_address={"address": server.address, "prefix": 24, "gateway": self.gateway},
                sopctl_resolvers=names,
                sopctl_accounts=[],
                armed_window_account=server.user,
                armed_window_key_file=server.key_file,
                armed_window_login_seconds=60,
                static_address_seconds=6,
                **(wrong or {}).get(name, {}),
            )
        tags = TAGS if playbook == "configure.yml" else ()
        return self.office.play_on(playbook, hosts, tags=tags, check=check, on_event=on_event)


@pytest.fixture
def offices(tmp_path: Path, lab_name: str) -> Iterator[Offices]:
    if servers.find_tier()[0] is not Tier.SYSTEMD:
        unavailable("this needs booted servers")
    name = f"{lab_name}-net"
    servers.down(name)
    try:
        found = Offices(tmp_path, servers.up(name, servers=len(OWNERS)))
        cards = found.say("cat /sys/class/net/host0/address")
        found.move_in(" ".join(f"--dhcp-host={cards[each].strip()},{found.servers[each].address}" for each in OWNERS))
        yield found
    finally:
        servers.down(name)


def test_an_address_is_kept_whoever_manages_the_network(offices: Offices) -> None:
    found = offices
    files, network = found.say(FILES), found.say(NETWORK)
    assert [name for name, said in network.items() if "dynamic" in said] == ["networkd", "netplan", "networkmanager"]

    would: dict[str, list[str]] = {name: [] for name in OWNERS}
    look: Changes = {"netplan": {"static_address_address": "198.18.254.9"}}
    result = found.run(look, check=True, on_event=lambda event: _note(would, event))
    assert {name: sorted(tasks) for name, tasks in would.items()} == {name: sorted(WOULD[name]) for name in OWNERS}
    assert "No card of the server has the address 198.18.254.9" in result.hosts["netplan"].message
    assert (found.say(FILES), found.say(NETWORK)) == (files, network), "a look changes nothing"

    result = found.run()
    assert result.outcome is Outcome.OK, _failures(result)
    kept = found.say(NETWORK)
    for name, server in found.servers.items():
        assert f" inet {server.address}/24 " in kept[name], name
        assert "dynamic" not in kept[name], name
        assert f"default via {found.gateway} dev host0" in kept[name], name
        assert name == "networkd" or kept[name].endswith("\n1400\n"), f"{name}: what else the owner set"
    assert "198.18.255.0/24" in kept["ifupdown"], "the owner's commands are run as before"
    assert found.say(ASKED) == dict.fromkeys(OWNERS, ANSWER)

    result = found.run()
    assert {name: (host.failed, host.changed) for name, host in result.hosts.items()} == dict.fromkeys(OWNERS, (0, 0))

    before = found.say(FILES)
    wrong: Changes = {
        name: {"static_address_prefix": prefix, "static_address_gateway": f"{found.net}.{gateway}"}
        for name, (prefix, gateway, _) in WRONG.items()
    }
    result = found.run(wrong | {"networkd": {"static_address_address": ""}})
    for name, (_, gateway, path) in WRONG.items():
        message = result.hosts[name].message
        assert f"the gateway {found.net}.{gateway} does not answer on host0" in message, name
        assert f"The server is as it was before the run; put back: {path}" in message, name
    assert result.hosts["networkd"].failed == 0, "whoever asks for it no more has the owner's way again"
    kept["networkd"] = network["networkd"]
    assert found.say(NETWORK) == kept
    assert {**found.say(FILES), "networkd": ""} == {**before, "networkd": ""}

    found.start_anew()
    assert found.say(NETWORK) == kept
    assert found.say(ASKED) == dict.fromkeys(OWNERS, ANSWER)

    result = found.run(playbook="release.yml")
    assert result.outcome is Outcome.OK, _failures(result)
    assert found.say(FILES) == files
    assert found.say(NETWORK) == kept, "what runs goes on until the server starts anew"

    script = (CHECKOUT / "playbooks/roles/static_address/files/network.sh").read_text()
    for name, (deed, said) in OTHERS.items():
        ask = f"sh -s find {found.servers[name].address} <<'END'\n{script}\nEND"
        assert said in servers.run(found.servers[name], f"{deed}\n{ask}"), name


def _note(would: dict[str, list[str]], event: TaskEvent) -> None:
    if event.status == "changed":
        would[event.host].append(event.task)


def _failures(result: RunResult) -> dict[str, str]:
    return {name: f"{host.failed_task}: {host.message}" for name, host in result.hosts.items()}
