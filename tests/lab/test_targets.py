"""Servers of the Debian releases before and after the lab's own: they boot, are configured and are given back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.ansible.runner import Outcome
from sopctl.adapters.lab import LabStatus, Tier
from tests.lab.test_configure import Office
from tests.lab.traces import traces

pytestmark = pytest.mark.lab

OTHERS = {"bullseye": "11", "trixie": "13"}
LEFT = (
    "getent passwd sopctl webadmin dbadmin; ls -d /etc/sopctl /var/lib/sopctl /etc/sudoers.d/sopctl /home/sopctl "
    "/usr/local/lib/sopctl /etc/ssh/sshd_config.d/*sopctl* /etc/ssh/sopctl-banner "
    "/etc/systemd/network/*.d /etc/systemd/resolved.conf.d 2>/dev/null; "
    "nft list table inet sopctl 2>/dev/null; true"
)
NAMES = "readlink /etc/localtime; cat /etc/resolv.conf /etc/hostname /etc/hosts"


@pytest.fixture
def labs(lab_name: str) -> Iterator[dict[str, LabStatus]]:
    """A lab with one server for each release."""
    names = {release: f"{lab_name}-{release}" for release in OTHERS}
    for name in names.values():
        servers.down(name)
    try:
        yield {release: servers.up(name, servers=1, release=release) for release, name in names.items()}
    finally:
        for name in names.values():
            servers.down(name)
            assert traces(name) == []


@pytest.mark.battery  # states of owners go through the whole on both releases, too
def test_the_other_releases(labs: dict[str, LabStatus], tmp_path: Path) -> None:
    there = {release: status.servers[0] for release, status in labs.items()}
    for release, server in there.items():
        said = servers.run(server, ". /etc/os-release; echo $VERSION_ID; python3 -c 'import apt'")
        assert said == f"{OTHERS[release]}\n"
        if labs[release].tier is Tier.SYSTEMD:
            assert servers.run(server, "systemctl is-system-running --wait").strip() == "running"
    names = {release: servers.run(server, NAMES) for release, server in there.items()}
    office = Office(tmp_path, labs["trixie"], there["trixie"])
    hosts = {}
    for release, server in there.items():
        gateway = labs[release].controller
        hosts[f"PS-2026-{release}"] = office.variables(
            server,
            sopctl_controllers=[gateway],
            sopctl_static_address={"address": server.address, "prefix": 24, "gateway": gateway},
            sopctl_resolvers={"servers": [gateway]},
        )
    found = office.facts_either_way({name: office.variables(there[name.rpartition("-")[2]]) for name in hosts})
    for release, version in OTHERS.items():
        facts = found[f"PS-2026-{release}"]
        assert (facts.os_name, (facts.os_version or "").partition(".")[0]) == ("Debian", version)
    result = office.play_on("configure.yml", hosts)
    assert result.outcome is Outcome.OK, result
    for release, server in there.items():
        office.server = server
        for user, key in (("webadmin", "web"), ("sopctl", "management")):
            assert office.login(user, office.root / key, "id -un").stdout == f"{user}\n"
        assert office.login("sopctl", office.root / "management", "sudo -n id -u").stdout == "0\n"
        assert office.login("webadmin", office.root / "db", "true").returncode == 255
        if office.booted():
            assert "policy drop" in servers.run(server, "nft list table inet sopctl")
            address = servers.run(server, "cat /etc/systemd/network/*.network.d/90-sopctl.conf")
            assert f"Address={server.address}/24\n" in address
            assert servers.run(server, "tail -n 1 /etc/resolv.conf") == f"nameserver {labs[release].controller}\n"

    # On one, its owner has chosen another name meanwhile: that stays. On the other, the name of before comes back.
    if office.booted():
        names["trixie"] = names["trixie"].replace(f"{there['trixie'].name}\n", "dinas\n", 1) + "127.0.1.1 dinas\n"
        rename = "hostnamectl set-hostname dinas; sed -i 's/^127.0.1.1 .*/127.0.1.1 dinas/' /etc/hosts"
        servers.run(there["trixie"], rename)
    # The letter and the site name other ones by now, which were never set.
    since = {"sopctl_hostname": "since.example.org", "sopctl_time_zone": "Asia/Makassar"}
    managed = {name: {**variables, **office.managed(), **since} for name, variables in hosts.items()}
    result = office.play_on("release.yml", managed)
    assert result.outcome is Outcome.OK, result
    assert {release: servers.run(server, LEFT) for release, server in there.items()} == dict.fromkeys(OTHERS, "")
    assert {release: servers.run(server, NAMES) for release, server in there.items()} == names
